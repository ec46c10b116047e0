"""Questions of the oracle as the product is asked them."""

from typing import Any

from apps.engine.conditions import AsOf
from apps.engine.definitions import where
from apps.engine.expressions import Question as Put
from apps.kpis.catalogue import find
from apps.kpis.conditions import Reader
from apps.kpis.dimensions import split_by
from apps.kpis.evaluate import Asked, home
from apps.kpis.periods import read_period
from tests.oracle.conditions import All, Condition, Did, InIcp, KpiSide, Leaf, Not, Saved, Some, TraitIs
from tests.oracle.questions import Question

FORMS = {4: "year", 7: "month", 8: "week", 10: "day"}
RESTRICTIONS = {"share_type": "shareTypes", "channel": "channels"}


def put(reader: Reader, question: Question, *by: str) -> Asked:
    """The question, with its condition written as SegmentInput; the reader is of its instant.

    `by` is its dimension, or two of them, if it is about an answer's parts.
    """
    asked = question.asked
    segment = None if asked.segment is None else reader.read(segment_input(asked.segment))
    limits = {"share_type": asked.share_types, "channel": asked.channels}
    inner = Put(
        period=read_period(period_input(asked.period), asked.zone, asked.now),
        now=asked.now,
        limits=where({name: allowed for name, allowed in limits.items() if allowed is not None}),
        home=home(reader.workspace),
        segment=segment,
        as_of=None if asked.as_of is None else AsOf(asked.as_of),
    )
    entry = find(asked.kpi)
    return Asked(entry, inner, split_by(reader, entry.kpi, *by) if by else None)


def segment_input(condition: Condition) -> dict[str, Any]:
    """A condition as JSON in the shape of SegmentInput."""
    match condition:
        case All(parts) | Some(parts):
            return {"all" if isinstance(condition, All) else "any": [segment_input(part) for part in parts]}
        case Not(part):
            return {"not": segment_input(part)}
        case Saved(slug):
            return {"segment": slug}
        case _:
            return _leaf(condition)


def period_input(period: str) -> dict[str, Any]:
    """A period as JSON in the shape of PeriodInput."""
    if "/" in period:
        first, end = period.split("/")
        return {"between": {"from": first, "to": end}}
    return {"quarter" if "Q" in period else FORMS[len(period)]: period}


def _leaf(leaf: Leaf) -> dict[str, Any]:
    match leaf:
        case InIcp(profile):
            return {"icp": profile}
        case TraitIs(name, op, values):
            return {"trait": {"name": name, "op": op, "values": list(values)}}
        case KpiSide(kpi, side, period):
            return {"kpiSide": {"kpi": kpi, "side": side} | _within(period)}
        case Did():
            return {"did": _deed(leaf)}


def _deed(did: Did) -> dict[str, Any]:
    lately = {} if did.days is None else {"lastDays": did.days}
    fields = {RESTRICTIONS[name]: sorted(map(str, allowed)) for name, allowed in did.where}
    return {"event": did.event, "atLeast": did.at_least} | lately | fields | _within(did.period)


def _within(period: str | None) -> dict[str, Any]:
    return {} if period is None else {"period": period_input(period)}
