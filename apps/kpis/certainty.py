"""How sure an answer is, where it is a proportion and the people or events are taken for a sample."""

from __future__ import annotations

from decimal import Decimal

from apps.engine.definitions import Ratio
from apps.engine.intervals import HIGHEST, LOWEST, Proportion, wilson
from apps.engine.refusals import Refusal
from apps.kpis.evaluate import Result

Interval = tuple[Decimal, Decimal]


def interval(result: Result, level: float) -> Interval | None:
    """The bounds between which the true rate lies with this probability; None of no rate, and of one over nobody.

    Raises Refusal (BAD_LEVEL).
    """
    at, seen = checked_level(level), proportion(result)
    return wilson(*seen, at) if seen else None


def proportion(result: Result) -> Proportion | None:
    """So many of so many; None of what is no rate, and of a rate over nobody."""
    expression, denominator = result.asked.entry.kpi.expression, result.answer.denominator
    if not isinstance(expression, Ratio) or not expression.subset or not denominator or not denominator.amount:
        return None
    return int(result.answer.numerator.amount), int(denominator.amount)


def checked_level(level: float) -> Decimal:
    """A level of confidence, exactly as it was written. Raises Refusal (BAD_LEVEL)."""
    if not LOWEST <= level <= HIGHEST:
        raise Refusal("BAD_LEVEL", "level", f"a number from {LOWEST} to {HIGHEST}")
    return Decimal(str(level))
