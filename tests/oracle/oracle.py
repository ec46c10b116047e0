"""Every KPI by brute force over plain messages and local dates.

A second reading of KPIS.md: nothing here comes from the product's code, so a mistake would have to be made twice.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from tests.oracle.periods import answered

Raw: TypeAlias = dict[str, Any]
Allowed: TypeAlias = frozenset[str | None] | None
Amounts: TypeAlias = Mapping[str, int]

# KPIS.md section 5, the rows marked A.
ACTIVITY = frozenset(
    {
        "user.signed_up",
        "session.started",
        "session.ended",
        "action.performed",
        "feature.used",
        "task.completed",
        "onboarding.started",
        "onboarding.completed",
        "share.created",
        "share.retracted",
        "referral_message.sent",
        "survey.responded",
    }
)
KPIS = (
    "total_active_users",
    "users_who_shared",
    "share_actions",
    "product_sharing_rate",
    "dau",
    "wau",
    "mau",
    "mau_rolling_30d",
)
OF_SHARES = {"users_who_shared", "share_actions", "product_sharing_rate"}


@dataclass(frozen=True)
class Asked:
    """A KPI, a period as people write it, the local day on which it is asked, and what it is restricted to."""

    kpi: str
    period: str
    today: date
    share_types: Allowed = None
    channels: Allowed = None

    def only(self, field_name: str, value: str | None) -> "Asked":
        allowed = frozenset({value})
        return replace(self, channels=allowed) if field_name == "channel" else replace(self, share_types=allowed)


@dataclass(frozen=True)
class Answer:
    """A value and both its sides, each as who contributed how much: 1 a person, or the person's actions."""

    value: Decimal | None
    numerator: Amounts
    denominator: Amounts | None = None


@dataclass(frozen=True)
class Share:
    """A valid share."""

    user: str
    share_type: str | None
    share_scope: str | None
    channel: str | None


@dataclass
class Ledger:
    """The messages that a workspace holds, in order of arrival, each once: the first one wins (KPIS.md G19)."""

    stored: list[Raw] = field(default_factory=list)
    _known: set[tuple[str, str, str]] = field(default_factory=set)

    def take(self, source: str, raw: Raw) -> bool:
        """Whether the message was new."""
        keys = {("message", source, raw["messageId"])}
        action_id = raw.get("properties", {}).get("action_id")
        if raw.get("event") == "share.created" and action_id is not None:
            keys.add(("action", source, str(action_id)))
        if keys & self._known:
            return False
        self._known |= keys
        self.stored.append(raw)
        return True


class Oracle:
    """The KPIs of stored messages, by the local dates of a zone and a workspace's list of what is activity."""

    def __init__(self, stored: Iterable[Raw], zone: str, activity: Collection[str] = ACTIVITY) -> None:
        self.activity = activity
        self.active: dict[date, set[str]] = defaultdict(set)
        self.shares: dict[date, list[Share]] = defaultdict(list)
        self.flags: dict[str, tuple[datetime, bool]] = {}
        self.clock = ZoneInfo(zone)
        for raw in stored:
            if raw.get("userId") is not None:
                self._count(str(raw["userId"]), raw, datetime.fromisoformat(raw["timestamp"]))
        self.internal = {user for user, (_, is_internal) in self.flags.items() if is_internal}

    def answer(self, asked: Asked) -> Answer:
        """The KPI for the period that it answers for."""
        days = answered(asked.kpi, asked.period, asked.today)
        if asked.kpi not in OF_SHARES:
            return _amount(dict.fromkeys(self._active(days, asked), 1))
        product = [share for share in self._shares(days, asked) if share.share_scope == "product"]
        if asked.kpi == "share_actions":
            return _amount(Counter(share.user for share in product))
        sharers = {share.user for share in product}
        if asked.kpi == "users_who_shared":
            return _amount(dict.fromkeys(sharers, 1))
        active = self._everybody(days)
        return _percent(dict.fromkeys(sharers & active, 1), dict.fromkeys(active, 1))

    def breakdown(self, asked: Asked, by: str) -> dict[str | None, Answer]:
        """The answer to the question for each share type or channel that somebody in it has."""
        days = answered(asked.kpi, asked.period, asked.today)
        shares = self._shares(days, asked)
        if asked.kpi in OF_SHARES:
            shares = [share for share in shares if share.share_scope == "product"]
        values = {getattr(share, by) for share in shares}
        answers = {value: self.answer(asked.only(by, value)) for value in values}
        return {value: answer for value, answer in answers.items() if answer.numerator}

    def _count(self, user: str, raw: Raw, at: datetime) -> None:
        event, said, day = raw.get("event"), raw.get("properties", {}), at.astimezone(self.clock).date()
        if raw["type"] == "identify":
            self._flag(user, raw["traits"], at)
        if event in self.activity:
            self.active[day].add(user)
        if event == "share.created" and _is_valid(said):
            fields = (said.get(name) for name in ("share_type", "share_scope", "channel"))
            self.shares[day].append(Share(user, *fields))

    def _flag(self, user: str, traits: Raw, at: datetime) -> None:
        """The last word by event time: the order of arrival changes nothing (KPIS.md section 3)."""
        if "is_internal" in traits:
            # In UTC: two times of one zone are compared by their clocks, which go back once a year.
            told = at.astimezone(UTC), traits["is_internal"]
            self.flags[user] = max(told, self.flags.get(user, told))

    def _everybody(self, days: Iterable[date]) -> set[str]:
        users = {user for day in days for user in self.active.get(day, ())}
        return users - self.internal

    def _active(self, days: Iterable[date], asked: Asked) -> set[str]:
        """The active; of a restricted question those with such a share of any scope (KPIS.md G9)."""
        everybody = self._everybody(days)
        if asked.share_types is None and asked.channels is None:
            return everybody
        return everybody & {share.user for share in self._shares(days, asked)}

    def _shares(self, days: Iterable[date], asked: Asked) -> list[Share]:
        return [
            share
            for day in days
            for share in self.shares.get(day, ())
            if share.user not in self.internal
            and (asked.share_types is None or share.share_type in asked.share_types)
            and (asked.channels is None or share.channel in asked.channels)
        ]


def _is_valid(said: Raw) -> bool:
    return said.get("is_error") is not True and said.get("status") not in ("failed", "cancelled")


def _amount(numerator: Amounts) -> Answer:
    return Answer(Decimal(sum(numerator.values())), numerator)


def _percent(numerator: Amounts, denominator: Amounts) -> Answer:
    """100 a / b, half even at six places; nothing over nobody (KPIS.md G3, G4)."""
    if not denominator:
        return Answer(None, numerator, denominator)
    exact = Decimal(100 * len(numerator)) / Decimal(len(denominator))
    return Answer(exact.quantize(Decimal("0.000001"), ROUND_HALF_EVEN), numerator, denominator)
