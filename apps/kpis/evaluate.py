"""The only door to the numbers: questions in, exact answers with their receipts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from apps.engine.answers import Answer
from apps.engine.definitions import RollingDistinct, leaves, link_of
from apps.engine.evaluate import Evaluator
from apps.engine.expressions import AnyNeed, Home, Question
from apps.engine.parts import By, EventFacet, Part, PartKind
from apps.engine.periods import Period, is_complete
from apps.engine.sources import breakdown_needs, needs
from apps.events.taxonomy import SERIES, profiles_of, versions_of, zone_of
from apps.kpis.catalogue import Entry
from apps.kpis.receipts import Answered, Receipt
from apps.rollups import store
from apps.rollups.store import StoredFacts
from apps.workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Asked:
    """A KPI and what is asked of it, or of one part of the answer, which `by` splits.

    Without a home the question is at the workspace's.
    """

    entry: Entry
    question: Question
    by: By | None = None
    part: Part | None = None

    @property
    def settled(self) -> datetime:
        """What happened before this instant has drawn whatever it may draw (KPIS.md G10)."""
        links = [link for leaf in leaves(self.entry.kpi.expression) if (link := link_of(leaf, SERIES))]
        return self.question.now - max((link.within for link in links), default=timedelta(0))

    def by_itself(self) -> Asked:
        """What a part answers by itself: of an event's field the question for that value, else this very one."""
        if self.part is None or self.part.kind is PartKind.OTHER or not isinstance(self.by, EventFacet):
            return self
        return Asked(self.entry, self.question.only(self.by.name, [self.part.key]))

    def of(self, period: Period) -> Asked:
        """The same of another period."""
        return replace(self, question=replace(self.question, period=period))

    def needs(self) -> list[AnyNeed]:
        """Everything that must be loaded for the answer."""
        if self.by is None:
            return needs(self.entry.kpi, self.question, SERIES)
        return breakdown_needs(self.entry.kpi, self.question, self.by, SERIES)


@dataclass(frozen=True)
class Result:
    """An answer to one question, or one part of it."""

    asked: Asked
    answer: Answer
    is_complete: bool
    facts: StoredFacts = field(repr=False, compare=False)

    @cached_property
    def receipt(self) -> Receipt:
        """What the answer was made of: written when somebody looks at it, which takes as long as the answer."""
        put = self.asked.by_itself()
        answered = Answered(put.entry, put.question, put.part, self.answer)
        return answered.receipt(put.needs(), self.facts)


def home(workspace: Workspace) -> Home:
    """The zone and the ICP profiles that answers about a workspace know, and what they do not know yet."""
    uncounted = SERIES.keys() - versions_of(workspace).current.keys()
    return Home(zone_of(workspace), tuple(profiles_of(workspace)), frozenset(uncounted))


def evaluate(workspace: Workspace, asked: Sequence[Asked]) -> list[Result]:
    """One result a question, in order, in two SQL statements however many there are.

    Conditions take one more for each day by which people stand for accounts, or accounts for people, and for
    each event that no series tells. Raises the engine's PeriodError for a zone whose days do not begin at one
    of the workspace's hours, or are not its own where something depends on the day of an event or an entry.
    """
    placed = [_placed(workspace, one) for one in asked]
    facts = store.load(workspace, [need for one in placed for need in one.needs()])
    evaluator = Evaluator(facts)
    return [_result(one, _answer(evaluator, one), facts) for one in placed]


def breakdown(workspace: Workspace, asked: Asked, first: int) -> list[Result]:
    """The `first` parts by `asked.by` with the largest numerators, and then the others as one (KPIS.md G9)."""
    if asked.by is None:
        raise ValueError("a breakdown needs `by`")
    placed = _placed(workspace, asked)
    facts = store.load(workspace, placed.needs())
    rows = Evaluator(facts).breakdown(asked.entry.kpi, placed.question, asked.by, first)
    return [_result(replace(placed, part=part), answer, facts) for part, answer in rows]


def _placed(workspace: Workspace, asked: Asked) -> Asked:
    question = asked.question
    return replace(asked, question=replace(question, home=question.home or home(workspace)))


def _answer(evaluator: Evaluator, asked: Asked) -> Answer:
    kpi, question = asked.entry.kpi, asked.question
    if asked.by is None or asked.part is None:
        return evaluator.answer(kpi, question)
    return evaluator.part(kpi, question, asked.by, asked.part)


def _result(asked: Asked, answer: Answer, facts: StoredFacts) -> Result:
    return Result(asked, answer, _is_complete(asked, answer, facts), facts)


def _is_complete(asked: Asked, answer: Answer, facts: StoredFacts) -> bool:
    """Whether it is over and, for a trailing window, whether there were events from its first day on."""
    if not is_complete(answer.period, asked.settled):
        return False
    if not isinstance(asked.entry.kpi.expression, RollingDistinct):
        return True
    return facts.begun is not None and facts.begun <= answer.period.start
