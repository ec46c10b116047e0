"""How many of the events behind an answer are doubtful: its data-quality counters (KPIS.md section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from apps.engine.asof import as_of
from apps.engine.definitions import Kpi, leaves
from apps.engine.evaluate import Evaluator
from apps.engine.expressions import Question
from apps.engine.plan import facets_of
from apps.engine.refusals import Refusal
from apps.engine.sources import needs
from apps.events.taxonomy import REGISTRY
from apps.kpis.catalogue import Entry
from apps.rollups import store
from apps.workspaces.models import Workspace


@dataclass(frozen=True)
class Doubts:
    """The counters of answers that were asked for at once: each is counted for all, once it is asked for."""

    workspace: Workspace
    asked: Sequence[tuple[Entry, Question]]
    _counted: dict[str, Mapping[int, int] | Refusal] = field(default_factory=dict)

    def count(self, place: int, name: str) -> int | None:
        """A counter of the answer at a place; None where its KPI has none.

        Takes two SQL statements for all answers, and as many more as the raw events take. Raises Refusal
        (TOO_MANY_EVENTS).
        """
        if name not in self.asked[place][0].quality:
            return None
        if name not in self._counted:
            self._counted[name] = self._count(name)
        counted = self._counted[name]
        if isinstance(counted, Refusal):
            raise counted
        return counted[place]

    def _count(self, name: str) -> Mapping[int, int] | Refusal:
        doubts = {
            place: (entry.quality[name], _question(entry, question, entry.quality[name]))
            for place, (entry, question) in enumerate(self.asked)
            if name in entry.quality
        }
        try:
            wanted = [need for one in doubts.values() for need in needs(*one, REGISTRY)]
            facts = store.load(self.workspace, wanted)
        except Refusal as refusal:
            return refusal
        evaluator = Evaluator(facts)
        return {place: int(evaluator.answer(*one).numerator.amount) for place, one in doubts.items()}


def _question(entry: Entry, question: Question, counter: Kpi) -> Question:
    """What the answer was asked, of whoever is in it: limits on what doubtful events do not have say nothing."""
    carried = facets_of(counter, REGISTRY)
    limits = tuple(limit for limit in question.limits if limit[0] in carried)
    numerator = leaves(entry.kpi.expression)[0]
    return replace(question, limits=limits, as_of=as_of(numerator, question))
