"""Whom a condition holds of, whoever is asked about: set algebra over whom its leaves hold of."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial, reduce
from operator import and_, or_
from typing import TypeAlias

from apps.engine.conditions import (
    All,
    Condition,
    Did,
    InIcp,
    KpiSide,
    Leaf,
    Not,
    TraitIs,
    TraitOp,
    condition_leaves,
)
from apps.engine.conditions import Any as AnyOf
from apps.engine.expressions import OTHER, StateNeed
from apps.engine.facts import Facts
from apps.engine.numbers import Numbers
from apps.engine.plan import Plan
from apps.engine.sets import Holders, Members, Space
from apps.engine.sources import (
    condition_needs,
    did_need,
    profile_needs,
    space_of_leaf,
    trait_need,
    window_start,
)
from apps.engine.traits import OPPOSITES, meets

Known: TypeAlias = dict[Hashable, Holders]
"""Whom conditions were found to hold of: one that stands in many answers is looked up once."""


@dataclass(frozen=True, slots=True)
class Segments:
    """The conditions of one plan; `side` answers for the sides of other KPIs.

    `known` is of all plans, `held` of this one: what a condition needs is not looked up for each of its operands.
    """

    facts: Facts
    plan: Plan
    known: Known
    side: Callable[[KpiSide, Plan], Members]
    held: dict[tuple[Condition, Space, date], Holders] = field(default_factory=dict)

    def restrict(self, base: Members, condition: Condition, day: date) -> Members:
        """Those users or accounts of whom the condition holds at the end of a local day (KPIS.md G9)."""
        place = condition, base.space, day
        if place not in self.held:
            self.held[place] = self._holders(*place)
        return self.held[place].within(base)

    def _holders(self, condition: Condition, space: Space, day: date) -> Holders:
        leaves = list(condition_leaves(condition))
        is_own = all(space_of_leaf(leaf, space) is space for leaf in leaves)
        if is_own and _is_of_a_period(condition):
            day = self.plan.basis.end
        needs = tuple(condition_needs(condition, space, day, self.plan))
        key = condition, space, day, needs
        if key not in self.known:
            find = partial(self._find, condition, space, day)
            states = [need for need in needs if isinstance(need, StateNeed)]
            depends_on_states = is_own and all(isinstance(leaf, TraitIs | InIcp) for leaf in leaves)
            self.known[key] = self.facts.once((condition, space), states, find) if depends_on_states else find()
        return self.known[key]

    def _find(self, condition: Condition, space: Space, day: date) -> Holders:
        match condition:
            case All(parts):
                everybody = Holders(Members.empty(space), is_rest=True)
                return reduce(and_, (self._holders(part, space, day) for part in parts), everybody)
            case AnyOf(parts):
                nobody = Holders(Members.empty(space))
                return reduce(or_, (self._holders(part, space, day) for part in parts), nobody)
            case Not(part):
                return ~self._holders(part, space, day)
            case leaf:
                return self._leaf(leaf, space, day)

    def _leaf(self, leaf: Leaf, space: Space, day: date) -> Holders:
        """A leaf about users holds of an account where it does of any of its users, and the other way round."""
        about = space_of_leaf(leaf, space)
        if about is not space:
            return Holders(self.facts.lift(self._holders(leaf, about, day), space, day))
        plain = _plain(leaf)
        return Holders(self._members(plain, space, day), is_rest=plain != leaf)

    def _members(self, leaf: Leaf, space: Space, day: date) -> Members:
        match leaf:
            case TraitIs():
                return self._having(leaf, trait_need(leaf.name, space, day), space)
            case InIcp():
                matching = [self.facts.state(need) for need in profile_needs(leaf, day, self.plan)]
                return Members.union(space, [members for state in matching for members in state.values()])
            case Did():
                return self._doing(leaf, day)
            case KpiSide():
                return self.side(leaf, self.plan)

    def _having(self, comparison: TraitIs, need: StateNeed, space: Space) -> Members:
        listed = self.facts.state(need)
        if comparison.op is TraitOp.IS_SET:
            return Members.union(space, listed.values())
        unlisted = self.facts.unlisted(need) if listed.get(OTHER) else {}
        told = [(text, members) for text, members in (*listed.items(), *unlisted.items()) if text != OTHER]
        is_met = meets(comparison)
        return Members.union(space, [members for text, members in told if is_met(text)])

    def _doing(self, did: Did, day: date) -> Members:
        need = did_need(did, self.plan)
        first, last = (need.first, need.last) if did.days is None else (window_start(did.days, day), day)
        columns = [numbers for on, numbers in self.facts.did(need).items() if first <= on <= last]
        if did.at_least == 1:
            return Members.union(Space.USER, [numbers.keys for numbers in columns])
        return Numbers.total([Numbers.empty(Space.USER), *columns]).at_least(did.at_least)


def _is_of_a_period(condition: Condition) -> bool:
    """Whether it is a leaf that holds of the same people whatever the day."""
    return isinstance(condition, KpiSide) or (isinstance(condition, Did) and condition.days is None)


def _plain(leaf: Leaf) -> Leaf:
    """The leaf without its negation: NOT_EQUALS holds exactly where EQUALS does not."""
    return replace(leaf, op=OPPOSITES.get(leaf.op, leaf.op)) if isinstance(leaf, TraitIs) else leaf
