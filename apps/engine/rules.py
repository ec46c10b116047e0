"""Conditions on traits alone, of one person at a time: what an ICP profile's rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TypeAlias

from apps.engine.conditions import All, Condition, Not, TraitIs, condition_leaves
from apps.engine.conditions import Any as AnyOf
from apps.engine.refusals import ConditionError
from apps.engine.traits import OPPOSITES, meets

Verdict: TypeAlias = Callable[[Mapping[str, str]], bool]
"""Whether somebody with these values of traits, as JSON by name, meets a condition; an unset trait has none."""


def verdict(condition: Condition) -> Verdict:
    """Decides a condition for one person after the other. ConditionError for one that is not on traits alone."""
    match condition:
        case All(parts):
            verdicts = [verdict(part) for part in parts]
            return lambda values: all(holds(values) for holds in verdicts)
        case AnyOf(parts):
            verdicts = [verdict(part) for part in parts]
            return lambda values: any(holds(values) for holds in verdicts)
        case Not(part):
            holds = verdict(part)
            return lambda values: not holds(values)
        case TraitIs():
            return _comparison(condition)
    raise ConditionError("BAD_CONDITION", "rule", "conditions on traits alone")


def names(condition: Condition) -> Iterator[str]:
    """The traits that a condition is on."""
    return (leaf.name for leaf in condition_leaves(condition) if isinstance(leaf, TraitIs))


def _comparison(comparison: TraitIs) -> Verdict:
    name, is_negative = comparison.name, comparison.op in OPPOSITES
    # The values of a trait are few, and those who have them many.
    is_met = cache(meets(replace(comparison, op=OPPOSITES.get(comparison.op, comparison.op))))

    def holds(values: Mapping[str, str]) -> bool:
        text = values.get(name)
        return (text is not None and is_met(text)) is not is_negative

    return holds
