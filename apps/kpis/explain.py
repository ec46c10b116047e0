"""An answer in words: what was counted, of whom, when, and the number as people write it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from apps.engine.answers import Side
from apps.engine.definitions import Distinct, Leaf, Ratio, RollingDistinct, Where, leaves
from apps.engine.periods import Grain, Period
from apps.engine.sets import Space
from apps.kpis.evaluate import Result

NOTHING = "–"
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Words:
    """How to speak of a series: of those in it, of what they did, and of one or many of its events."""

    who: str
    did: str
    events: tuple[str, str]


WORDS = {
    "ACTIVITY": Words("active", "were active", ("activity event", "activity events")),
    "share.created": Words("who shared", "shared", ("share", "shares")),
}
SUBJECTS = {Space.USER: ("person", "people"), Space.ACCOUNT: ("account", "accounts")}


def display(unit: str, value: Decimal | None) -> str:
    """The number as people write it, to two places at most: "27 %", "1,620", "–" where there is none."""
    if value is None:
        return NOTHING
    shown = f"{value.quantize(HUNDREDTH, ROUND_HALF_EVEN):,f}".rstrip("0").rstrip(".")
    return f"{shown} %" if unit == "percent" else shown


def explain(result: Result) -> str:
    """One sentence with the operands' values and the period that the answer is for.

    For example "1,620 of the 6,000 people active in April 2026 (Europe/Berlin) shared: 27 %."
    """
    asked, answer = result.asked, result.answer
    question = asked.question if asked.by is None else asked.question.only(asked.by, result.key)
    sides = [side for side in (answer.numerator, answer.denominator) if side]
    so_far = "So far, " if question.now < answer.period.end else ""
    said = _said(asked.entry.kpi.expression, sides, _when(answer.period)) + _only(question.limits)
    return so_far + said + _outcome(result) + "."


def _said(expression: Leaf | Ratio, sides: list[Side], when: str) -> str:
    operands = leaves(expression)
    counted = [_counted(leaf, side) for leaf, side in zip(operands, sides, strict=True)]
    if isinstance(expression, Ratio) and expression.subset:
        return f"{sides[0].amount:,} of the {counted[1]} {when} {WORDS[operands[0].series].did}"
    return f"{' for '.join(counted)} {when}"


def _counted(leaf: Leaf, side: Side) -> str:
    words, amount = WORDS[leaf.series], side.amount
    if isinstance(leaf, Distinct | RollingDistinct):
        return f"{amount:,} {SUBJECTS[leaf.unit][amount != 1]} {words.who}"
    return f"{amount:,} {words.events[amount != 1]}"


def _when(period: Period) -> str:
    first = period.first
    texts = {
        Grain.DAY: f"on {first.day} {first:%B %Y}",
        Grain.WEEK: f"in week {period.label}",
        Grain.MONTH: f"in {first:%B %Y}",
        None: f"from {first} to {period.last}",
    }
    return f"{texts.get(period.grain, f'in {period.label}')} ({period.zone})"


def _only(limits: Where) -> str:
    names = [
        f"{facet.replace('_', ' ')} {' or '.join(sorted(value or 'unknown' for value in allowed))}"
        for facet, allowed in limits
    ]
    return f" (only {' and '.join(names)})" if names else ""


def _outcome(result: Result) -> str:
    answer = result.answer
    if answer.denominator is None:
        return ""
    if answer.value is None:
        return ", so there is no value"
    return f": {display(result.asked.entry.unit, answer.value)}"
