"""The only door to the numbers: questions in, exact answers with their receipts out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import chain

from apps.engine.answers import Answer
from apps.engine.definitions import Ratio, RollingDistinct, leaves, link_of
from apps.engine.evaluate import Evaluator
from apps.engine.expressions import AnyNeed, Home, Question
from apps.engine.parts import By, Dimension, EventFacet, Part, PartKind, dimensions, place
from apps.engine.periods import Period, is_complete
from apps.engine.plan import Plan, plan
from apps.engine.sources import breakdown_needs, needs, planned_needs
from apps.events.taxonomy import SERIES, profiles_of, versions_of, zone_of
from apps.kpis.catalogue import Entry
from apps.kpis.quality import Doubts
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

    @property
    def split(self) -> tuple[tuple[Dimension, Part], ...]:
        """Each dimension that the answer is broken down by, and the part of it that this is."""
        if self.by is None or self.part is None:
            return ()
        return tuple(zip(dimensions(self.by), place(self.part), strict=True))

    def by_itself(self) -> Asked:
        """What a part answers by itself: of an event's field the question for that value, else this very one."""
        if self.part is None or self.part.kind is PartKind.OTHER:
            return self
        question, people = self.question, list[tuple[Dimension, Part]]()
        for by, part in self.split:
            if isinstance(by, EventFacet):
                question = question.only(by.name, [part.key])
            else:
                people.append((by, part))
        if len(people) == len(self.split):
            return self
        return Asked(self.entry, question, *(people[0] if people else ()))

    def of(self, period: Period) -> Asked:
        """The same of another period."""
        return replace(self, question=replace(self.question, period=period))

    def needs(self) -> list[AnyNeed]:
        """Everything that must be loaded for the answer."""
        if self.by is None:
            return needs(self.entry.kpi, self.question, SERIES)
        return breakdown_needs(self.entry.kpi, self.question, self.by, SERIES)


def _no_count(_: str) -> None:
    return None


@dataclass(frozen=True)
class Result:
    """An answer to one question, or one part of it.

    `count` counts the doubtful events behind it by the name of a counter: None where the KPI has none, and of the
    rows of a breakdown. It raises Refusal (TOO_MANY_EVENTS).
    """

    asked: Asked
    answer: Answer
    is_complete: bool
    facts: StoredFacts = field(repr=False, compare=False)
    count: Callable[[str], int | None] = field(default=_no_count, repr=False, compare=False)

    @property
    def dropped_numerator(self) -> int | None:
        """How many the numerator leaves out who are not in the denominator; None of what leaves out nobody."""
        expression = self.asked.entry.kpi.expression
        is_subset = isinstance(expression, Ratio) and expression.subset
        return self.answer.dropped_numerator if is_subset else None

    @property
    def is_restated(self) -> bool:
        """Whether what it was counted from changed over a day after its period, and the workspace's beginning."""
        return self.facts.restated(self.asked.by_itself().needs(), self.answer.period.end)

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

    Conditions take one more for each day by which people stand for accounts, or accounts for people, and two for
    each event that no series tells. Raises the engine's PeriodError for a zone whose days do not begin at one
    of the workspace's hours, or are not its own where something depends on the day of an event or an entry.
    """
    placed = [_placed(workspace, one) for one in asked]
    # Once: to plan takes as long as what is left to do of a question that was asked before.
    plans = [None if one.part else plan(one.entry.kpi, one.question, SERIES) for one in placed]
    needed = [planned_needs(known) if known else one.needs() for one, known in zip(placed, plans, strict=True)]
    facts = store.load(workspace, chain.from_iterable(needed))
    evaluator = Evaluator(facts)
    doubts = Doubts(workspace, [(one.entry, one.question) for one in placed])
    return [
        replace(
            _result(one, _answer(evaluator, one, known), facts),
            count=_no_count if one.part else partial(doubts.count, place),
        )
        for place, (one, known) in enumerate(zip(placed, plans, strict=True))
    ]


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


def _answer(evaluator: Evaluator, asked: Asked, planned: Plan | None) -> Answer:
    kpi = asked.entry.kpi
    if planned:
        return evaluator.planned(kpi, planned)
    if asked.by is None or asked.part is None:
        raise ValueError("only a part of a breakdown is not planned")
    return evaluator.part(kpi, asked.question, asked.by, asked.part)


def _result(asked: Asked, answer: Answer, facts: StoredFacts) -> Result:
    return Result(asked, answer, _is_complete(asked, answer, facts), facts)


def _is_complete(asked: Asked, answer: Answer, facts: StoredFacts) -> bool:
    """Whether it is over and, for a trailing window, whether there were events from its first day on."""
    if not is_complete(answer.period, asked.settled):
        return False
    if not isinstance(asked.entry.kpi.expression, RollingDistinct):
        return True
    return facts.begun is not None and facts.begun <= answer.period.start
