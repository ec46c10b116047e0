"""Which values of a trait rollups keep apart: the first thousand, one list a trait, never decided per bucket."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import connection

from apps.audience.models import Trait
from apps.audience.statements import list_names
from apps.engine.sets import Space
from apps.rollups.build.states import TRAIT
from apps.rollups.states import State

MOST = 1000
# A longer text is an essay, not a group that people are in.
LONGEST = 200

ADD = """
    INSERT INTO audience_traitvalue (workspace_id, trait_id, value)
    SELECT %(workspace)s, %(trait)s, seen.value FROM unnest(%(values)s::text[]) AS seen (value)
    WHERE NOT EXISTS (
        SELECT FROM audience_traitvalue AS kept WHERE kept.trait_id = %(trait)s AND kept.value = seen.value
    )
    ORDER BY seen.value
    LIMIT greatest(0, %(most)s - (SELECT count(*) FROM audience_traitvalue WHERE trait_id = %(trait)s))
    ON CONFLICT DO NOTHING"""


def keep_apart(workspace_id: int, states: Iterable[State]) -> None:
    """Append the values seen for the first time to their traits' lists, as far as these have room."""
    values = defaultdict[tuple[Space, str], set[str]](set)
    for state in states:
        space, _, name = state.series.partition(":")
        if name.startswith(TRAIT) and len(state.value) <= LONGEST:
            values[Space(space), name.removeprefix(TRAIT)].add(state.value)
    traits = _traits(workspace_id, values.keys())
    for (space, name), seen in sorted(values.items()):
        with connection.cursor() as cursor:
            cursor.execute(
                ADD,
                {
                    "workspace": workspace_id,
                    "trait": traits[space, name],
                    "values": sorted(seen),
                    "most": MOST,
                },
            )


def _traits(workspace_id: int, names: Collection[tuple[Space, str]]) -> dict[tuple[Space, str], int]:
    """The traits of these names. An account's trait becomes its members' when it is first handed down."""
    for space in Space:
        if given := {name for of, name in names if of is space}:
            list_names(workspace_id, space, given)
    known = Trait.objects.filter(workspace=workspace_id, name__in={name for _, name in names})
    return {(Space(space), name): pk for space, name, pk in known.values_list("space", "name", "pk")}
