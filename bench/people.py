"""How fast segments answer over many people: `python bench/people.py --help`.

Two workspaces in the database of `DATABASE_URL`, or in one of its own under `KPISERVICE_VAR`, are filled by COPY.
In the first, a million people have eight traits, already resolved, and four in ten were active in April: it
prints the median of a month's KPI with and without a segment of four conditions, warm, at `kpis.evaluate`.
In the second, people's traits come as messages left them, and are resolved by the product's own workers: it
prints how long an ICP profile takes to be evaluated for everybody, how long for what one person in a hundred
changed, and the ratio of the two. Nothing passes or fails by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, TypeAlias
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiservice.settings")
sys.path.insert(0, str(Path(__file__).parent.parent))

import django
from rich.progress import Progress

from kpiservice import embedded

Row: TypeAlias = tuple[Any, ...]

TRAIT_CHANGES = "audience_traitchange (workspace_id, user_id, name, value, valid_from, message_id, recorded_at)"
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
RULE = [
    {
        "all": [
            {"name": "company_size", "op": "AT_LEAST", "values": ["500"]},
            {"name": "role", "op": "IN", "values": ["developer", "product", "founder"]},
            {"name": "plan", "op": "NOT_EQUALS", "values": ["free"]},
            {"name": "country", "op": "NOT_IN", "values": ["country-3", "country-4"]},
        ]
    }
]
SEGMENT = {
    "all": [
        {"trait": {"name": "plan", "op": "IN", "values": ["pro", "team"]}},
        {"trait": {"name": "role", "op": "NOT_EQUALS", "values": ["sales"]}},
        {"trait": {"name": "company_size", "op": "AT_LEAST", "values": ["200"]}},
        {"not": {"trait": {"name": "use_case", "op": "EQUALS", "values": ["notes"]}}},
    ]
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1_000_000, help="people of the first workspace (1,000,000)")
    parser.add_argument("--profile-users", type=int, default=100_000, help="people of the second (100,000)")
    parser.add_argument("--repeats", type=int, default=51, help="how often each question is asked (51)")
    chosen = parser.parse_args(arguments)
    embedded.start()
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 (the models exist once Django is set up)

    call_command("migrate", verbosity=0)
    segments(chosen.users, chosen.repeats)
    profiles(chosen.profile_users)


def segments(users: int, repeats: int) -> None:
    workspace = opened()
    timed(f"fill with {users:,} people by COPY", lambda: fill_resolved(workspace, users))
    timed("roll up", lambda: settle(workspace))
    ask(workspace, repeats)


def profiles(users: int) -> None:
    from apps.audience import icp  # noqa: PLC0415
    from apps.audience.models import IcpProfile  # noqa: PLC0415
    from apps.events.icp import approve  # noqa: PLC0415

    workspace = opened()
    timed(f"fill with {users:,} people by COPY", lambda: fill_told(workspace, users))
    timed("resolve them and roll up", lambda: settle(workspace))
    profile = IcpProfile.objects.create(workspace=workspace, slug="fits", name="Fits")
    approve(workspace.pk, icp.draft(profile, RULE).pk, "bench")
    full = timed("evaluate an ICP profile for everybody", lambda: settle(workspace))
    for names in (("plan",), tuple(TRAITS)):
        change(workspace, users, names)
        again = timed(
            f"evaluate it for one in a hundred who changed {len(names)} of their traits", lambda: settle(workspace)
        )
        print(f"again / everybody: {again / full:.3f}")


def opened() -> Any:
    from apps.events.opening import open_workspace  # noqa: PLC0415
    from apps.workspaces.models import Workspace  # noqa: PLC0415

    name = f"bench-{os.getpid()}-{int(perf_counter())}"
    return open_workspace(Workspace(slug=name, name="Bench")).workspace


def timed(what: str, work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    took = perf_counter() - started
    print(f"{what}: {took:.1f} s", flush=True)
    return took


def settle(workspace: Any) -> None:
    from apps.rollups import queue  # noqa: PLC0415

    with Progress() as progress:
        task = progress.add_task("resolving and rolling up", total=None)
        queue.settle(workspace.pk, lambda built: progress.advance(task, built))
    workspace.refresh_from_db()


def fill_resolved(workspace: Any, users: int) -> None:
    """Traits as state rows, and an hour's markers for what four in ten did in April."""
    from apps.audience.models import Trait, TraitValue  # noqa: PLC0415
    from apps.events.models import EventDefinition  # noqa: PLC0415

    definition = EventDefinition.objects.get(workspace=workspace, name="action.performed").pk
    dice, now, first = Random(1), NOW.isoformat(), add_people(workspace, users)
    for name, values in TRAITS.items():
        trait = Trait.objects.create(workspace=workspace, space="user", name=name)
        kept = {json.dumps(value) for value in values}
        TraitValue.objects.bulk_create(TraitValue(workspace=workspace, trait=trait, value=value) for value in kept)
    copy(
        "rollups_staterow (workspace_id, version, subject, series, value, first_day)",
        (
            (workspace.pk, 1, n, f"user:trait:{name}", json.dumps(dice.choice(values)), day)
            for n in range(users)
            for day in [FIRST + timedelta(days=dice.randrange(330))]
            for name, values in TRAITS.items()
        ),
    )
    copy(
        "events_event (workspace_id, definition_id, occurred_at, received_at, source, message_key, body_digest,"
        " user_id, properties)",
        (
            (
                workspace.pk,
                definition,
                moment(dice, date(2026, 4, 1), 30),
                now,
                "bench",
                drawn_id(dice),
                0,
                pk,
                "{}",
            )
            for pk in range(first, first + users)
            if dice.random() < 0.4
        ),
    )
    statement(
        "INSERT INTO workspaces_marker (workspace_id, family, series, version, grain, start, key, events)"
        " SELECT DISTINCT workspace_id, 'events', 'ACTIVITY', 1, 'hour', date_trunc('hour', occurred_at), '', 0"
        " FROM events_event WHERE workspace_id = %s UNION ALL"
        " SELECT DISTINCT workspace_id, 'states', series, 1, 'day', first_day::timestamptz, '', 0"
        " FROM rollups_staterow WHERE workspace_id = %s",
        [workspace.pk, workspace.pk],
    )
    statement("ANALYZE")


def fill_told(workspace: Any, users: int) -> None:
    """Traits as messages left them, and everybody marked."""
    first = add_people(workspace, users)
    copy(TRAIT_CHANGES, said(workspace, range(first, first + users), Random(1), FIRST))
    mark(workspace, range(users))
    statement("ANALYZE")


def add_people(workspace: Any, users: int) -> int:
    """People whose ordinals are their numbers; the primary key of the first."""
    copy(
        "audience_productuser (workspace_id, external_id, ordinal, counts_as, is_internal, created_at)",
        ((workspace.pk, f"user-{n}", n, n, False, NOW.isoformat()) for n in range(users)),
    )
    return first_user(workspace)


def change(workspace: Any, users: int, names: Collection[str]) -> None:
    """One user in a hundred says something new of some traits, a month ago."""
    first, changed = first_user(workspace), range(0, users, 100)
    told = said(workspace, [first + n for n in changed], Random(len(names)), date(2026, 4, len(names)), days=1)
    copy(TRAIT_CHANGES, (row for row in told if row[2] in names))
    mark(workspace, changed)


def said(workspace: Any, users: Iterable[int], dice: Random, first: date, days: int = 330) -> Iterator[Row]:
    """One value of every trait for each of these users, by primary key, on some day of the stretch."""
    now = NOW.isoformat()
    for pk in users:
        at = moment(dice, first, days)
        for name, values in TRAITS.items():
            yield workspace.pk, pk, name, json.dumps(dice.choice(values)), at, "", now


def ask(workspace: Any, repeats: int) -> None:
    """The median of asking for a month's KPI, warm, with and without the segment."""
    from apps.engine.expressions import Question  # noqa: PLC0415
    from apps.engine.periods import parse_month  # noqa: PLC0415
    from apps.kpis.catalogue import find  # noqa: PLC0415
    from apps.kpis.conditions import Reader  # noqa: PLC0415
    from apps.kpis.evaluate import Asked, evaluate, home  # noqa: PLC0415

    question = Question(parse_month("2026-04", "UTC"), NOW, home=home(workspace))
    plain = Asked(find("total_active_users"), question)
    narrow = Asked(plain.entry, replace(question, segment=Reader(workspace, NOW).read(SEGMENT)))
    for name, asked in (("everybody", plain), ("four conditions", narrow)):
        took = []
        for _ in range(repeats):
            started = perf_counter()
            (result,) = evaluate(workspace, [asked])
            took.append(1000 * (perf_counter() - started))
        counted = result.answer.numerator.amount
        print(
            f"total_active_users, {name}: {counted:,} people, first {took[0]:.1f} ms, median {median(took):.2f} ms"
        )


def mark(workspace: Any, ordinals: Iterable[int]) -> None:
    from apps.audience.marking import mark_ordinals  # noqa: PLC0415
    from apps.engine.sets import Space  # noqa: PLC0415

    mark_ordinals(workspace.pk, Space.USER, list(ordinals), NOW)


def first_user(workspace: Any) -> int:
    from apps.audience.models import ProductUser  # noqa: PLC0415

    return ProductUser.objects.get(workspace=workspace, ordinal=0).pk


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


if __name__ == "__main__":
    main(sys.argv[1:])
