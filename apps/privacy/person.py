"""Who is meant: one person, under every id that was merged, with the anonymous ids that are theirs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from apps.audience import suppression
from apps.audience.models import IdentityAlias, ProductUser

# What their own events carry without it ever being said whose it is; one that others use too is not theirs.
DEVICES = """
    SELECT anonymous_id FROM events_event
    WHERE workspace_id = %(workspace)s AND anonymous_id IN (
        SELECT anonymous_id FROM events_event WHERE workspace_id = %(workspace)s AND user_id = ANY(%(users)s))
    GROUP BY anonymous_id
    HAVING bool_and(user_id IS NULL OR user_id = ANY(%(users)s))"""


class UnknownPerson(LookupError):
    """Nobody in the workspace has this id, or nobody has it any more."""


@dataclass(frozen=True, slots=True)
class Person:
    """The ordinal that somebody counts as, and the rows, ordinals and ids of all that they were ever known by."""

    workspace_id: int
    ordinal: int
    users: tuple[int, ...]
    ordinals: tuple[int, ...]
    external_ids: tuple[str, ...]
    anonymous_ids: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id, of a user or anonymous."""
        return tuple(sorted({*self.external_ids, *self.anonymous_ids}))


def find(workspace_id: int, external_id: str, devices: Collection[str] = ()) -> Person:
    """The person whom an id belongs to (KPIS.md G6), with `devices` among their anonymous ids.

    Raises UnknownPerson.
    """
    people = ProductUser.objects.filter(workspace=workspace_id)
    ordinal = people.filter(external_id=external_id).values_list("counts_as", flat=True).first()
    if ordinal is None:
        raise UnknownPerson(_nobody(workspace_id, external_id))
    rows = people.filter(counts_as=ordinal).order_by("ordinal").values_list("pk", "ordinal", "external_id")
    users, ordinals, external_ids = zip(*rows, strict=True)
    aliases = IdentityAlias.objects.filter(workspace=workspace_id, user__in=users)
    said = aliases.values_list("anonymous_id", flat=True)
    return Person(workspace_id, ordinal, users, ordinals, external_ids, tuple(sorted({*said, *devices})))


def devices(person: Person) -> tuple[str, ...]:
    """The anonymous ids that only this person's events carry, said to be theirs or not. Reads all events."""
    with connection.cursor() as cursor:
        cursor.execute(DEVICES, {"workspace": person.workspace_id, "users": list(person.users)})
        return tuple(anonymous_id for (anonymous_id,) in cursor.fetchall())


def _nobody(workspace_id: int, external_id: str) -> str:
    if suppression.suppressed(workspace_id, [external_id]):
        return f"{external_id} was erased: nothing is held under this id any more"
    return f"nobody has the id {external_id}; it is matched whole, as the sender writes it"
