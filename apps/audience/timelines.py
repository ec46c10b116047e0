"""From everything said of a person or an account to stretches of local days in which it holds (KPIS.md G9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from apps.audience.days import Steps, day_of
from apps.audience.histories import AccountHistory, Moment, PersonHistory, TraitSaid
from apps.audience.identity import ICP_TRAIT
from apps.audience.places import Place, places
from apps.engine.sets import Space
from apps.workspaces.exactjson import to_json

KNOWN = "user:known"
TRUE = "true"
ROLE = "role"

# By name, as JSON; None where it was unset.
Traits = Mapping[str, Steps[str | None]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The local days at whose ends a state had a value, as JSON: from `first_day` up to but without `end_day`."""

    series: str
    value: str
    first_day: date
    end_day: date | None


def person(history: PersonHistory, zone: str) -> list[Stretch]:
    """The states of a person, but for ICP profiles: traits, memberships, known, registered and open.

    Of somebody erased it is left that they signed up, and that they were open until then (KPIS.md G7).
    """
    states = list(_lifetime(Space.USER, history.moments, history.erased_at, zone))
    if history.erased_at is None:
        stood = places(history, zone)
        states += [*_known(history, zone), *_traits_of_person(history, stood, zone), *_memberships(stood)]
    return states


def account(history: AccountHistory, zone: str) -> list[Stretch]:
    """The states of an account: its own traits, registered and open."""
    states = list(_lifetime(Space.ACCOUNT, history.moments, None, zone))
    for name, steps in _traits_of_account(history, zone).items():
        states += stretches(_trait(Space.ACCOUNT, name), steps.items())
    return states


def _traits_of_person(history: PersonHistory, stood: Steps[Place], zone: str) -> Iterator[Stretch]:
    """The person's own values, or else those handed down by the primary account of the day (KPIS.md G8)."""
    own = _traits(history.traits, zone)
    primaries = {place.primary for place in stood.values if place.primary is not None}
    handed = {ordinal: _traits_of_account(history.accounts[ordinal], zone) for ordinal in primaries}
    above = {ROLE} if any(place.role for place in stood.values) else set()
    above = above.union(*handed.values())
    for name in sorted(own.keys() | above):
        values = own.get(name, NEVER)
        if name in above:
            of_accounts = {ordinal: traits[name] for ordinal, traits in handed.items() if name in traits}
            values = _Effective(name, values, stood, of_accounts).steps()
        yield from stretches(_trait(Space.USER, name), values.items())


@dataclass(frozen=True, slots=True)
class _Effective:
    """A trait as it holds for a person: said of them, or of the place that they have."""

    name: str
    own: Steps[str | None]
    stood: Steps[Place]
    of_accounts: Mapping[int, Steps[str | None]]

    def steps(self) -> Steps[str | None]:
        """What holds from each day on at which it may change."""
        days = {*self.own.days, *self.stood.days}.union(*(steps.days for steps in self.of_accounts.values()))
        return Steps.of((day, self.own.at(day) or self._handed_down(day)) for day in sorted(days))

    def _handed_down(self, day: date) -> str | None:
        place = self.stood.at(day)
        if place is None or place.primary is None:
            return None
        if self.name == ROLE and place.role is not None:
            return to_json(place.role)
        return self.of_accounts.get(place.primary, NEVER).at(day)


NEVER: Steps[str | None] = Steps([], [])


def _memberships(stood: Steps[Place]) -> Iterator[Stretch]:
    for ordinal in sorted(frozenset[int]().union(*(place.accounts for place in stood.values))):
        value = to_json(ordinal)
        said = ((day, value if ordinal in place.accounts else None) for day, place in stood.items())
        yield from stretches("user:member", said)


def _known(history: PersonHistory, zone: str) -> Iterator[Stretch]:
    """Since anything was said of the person; a word on an ICP profile is about the profile."""
    said = [one.at for one in history.traits if not one.name.startswith(ICP_TRAIT)]
    said += [one.at for one in history.memberships]
    said += [moment.at for moment in history.moments if moment.is_opening]
    said += [] if history.first_alias is None else [history.first_alias]
    if said:
        yield Stretch(KNOWN, TRUE, day_of(min(said), zone), None)


def _lifetime(space: Space, moments: Sequence[Moment], erased_at: datetime | None, zone: str) -> Iterator[Stretch]:
    """Registered for ever by the first opening moment; open from one until what closes."""
    openings = [moment.at for moment in moments if moment.is_opening]
    if openings:
        yield Stretch(f"{space}:registered", TRUE, day_of(min(openings), zone), None)
    told = [*moments] if erased_at is None else [*_until(moments, erased_at), Moment(erased_at, is_opening=False)]
    # Of two of one instant the closing one counts.
    told.sort(key=lambda moment: (moment.at, not moment.is_opening))
    steps = Steps.of((day_of(moment.at, zone), TRUE if moment.is_opening else None) for moment in told)
    yield from stretches(f"{space}:open", steps.items())


def _until(moments: Iterable[Moment], at: datetime) -> list[Moment]:
    return [moment for moment in moments if moment.at <= at]


# The same for each member of the account.
@lru_cache(maxsize=1024)
def _traits_of_account(history: AccountHistory, zone: str) -> Traits:
    return _traits(history.traits, zone)


def _traits(told: Sequence[TraitSaid], zone: str) -> Traits:
    """The values at the ends of days; of two of one instant the one with the greater message id is the later."""
    said: dict[str, list[tuple[date, str | None]]] = {}
    for one in sorted(told, key=lambda one: (one.at, one.message_id)):
        said.setdefault(one.name, []).append((day_of(one.at, zone), one.value))
    return {name: Steps.of(values) for name, values in said.items()}


def _trait(space: Space, name: str) -> str:
    return f"{space}:trait:{name}"


def stretches(series: str, values: Iterable[tuple[date, str | None]]) -> Iterator[Stretch]:
    """The stretches between changes; where the value is None there is none."""
    current, began = None, date.min
    for day, value in values:
        if value == current:
            continue
        if current is not None:
            yield Stretch(series, current, began, day)
        current, began = value, day
    if current is not None:
        yield Stretch(series, current, began, None)
