"""Every KPI by brute force over plain messages and local dates.

A second reading of KPIS.md: nothing here comes from the product's code, so a mistake would have to be made twice.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from tests.oracle.attributions import Referrals
from tests.oracle.conditions import All, Condition, KpiSide, Where
from tests.oracle.counting import (
    ACTIVITY,
    EVENTS,
    FILTERS,
    OF_ICP,
    Events,
    carried,
    sides,
)
from tests.oracle.ledger import Ledger
from tests.oracle.links import Links
from tests.oracle.messages import SHARE, Raw, fields, is_valid, key, moment
from tests.oracle.moments import SHORTEST, midnight
from tests.oracle.people import ACCOUNT, USER, People
from tests.oracle.periods import DAY, answered
from tests.oracle.segments import Deed, Segments
from tests.oracle.traits import Traits

Allowed: TypeAlias = frozenset[str | None] | None
Amounts: TypeAlias = Mapping[str, int]
Part: TypeAlias = Callable[[str, date], bool]
"""Whether somebody is in a part of an answer as of a day."""

ANYBODY = All(())


@dataclass(frozen=True)
class Home:
    """A workspace: its zone, its list of what counts as activity, and the rules of its ICP profiles by slug."""

    zone: str
    activity: Collection[str] = ACTIVITY
    profiles: Mapping[str, list[Raw]] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A KPI, a period as people write it, when it is asked, by which zone's days, and what it is restricted to.

    `where` are the values that the fields of events have in the part of an answer that it is about.
    """

    kpi: str
    period: str
    now: datetime
    zone: str
    share_types: Allowed = None
    channels: Allowed = None
    segment: Condition | None = None
    as_of: str | None = None
    where: Where = ()

    @property
    def days(self) -> list[date]:
        """The local days of the zone that the answer is for."""
        return answered(self.kpi, self.period, self.now.astimezone(ZoneInfo(self.zone)).date())

    @property
    def space(self) -> str:
        return ACCOUNT if self.kpi == "new_accounts" else USER

    @property
    def limits(self) -> Where:
        """To which values which fields of events are restricted."""
        filters = (("share_type", self.share_types), ("channel", self.channels))
        return (*((name, allowed) for name, allowed in filters if allowed is not None), *self.where)

    def only(self, field: str, values: Collection[str | None]) -> "Asked":
        """Restricted to a part of the answer."""
        return replace(self, where=(*self.where, (field, frozenset(values))))


@dataclass(frozen=True)
class Answer:
    """A value and both its sides, each as who contributed how much: 1 a person, or the person's actions."""

    value: Decimal | None
    numerator: Amounts
    denominator: Amounts | None = None


@dataclass(frozen=True)
class Item:
    """Somebody who may count: because of something on a `day`, by what they are like at the end of `basis`.

    Where each event counts, `event` is the one that counts.
    """

    who: str
    day: date
    basis: date
    event: bytes | None = None

    @property
    def counted(self) -> str | bytes:
        """What counts once, however often it is found."""
        return self.event or self.who


@dataclass(frozen=True)
class Days:
    """Days of the workspace: the last of a period, or today if it runs; the one before it; today."""

    end: date
    before: date
    today: date


class Oracle:
    """The KPIs of a ledger in a workspace."""

    def __init__(self, ledger: Ledger, home: Home) -> None:
        self.home = home
        self.people = People(ledger, home.zone)
        self.traits = Traits(self.people, home.profiles)
        self.links = Links(raw for raw, _ in self.people.told)
        self.referrals = Referrals(self.people.told, ledger.users.root, self.people.internal[USER])
        self.deeds = [
            self._deed(raw, person) for raw, person in self.people.told if person and raw["type"] == "track"
        ]

    def answer(self, asked: Asked, part: Part | None = None) -> Answer:
        """The KPI for the period that it answers for, or the part of the answer that these people make up."""
        return of_sides(*(self._amounts(side, asked, part) for side in sides(asked.kpi)))

    def told(self, side: str, asked: Asked) -> list[Deed]:
        """The events that a side counts, within what the question restricts of their fields."""
        events = EVENTS[side]
        return self._within(asked, events, events.carried)

    def sharing(self, asked: Asked) -> list[Deed]:
        """The shares by which a question restricts who counts, as its KPI counts nothing that has the field."""
        return self._within(asked, Events(SHARE), FILTERS - carried(asked.kpi))

    @cache  # noqa: B019 (an oracle lives as long as its questions)
    def segments(self, asked: Asked) -> Segments:
        """The conditions of a question."""

        def side(leaf: KpiSide) -> tuple[str, Set[str]]:
            zone = self.home.zone if leaf.period else asked.zone
            put = Asked(leaf.kpi, leaf.period or asked.period, asked.now, zone)
            answer = self.answer(put)
            above, below = answer.numerator.keys(), (answer.denominator or {}).keys()
            sides = {"NUMERATOR": above, "DENOMINATOR": below, "REMAINDER": below - above}
            return put.space, sides[leaf.side]

        return Segments(self.traits, self.deeds, asked.days, side)

    @cache  # noqa: B019
    def as_of(self, asked: Asked) -> Days:
        """The days at whose ends a question's conditions are taken (KPIS.md G9)."""
        first, last = asked.days[0], asked.days[-1]
        start, end = midnight(first, asked.zone), midnight(last + DAY, asked.zone)
        return Days(*map(self._day, (min(end - SHORTEST, asked.now), start - SHORTEST, asked.now)))

    def _amounts(self, side: str, asked: Asked, part: Part | None) -> Amounts:
        kept = [item.who for item in self.items(side, asked) if part is None or part(item.who, item.basis)]
        return Counter(kept) if side in EVENTS and EVENTS[side].each else dict.fromkeys(kept, 1)

    def items(self, side: str, asked: Asked) -> Iterator[Item]:
        """Everybody who counts on a side, as often as they do, each with the day by which they do."""
        return self.kept(self._everything(side, asked), self._counted(side, asked), asked)

    def kept(self, items: Iterable[Item], counted: Set[str], asked: Asked) -> Iterator[Item]:
        """Those of `counted` that meet a question's condition, each on the day that it is asked as of."""
        as_of, segments = self.as_of(asked), self.segments(asked)
        ways = {"PERIOD_END": as_of.end, "PERIOD_START": as_of.before, "NOW": as_of.today}
        meeting: dict[date, set[str]] = {}
        for item in items:
            basis = ways.get(str(asked.as_of), item.day if asked.as_of else item.basis)
            if basis not in meeting:
                segment = segments.meeting(asked.segment or ANYBODY, asked.space, basis)
                meeting[basis] = segment & counted
            if item.who in meeting[basis]:
                yield replace(item, basis=basis)

    def _counted(self, side: str, asked: Asked) -> set[str]:
        """Whoever a side may count: no colleagues; the profiles' people; those who shared as a question wants it.

        An account has the shares that somebody who counts made in it (KPIS.md G8).
        """
        everybody = self.people.users if asked.space == USER else self.people.accounts
        counted = everybody - self.people.internal[asked.space]
        if side in OF_ICP:
            counted &= self.traits.matching(None, self.as_of(asked).end)
        if {name for name, _ in asked.limits} <= carried(asked.kpi):
            return counted
        shares = [deed for deed in self.sharing(asked) if deed.user not in self.people.internal[USER]]
        return counted & {deed.user if asked.space == USER else deed.account for deed in shares}

    def _everything(self, side: str, asked: Asked) -> Iterator[Item]:
        """Whoever is on a side, before anybody is left out."""
        days, end = set(asked.days), self.as_of(asked).end
        if side in ("signups", "new accounts"):
            first = self.people.registered(asked.space)
            yield from (Item(who, day, day) for who, day in first.items() if day in days)
        if side.startswith("open"):
            yield from (Item(user, end, end) for user in self.people.open(end))
        if "active" in side:
            yield from (Item(d.user, d.day, end) for d in self.done(asked) if d.event in self.home.activity)
        if side in EVENTS:
            each = EVENTS[side].each
            told = self.told(side, asked)
            yield from (Item(d.user, d.day, d.day if each else end, d.key if each else None) for d in told)

    def _within(self, asked: Asked, events: Events, names: Collection[str]) -> list[Deed]:
        """The events of the period that have what a question wants of those fields that are named."""
        limits = tuple((name, allowed) for name, allowed in asked.limits if name in names)
        return [deed for deed in self.done(asked) if events.hold(deed, limits)]

    def done(self, asked: Asked) -> Iterator[Deed]:
        """All that somebody did in the period."""
        by_day = self._by_day(asked.zone)
        return (deed for day in asked.days for deed in by_day.get(day, ()))

    def _deed(self, raw: Raw, user: str) -> Deed:
        at = moment(raw)[0]
        return Deed(
            user=user,
            account=self.people.account_of_event(raw, user),
            event=raw["event"],
            at=at,
            day=self._day(at),
            fields=fields(raw),
            is_valid=is_valid(raw),
            drew=[*self.links.drawn(raw), *self.referrals.drawn(raw, user)],
            begins=self.links.begins(raw),
            key=key(raw),
            is_stray=self.links.is_stray(raw),
        )

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.people.clock).date()

    @cache  # noqa: B019
    def _by_day(self, zone: str) -> dict[date, list[Deed]]:
        found: dict[date, list[Deed]] = defaultdict(list)
        for deed in self.deeds:
            found[deed.at.astimezone(ZoneInfo(zone)).date()].append(deed)
        return found


def of_sides(numerator: Amounts, denominator: Amounts | None = None) -> Answer:
    """A count, or of a rate what those make up of the denominator who are in it (KPIS.md G4)."""
    if denominator is None:
        return Answer(Decimal(sum(numerator.values())), numerator)
    return percent({who: amount for who, amount in numerator.items() if who in denominator}, denominator)


def percent(numerator: Amounts, denominator: Amounts) -> Answer:
    """100 a / b, half even at six places; nothing over nobody (KPIS.md G3, G4)."""
    if not denominator:
        return Answer(None, numerator, denominator)
    exact = Decimal(100 * sum(numerator.values())) / Decimal(sum(denominator.values()))
    return Answer(exact.quantize(Decimal("0.000001"), ROUND_HALF_EVEN), numerator, denominator)
