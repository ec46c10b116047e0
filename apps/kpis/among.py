"""Whom an answer is restricted to, in words: "among people of whom plan is pro as of 31 March 2026, "."""

from __future__ import annotations

from collections.abc import Sequence

from apps.engine.asof import basis, own_as_of
from apps.engine.conditions import AsOf
from apps.engine.definitions import leaves
from apps.engine.parts import ByCondition, ByTrait, Dimension, EventFacet, Part, PartKind
from apps.engine.sets import Space
from apps.kpis.evaluate import Result
from apps.kpis.traits import text
from apps.kpis.wording import words

SUBJECTS = {Space.USER: ("person", "people"), Space.ACCOUNT: ("account", "accounts")}


def among(result: Result) -> str:
    """Whom the question's segment, and the part that a result is, leave; nothing where that is everybody."""
    asked, segment = result.asked, result.asked.question.segment
    said = [words(segment)] if segment else []
    said += _parts(asked.split)
    if not said:
        return ""
    (*_, last) = leaves(asked.entry.kpi.expression)
    return f"among {SUBJECTS[last.unit][1]} of whom {' and '.join(said)}{_as_of(result)}, "


def _parts(split: Sequence[tuple[Dimension, Part]]) -> list[str]:
    if len(split) > 1 and any(part.kind is PartKind.OTHER for _, part in split):
        return [f"{' and '.join(_name(by) for by, _ in split)} are another pair"]
    return [text for by, part in split for text in _part(by, part)]


def _name(by: Dimension) -> str:
    if isinstance(by, ByCondition):
        return f"which of {', '.join(by.conditions)} holds"
    return by.name.replace("_", " ") if isinstance(by, EventFacet) else by.name


def _part(by: Dimension, part: Part) -> list[str]:
    """What those in a part have in common; an event's field is told among the question's restrictions."""
    if part.kind is PartKind.ERASED:
        return ["nothing is known any more"]
    if isinstance(by, ByTrait):
        return [f"{by.name} is {_value(part)}"]
    if isinstance(by, ByCondition):
        return [_condition(by, part)]
    return [f"{_name(by)} is another"] if part.kind is PartKind.OTHER else []


def _value(part: Part) -> str:
    if part.kind is PartKind.OTHER:
        return "another"
    return "unknown" if part.key is None else text(part.key)


def _condition(by: ByCondition, part: Part) -> str:
    if part.kind is PartKind.OTHER:
        return "another holds"
    if part.key is None:
        return f"none of {', '.join(by.conditions)} holds"
    return words(by.conditions[part.key])


def _as_of(result: Result) -> str:
    """The day by which people are judged, where it is another than the KPI's own."""
    question = result.asked.question
    if question.as_of is None or {question.as_of} == set(
        map(own_as_of, leaves(result.asked.entry.kpi.expression))
    ):
        return ""
    if question.as_of is AsOf.EVENT_DAY:
        return " as of each event's day"
    day = basis(result.answer.period, question).day(question.as_of)
    return f" as of {day.day} {day:%B %Y}"
