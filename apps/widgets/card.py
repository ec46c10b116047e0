"""One KPI as a card: its number for the last period that is over, and its last twelve weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.engine.definitions import Kpi, RollingDistinct
from apps.engine.expressions import Question
from apps.engine.periods import Grain, Period, last, split
from apps.events.taxonomy import zone_of
from apps.kpis.catalogue import Entry
from apps.kpis.evaluate import Asked, Result, evaluate
from apps.workspaces.models import Workspace

WEEKS = 12


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of one KPI of one workspace."""

    workspace: Workspace
    headline: Result
    weeks: tuple[Result, ...]

    @property
    def entry(self) -> Entry:
        return self.headline.asked.entry

    @property
    def is_empty(self) -> bool:
        """Whether nothing that the KPI counts happened in any of its periods."""
        answers = [result.answer for result in (self.headline, *self.weeks)]
        sides = [side for answer in answers for side in (answer.numerator, answer.denominator) if side]
        return not any(side.amount for side in sides)

    @property
    def is_stale(self) -> bool:
        """Whether something that came in, or was changed, is not in the numbers yet."""
        return self.headline.receipt.rolled_up_to < self.headline.asked.question.now


def read(workspace: Workspace, entry: Entry, now: datetime) -> Card:
    """The card of a KPI, in two SQL statements.

    A week's point is the answer for that week; of a KPI with a grain or window of its own, the one that holds
    or ends with the week's last day (KPIS.md G1).
    """
    zone = zone_of(workspace)
    weeks = split(last(WEEKS, Grain.WEEK, zone, now), Grain.WEEK)
    periods = [last(1, _grain(entry.kpi), zone, now), *weeks]
    headline, *points = evaluate(workspace, [Asked(entry, Question(period, now)) for period in periods])
    return Card(workspace, headline, tuple(points))


def days(period: Period) -> str:
    """A period as people write it: “April 2026”, “26 April 2026”, “30 Mar – 5 Apr 2026”."""
    first, end = period.first, period.last
    if period.grain is Grain.MONTH:
        return f"{first:%B %Y}"
    if first == end:
        return f"{end.day} {end:%B %Y}"
    month = "" if (first.year, first.month) == (end.year, end.month) else f" {first:%b}"
    year = "" if first.year == end.year else f" {first.year}"
    return f"{first.day}{month}{year} – {end.day} {end:%b %Y}"


def _grain(kpi: Kpi) -> Grain:
    """The unit whose last one makes the headline: a trailing window ends with yesterday."""
    return kpi.grain or (Grain.DAY if isinstance(kpi.expression, RollingDistinct) else Grain.MONTH)
