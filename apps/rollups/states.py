"""What people and accounts stood in, from which local day to which: read off their histories, kept as rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate, pairwise

from django.db import connection

from apps.audience import histories, places, timelines
from apps.audience.histories import AccountHistory, Moments, PersonHistory
from apps.audience.timelines import Stretch
from apps.engine.sets import Space
from apps.events import states as moments
from apps.events import taxonomy
from apps.events.taxonomy import Taxonomy
from apps.rollups import referrals
from apps.rollups.build import icp
from apps.rollups.build.content import version_key
from apps.rollups.models import StateRow
from apps.rollups.primaries import Stay
from apps.rollups.referrals import Signup
from apps.workspaces.models import Workspace

History = PersonHistory | AccountHistory
Told = Mapping[int, Sequence[Stretch]]

READ = """
    SELECT id, series, version, subject, value, first_day, end_day FROM rollups_staterow
    WHERE workspace_id = %s AND subject = ANY(%s) AND version = ANY(%s) AND series LIKE %s"""
# A million people are brought up to date in minutes by COPY, and in twice as many by INSERT.
COPY = """
    COPY rollups_staterow (workspace_id, series, version, subject, value, first_day, end_day) FROM STDIN"""


@dataclass(frozen=True, slots=True)
class State:
    """One row: in this version of the meaning, the subject stood there from `first_day` until before `end_day`."""

    series: str
    version: int
    subject: int
    value: str
    first_day: date
    end_day: date | None


def versions(workspace: Workspace) -> dict[int, set[str]]:
    """The keys of the version map that state series go by, by the version that is current or building."""
    found = defaultdict[int, set[str]](set)
    for key, version in taxonomy.versions_of(workspace).pairs():
        if key not in taxonomy.SERIES:
            found[version].add(key)
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """Where canonical users or accounts stood, what users' primary accounts were, whether each was said to be our
    own (None: nobody said), and by what users signed up."""

    states: set[State]
    primaries: set[Stay]
    internal: Mapping[int, bool | None]
    signups: set[Signup]


def standing(workspace: Workspace, space: Space, ordinals: Sequence[int]) -> Standing:
    """What everything committed by now says of canonical users or accounts, in every version in use."""
    told: dict[tuple[object, ...], Told] = {}
    internal: dict[int, bool | None] = {}
    states, primaries = set[State](), set[Stay]()
    opened = _Opened(workspace.pk, space, ordinals)
    for version, keys in versions(workspace).items():
        meanings = taxonomy.load(workspace.pk, version)
        reading = (meanings.zone, *sorted(meanings.state_kinds().items()))
        if reading not in told:
            history = _histories(workspace.pk, space, ordinals, opened.under(version))
            told[reading] = {ordinal: _fold(one, meanings.zone) for ordinal, one in history.items()}
            internal = {ordinal: one.is_internal for ordinal, one in history.items()}
            primaries = {stay for ordinal, one in history.items() for stay in _primaries(ordinal, one)}
        stood = _stood(told[reading], space, keys, meanings)
        states |= {
            State(one.series, version, ordinal, one.value, one.first_day, one.end_day) for ordinal, one in stood
        }
    signups = set[Signup]()
    if space is Space.USER:
        for version in referrals.versions(workspace):
            signups |= referrals.standing(workspace, version, opened.under(version))
    return Standing(states, primaries, internal, signups)


@dataclass(frozen=True, slots=True)
class Change:
    """The rows that went and those that came."""

    gone: Set[State]
    come: Set[State]

    def stretches(self) -> set[tuple[str, int, date, date | None]]:
        """Series, version, first day and end of wherever somebody stands otherwise than before.

        Of a row that came in place of one with another end, these are the days between the ends alone.
        """
        steps = defaultdict[tuple[str, int, int, str], Counter[date]](Counter)
        for states, sign in ((self.gone, -1), (self.come, 1)):
            for one in states:
                told = steps[one.series, one.version, one.subject, one.value]
                told[one.first_day] += sign
                told[one.end_day or date.max] -= sign
        found = set()
        for (series, version, *_), told in steps.items():
            days = sorted(day for day, step in told.items() if step)
            balance = accumulate(told[day] for day in days)
            found |= {
                (series, version, first, None if end == date.max else end)
                for (first, end), held in zip(pairwise(days), balance, strict=False)
                if held
            }
        return found


def replace(workspace: Workspace, space: Space, ordinals: Collection[int], wanted: Iterable[State]) -> Change:
    """Make the rows of these subjects say what is wanted."""
    stored = _stored(workspace, space, ordinals)
    new = set(wanted)
    gone, come = stored.keys() - new, new - stored.keys()
    if gone:
        StateRow.objects.filter(workspace=workspace, pk__in=[stored[state] for state in gone]).delete()
    if come:
        _insert(workspace.pk, come)
    return Change(gone, come)


def _insert(workspace_id: int, states: Iterable[State]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY) as rows:
        for one in states:
            rows.write_row(
                (workspace_id, one.series, one.version, one.subject, one.value, one.first_day, one.end_day)
            )


def _stored(workspace: Workspace, space: Space, ordinals: Collection[int]) -> dict[State, int]:
    with connection.cursor() as cursor:
        cursor.execute(READ, [workspace.pk, list(ordinals), list(versions(workspace)), f"{space}:%"])
        return {State(*state): pk for pk, *state in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class _Opened:
    """When users or accounts opened and closed, read once for all versions that agree in what opens and closes."""

    workspace_id: int
    space: Space
    ordinals: Sequence[int]
    known: dict[tuple[tuple[int, str], ...], Moments] = field(default_factory=dict)

    def under(self, version: int) -> Moments:
        kinds = tuple(sorted(taxonomy.load(self.workspace_id, version).state_kinds().items()))
        if kinds not in self.known:
            self.known[kinds] = moments.moments(self.workspace_id, version, self.space, self.ordinals)
        return self.known[kinds]


def _histories(workspace_id: int, space: Space, ordinals: Sequence[int], opened: Moments) -> Mapping[int, History]:
    if space is Space.USER:
        return histories.load_people(workspace_id, ordinals, opened)
    return histories.load_accounts(workspace_id, ordinals, opened)


def _fold(history: History, zone: str) -> list[Stretch]:
    if isinstance(history, PersonHistory):
        return timelines.person(history, zone)
    return timelines.account(history, zone)


def _primaries(ordinal: int, history: History) -> list[Stay]:
    if isinstance(history, AccountHistory):
        return []
    return [Stay(ordinal, *stay) for stay in places.primaries(history)]


def _stood(told: Told, space: Space, keys: Collection[str], meanings: Taxonomy) -> list[tuple[int, Stretch]]:
    """The stretches whose series go by these keys: those that were told, and the matches that follow from them."""
    stood = [
        (ordinal, one)
        for ordinal, stretches in told.items()
        for one in stretches
        if version_key(one.series) in keys and one.series != timelines.KNOWN
    ]
    if space is Space.USER:
        for slug, rule in meanings.icp.items():
            if f"{taxonomy.ICP}{slug}" in keys:
                stood += icp.matches(told, slug, rule)
    return stood
