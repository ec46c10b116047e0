"""From a sender's ids to our people and accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection

from apps.audience.models import Account, Membership, ProductUser, Subject, TraitChange
from apps.engine.sets import Space
from apps.workspaces import ordinals
from apps.workspaces.exactjson import to_json

AnySubject = TypeVar("AnySubject", bound=Subject)

SPACES: dict[type[Subject], Space] = {ProductUser: Space.USER, Account: Space.ACCOUNT}
# The column by which a trait change names its subject.
FIELDS: dict[type[Subject], str] = {ProductUser: "user_id", Account: "account_id"}
INTERNAL_TRAIT = "is_internal"


@dataclass(frozen=True, slots=True)
class Described:
    """What one message says of a user or an account: traits, from `at` on."""

    subject_id: int
    at: datetime
    traits: Mapping[str, Any]


def resolve(workspace_id: int, model: type[AnySubject], external_ids: Iterable[str]) -> dict[str, int]:
    """The primary keys of the subjects with these external ids; unknown ones are created with the next ordinals.

    Runs inside the caller's transaction. The counter's lock comes before the second look, so two callers
    that meet the same new person give out one ordinal, and ordinals have no gaps.
    """
    wanted = set(external_ids)
    known = _known(workspace_id, model, wanted)
    if known.keys() >= wanted:
        return known
    counter = ordinals.lock(workspace_id, SPACES[model])
    known |= _known(workspace_id, model, wanted - known.keys())
    missing = sorted(wanted - known.keys())
    numbers = ordinals.take(counter, len(missing))
    created = model.objects.bulk_create(
        model(workspace_id=workspace_id, external_id=external_id, ordinal=ordinal)
        for external_id, ordinal in zip(missing, numbers, strict=True)
    )
    return known | {subject.external_id: subject.pk for subject in created}


def _known(workspace_id: int, model: type[AnySubject], wanted: set[str]) -> dict[str, int]:
    if not wanted:
        return {}
    rows = model.objects.filter(workspace=workspace_id, external_id__in=wanted)
    return dict(rows.values_list("external_id", "pk"))


def describe(workspace_id: int, model: type[Subject], described: Iterable[Described]) -> None:
    """Append what was said of subjects to their trait histories.

    The trait `is_internal` also sets the flag of that name: its latest value by event time, whatever the
    order of arrival (KPIS.md G7).
    """
    told = list(described)
    field = FIELDS[model]
    changes = [
        {"subject": one.subject_id, "name": name[:100], "value": value, "valid_from": one.at.isoformat()}
        for one in told
        for name, value in one.traits.items()
    ]
    if changes:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO audience_traitchange (workspace_id, {field}, name, value, valid_from, recorded_at)"
                " SELECT %s, subject, name, value, valid_from, statement_timestamp() FROM json_to_recordset(%s)"
                " AS change (subject bigint, name text, value jsonb, valid_from timestamptz)",
                [workspace_id, to_json(changes)],
            )
    flagged = sorted({one.subject_id for one in told if INTERNAL_TRAIT in one.traits})
    if flagged:
        _flag_internal(workspace_id, model, flagged)


def _flag_internal(workspace_id: int, model: type[Subject], ids: list[int]) -> None:
    """Set the flag to the trait's latest value. The locks come first, or two that tell at once miss each other."""
    subjects = model._base_manager.filter(workspace=workspace_id, pk__in=ids)  # noqa: SLF001
    locked = list(subjects.select_for_update(no_key=True).order_by("pk"))
    field = FIELDS[model]
    said: dict[int, list[tuple[datetime, bool]]] = {subject.pk: [] for subject in locked}
    changes = TraitChange.objects.filter(workspace=workspace_id, name=INTERNAL_TRAIT, **{f"{field}__in": ids})
    for pk, at, value in changes.values_list(field, "valid_from", "value"):
        said[pk].append((at, value is True))
    for subject in locked:
        subject.is_internal = max(said[subject.pk])[1]
    model._base_manager.bulk_update(locked, ["is_internal"])  # noqa: SLF001


def join(workspace_id: int, joined: Iterable[tuple[int, int, datetime]]) -> None:
    """Record that users belong to accounts since an instant: (user, account, since). Known pairs stay.

    A user's first account is the primary one (KPIS.md G8).
    """
    first_joined: dict[tuple[int, int], datetime] = {}
    for user, account, since in sorted(joined, key=lambda one: one[2]):
        first_joined.setdefault((user, account), since)
    users = {user for user, _ in first_joined}
    placed = set(
        Membership.objects.filter(workspace=workspace_id, user__in=users).values_list("user_id", flat=True)
    )
    memberships = []
    for (user, account), since in first_joined.items():
        primary = user not in placed
        memberships.append(
            Membership(
                workspace_id=workspace_id, user_id=user, account_id=account, valid_from=since, is_primary=primary
            )
        )
        placed.add(user)
    Membership.objects.bulk_create(memberships, ignore_conflicts=True)
