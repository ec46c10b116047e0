"""What an answer was made of: equal receipts are equal answers from the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from apps.engine.answers import Answer
from apps.engine.expressions import AnyNeed, Question, StateNeed
from apps.engine.parts import Part
from apps.kpis.catalogue import Entry
from apps.rollups.build.content import ICP
from apps.rollups.store import StoredFacts


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an answer was made of.

    `rollups` name the rows that were read; `digest` is over the definition, the question, those rows and the
    sides, so equal digests mean the same answer from the same rows. `pending_events` have come in since
    `rolled_up_to` and are not in the answer yet. `segment_size` is how many people or accounts of the
    denominator, or else of the numerator, are in the question's segment; None without one. `profiles` are the
    ICP profiles that were looked at.
    """

    digest: str
    definition_version: int
    rolled_up_to: datetime
    pending_events: int
    rollups: tuple[str, ...]
    segment_size: int | None
    profiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A KPI, the question asked of it, the part of the answer that this is, if it is one, and the answer."""

    entry: Entry
    question: Question
    part: Part | None
    answer: Answer

    def receipt(self, needs: Iterable[AnyNeed], facts: StoredFacts) -> Receipt:
        """The receipt of an answer that these needs were read for."""
        asked_for = list(needs)
        rows = tuple(sorted({row.name for need in asked_for for row in facts.rows(need)}))
        waiting = facts.waiting(asked_for)
        return Receipt(
            digest=self._digest(rows),
            definition_version=self.entry.version,
            rolled_up_to=waiting.since or self.question.now,
            pending_events=waiting.events,
            rollups=rows,
            segment_size=self._segment_size(),
            profiles=_profiles(asked_for),
        )

    def _segment_size(self) -> int | None:
        if self.question.segment is None:
            return None
        return len((self.answer.denominator or self.answer.numerator).everybody())

    def _digest(self, rows: tuple[str, ...]) -> str:
        answer, question = self.answer, self.question
        sides = [answer.numerator.amount, answer.denominator.amount if answer.denominator else None]
        asked = (question.limits, question.segment, question.as_of, question.home, self.part)
        period = (answer.period.start.isoformat(), answer.period.end.isoformat(), answer.period.zone)
        said = repr((self.entry.slug, self.entry.version, period, _plain(asked), rows, list(map(str, sides))))
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def _profiles(needs: Iterable[AnyNeed]) -> tuple[str, ...]:
    states = {need.series for need in needs if isinstance(need, StateNeed) and need.series.startswith(ICP)}
    return tuple(sorted(series.removeprefix(ICP) for series in states))


def _plain(value: Any) -> Any:
    """A value whose text is the same in every process, in which sets stand in no order."""
    if is_dataclass(value):
        return type(value).__name__, [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    return [_plain(part) for part in value] if isinstance(value, tuple) else str(value)
