"""Who is who, who is a colleague, who belongs where and who is registered, by the local days of a zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from tests.oracle.corrections import standing
from tests.oracle.ledger import Ledger, internal
from tests.oracle.messages import ERASED, Moment, Raw, moment, user_of
from tests.oracle.moments import SHORTEST, midnight
from tests.oracle.periods import DAY
from tests.oracle.places import MEMBERSHIPS, Place, Places, primary

USER, ACCOUNT = "user", "account"
# Whoever is only seen doing something is not known: something has to be said of them.
INTRODUCTIONS = {"alias", "group"}


@dataclass(frozen=True, order=True)
class Word:
    """Something said on a local day; of two words the one of the later moment is the last."""

    at: Moment
    day: date
    says: Raw


class People:
    """The people and accounts of a ledger, and all that it was told as that stands in the end."""

    def __init__(self, ledger: Ledger, zone: str) -> None:
        self.ledger, self.clock = ledger, ZoneInfo(zone)
        both = zip(standing(ledger.stored), ledger.people(), strict=True)
        self.told = [(raw, person) for raw, person in both if raw is not None]
        self.users = {person for _, person in self.told if person is not None}
        self.accounts = {account for raw, _ in self.told if (account := self.account(raw)) is not None}
        self.internal = {USER: self._colleagues(), ACCOUNT: self._own_accounts()}
        self._places = Places(self.told, self.account)

    def word(self, raw: Raw, says: Raw) -> Word:
        at = moment(raw)
        return Word(at, at[0].astimezone(self.clock).date(), says)

    def account(self, raw: Raw) -> str | None:
        """The account that a message is about, or what it was merged into."""
        return self.ledger.account(raw)

    def account_of_event(self, raw: Raw, person: str | None) -> str | None:
        """The account in which an event counts: not just the one that it is about (KPIS.md G8)."""
        return self._places.account_of_event(raw, person)

    @cache  # noqa: B019 (an oracle lives as long as its questions)
    def places(self, user: str, day: date) -> tuple[Place, ...]:
        """The memberships of a user at a day's end."""
        return self._places.at(user, midnight(day + DAY, self.clock.key) - SHORTEST)

    def primary(self, user: str, day: date) -> Place | None:
        """The primary one of the memberships of a user at a day's end."""
        return primary(self.places(user, day))

    def lifted(self, who: Iterable[str], space: str, day: date) -> set[str]:
        """The accounts that these users belong to at a day's end, or the users who belong to these accounts."""
        chosen = set(who)
        pairs = [(user, place.account) for user in self._places.users for place in self.places(user, day)]
        if space == ACCOUNT:
            return {account for user, account in pairs if user in chosen}
        return {user for user, account in pairs if account in chosen}

    @cache  # noqa: B019
    def registered(self, space: str) -> dict[str, date]:
        """The local day on which each user first signed up, or each account was created first (KPIS.md G6)."""
        name = "user.signed_up" if space == USER else "account.created"
        first: dict[str, date] = {}
        for raw, person in self.told:
            who = person if space == USER else self.account(raw)
            if raw.get("event") == name and who is not None:
                day = self.word(raw, {}).day
                first[who] = min(day, first.get(who, day))
        return first

    def known(self, day: date) -> set[str]:
        """The users of whom something was said up to a day's end; of the erased nothing is known any more."""
        return {user for user, since in self._introduced().items() if since <= day} - {ERASED}

    @cache  # noqa: B019
    def _introduced(self) -> dict[str, date]:
        first = dict(self.registered(USER))
        for raw, person in self.told:
            if _introduces(raw) and user_of(raw) not in (None, ERASED) and person is not None:
                day = self.word(raw, {}).day
                first[person] = min(day, first.get(person, day))
        return first

    @cache  # noqa: B019
    def open(self, day: date) -> set[str]:
        """The users whose last word up to a day's end was to sign up, not to leave (KPIS.md G7)."""
        left = {user: has_left for _, has_left, user, since in self._steps if since <= day}
        erased_at = self.ledger.erased_at
        gone = {ERASED} if erased_at and erased_at.astimezone(self.clock).date() <= day else set()
        return {user for user, has_left in left.items() if not has_left} - gone

    @cached_property
    def _steps(self) -> list[tuple[datetime, bool, str, date]]:
        """All signups and departures, in order: of those of one instant the departures come last."""
        return sorted(
            (moment(raw)[0], raw["event"] == "user.deactivated", person, self.word(raw, {}).day)
            for raw, person in self.told
            if raw.get("event") in ("user.signed_up", "user.deactivated") and person is not None
        )

    def _colleagues(self) -> set[str]:
        stored, people = [raw for raw, _ in self.told], [person for _, person in self.told]
        return internal(stored, people) | ({ERASED} if self.ledger.was_internal else set())

    def _own_accounts(self) -> set[str]:
        groups = [raw for raw, _ in self.told if raw["type"] == "group" and "is_internal" in raw.get("traits", {})]
        last = {self.account(raw): raw["traits"]["is_internal"] for raw in sorted(groups, key=moment)}
        return {str(account) for account, is_internal in last.items() if is_internal is True}


def _introduces(raw: Raw) -> bool:
    """Whether a message says anything of its user: an identify without a trait or a device says nothing."""
    if raw["type"] == "identify":
        return bool(raw.get("traits")) or "anonymousId" in raw
    return raw["type"] in INTRODUCTIONS or raw.get("event") in MEMBERSHIPS
