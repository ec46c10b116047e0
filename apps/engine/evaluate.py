"""The value of a KPI: set algebra over facts that somebody else loads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from apps.engine.answers import Answer, remainder
from apps.engine.breakdowns import ConditionParts, Parts, Row, TraitParts, keeper, rows, within
from apps.engine.conditions import KpiSide, SideName
from apps.engine.definitions import Kpi
from apps.engine.expressions import EntryNeed, Need, Question, StateNeed
from apps.engine.facts import Facts
from apps.engine.numbers import Numbers
from apps.engine.parts import (
    UNKNOWN,
    By,
    ByCondition,
    ByTrait,
    EventFacet,
    Part,
    Place,
    dimensions,
    place,
)
from apps.engine.pieces import Piece, Pieces
from apps.engine.plan import Plan, RowNeed, Slice, Sliced, plan
from apps.engine.refusals import Refusal
from apps.engine.segments import Known, Segments
from apps.engine.sets import Members, Space
from apps.engine.sources import carried, of_sharers, sharers_need, side_question, split_plan, told_need
from apps.engine.splits import Axis, Cell, Slab, Split, SplitOperand

# As many take a second or two.
MOST_CROSSINGS = 500_000


def evaluate(kpi: Kpi, question: Question, facts: Facts) -> Answer:
    """The answer to a single question; `facts` have loaded what `needs` lists."""
    return Evaluator(facts).answer(kpi, question)


class Evaluator:
    """Answers questions from facts that have loaded what `needs` and `breakdown_needs` list.

    Whom the leaves of conditions hold of is found once for all the questions that it is asked.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._known: Known = {}

    def answer(self, kpi: Kpi, question: Question) -> Answer:
        """The answer to a question. Raises PeriodError where its days are not the workspace's, and must be."""
        return self.planned(kpi, plan(kpi, question, self.facts.registry))

    def planned(self, kpi: Kpi, planned: Plan) -> Answer:
        """The answer to a question that is planned."""
        return self._pieces(kpi, self._segments(planned)).answer()

    def breakdown(self, kpi: Kpi, question: Question, by: By, first: int) -> list[Row]:
        """The answer's `first` parts with the largest numerators, and the rest as one (KPIS.md G9).

        By an event facet a part is the answer to the question restricted to its value: a ratio splits the
        numerator alone, unless the denominator's events carry the facet too. By what people and accounts are
        like both sides are split. By both of two dimensions it is restricted by each. A part that nobody is in
        who counts is no row.
        """
        return rows(self._split(kpi, question, by), first)

    def part(self, kpi: Kpi, question: Question, by: By, part: Part) -> Answer:
        """One part of a breakdown by itself, whether anybody is in it or not."""
        only, kept = question, list[tuple[ByTrait | ByCondition, Part]]()
        for dimension, one in zip(dimensions(by), place(part), strict=True):
            if isinstance(dimension, EventFacet):
                only = only.only(dimension.name, [one.key])
            else:
                kept.append((dimension, one))
        segments = self._segments(split_plan(kpi, only, by, self.facts.registry))
        keep = keeper([(self._parts(dimension, segments), one) for dimension, one in kept])
        return self._pieces(kpi, segments).answer(keep if kept else None)

    def _split(self, kpi: Kpi, question: Question, by: By) -> Split:
        planned = split_plan(kpi, question, by, self.facts.registry)
        segments = self._segments(planned)
        operands = [self._split_operand(operand, segments, by) for operand in planned.operands]
        return Split(kpi.expression, planned, len(dimensions(by)), operands)

    def _split_operand(self, operand: Sliced, segments: Segments, by: By) -> SplitOperand:
        """An operand by the facets that it carries, by those of people's shares, and by what people are like."""
        facets, sharing = carried(operand, by), of_sharers(segments.plan, by)
        like, at = [], {}
        for position, dimension in enumerate(dimensions(by)):
            if isinstance(dimension, EventFacet):
                at[dimension.name] = position
            else:
                like.append((position, self._parts(dimension, segments)))
        own, others = [at[facet] for facet in facets], [at[facet] for facet in sharing]
        sharers = self._sharers(operand.unit, segments.plan, sharing) if sharing else {}
        slabs = []
        for one in operand.slices:
            cells = self._cells(one, operand, segments, facets)
            who = Members.union(operand.unit, [cell.piece.who for cell in cells])
            axes = [Axis([position], within(parts, who, one.day)) for position, parts in like]
            if sharing:
                axes.append(Axis(others, {place: who & whom for place, whom in sharers.items()}))
            slabs.append(Slab(own, cells, axes))
        _check(slabs)
        return SplitOperand(operand, [*own, *others, *(position for position, _ in like)], slabs)

    def _cells(self, one: Slice, operand: Sliced, segments: Segments, facets: Sequence[str]) -> list[Cell]:
        """What these facets tell apart of a slice."""
        need = told_need(one.need, facets, segments.plan)
        if not (facets and isinstance(need, Need)):
            return [Cell(frozenset({()}), self._piece(one, operand, segments))]
        rows = defaultdict[frozenset[Place], list[tuple[Members, Numbers | None]]](list)
        for values, members, numbers in self.facts.told(need, facets):
            rows[frozenset(map(_place, values))].append((members, numbers))
        alike = {
            values: Members.union(operand.unit, [members for members, _ in some]) for values, some in rows.items()
        }
        who = self._counted(Members.union(operand.unit, alike.values()), one, segments)
        columns = {
            values: [numbers for _, numbers in some if numbers is not None] for values, some in rows.items()
        }
        return [Cell(values, Piece(who & members, one.day, columns[values])) for values, members in alike.items()]

    def _sharers(self, unit: Space, planned: Plan, facets: Sequence[str]) -> dict[Place, Members]:
        """The people, or accounts, with a share of which these facets are told, by what they are."""
        whom = defaultdict[Place, list[Members]](list)
        for values, members, _ in self.facts.told(sharers_need(unit, planned), facets):
            for value in values:
                whom[_place(value)].append(members)
        return {place: Members.union(unit, some) for place, some in whom.items()}

    def _parts(self, by: ByTrait | ByCondition, segments: Segments) -> Parts:
        if isinstance(by, ByTrait):
            return TraitParts(by.name, self.facts)
        return ConditionParts(by.conditions, segments)

    def _pieces(self, kpi: Kpi, segments: Segments) -> Pieces:
        operands = [
            (operand, [self._piece(one, operand, segments) for one in operand.slices])
            for operand in segments.plan.operands
        ]
        return Pieces(kpi.expression, segments.plan, operands)

    def _piece(self, one: Slice, operand: Sliced, segments: Segments) -> Piece:
        who = self._counted(self._members(one.need, operand.unit), one, segments)
        return Piece(who, one.day, self._columns(one.need))

    def _counted(self, who: Members, one: Slice, segments: Segments) -> Members:
        """Those in some rows who are no colleagues of ours, and had such a share where the question wants one.

        They are in the slice's population, too, and in the question's segment.
        """
        planned, segment = segments.plan, segments.plan.question.segment
        who -= self.facts.internal(who.space)
        if who.space in planned.sharers:
            who &= self.facts.members(planned.sharers[who.space])
        if one.population:
            who = segments.restrict(who, one.population, planned.basis.end)
        return segments.restrict(who, segment, one.day) if segment else who

    def _members(self, need: RowNeed, unit: Space) -> Members:
        match need:
            case Need():
                return self.facts.members(need)
            case StateNeed():
                return Members.union(unit, self.facts.state(need).values())
            case EntryNeed():
                return Members.union(unit, self.facts.entered(need).values())

    def _columns(self, need: RowNeed) -> Sequence[Numbers]:
        return self.facts.columns(need) if isinstance(need, Need) and need.counts else ()

    def _segments(self, planned: Plan) -> Segments:
        return Segments(self.facts, planned, self._known, self._side)

    def _side(self, leaf: KpiSide, planned: Plan) -> Members:
        answer = self.answer(leaf.kpi, side_question(leaf, planned))
        if leaf.side is SideName.NUMERATOR:
            return answer.numerator.everybody()
        if leaf.side is SideName.REMAINDER:
            return remainder(answer)
        if answer.denominator is None:
            raise ValueError(f"{leaf.kpi.slug} has no denominator")
        return answer.denominator.everybody()


def _place(values: Sequence[str | None]) -> Place:
    return tuple(UNKNOWN if value is None else Part(value) for value in values)


def _check(slabs: Sequence[Slab]) -> None:
    """Raises Refusal where two dimensions cross in more places than anybody would look at."""
    if sum(slab.crossings for slab in slabs) > MOST_CROSSINGS:
        expected = f"dimensions that cross in at most {MOST_CROSSINGS:,} places, each day that is judged by itself"
        raise Refusal("TOO_MANY_PARTS", "thenBy", expected)
