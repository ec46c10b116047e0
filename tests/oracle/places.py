"""Which accounts people belong to after all that was said up to an instant, and whose an event is (KPIS.md G8)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.oracle.messages import ERASED, Moment, Raw, moment, said, user_of

MEMBERSHIPS = {"membership.added": True, "membership.role_changed": True, "membership.removed": False}


@dataclass(frozen=True)
class Place:
    """A membership as it stands: `primary` is when it was last said to be the primary one, if it still is."""

    account: str
    since: Moment
    role: str | None
    primary: Moment | None


@dataclass(frozen=True)
class Statement:
    """What a message says of a membership."""

    at: Moment
    is_member: bool
    role: str | None
    is_primary: bool | None


class Places:
    """Where people belong: `told` are messages and whose each is, `account` tells which one a message is about.

    Of the erased no statement counts any more.
    """

    def __init__(self, told: Iterable[tuple[Raw, str | None]], account: Callable[[Raw], str | None]) -> None:
        self.account = account
        self._stays: dict[str, dict[str, list[Statement]]] = defaultdict(lambda: defaultdict(list))
        for raw, person in told:
            self._settle(raw, person)

    @property
    def users(self) -> Iterable[str]:
        """Everybody of whom it was ever said where they belong."""
        return self._stays

    def at(self, user: str, instant: datetime) -> tuple[Place, ...]:
        """The memberships of a user as of an instant, by what was said of that very instant too."""
        stays = self._stays.get(user, {})
        found = (_place(account, [one for one in stay if one.at[0] <= instant]) for account, stay in stays.items())
        return tuple(place for place in found if place is not None)

    def account_of_event(self, raw: Raw, person: str | None) -> str | None:
        """The account that an event names, or else the primary one of whoever did it, at that instant."""
        account = self.account(raw)
        if account is not None or person is None:
            return account
        place = primary(self.at(person, moment(raw)[0]))
        return None if place is None else place.account

    def _settle(self, raw: Raw, person: str | None) -> None:
        account, event = self.account(raw), str(raw.get("event"))
        if account is None or person is None or user_of(raw) in (None, ERASED):
            return
        if raw["type"] == "group" or event in MEMBERSHIPS:
            role, is_primary = said(raw).get("role"), said(raw).get("is_primary")
            statement = Statement(moment(raw), MEMBERSHIPS.get(event, True), role, is_primary)
            self._stays[person][account].append(statement)


def primary(places: Sequence[Place]) -> Place | None:
    """The membership last said to be primary, or else the oldest."""
    chosen = [(place.primary, place.account) for place in places if place.primary is not None]
    if chosen:
        account = max(chosen)[1]
    else:
        account = min(((place.since, place.account) for place in places), default=(None, ""))[1]
    return next((place for place in places if place.account == account), None)


def _place(account: str, stay: list[Statement]) -> Place | None:
    """What the statements since the last removal say."""
    spell: list[Statement] = []
    for one in sorted(stay, key=lambda one: one.at):
        spell = [*spell, one] if one.is_member else []
    if not spell:
        return None
    roles = [one.role for one in spell if one.role is not None]
    flags = [(one.is_primary, one.at) for one in spell if one.is_primary is not None]
    is_primary, at = flags[-1] if flags else (False, None)
    return Place(account, spell[0].at, roles[-1] if roles else None, at if is_primary else None)
