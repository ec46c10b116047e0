"""The only door to the numbers: questions in, exact answers with their receipts out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.engine import evaluate as engine
from apps.engine.answers import Answer
from apps.engine.definitions import RollingDistinct
from apps.engine.expressions import Need, Question, breakdown_needs, needs
from apps.engine.periods import is_complete
from apps.events.taxonomy import SERIES
from apps.kpis.catalogue import Entry
from apps.rollups import store
from apps.rollups.store import StoredFacts
from apps.workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Asked:
    """A KPI and what is asked of it; `by` splits the answer by an event facet."""

    entry: Entry
    question: Question
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an answer was made of.

    `rollups` name the rows that were read; `digest` is over the definition, the question, those rows and the
    sides, so equal digests mean the same answer from the same rows. `pending_events` have come in since
    `rolled_up_to` and are not in the answer yet.
    """

    digest: str
    definition_version: int
    rolled_up_to: datetime
    pending_events: int
    rollups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """An answer to one question, or to the part of it that `key` names (None of a breakdown: unknown)."""

    asked: Asked
    answer: Answer
    receipt: Receipt
    is_complete: bool
    key: str | None = None


def evaluate(workspace: Workspace, asked: Sequence[Asked]) -> list[Result]:
    """One result a question, in order, in two SQL statements however many there are.

    Raises the engine's PeriodError for a zone whose days do not begin at one of the workspace's hours.
    """
    facts = store.load(workspace, [need for one in asked for need in _needs(one)])
    return [_result(one, engine.evaluate(one.entry.kpi, one.question, facts), facts) for one in asked]


def breakdown(workspace: Workspace, asked: Asked) -> list[Result]:
    """One result for each value of `asked.by` that occurs, the largest numerator first (KPIS.md G9)."""
    if asked.by is None:
        raise ValueError("a breakdown needs `by`")
    facts = store.load(workspace, _needs(asked))
    rows = engine.breakdown(asked.entry.kpi, asked.question, asked.by, facts)
    return [_result(asked, answer, facts, key) for key, answer in rows]


def _needs(asked: Asked) -> list[Need]:
    kpi, question = asked.entry.kpi, asked.question
    if asked.by is None:
        return needs(kpi, question, SERIES)
    return breakdown_needs(kpi, question, asked.by, SERIES)


def _result(asked: Asked, answer: Answer, facts: StoredFacts, key: str | None = None) -> Result:
    question = asked.question if asked.by is None else asked.question.only(asked.by, key)
    asked_for = needs(asked.entry.kpi, question, SERIES)
    rows = {row.name for need in asked_for for row in facts.rows(need)}
    waiting = facts.waiting(asked_for)
    receipt = Receipt(
        digest=_digest(asked.entry, question, answer, sorted(rows)),
        definition_version=asked.entry.kpi.version,
        rolled_up_to=waiting.since or question.now,
        pending_events=waiting.events,
        rollups=tuple(sorted(rows)),
    )
    return Result(asked, answer, receipt, _is_complete(asked, answer, facts), key)


def _is_complete(asked: Asked, answer: Answer, facts: StoredFacts) -> bool:
    """Whether the period is over and, for a trailing window, whether there were events from its first day on."""
    if not is_complete(answer.period, asked.question.now):
        return False
    if not isinstance(asked.entry.kpi.expression, RollingDistinct):
        return True
    return facts.begun is not None and facts.begun <= answer.period.start


def _digest(entry: Entry, question: Question, answer: Answer, rows: Sequence[str]) -> str:
    sides = [answer.numerator.amount, answer.denominator.amount if answer.denominator else None]
    period = (answer.period.start.isoformat(), answer.period.end.isoformat(), answer.period.zone)
    limits = [(facet, sorted(map(str, allowed))) for facet, allowed in question.limits]
    said = repr((entry.slug, entry.kpi.version, period, limits, list(rows), [str(side) for side in sides]))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
