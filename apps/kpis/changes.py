"""How an answer compares with that of another period: by how much it differs, and whether by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import TypeAlias

from apps.engine.answers import rounded
from apps.engine.definitions import Ratio, RollingDistinct
from apps.engine.expressions import answered_period
from apps.engine.intervals import SIX_PLACES, newcombe, p_value
from apps.engine.parts import PartKind
from apps.engine.periods import Period, first_days, is_complete, previous, so_far, year_before
from apps.kpis.certainty import Interval, checked_level, proportion
from apps.kpis.evaluate import Result, evaluate
from apps.workspaces.models import Workspace


class Before(Enum):
    """The periods that lie before another one."""

    PERIOD = "period"
    YEAR = "year"


To: TypeAlias = Before | Period

EARLIER: dict[Before, Callable[[Period], Period]] = {Before.PERIOD: previous, Before.YEAR: year_before}


@dataclass(frozen=True, slots=True)
class Change:
    """Two answers to one question, of two periods."""

    current: Result
    previous: Result

    @property
    def absolute(self) -> Decimal | None:
        """How much more it is, in the unit of the value; None where either has none."""
        now, then = _exact(self.current), _exact(self.previous)
        return None if now is None or then is None else rounded(now - then)

    @property
    def relative(self) -> Decimal | None:
        """How much more it is in percent of what it was; None of what was nothing."""
        now, then = _exact(self.current), _exact(self.previous)
        return None if now is None or not then else rounded(100 * (now - then) / then)

    @property
    def p_value(self) -> Decimal | None:
        """How probable so great a difference is if nothing changed; None unless both are rates with a value."""
        p = self._p()
        return None if p is None else p.quantize(SIX_PLACES)

    def interval(self, level: float) -> Interval | None:
        """The bounds of the true difference at a level; None likewise. Raises Refusal (BAD_LEVEL)."""
        at, now, then = checked_level(level), proportion(self.current), proportion(self.previous)
        return newcombe(now, then, at) if now and then else None

    def is_significant(self, level: float) -> bool | None:
        """Whether chance makes so great a difference more seldom than the level allows. Raises Refusal."""
        at, p = checked_level(level), self._p()
        return None if p is None else p < 1 - at

    def _p(self) -> Decimal | None:
        now, then = proportion(self.current), proportion(self.previous)
        return p_value(now, then) if now and then else None


def change(workspace: Workspace, result: Result, to: To) -> Change | None:
    """The answer beside that of another period.

    Of a running period the days that are over, and whose events have drawn what they may draw, are compared with
    as many first days of the other one (KPIS.md G17); with a period that is named both are taken as they are. None
    where no day is over yet, for a running unit of a KPI whose answers are never for a part of one, and for the
    rest of a breakdown, in which are others each time. Raises PeriodError for a time before the first year.
    """
    if result.asked.part and result.asked.part.kind is PartKind.OTHER:
        return None
    compared = _compared(result, to)
    if compared is None:
        return None
    here, there = compared
    if here == result.answer.period:
        (other,) = evaluate(workspace, [result.asked.of(there)])
        return Change(result, other)
    return Change(*evaluate(workspace, [result.asked.of(here), result.asked.of(there)]))


def _exact(result: Result) -> Fraction | None:
    """The value before it was rounded: of two that were, the last place would be wrong."""
    expression, answer = result.asked.entry.kpi.expression, result.answer
    if answer.value is None or answer.denominator is None or not isinstance(expression, Ratio):
        return None if answer.value is None else Fraction(answer.value)
    return Fraction(answer.numerator.amount) * expression.scale / Fraction(answer.denominator.amount)


def _compared(result: Result, to: To) -> tuple[Period, Period] | None:
    answered, settled = result.answer.period, result.asked.settled
    if isinstance(to, Period):
        return answered, to
    earlier = EARLIER[to]
    if is_complete(answered, settled):
        return answered, earlier(answered)
    kpi, over = result.asked.entry.kpi, so_far(answered, settled)
    if over is None or kpi.grain:
        return None
    if isinstance(kpi.expression, RollingDistinct):
        window = answered_period(kpi, result.asked.of(over).question)
        return window, earlier(window)
    return over, first_days(earlier(answered), over)
