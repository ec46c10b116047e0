"""Whom a condition holds of: set algebra that narrows whoever is asked about, leaf by leaf."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from apps.engine.conditions import All, Condition, Did, InIcp, KpiSide, Leaf, Not, TraitIs
from apps.engine.conditions import Any as AnyOf
from apps.engine.facts import Facts
from apps.engine.numbers import Numbers
from apps.engine.plan import Plan
from apps.engine.sets import Members, Space
from apps.engine.sources import did_need, leaf_needs, profile_needs, space_of_leaf, trait_need, window_start
from apps.engine.traits import OPPOSITES

Known: TypeAlias = dict[Hashable, Members]
"""Whom leaves were found to hold of: a leaf that stands in many answers is looked up once."""


@dataclass(frozen=True, slots=True)
class Segments:
    """The conditions of one plan; `side` answers for the sides of other KPIs."""

    facts: Facts
    plan: Plan
    known: Known
    side: Callable[[KpiSide, Plan], Members]

    def restrict(self, base: Members, condition: Condition, day: date) -> Members:
        """Those users or accounts of whom the condition holds at the end of a local day (KPIS.md G9)."""
        match condition:
            case All(parts):
                for part in parts:
                    base = self.restrict(base, part, day)
                return base
            case AnyOf(parts):
                return Members.union(base.space, [self.restrict(base, part, day) for part in parts])
            case Not(part):
                return base - self.restrict(base, part, day)
            case leaf:
                return self._leaf(base, leaf, day)

    def _leaf(self, base: Members, leaf: Leaf, day: date) -> Members:
        """A leaf about users holds of an account where it does of any of its users, and the other way round."""
        plain, space = _plain(leaf), space_of_leaf(leaf, base.space)
        holders = self._holders(plain, space, day)
        if space is base.space:
            return base & holders if plain == leaf else base - holders
        if plain != leaf:
            holders = self.facts.lift(base, space, day) - holders
        return base & self.facts.lift(holders, base.space, day)

    def _holders(self, leaf: Leaf, space: Space, day: date) -> Members:
        looks_back = isinstance(leaf, Did) and leaf.days is not None
        key = leaf, day if looks_back else None, leaf_needs(leaf, space, day, self.plan)
        if key not in self.known:
            self.known[key] = self._find(leaf, space, day)
        return self.known[key]

    def _find(self, leaf: Leaf, space: Space, day: date) -> Members:
        match leaf:
            case TraitIs():
                return self.facts.having(leaf, trait_need(leaf.name, space, day))
            case InIcp():
                matching = [self.facts.state(need) for need in profile_needs(leaf, day, self.plan)]
                return Members.union(space, [members for state in matching for members in state.values()])
            case Did():
                return self._doing(leaf, day)
            case KpiSide():
                return self.side(leaf, self.plan)

    def _doing(self, did: Did, day: date) -> Members:
        need = did_need(did, self.plan)
        first, last = (need.first, need.last) if did.days is None else (window_start(did.days, day), day)
        columns = [numbers for on, numbers in self.facts.did(need).items() if first <= on <= last]
        if did.at_least == 1:
            return Members.union(Space.USER, [numbers.keys for numbers in columns])
        return Numbers.total([Numbers.empty(Space.USER), *columns]).at_least(did.at_least)


def _plain(leaf: Leaf) -> Leaf:
    """The leaf without its negation: NOT_EQUALS holds exactly where EQUALS does not."""
    return replace(leaf, op=OPPOSITES.get(leaf.op, leaf.op)) if isinstance(leaf, TraitIs) else leaf
