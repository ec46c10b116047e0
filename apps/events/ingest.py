"""Messages in: one transaction a batch stores them, resolves who did it, and marks what changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import simplejson
from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected

from apps.events import drafting, marking, rows, suppressing, taxonomy, telling
from apps.events.messages import MAX_BYTES, Message, Rejection, Terms, parse
from apps.events.models import RejectedEvent
from apps.events.rows import Draft
from apps.events.suppressing import SUPPRESSED

logger = logging.getLogger(__name__)

TRIES = 5


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that was not stored: its place in the batch, its id where it has one, and why."""

    index: int
    message_id: str | None
    code: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What became of a batch. `made` are the ids given to messages that came without one, by place."""

    accepted: int = 0
    duplicate: int = 0
    rejected: list[Refused] = field(default_factory=list)
    made: dict[int, str] = field(default_factory=dict)

    def reject(self, place: int, message_id: str | None, rejection: Rejection) -> None:
        """Count a message of the batch as rejected, for this reason."""
        self.rejected.append(Refused(place, message_id, rejection.code, rejection.reason))


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch of decoded messages, the system that sent it, and the terms on which it is taken."""

    workspace_id: int
    source: str
    raws: Sequence[object]
    terms: Terms


def store(delivery: Delivery, within: Callable[[Outcome], None] = lambda outcome: None) -> Outcome:
    """Store a batch in one transaction; what it reports as accepted is durable.

    A message stored before is a duplicate and changes nothing (KPIS.md G19); a bad one is rejected alone.
    `within` runs inside the transaction, last. A deadlock is tried again; other database errors are raised.
    """
    for _ in range(TRIES - 1):
        try:
            return _store_once(delivery, within)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
            logger.info("deadlock while storing a batch; trying again")
    return _store_once(delivery, within)


def keep_rejected(delivery: Delivery, outcome: Outcome) -> None:
    """Keep the rejected messages of a batch with their reasons, but for those that name somebody erased."""
    RejectedEvent.objects.bulk_create(
        RejectedEvent(
            workspace_id=delivery.workspace_id,
            received_at=delivery.terms.now,
            code=refused.code,
            reason=refused.reason,
            message_id=(refused.message_id or "").encode("ascii", "replace").decode().replace("\0", "?")[:255],
            body=_storable(delivery.raws[refused.index]),
        )
        for refused in outcome.rejected
        if refused.code != SUPPRESSED.code
    )


def _store_once(delivery: Delivery, within: Callable[[Outcome], None]) -> Outcome:
    outcome = Outcome()
    messages = _parsed(delivery, outcome)
    with transaction.atomic():
        taxonomy.writer_lock(delivery.workspace_id)
        drafts = _drafted(delivery, messages, outcome)
        stored = _stored(delivery, drafts, outcome)
        outcome.accepted = len(stored)
        outcome.duplicate = len(delivery.raws) - len(outcome.rejected) - len(stored)
        telling.tell(delivery.workspace_id, stored)
        marking.mark(delivery.workspace_id, stored)
        _suppress(delivery, outcome)
        within(outcome)
    return outcome


def _parsed(delivery: Delivery, outcome: Outcome) -> dict[int, Message]:
    messages = {}
    for index, raw in enumerate(delivery.raws):
        try:
            messages[index] = message = parse(raw, delivery.terms)
        except Rejection as rejection:
            message_id = raw.get("messageId") if isinstance(raw, dict) else None
            outcome.reject(index, message_id if isinstance(message_id, str) else None, rejection)
        else:
            if message.is_id_made:
                outcome.made[index] = message.message_id
    return messages


def _drafted(delivery: Delivery, messages: dict[int, Message], outcome: Outcome) -> list[Draft]:
    """What is to be stored of the messages that can be taken."""
    workspace_id = delivery.workspace_id
    names = {message.name for message in messages.values()}
    defined = drafting.definitions(workspace_id, delivery.terms.now, names)
    readings, rejections = drafting.read(messages, defined)
    readings, suppressed = drafting.without_the_erased(workspace_id, readings)
    for place, rejection in (rejections | suppressed).items():
        outcome.reject(place, messages[place].message_id, rejection)
    return drafting.drafts(workspace_id, delivery.source, readings)


def _stored(delivery: Delivery, drafts: Sequence[Draft], outcome: Outcome) -> list[Draft]:
    """The drafts that are new, now stored, but for merges that are none."""
    stored = rows.insert(delivery.workspace_id, delivery.terms.now, drafts)
    refused = telling.merge(delivery.workspace_id, stored)
    if not refused:
        return stored
    for draft, rejection in refused:
        outcome.reject(draft.place, draft.message.message_id, rejection)
    gone = [draft for draft, _ in refused]
    rows.remove(delivery.workspace_id, gone)
    freed = {key for draft in gone for key in draft.ids}
    placed = {draft.place for draft in stored}
    # Whatever was a duplicate of these has its turn now.
    again = [draft for draft in drafts if draft.place not in placed and draft.ids & freed]
    return [draft for draft in stored if draft not in gone] + _stored(delivery, again, outcome)


def _suppress(delivery: Delivery, outcome: Outcome) -> None:
    """Whatever else is wrong with a message: of whoever it names, if they were erased, nothing is kept."""
    rejected = {one.index: delivery.raws[one.index] for one in outcome.rejected}
    if rejected:
        named = suppressing.naming(delivery.workspace_id, rejected)
        outcome.rejected = [
            replace(one, code=SUPPRESSED.code, reason=SUPPRESSED.reason) if one.index in named else one
            for one in outcome.rejected
        ]


def _storable(raw: object) -> str:
    """A message as text that any database takes: NUL and surrogates escaped, cut at 32 KB."""
    try:
        return simplejson.dumps(raw, use_decimal=True)[:MAX_BYTES]
    except RecursionError:
        return "(nested too deep to be written)"
