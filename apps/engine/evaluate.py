"""The value of a KPI: set algebra over facts that somebody else loads."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from apps.engine.answers import Answer, remainder
from apps.engine.breakdowns import ConditionParts, Parts, Row, TraitParts, keeper, rows
from apps.engine.conditions import KpiSide, SideName
from apps.engine.definitions import Kpi
from apps.engine.expressions import EntryNeed, Need, Question, StateNeed
from apps.engine.facts import Facts
from apps.engine.numbers import Numbers
from apps.engine.parts import UNKNOWN, By, ByCondition, ByTrait, EventFacet, Part
from apps.engine.pieces import Piece, Pieces
from apps.engine.plan import Plan, RowNeed, Slice, Sliced, plan
from apps.engine.segments import Known, Segments
from apps.engine.sets import Members, Space
from apps.engine.sources import facet_needs, side_question


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
        return self._pieces(kpi, plan(kpi, question, self.facts.registry)).answer()

    def breakdown(self, kpi: Kpi, question: Question, by: By, first: int) -> list[Row]:
        """The answer's `first` parts with the largest numerators, and the rest as one (KPIS.md G9).

        By an event facet a part is the answer to the question restricted to its value: a ratio splits the
        numerator alone, unless the denominator's events carry the facet too. By what people and accounts are
        like both sides are split. A part that nobody is in who counts is no row.
        """
        if isinstance(by, EventFacet):
            return self._by_facet(kpi, question, by.name, first)
        planned = plan(kpi, question, self.facts.registry, is_split=True)
        pieces, parts = self._pieces(kpi, planned), self._parts(by, planned)
        return rows(parts.all(), lambda some: pieces.answer(keeper(parts, some)), first)

    def part(self, kpi: Kpi, question: Question, by: By, part: Part) -> Answer:
        """One part of a breakdown by itself, whether anybody is in it or not."""
        if isinstance(by, EventFacet):
            return self.answer(kpi, question.only(by.name, [part.key]))
        planned = plan(kpi, question, self.facts.registry, is_split=True)
        return self._pieces(kpi, planned).answer(keeper(self._parts(by, planned), [part]))

    def _by_facet(self, kpi: Kpi, question: Question, facet: str, first: int) -> list[Row]:
        planned = plan(kpi, question, self.facts.registry)
        values = {value for need in facet_needs(planned, facet) for value in self.facts.values(need, facet)}
        carried = [facet in operand.facets for operand in planned.operands]

        def of(some: Collection[Part]) -> Answer:
            return self.answer(kpi, question.only(facet, [part.key for part in some]))

        parts = [UNKNOWN if value is None else Part(value) for value in values]
        return rows(parts, of, first, carried if any(carried) else (True, True))

    def _parts(self, by: ByTrait | ByCondition, planned: Plan) -> Parts:
        if isinstance(by, ByTrait):
            return TraitParts(by.name, self.facts, planned)
        return ConditionParts(by.conditions, self._segments(planned))

    def _pieces(self, kpi: Kpi, planned: Plan) -> Pieces:
        operands = [(operand, self._operand(operand, planned)) for operand in planned.operands]
        return Pieces(kpi.expression, planned, operands)

    def _operand(self, operand: Sliced, planned: Plan) -> list[Piece]:
        need = planned.sharers.get(operand.unit)
        sharers = None if need is None else self.facts.members(need)
        return [
            Piece(
                who=self._restricted(self._counted(one.need, operand.unit, sharers), one, planned),
                day=one.day,
                columns=self._columns(one.need),
            )
            for one in operand.slices
        ]

    def _restricted(self, who: Members, one: Slice, planned: Plan) -> Members:
        """Those who are in the slice's population and in the question's segment."""
        segments, segment = self._segments(planned), planned.question.segment
        if one.population:
            who = segments.restrict(who, one.population, planned.basis.end)
        return segments.restrict(who, segment, one.day) if segment else who

    def _counted(self, need: RowNeed, unit: Space, sharers: Members | None) -> Members:
        """Those in some rows who are no colleagues of ours, and had such a share where the question wants one."""
        who = self._members(need, unit) - self.facts.internal(unit)
        return who if sharers is None else who & sharers

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
