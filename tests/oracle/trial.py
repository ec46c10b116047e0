"""A stream against the product: delivered, rolled up, asked, and compared with the oracle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.utils.timezone import now as real_now

from apps.audience.models import ProductUser
from apps.engine import answers
from apps.engine.expressions import Question as Put
from apps.engine.periods import (
    Period,
    between,
    parse_day,
    parse_month,
    parse_quarter,
    parse_week,
    parse_year,
)
from apps.events.opening import open_workspace
from apps.kpis import evaluate as kpis
from apps.kpis.catalogue import find
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.oracle import doors
from tests.oracle.doors import Fate
from tests.oracle.moments import midnight
from tests.oracle.oracle import Amounts, Answer, Ledger, Oracle
from tests.oracle.periods import span
from tests.oracle.questions import Question, questions
from tests.oracle.streams import Batch, Stream

OPEN_TO = timedelta(days=395)
EVERYBODY = 2**32


class Disagreement(AssertionError):
    """The product and the oracle say different things."""

    def __init__(self, about: object, expected: object, said: object) -> None:
        super().__init__(f"about {about}\n  the oracle says  {expected}\n  the product says {said}")


@dataclass(frozen=True)
class Said:
    """An answer in words that both understand; `amounts` are what it claims for its two sides."""

    value: Decimal | None
    amounts: tuple[int | Decimal, int | Decimal | None]
    numerator: Amounts
    denominator: Amounts | None

    def beside(self, other: "Said") -> str:
        """The claims, and of the people only those of whom the other says something else."""
        sides = ((self.numerator, other.numerator), (self.denominator or {}, other.denominator or {}))
        people = [
            {who: amount for who, amount in mine.items() if theirs.get(who) != amount} for mine, theirs in sides
        ]
        return f"{self.value} = {self.amounts[0]} / {self.amounts[1]}, alone with {people[0]} / {people[1]}"


def judge(stream: Stream, now: datetime) -> int:
    """How many answers about a stream were compared; raises Disagreement at the first that differs."""
    workspace = Workspace(slug=f"stream-{stream.seed}-{uuid4().hex}", name="Stream", timezone=stream.zone)
    open_workspace(workspace)
    is_recent = real_now() - midnight(stream.first, stream.zone) < OPEN_TO
    deliver, ledger = (doors.http if is_recent else doors.history)(workspace), Ledger()
    for place, batch in enumerate(stream.batches):
        _agree(f"batch {place} of {len(stream.batches)}", _fate(ledger, batch), deliver(batch))
        if place == stream.taught_after:
            doors.teach(workspace, stream.activity)
        if batch.settles:
            queue.settle(workspace.pk)
    queue.settle(workspace.pk)
    _agree("buckets that wait after all is rolled up", 0, queue.pending(workspace.pk))
    workspace.refresh_from_db()
    asked = questions(stream, now)
    zones = {question.zone for question in asked}
    oracles = {zone: Oracle(ledger.stored, zone, stream.activity) for zone in zones}
    return compare(workspace, oracles, asked)


def compare(workspace: Workspace, oracles: Mapping[str, Oracle], asked: Sequence[Question]) -> int:
    """How many answers were compared, each with the oracle of its zone; breakdowns are asked whole as well."""
    names = dict(ProductUser.objects.filter(workspace=workspace).values_list("ordinal", "external_id"))
    results = kpis.evaluate(workspace, [_put(question) for question in asked])
    for question, result in zip(asked, results, strict=True):
        expected = oracles[question.zone].answer(question.asked)
        _agree_on(question, {None: _expected(expected)}, {None: _heard(result.answer, names)})
    split = [question for question in asked if question.by]
    for question in split:
        parts = oracles[question.zone].breakdown(question.asked, str(question.by))
        rows = kpis.breakdown(workspace, _put(question, question.by))
        heard = {row.key: _heard(row.answer, names) for row in rows if row.answer.numerator.amount}
        _agree_on(question, {key: _expected(part) for key, part in parts.items()}, heard)
    return len(asked) + len(split)


def _fate(ledger: Ledger, batch: Batch) -> Fate:
    refused = {place: sent.refusal for place, sent in enumerate(batch.sent) if sent.refusal}
    taken = [ledger.take(sent.source, sent.raw) for sent in batch.sent if not sent.refusal]
    return Fate(taken.count(True), taken.count(False), refused)


def _put(question: Question, by: str | None = None) -> kpis.Asked:
    """The question as the product is asked."""
    asked = question.asked
    put = Put(_period(asked.period, question.zone), question.now, asked.share_types, asked.channels)
    return kpis.Asked(find(asked.kpi), put, by)


def _period(text: str, zone: str) -> Period:
    if "/" in text:
        return between(*span(text), zone)
    if "W" in text or "Q" in text:
        return (parse_week if "W" in text else parse_quarter)(text, zone)
    return {4: parse_year, 7: parse_month, 10: parse_day}[len(text)](text, zone)


def _agree_on(question: Question, expected: Mapping[str | None, Said], heard: Mapping[str | None, Said]) -> None:
    """The same parts, and the same of each."""
    _agree(question, set(expected), set(heard))
    for key, said in heard.items():
        if said != expected[key]:
            about = f"{question}, part {key}"
            raise Disagreement(about, expected[key].beside(said), said.beside(expected[key]))


def _agree(about: object, expected: object, said: object) -> None:
    if expected != said:
        raise Disagreement(about, expected, said)


def _expected(answer: Answer) -> Said:
    whole = None if answer.denominator is None else sum(answer.denominator.values())
    return Said(answer.value, (sum(answer.numerator.values()), whole), answer.numerator, answer.denominator)


def _heard(answer: answers.Answer, names: Mapping[int, str]) -> Said:
    above, below = answer.numerator, answer.denominator
    amounts = (above.amount, below.amount if below else None)
    return Said(answer.value, amounts, _who(above, names), _who(below, names) if below else None)


def _who(side: answers.Side, names: Mapping[int, str]) -> Amounts:
    if side.members is not None:
        return {names.get(ordinal, f"nobody {ordinal}"): 1 for ordinal in side.members}
    contributed = side.contributors().items(None, EVERYBODY)
    return {names.get(ordinal, f"nobody {ordinal}"): amount for ordinal, amount in contributed}
