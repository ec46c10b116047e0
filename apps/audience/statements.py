"""What is said of people and accounts, appended to their histories: traits, anonymous ids, memberships."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from apps.audience.identity import SPACES
from apps.audience.models import TRAIT_LENGTH, ProductUser, Subject
from apps.engine.sets import Space
from apps.workspaces.exactjson import to_json

INSERT_TRAITS = """
    INSERT INTO audience_traitchange (workspace_id, {field}, name, value, valid_from, message_id, recorded_at)
    SELECT %s, subject, name, value, valid_from, message_id, statement_timestamp() FROM json_to_recordset(%s)
    AS change (subject bigint, name text, value jsonb, valid_from timestamptz, message_id text)"""
# Names that are known are looked for first: each conflict would use up a number of the table's sequence.
INSERT_NAMES = """
    INSERT INTO audience_trait (workspace_id, space, name)
    SELECT %(workspace)s, %(space)s, name FROM unnest(%(names)s::text[]) AS given (name)
    WHERE NOT EXISTS (
        SELECT FROM audience_trait AS known
        WHERE known.workspace_id = %(workspace)s AND known.space = %(space)s AND known.name = given.name)
    ON CONFLICT DO NOTHING"""
INSERT_ALIASES = """
    INSERT INTO audience_identityalias (workspace_id, anonymous_id, user_id, valid_from, message_id, recorded_at)
    SELECT %s, *, statement_timestamp() FROM unnest(%s::text[], %s::bigint[], %s::timestamptz[], %s::text[])"""
INSERT_MEMBERSHIPS = """
    INSERT INTO audience_membershipchange
    (workspace_id, user_id, account_id, is_member, role, is_primary, valid_from, message_id, recorded_at)
    SELECT %s, *, statement_timestamp() FROM unnest(
        %s::bigint[], %s::bigint[], %s::boolean[], %s::text[], %s::boolean[], %s::timestamptz[], %s::text[])"""


@dataclass(frozen=True, slots=True)
class Described:
    """A message gave a user or an account these traits from an instant on."""

    subject_id: int
    traits: Mapping[str, Any]
    at: datetime
    message_id: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """A message said that an anonymous id is a user's from an instant on."""

    anonymous_id: str
    user_id: int
    at: datetime
    message_id: str


@dataclass(frozen=True, slots=True)
class Belonging:
    """A message said that a user belongs to an account from an instant on, or does not any more."""

    user_id: int
    account_id: int
    is_member: bool
    role: str | None
    is_primary: bool | None
    at: datetime
    message_id: str


def describe(workspace_id: int, model: type[Subject], described: Sequence[Described]) -> None:
    """Append to the trait histories of users or accounts, and list the names of traits that are new."""
    changes = [
        {
            "subject": one.subject_id,
            "name": name[:TRAIT_LENGTH],
            "value": value,
            "valid_from": one.at.isoformat(),
            "message_id": one.message_id,
        }
        for one in described
        for name, value in one.traits.items()
    ]
    if not changes:
        return
    field = "user_id" if model is ProductUser else "account_id"
    with connection.cursor() as cursor:
        cursor.execute(INSERT_TRAITS.format(field=field), [workspace_id, to_json(changes)])
    list_names(workspace_id, SPACES[model], {change["name"] for change in changes})


def list_names(workspace_id: int, space: Space, names: Collection[str]) -> None:
    """List the traits of these names, as far as they are new."""
    # In their order, or two batches with the same new names would deadlock.
    given = {"workspace": workspace_id, "space": space.value, "names": sorted(names)}
    with connection.cursor() as cursor:
        cursor.execute(INSERT_NAMES, given)


def recognise(workspace_id: int, recognised: Sequence[Recognised]) -> None:
    """Append to what is known of anonymous ids."""
    rows = [(one.anonymous_id, one.user_id, one.at, one.message_id) for one in recognised]
    _append(workspace_id, INSERT_ALIASES, rows)


def join(workspace_id: int, belongings: Sequence[Belonging]) -> None:
    """Append to the histories of memberships."""
    rows = [
        (one.user_id, one.account_id, one.is_member, one.role, one.is_primary, one.at, one.message_id)
        for one in belongings
    ]
    _append(workspace_id, INSERT_MEMBERSHIPS, rows)


def _append(workspace_id: int, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [workspace_id, *map(list, zip(*rows, strict=True))])
