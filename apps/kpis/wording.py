"""Conditions in words: "plan is pro and (country is DE or ICP mid-market)"."""

from __future__ import annotations

from apps.engine.conditions import All, Condition, Did, InIcp, KpiSide, Not, TraitIs, TraitOp
from apps.engine.conditions import Any as AnyOf
from apps.engine.definitions import Where

COMPARED = {
    TraitOp.EQUALS: "is {}",
    TraitOp.NOT_EQUALS: "is not {}",
    TraitOp.IN: "is {}",
    TraitOp.NOT_IN: "is not {}",
    TraitOp.CONTAINS: "contains {}",
    TraitOp.STARTS_WITH: "starts with {}",
    TraitOp.AT_LEAST: "is at least {}",
    TraitOp.AT_MOST: "is at most {}",
    TraitOp.BETWEEN: "is between {}",
    TraitOp.IS_SET: "is known",
    TraitOp.IS_NOT_SET: "is unknown",
}


JOINTS = {TraitOp.BETWEEN: " and ", TraitOp.NOT_IN: " nor "}


def words(condition: Condition) -> str:
    """What a condition asks, as a phrase to put behind "people of whom"."""
    match _bare(condition):
        case Not(part):
            return f"not {_inner(part)}"
        case All(parts):
            return " and ".join(map(_inner, parts))
        case AnyOf(parts):
            return " or ".join(map(_inner, parts))
        case leaf:
            return _leaf(leaf)


def limits(where: Where) -> str:
    """Restrictions of event facets: "share type link and channel email or unknown"."""
    return " and ".join(
        f"{facet.replace('_', ' ')} {' or '.join(sorted(value or 'unknown' for value in allowed))}"
        for facet, allowed in where
    )


def _leaf(leaf: TraitIs | InIcp | KpiSide | Did) -> str:
    match leaf:
        case TraitIs(name, op, values):
            return f"{name} {COMPARED[op].format(JOINTS.get(op, ' or ').join(values))}"
        case InIcp(profile):
            return f"ICP {profile or 'of any profile'}"
        case KpiSide(kpi, side, period):
            return f"{side.lower()} of {kpi.slug}{f' in {period.label}' if period else ''}"
        case Did():
            return _deed(leaf)


def _deed(did: Did) -> str:
    often = f" at least {did.at_least} times" if did.at_least > 1 else ""
    lately = f" in the last {did.days} days" if did.days else ""
    during = f" in {did.period.label}" if did.period else ""
    limited = f" with {limits(did.where)}" if did.where else ""
    return f"did {did.event}{often}{lately}{during}{limited}"


def _inner(part: Condition) -> str:
    """A part of a larger phrase, in brackets where it could be misread."""
    return f"({words(part)})" if isinstance(_bare(part), All | AnyOf) else words(part)


def _bare(condition: Condition) -> Condition:
    """The condition without an "all" or "any" around it that has nothing else in it."""
    while isinstance(condition, All | AnyOf) and len(condition.parts) == 1:
        (condition,) = condition.parts
    return condition
