"""Messages in: one transaction a batch stores them, resolves who did it, and marks what changed."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import simplejson
from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected

from apps.audience import identity
from apps.audience.identity import Described
from apps.audience.models import Account, ProductUser
from apps.events import rows, taxonomy
from apps.events.marking import mark
from apps.events.messages import MAX_BYTES, Message, Rejection, Terms, parse
from apps.events.models import FACET_LENGTH, EventDefinition, RejectedEvent
from apps.events.rows import Draft
from apps.workspaces.exactjson import to_json

logger = logging.getLogger(__name__)

TRIES = 5
JSON_TYPES: dict[str, type] = {"string": str, "boolean": bool, "integer": int}


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
    """Keep the rejected messages of a batch with their reasons."""
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
    )


def _store_once(delivery: Delivery, within: Callable[[Outcome], None]) -> Outcome:
    outcome = Outcome()
    messages = _parsed(delivery, outcome)
    with transaction.atomic():
        taxonomy.writer_lock(delivery.workspace_id)
        definitions = _definitions(delivery, {message.name for message in messages.values()})
        _check_types(messages, definitions, outcome)
        stored = rows.insert(delivery.workspace_id, delivery.terms.now, _drafts(delivery, messages, definitions))
        outcome.accepted = len(stored)
        outcome.duplicate = len(delivery.raws) - len(outcome.rejected) - len(stored)
        _tell_audience(delivery.workspace_id, stored)
        mark(delivery.workspace_id, ((d.definition_id, d.message.occurred_at) for d in stored if d.user_id))
        within(outcome)
    return outcome


def _parsed(delivery: Delivery, outcome: Outcome) -> dict[int, Message]:
    messages = {}
    for index, raw in enumerate(delivery.raws):
        try:
            messages[index] = message = parse(raw, delivery.terms)
        except Rejection as rejection:
            message_id = raw.get("messageId") if isinstance(raw, dict) else None
            known = message_id if isinstance(message_id, str) else None
            outcome.rejected.append(Refused(index, known, rejection.code, rejection.reason))
        else:
            if message.is_id_made:
                outcome.made[index] = message.message_id
    return messages


def _definitions(delivery: Delivery, names: set[str]) -> dict[str, EventDefinition]:
    """The definitions of these event names; a name seen for the first time becomes an unplanned one."""
    known = EventDefinition.objects.filter(workspace=delivery.workspace_id, name__in=names)
    found = {definition.name: definition for definition in known}
    new = sorted(names - found.keys())
    if new:
        EventDefinition.objects.bulk_create(
            (
                EventDefinition(
                    workspace_id=delivery.workspace_id,
                    name=name,
                    is_planned=False,
                    first_seen=delivery.terms.now,
                )
                for name in new
            ),
            ignore_conflicts=True,
        )
        created = EventDefinition.objects.filter(workspace=delivery.workspace_id, name__in=new)
        found |= {definition.name: definition for definition in created}
    return found


def _check_types(messages: dict[int, Message], definitions: dict[str, EventDefinition], outcome: Outcome) -> None:
    """Move messages with a property of another type than the taxonomy says to the rejected ones."""
    for index, message in list(messages.items()):
        try:
            _check_properties(message, definitions[message.name].types)
        except Rejection as rejection:
            del messages[index]
            outcome.rejected.append(Refused(index, message.message_id, rejection.code, rejection.reason))


def _check_properties(message: Message, types: dict[str, str]) -> None:
    for name in types.keys() & message.properties.keys():
        value: Any = message.properties[name]
        if value is not None and not _is_of_type(value, types[name]):
            raise Rejection(
                "wrong_type",
                f"`{name}` of {message.name} is of type {types[name]}, not {to_json(value)[:60]}.",
            )
        if name in rows.TEXT_COLUMNS and isinstance(value, str) and len(value) > FACET_LENGTH:
            raise Rejection("too_long", f"`{name}` has at most {FACET_LENGTH} characters, not {len(value):,}.")


def _is_of_type(value: Any, name: str) -> bool:
    # A JSON boolean is an int to Python.
    return isinstance(value, JSON_TYPES[name]) and isinstance(value, bool) == (name == "boolean")


def _drafts(
    delivery: Delivery, messages: dict[int, Message], definitions: dict[str, EventDefinition]
) -> list[Draft]:
    """The rows to store, in order of arrival."""
    users = identity.resolve(
        delivery.workspace_id, ProductUser, (m.user_id for m in messages.values() if m.user_id is not None)
    )
    accounts = identity.resolve(
        delivery.workspace_id, Account, (m.group_id for m in messages.values() if m.group_id is not None)
    )
    return [
        Draft(
            message=message,
            definition_id=definitions[message.name].pk,
            source=delivery.source,
            key=_key("message", delivery.source, message.message_id),
            action_key=_action_key(delivery.source, message, definitions[message.name]),
            user_id=users[message.user_id] if message.user_id is not None else None,
            account_id=accounts[message.group_id] if message.group_id is not None else None,
        )
        for message in messages.values()
    ]


def _action_key(source: str, message: Message, definition: EventDefinition) -> uuid.UUID | None:
    action_id = message.properties.get("action_id")
    if definition.kind != taxonomy.SHARES.name or not isinstance(action_id, str | int):
        return None
    return _key("action", source, str(action_id))


def _key(*parts: str) -> uuid.UUID:
    return uuid.UUID(bytes=hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest())


def _tell_audience(workspace_id: int, stored: list[Draft]) -> None:
    users = [
        Described(d.user_id, d.message.occurred_at, d.message.traits)
        for d in stored
        if d.message.type == "identify" and d.user_id is not None
    ]
    groups = [d for d in stored if d.message.type == "group"]
    accounts = [
        Described(d.account_id, d.message.occurred_at, d.message.traits)
        for d in groups
        if d.account_id is not None
    ]
    identity.describe(workspace_id, ProductUser, users)
    identity.describe(workspace_id, Account, accounts)
    identity.join(
        workspace_id,
        [
            (d.user_id, d.account_id, d.message.occurred_at)
            for d in groups
            if d.user_id is not None and d.account_id is not None
        ],
    )


def _storable(raw: object) -> str:
    """A message as text that any database takes: NUL and surrogates escaped, cut at 32 KB."""
    try:
        return simplejson.dumps(raw, use_decimal=True)[:MAX_BYTES]
    except RecursionError:
        return "(nested too deep to be written)"
