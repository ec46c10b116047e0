"""What every bench needs: a workspace filled by COPY, people with traits, and the product's own workers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any, TypeAlias
from uuid import UUID

from rich.console import Console

from kpiservice.meter import meter

Row: TypeAlias = tuple[Any, ...]

TRAITS: dict[str, tuple[object, ...]] = {
    "plan": ("free", "free", "free", "pro", "team", "enterprise"),
    "role": ("developer", "designer", "product", "sales", "marketing", "support", "founder"),
    "industry": tuple(f"industry-{n}" for n in range(20)),
    "country": tuple(f"country-{n}" for n in range(40)),
    "use_case": ("docs", "wiki", "specs", "notes"),
    "company_size": tuple(range(10, 1000, 10)),
    "is_admin": (True, False, False, False),
    "source": ("ads", "search", "friend", "event", "press"),
}
FIRST, NOW = date(2025, 5, 1), datetime(2026, 5, 1, 12, tzinfo=UTC)
SEGMENT = {
    "all": [
        {"trait": {"name": "plan", "op": "IN", "values": ["pro", "team"]}},
        {"trait": {"name": "role", "op": "NOT_EQUALS", "values": ["sales"]}},
        {"trait": {"name": "company_size", "op": "AT_LEAST", "values": ["200"]}},
        {"not": {"trait": {"name": "use_case", "op": "EQUALS", "values": ["notes"]}}},
    ]
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's traits, and the day since when they hold."""

    number: int
    since: date
    traits: Mapping[str, object]


def drawn_people(users: int, dice: Random) -> Iterator[Person]:
    for number in range(users):
        since = FIRST + timedelta(days=dice.randrange(330))
        yield Person(number, since, {name: dice.choice(values) for name, values in TRAITS.items()})


def opened() -> Any:
    """A new workspace with its keys, as `apps.events.opening` gives it."""
    from apps.events.opening import open_workspace  # noqa: PLC0415 (the models exist once Django is set up)
    from apps.workspaces.models import Workspace  # noqa: PLC0415

    name = f"bench-{os.getpid()}-{int(perf_counter())}"
    return open_workspace(Workspace(slug=name, name="Bench"))


def add_people(workspace: Any, users: int) -> int:
    """People whose ordinals are their numbers; the primary key of the first."""
    copy(
        "audience_productuser (workspace_id, external_id, ordinal, counts_as, is_internal, created_at)",
        ((workspace.pk, f"user-{n}", n, n, False, NOW.isoformat()) for n in range(users)),
    )
    return first_user(workspace)


def first_user(workspace: Any) -> int:
    from apps.audience.models import ProductUser  # noqa: PLC0415

    return ProductUser.objects.get(workspace=workspace, ordinal=0).pk


def add_traits(workspace: Any, people: Iterable[Person]) -> None:
    """Traits as state rows, already resolved, and the markers of the days on which they begin."""
    from apps.audience.models import Trait, TraitValue  # noqa: PLC0415

    for name, values in TRAITS.items():
        trait = Trait.objects.create(workspace=workspace, space="user", name=name)
        kept = {json.dumps(value) for value in values}
        TraitValue.objects.bulk_create(TraitValue(workspace=workspace, trait=trait, value=value) for value in kept)
    copy(
        "rollups_staterow (workspace_id, version, subject, series, value, first_day)",
        (
            (workspace.pk, 1, person.number, f"user:trait:{name}", json.dumps(value), person.since)
            for person in people
            for name, value in person.traits.items()
        ),
    )
    statement(
        "INSERT INTO workspaces_marker (workspace_id, family, series, version, grain, start, key, events)"
        " SELECT DISTINCT workspace_id, 'states', series, 1, 'day', first_day::timestamptz, '', 0"
        " FROM rollups_staterow WHERE workspace_id = %s",
        [workspace.pk],
    )


def mark_hours(workspace: Any) -> None:
    """What ingest would have marked: each hour of each series that a stored event feeds."""
    from apps.engine.periods import Grain  # noqa: PLC0415
    from apps.events import hours, taxonomy  # noqa: PLC0415
    from apps.rollups.build.content import Bucket  # noqa: PLC0415
    from apps.rollups.marking import Waiting, mark  # noqa: PLC0415

    for series in taxonomy.SERIES:
        version = taxonomy.versions_of(workspace).current[series]
        starts = hours.of_all(workspace.pk, taxonomy.load(workspace.pk, version), series)
        buckets = [Bucket(workspace.pk, series, version, Grain.HOUR, start) for start in starts]
        mark(dict.fromkeys(buckets, Waiting(0, NOW)))


def settle(workspace: Any) -> int:
    """Resolve and roll up all that waits, by the product's own worker; how many buckets that took."""
    from apps.rollups import queue  # noqa: PLC0415

    built, total = 0, queue.pending(workspace.pk)
    with meter(Console(), "Rolling up") as show:

        def on_progress(more: int) -> None:
            nonlocal built, total
            built += more
            # An hour that is built marks its day, a day its month: the total still grows.
            total = built + queue.pending(workspace.pk)
            show(built, total, f"{built:,} of {total:,} buckets")

        queue.settle(workspace.pk, on_progress)
    workspace.refresh_from_db()
    return built


def timed(what: str, work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    took = perf_counter() - started
    print(f"{what}: {took:.1f} s", flush=True)
    return took


def copy(table: str, rows: Iterable[Row]) -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as stream:
        for row in rows:
            stream.write_row(row)


def statement(text: str, parameters: list[Any] | None = None) -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(text, parameters)


def moment(dice: Random, first: date, days: int) -> str:
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return (start + timedelta(seconds=dice.randrange(days * 86_400))).isoformat()


def drawn_id(dice: Random) -> str:
    return str(UUID(int=dice.getrandbits(128)))
