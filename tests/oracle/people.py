"""Who is who, who is a colleague, who belongs where and who is registered, by the local days of a zone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from tests.oracle.ledger import ERASED, Ledger, internal
from tests.oracle.messages import Moment, Raw, account_of, moment, said, user_of

USER, ACCOUNT = "user", "account"
MEMBERSHIPS = {"membership.added": True, "membership.role_changed": True, "membership.removed": False}
# Whoever is only seen doing something is not known: something has to be said of them.
INTRODUCTIONS = {"identify", "alias", "group"}


@dataclass(frozen=True, order=True)
class Word:
    """Something said on a local day; of two words the one of the later moment is the last."""

    at: Moment
    day: date
    says: Raw


@dataclass(frozen=True)
class Place:
    """A membership as it stands: `primary` is when it was last said to be the primary one, if it still is."""

    account: str
    since: Moment
    role: str | None
    primary: Moment | None


class People:
    """The people and accounts of a ledger."""

    def __init__(self, ledger: Ledger, zone: str) -> None:
        self.ledger, self.clock = ledger, ZoneInfo(zone)
        self.told = list(zip(ledger.stored, ledger.people(), strict=True))
        self.users = {person for _, person in self.told if person is not None}
        self.accounts = {account for raw, _ in self.told if (account := self.account(raw)) is not None}
        self.internal = {USER: self._colleagues(), ACCOUNT: self._own_accounts()}
        self._stays: dict[str, dict[str, list[Word]]] = defaultdict(lambda: defaultdict(list))
        for raw, person in self.told:
            self._settle(raw, person)

    def word(self, raw: Raw, says: Raw) -> Word:
        at = moment(raw)
        return Word(at, at[0].astimezone(self.clock).date(), says)

    def account(self, raw: Raw) -> str | None:
        """The account that a message is about, or what it was merged into."""
        account = account_of(raw)
        return None if account is None else self.ledger.accounts.root(account)

    @cache  # noqa: B019 (an oracle lives as long as its questions)
    def places(self, user: str, day: date) -> tuple[Place, ...]:
        """The memberships of a user at a day's end."""
        stays = self._stays.get(user, {})
        found = (_place(account, [word for word in words if word.day <= day]) for account, words in stays.items())
        return tuple(place for place in found if place is not None)

    def primary(self, user: str, day: date) -> Place | None:
        """The membership last said to be primary, or else the oldest (KPIS.md G8)."""
        places = self.places(user, day)
        chosen = [(place.primary, place.account) for place in places if place.primary is not None]
        account = (
            max(chosen)[1] if chosen else min(((p.since, p.account) for p in places), default=(None, None))[1]
        )
        return next((place for place in places if place.account == account), None)

    def lifted(self, who: Iterable[str], space: str, day: date) -> set[str]:
        """The accounts that these users belong to at a day's end, or the users who belong to these accounts."""
        chosen = set(who)
        pairs = [(user, place.account) for user in self._stays for place in self.places(user, day)]
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
            introduces = raw["type"] in INTRODUCTIONS or raw.get("event") in MEMBERSHIPS
            if introduces and user_of(raw) not in (None, ERASED) and person is not None:
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

    def _settle(self, raw: Raw, person: str | None) -> None:
        account, event = self.account(raw), raw.get("event")
        if account is None or person is None or user_of(raw) in (None, ERASED):
            return
        if raw["type"] == "group" or event in MEMBERSHIPS:
            word = self.word(raw, {"is_member": MEMBERSHIPS.get(str(event), True)} | _standing(raw))
            self._stays[person][account].append(word)


def _standing(raw: Raw) -> Raw:
    return {name: said(raw).get(name) for name in ("role", "is_primary")}


def _place(account: str, words: list[Word]) -> Place | None:
    """What the words since the last removal say."""
    spell: list[Word] = []
    for word in sorted(words, key=lambda word: word.at):
        spell = [*spell, word] if word.says["is_member"] else []
    if not spell:
        return None
    roles = [word.says["role"] for word in spell if word.says["role"] is not None]
    flags = [(word.says["is_primary"], word.at) for word in spell if word.says["is_primary"] is not None]
    is_primary, at = flags[-1] if flags else (False, None)
    return Place(account, spell[0].at, roles[-1] if roles else None, at if is_primary else None)
