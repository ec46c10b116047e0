"""Conditions as SegmentInput says them, read into the engine's; saved segments are put in where they are named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from apps.audience import browse as audience
from apps.audience import filters
from apps.audience.filters import Traits
from apps.engine.conditions import All, Condition, InIcp, KpiSide, Not, SideName
from apps.engine.conditions import Any as AnyOf
from apps.engine.definitions import Count, Kpi, Ratio, leaves
from apps.engine.periods import Period, PeriodError
from apps.engine.refusals import ConditionError, nearest
from apps.events import browse as events
from apps.events.taxonomy import profiles_of, zone_of
from apps.kpis.catalogue import Unanswerable, entries
from apps.kpis.periods import read_period
from apps.workspaces.models import Workspace

MOST, DEEPEST = 200, 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a condition something is said: its path, how deep, and within which saved segments."""

    path: str = "where"
    depth: int = 0
    chain: tuple[str, ...] = ()

    def below(self, name: str) -> Place:
        """A place inside of this one."""
        return replace(self, path=f"{self.path}{name}")

    def refused(self, code: str, expected: str, close: Collection[str] = ()) -> ConditionError:
        """What is said here cannot be taken."""
        return ConditionError(code, self.path, expected, tuple(close))


class Reader:
    """Reads one workspace's conditions at one instant; what they may name is looked up once, when it is named."""

    def __init__(self, workspace: Workspace, now: datetime) -> None:
        self.workspace, self.now = workspace, now

    @cached_property
    def zone(self) -> str:
        """The zone whose days conditions are in."""
        return zone_of(self.workspace)

    @cached_property
    def traits(self) -> Traits:
        """The traits that somebody has had."""
        return audience.traits(self.workspace.pk)

    @cached_property
    def events(self) -> frozenset[str]:
        """The names of the planned events."""
        return events.planned(self.workspace.pk)

    @cached_property
    def segments(self) -> Mapping[str, Any]:
        """The saved segments, as they were written."""
        return {row.slug: row.condition for row in audience.segments(self.workspace.pk)}

    @cached_property
    def profiles(self) -> Mapping[str, int]:
        """The ICP profiles that answers know."""
        return profiles_of(self.workspace)

    def read(self, said: Any, place: Place = Place()) -> Condition:
        """The condition that was said. Raises ConditionError and PeriodError, whose fields are paths."""
        return _Reading(self).read(said, place)


class _Reading:
    """One condition on its way in; its parts are counted, so that saved segments cannot multiply without end."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.parts = reader, 0

    def read(self, said: Any, place: Place) -> Condition:
        self.parts += 1
        if self.parts > MOST or place.depth > DEEPEST:
            expected = f"at most {MOST} conditions, {DEEPEST} deep, with saved segments written out"
            raise place.refused("SEGMENT_TOO_LARGE", expected)
        if not isinstance(said, dict) or len(said) != 1 or not said.keys() <= KINDS.keys():
            close = nearest(next(iter(said)), KINDS) if isinstance(said, dict) and len(said) == 1 else []
            raise place.refused("BAD_CONDITION", f"an object with one of {', '.join(KINDS)}", close)
        ((kind, given),) = said.items()
        return KINDS[kind](self, given, replace(place.below(f".{kind}"), depth=place.depth + 1))

    def all(self, said: Any, place: Place) -> Condition:
        return All(self._parts(said, place))

    def any(self, said: Any, place: Place) -> Condition:
        return AnyOf(self._parts(said, place))

    def negated(self, said: Any, place: Place) -> Condition:
        return Not(self.read(said, place))

    def trait(self, said: Any, place: Place) -> Condition:
        return filters.trait_is(said, place.path, self.reader.traits)

    def icp(self, said: Any, place: Place) -> Condition:
        return InIcp(_known(said, place, "UNKNOWN_ICP", self.reader.profiles))

    def segment(self, said: Any, place: Place) -> Condition:
        chain = (*place.chain, said)
        if said in place.chain:
            raise place.refused("SEGMENT_CYCLE", f"no segment that is part of itself: {' → '.join(chain)}")
        slug = _known(said, place, "UNKNOWN_SEGMENT", self.reader.segments)
        inside = replace(place, path=f"{place.path}({slug})", chain=chain)
        return self.read(self.reader.segments[slug], inside)

    def did(self, said: Any, place: Place) -> Condition:
        deed, period = filters.did(said, place.path, self.reader.events)
        return replace(deed, period=self._period(period, place))

    def kpi_side(self, said: Any, place: Place) -> Condition:
        if not isinstance(said, dict) or not {"kpi", "side"} <= said.keys() <= {"kpi", "side", "period"}:
            raise place.refused("BAD_CONDITION", "an object of kpi and side and, if need be, period")
        entry = entries()[_known(said["kpi"], place.below(".kpi"), "UNKNOWN_KPI", entries())]
        try:
            kpi = entry.kpi
        except Unanswerable as why:
            raise place.below(".kpi").refused(why.code, why.expected) from why
        side = _side(said["side"], kpi, place.below(".side"))
        return KpiSide(kpi, side, self._period(said.get("period"), place))

    def _parts(self, said: Any, place: Place) -> tuple[Condition, ...]:
        if not isinstance(said, list) or not said:
            raise place.refused("BAD_CONDITION", "a list of at least one condition")
        return tuple(self.read(one, place.below(f"[{n}]")) for n, one in enumerate(said))

    def _period(self, said: Any, place: Place) -> Period | None:
        if said is None:
            return None
        try:
            return read_period(said, self.reader.zone, self.reader.now)
        except PeriodError as error:
            raise error.within(place.path) from error


KINDS: Mapping[str, Callable[[_Reading, Any, Place], Condition]] = {
    "all": _Reading.all,
    "any": _Reading.any,
    "not": _Reading.negated,
    "trait": _Reading.trait,
    "icp": _Reading.icp,
    "segment": _Reading.segment,
    "did": _Reading.did,
    "kpiSide": _Reading.kpi_side,
}
KNOWN = {
    "UNKNOWN_ICP": "an approved ICP profile of this workspace",
    "UNKNOWN_SEGMENT": "a saved segment of this workspace",
    "UNKNOWN_KPI": "the slug of a KPI",
}


def _known(name: Any, place: Place, code: str, valid: Collection[str]) -> str:
    if not isinstance(name, str) or name not in valid:
        raise place.refused(code, KNOWN[code], nearest(str(name), valid))
    return name


def _side(name: Any, kpi: Kpi, place: Place) -> SideName:
    if name not in list(SideName):
        raise place.refused("BAD_CONDITION", f"one of {', '.join(SideName)}", nearest(str(name), list(SideName)))
    expression = kpi.expression
    if name != SideName.NUMERATOR and not isinstance(expression, Ratio):
        raise place.refused("NO_DENOMINATOR", "NUMERATOR: this KPI is no ratio")
    if name == SideName.REMAINDER and any(isinstance(leaf, Count) for leaf in leaves(expression)):
        raise place.refused("NOT_A_SET", "another side: only a ratio of two sets of people has a remainder")
    return SideName(name)
