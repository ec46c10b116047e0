"""An answer in words: what was counted, of whom, when, and the number as people write it."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from apps.engine.answers import Side
from apps.engine.asof import basis
from apps.engine.definitions import Balance, Count, Distinct, Leaf, Ratio, Union, leaves, link_of
from apps.engine.periods import Grain, Period
from apps.events.taxonomy import INTERACTED, REFERRED, REFERRING, SERIES, SESSIONS
from apps.kpis.among import SUBJECTS, among
from apps.kpis.evaluate import Asked, Result
from apps.kpis.wording import limits

NOTHING = "–"
HUNDREDTH = Decimal("0.01")
# Who is in a series or a state, what such people did, and what each of it is.
WHO = {
    "ACTIVITY": "active",
    "share.created": "who shared",
    "share.created@account": "that shared",
    "referral_message.sent": "who sent a referral message",
    "referral_prompt.shown": "who were shown a referral prompt",
    INTERACTED.name: "who were shown a referral prompt",
    SESSIONS.name: "who began a session",
    REFERRED.name: "who signed up by a referral",
    REFERRING.name: "who sent a referral message",
    "user:open": "registered",
    "user:registered": "who signed up",
    "account:open": "open",
    "account:registered": "created",
}
DID = {
    "active": "were active",
    "who shared": "shared",
    "that shared": "shared",
    "who sent a referral message": "sent a referral message",
    "who were shown a referral prompt": "were shown a referral prompt",
    "who began a session": "began a session",
    "who signed up by a referral": "signed up by a referral",
}
EVENTS = {
    "share.created": ("share", "shares"),
    "referral_message.sent": ("referral message sent", "referral messages sent"),
    "referral_prompt.shown": ("referral prompt shown", "referral prompts shown"),
    INTERACTED.name: ("referral prompt shown", "referral prompts shown"),
    SESSIONS.name: ("session begun", "sessions begun"),
    REFERRING.name: ("referral message sent", "referral messages sent"),
}
# What is said of one event, and of several, that drew others; and what people did whose events did.
DREW = {
    INTERACTED.name: ("was interacted with within a day", "were interacted with within a day"),
    SESSIONS.name: ("held a product share within a day",) * 2,
    REFERRING.name: ("led to a sign-up within 30 days",) * 2,
}
DREW_BY = {INTERACTED.name: "interacted with one within a day"}
# What events that a facet tells apart are called, and what was done to them.
SUCH = {"customized": ("customized {}", "customized"), "is_defined": ("{} of a defined kind", "of a defined kind")}
MATCHING = (" who matches an ICP profile", " who match an ICP profile")


def display(unit: str, value: Decimal | None) -> str:
    """The number as people write it, to two places at most: "27 %", "1,620", "–" where there is none."""
    if value is None:
        return NOTHING
    shown = f"{value.quantize(HUNDREDTH, ROUND_HALF_EVEN):,f}".rstrip("0").rstrip(".")
    return f"{shown} %" if unit == "percent" else shown


def explain(result: Result) -> str:
    """One sentence with the operands' values, whom they are among, and the period that the answer is for.

    For example "1,620 of the 6,000 people active in April 2026 (Europe/Berlin) shared: 27 %."
    """
    asked, answer = result.asked.by_itself(), result.answer
    so_far = "so far, " if asked.settled < answer.period.end else ""
    sides = [side for side in (answer.numerator, answer.denominator) if side]
    only = f" (only {limits(asked.question.limits)})" if asked.question.limits else ""
    said = f"{so_far}{among(result)}{_said(asked, sides, answer.period)}{only}{_outcome(result)}."
    return said[0].upper() + said[1:]


def _said(asked: Asked, sides: list[Side], period: Period) -> str:
    expression = asked.entry.kpi.expression
    operands = leaves(expression)
    counted = [_counted(leaf, side) for leaf, side in zip(operands, sides, strict=True)]
    when = _when(period)
    if isinstance(expression, Balance):
        when = f"as of {_day(basis(period, asked.question).end)} ({period.zone})"
    when += _population(operands[-1], sides[-1])
    if isinstance(expression, Ratio) and expression.subset:
        return f"{sides[0].amount:,} of the {counted[1]} {when} {_did(operands[0], sides[0])}"
    return f"{' for '.join(counted)} {when}"


def _did(leaf: Leaf, side: Side) -> str:
    done = " and ".join(verb for _, verb in _such(leaf))
    if isinstance(leaf, Distinct) and link_of(leaf, SERIES):
        return DREW_BY[leaf.series]
    if isinstance(leaf, Count):
        is_many = side.amount != 1
        return f"{'were' if is_many else 'was'} {done}" if done else DREW[leaf.series][is_many]
    return f"{done} at least one" if done else DID[_who(leaf)]


def _counted(leaf: Leaf, side: Side) -> str:
    is_many = side.amount != 1
    if not isinstance(leaf, Count):
        return f"{side.amount:,} {SUBJECTS[leaf.unit][is_many]} {_who(leaf)}"
    events = EVENTS[leaf.series][is_many]
    for called, _ in _such(leaf):
        events = called.format(events)
    return f"{side.amount:,} {events}"


def _such(leaf: Leaf) -> list[tuple[str, str]]:
    facets = leaf.where if isinstance(leaf, Distinct | Count) else ()
    return [SUCH[facet] for facet, _ in facets if facet in SUCH]


def _who(leaf: Leaf) -> str:
    return " or ".join(map(_who, leaf.parts)) if isinstance(leaf, Union) else WHO[leaf.series]


def _population(leaf: Leaf, side: Side) -> str:
    is_matching = isinstance(leaf, Distinct | Balance) and leaf.population is not None
    return MATCHING[side.amount != 1] if is_matching else ""


def _when(period: Period) -> str:
    first = period.first
    texts = {
        Grain.DAY: f"on {_day(first)}",
        Grain.WEEK: f"in week {period.label}",
        Grain.MONTH: f"in {first:%B %Y}",
        None: f"from {first} to {period.last}",
    }
    return f"{texts.get(period.grain, f'in {period.label}')} ({period.zone})"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _outcome(result: Result) -> str:
    answer = result.answer
    if answer.denominator is None:
        return ""
    if answer.value is None:
        return ", so there is no value"
    return f": {display(result.asked.entry.unit, answer.value)}"
