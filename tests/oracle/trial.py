"""A stream against the product: delivered, rolled up, asked, and compared with the oracle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias
from uuid import uuid4

from django.utils.timezone import now as real_now

from apps.audience.models import Account, ProductUser
from apps.engine import answers
from apps.engine.sets import Space
from apps.events.opening import open_workspace
from apps.kpis import evaluate as kpis
from apps.kpis.conditions import Reader
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.oracle import doors
from tests.oracle.batches import Batch
from tests.oracle.breakdown import Key, Split, breakdown
from tests.oracle.conditions import Condition, Saved
from tests.oracle.doors import Door, Fate
from tests.oracle.ledger import ACCEPTED, DUPLICATE, Ledger
from tests.oracle.messages import ERASED
from tests.oracle.moments import midnight
from tests.oracle.oracle import Amounts, Answer, Home, Oracle
from tests.oracle.pairings import pairings
from tests.oracle.pairs import Pair, pairs
from tests.oracle.putting import put
from tests.oracle.quality import DOUBTS, DROPPED, counters
from tests.oracle.questions import Question, questions
from tests.oracle.streams import Stream

OPEN_TO = timedelta(days=395)
EVERYBODY = 2**32

Names = Mapping[Space, Mapping[int, str]]
Place: TypeAlias = Key | Pair
"""A part by one dimension, or a pair of them by two."""


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
    ledger = _live(workspace, stream)
    queue.settle(workspace.pk)
    _agree("buckets that wait after all is rolled up", 0, queue.pending(workspace.pk))
    workspace.refresh_from_db()
    doors.save(workspace, stream.saved)
    oracle = Oracle(ledger, Home(stream.zone, stream.activity, stream.profiles))
    return compare(workspace, oracle, [*questions(stream, now), *pairings(stream, now)], stream.saved)


def compare(workspace: Workspace, oracle: Oracle, asked: Sequence[Question], saved: Sequence[Saved] = ()) -> int:
    """How many answers were compared; breakdowns are asked whole as well."""
    names = _names(workspace)
    readers = {question.asked.now: Reader(workspace, question.asked.now) for question in asked}
    results = kpis.evaluate(workspace, [put(readers[question.asked.now], question) for question in asked])
    for question, result in zip(asked, results, strict=True):
        said = _expected(oracle.answer(question.asked))
        _agree_on(question, {None: said}, {None: _heard(result.answer, names)})
        _agree(f"the quality of {question}", counters(oracle, question.asked), _quality(result))
    conditions = {one.slug: one.condition for one in saved}
    split = [question for question in asked if question.by]
    for question in split:
        expected = {key: _expected(part) for key, part in _parts(oracle, question, conditions)}
        rows = _rows(readers[question.asked.now], question)
        _agree(question, list(expected), [key for key, _ in rows])
        _agree_on(question, expected, {key: _heard(answer, names) for key, answer in rows})
    return len(asked) + len(split)


def _parts(oracle: Oracle, question: Question, saved: Mapping[str, Condition]) -> list[tuple[Place, Answer]]:
    """The oracle's answer by one dimension, or by two at once, part by part."""
    one, *two = (Split(by, question.first, saved) for by in question.dimensions)
    if two:
        return [*pairs(oracle, question.asked, one, *two).items()]
    return [*breakdown(oracle, question.asked, one).items()]


def _rows(reader: Reader, question: Question) -> list[tuple[Place, answers.Answer]]:
    """The product's answer by one dimension, or by two at once, row by row."""
    rows = kpis.breakdown(reader.workspace, put(reader, question, *question.dimensions), question.first)
    return [(_key(*(part.key for _, part in row.asked.split)), row.answer) for row in rows]


def _key(key: Key, *then: Key) -> Place:
    return (key, then[0]) if then else key


def _live(workspace: Workspace, stream: Stream) -> Ledger:
    """Everything that happens in a stream, in order; what the workspace holds in the end."""
    is_recent = real_now() - midnight(stream.first, stream.zone) < OPEN_TO
    deliver, ledger = (doors.http if is_recent else doors.history)(workspace), Ledger()
    _approve(workspace, stream, None)
    for place, batch in enumerate(stream.batches):
        _deliver(f"batch {place} of {len(stream.batches)}", batch, deliver, ledger)
        _approve(workspace, stream, place)
        if place == stream.taught_after:
            doors.teach(workspace, stream.activity)
        if place == stream.erasure.after:
            ledger.erase(stream.erasure.user, doors.erase(workspace, stream.erasure.user))
        if batch.settles:
            queue.settle(workspace.pk)
    return ledger


def _approve(workspace: Workspace, stream: Stream, place: int | None) -> None:
    for approval in stream.approvals:
        if approval.after == place:
            doors.approve(workspace, approval.slug, approval.rule)


def _deliver(about: str, batch: Batch, deliver: Door, ledger: Ledger) -> None:
    fates = [ledger.take(sent.source, sent.raw, sent.refusal) for sent in batch.sent]
    refused = {place: fate for place, fate in enumerate(fates) if fate not in (ACCEPTED, DUPLICATE)}
    _agree(about, Fate(fates.count(ACCEPTED), fates.count(DUPLICATE), refused), deliver(batch))


def _names(workspace: Workspace) -> Names:
    """Who each ordinal is; whoever was erased is nobody in particular."""
    users = ProductUser.objects.filter(workspace=workspace).values_list("ordinal", "external_id", "erased_at")
    accounts = Account.objects.filter(workspace=workspace).values_list("ordinal", "external_id")
    people = {ordinal: name if erased_at is None else ERASED for ordinal, name, erased_at in users}
    return {Space.USER: people, Space.ACCOUNT: dict(accounts)}


def _agree_on(question: Question, expected: Mapping[Place, Said], heard: Mapping[Place, Said]) -> None:
    """The same of each part."""
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


def _heard(answer: answers.Answer, names: Names) -> Said:
    above, below = answer.numerator, answer.denominator
    amounts = (above.amount, below.amount if below else None)
    return Said(answer.value, amounts, _who(above, names), _who(below, names) if below else None)


def _quality(result: kpis.Result) -> Mapping[str, int | None]:
    return {one.name: result.count(one.name) for one in DOUBTS} | {DROPPED: result.dropped_numerator}


def _who(side: answers.Side, names: Names) -> Amounts:
    if side.members is not None:
        known = names[side.members.space]
        return {known.get(ordinal, f"nobody {ordinal}"): 1 for ordinal in side.members}
    known = names[Space.USER]
    contributed = side.contributors().items(None, EVERYBODY)
    return {known.get(ordinal, f"nobody {ordinal}"): amount for ordinal, amount in contributed}
