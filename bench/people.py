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
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiservice.settings")
sys.path.insert(0, str(Path(__file__).parent.parent))

import django

from bench.loading import (
    FIRST,
    NOW,
    SEGMENT,
    TRAITS,
    Row,
    add_people,
    add_traits,
    copy,
    drawn_id,
    drawn_people,
    first_user,
    mark_hours,
    moment,
    opened,
    settle,
    statement,
    timed,
)
from kpiservice import embedded

TRAIT_CHANGES = "audience_traitchange (workspace_id, user_id, name, value, valid_from, message_id, recorded_at)"
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
    workspace = opened().workspace
    timed(f"fill with {users:,} people by COPY", lambda: fill_resolved(workspace, users))
    timed("roll up", lambda: settle(workspace))
    ask(workspace, repeats)


def profiles(users: int) -> None:
    from apps.audience import icp  # noqa: PLC0415
    from apps.audience.models import IcpProfile  # noqa: PLC0415
    from apps.events.icp import approve  # noqa: PLC0415

    workspace = opened().workspace
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


def fill_resolved(workspace: Any, users: int) -> None:
    """Traits as state rows, and the markers of what four in ten did in April."""
    from apps.events.models import EventDefinition  # noqa: PLC0415 (the models exist once Django is set up)

    definition = EventDefinition.objects.get(workspace=workspace, name="action.performed").pk
    dice, now, first = Random(1), NOW.isoformat(), add_people(workspace, users)
    add_traits(workspace, drawn_people(users, dice))
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
    mark_hours(workspace)
    statement("ANALYZE")


def fill_told(workspace: Any, users: int) -> None:
    """Traits as messages left them, and everybody marked."""
    first = add_people(workspace, users)
    copy(TRAIT_CHANGES, said(workspace, range(first, first + users), Random(1), FIRST))
    mark(workspace, range(users))
    statement("ANALYZE")


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


if __name__ == "__main__":
    main(sys.argv[1:])
