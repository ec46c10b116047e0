"""kpiservice: filled by COPY, rolled up by its own worker, asked at `kpis.evaluate` and over HTTP."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from django.conf import settings
from django.db import connection
from django.db.models import F

from apps.engine import periods
from apps.engine.expressions import Question as Asking
from apps.engine.periods import Grain
from apps.events.models import EventDefinition
from apps.events.opening import Opened
from apps.kpis.catalogue import find
from apps.kpis.conditions import Reader
from apps.kpis.evaluate import Asked, Result, evaluate, home
from apps.workspaces.models import Workspace
from bench import loading
from bench.loading import NOW, SEGMENT
from bench.questions import Answer, Question, Stretch
from bench.synthetic import Size, World
from bench.timing import Side, Way
from kpiservice import demo, processes

SERVER = "bench-web"
STARTUP_SECONDS = 60.0
# Requests until all threads of the server are connected to the database, most probably.
WARM_UP = 64
SLUGS = {
    Question.RATE: "product_sharing_rate",
    Question.SEGMENT: "product_sharing_rate",
    Question.DAILY: "product_sharing_rate",
    Question.SHARES: "share_actions",
}
COLUMNS = (
    "workspace_id, definition_id, occurred_at, received_at, source, message_key, action_key, body_digest, user_id,"
    " share_type, share_scope, channel, properties"
)
PIECE = 100_000
SIDES = "numerator denominator"
VALUE = f"kpi(slug: $slug) {{ value(period: $period, where: $where) {{ {SIDES} }} }}"
SERIES = f"kpi(slug: $slug) {{ series(period: $period, where: $where, grain: DAY) {{ {SIDES} }} }}"
VARIABLES = "$slug: String!, $period: PeriodInput!, $where: SegmentInput"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A workspace with everything in it, and what that took: seconds, buckets, bytes."""

    opened: Opened
    copying: float
    building: float
    buckets: int
    raw_bytes: int
    rollup_bytes: int


def load(world: World) -> Loaded:
    """People first, so that what events take, of time and of room, is told apart."""
    opened: Opened = loading.opened()
    workspace = opened.workspace
    first = loading.add_people(workspace, world.size.users)
    loading.add_traits(workspace, world.people)
    loading.statement("ANALYZE")
    loading.timed("kpiservice: roll up people's traits", lambda: loading.settle(workspace))
    rollups = _bytes("rollups_rollup")
    copying = loading.timed("kpiservice: COPY events", lambda: _copy_events(workspace, world.events, first))
    loading.mark_hours(workspace)
    loading.statement("ANALYZE")
    started = time.perf_counter()
    buckets = loading.settle(workspace)
    building = time.perf_counter() - started
    loading.statement("VACUUM ANALYZE")
    return Loaded(opened, copying, building, buckets, _bytes("events_event"), _bytes("rollups_rollup") - rollups)


def _copy_events(workspace: Workspace, events: pa.Table, first: int) -> None:
    """In pieces, each a transaction, as a table's text: Python writes single rows more slowly than it is read."""
    names = {"action": "action.performed", "share": "share.created"}
    known = dict(EventDefinition.objects.filter(workspace=workspace).values_list("name", "pk"))
    definitions = {kind: known[name] for kind, name in names.items()}
    dice = np.random.default_rng(2)
    for start in range(0, len(events), PIECE):
        piece, text = _as_stored(events.slice(start, PIECE), definitions, first, dice), io.BytesIO()
        whose = pa.array([workspace.pk] * len(piece))
        pc.write_csv(piece.add_column(0, "workspace_id", whose), text, pc.WriteOptions(include_header=False))
        command = f"COPY events_event ({COLUMNS}) FROM STDIN (FORMAT csv)"
        with connection.cursor() as cursor, cursor.copy(command) as stream:
            stream.write(text.getvalue())


def _as_stored(events: pa.Table, definitions: dict[str, int], first: int, dice: np.random.Generator) -> pa.Table:
    """The columns of COLUMNS but for the workspace: keys are drawn, as hashes look."""
    is_share = np.asarray(events["kind"].to_pylist()) == "share"
    size = len(events)
    return pa.table(
        {
            "definition_id": np.where(is_share, definitions["share"], definitions["action"]),
            "occurred_at": events["done_at"],
            "received_at": pa.array([NOW] * size),
            "source": ["bench"] * size,
            "message_key": pa.array(_keys(dice, size)),
            "action_key": pa.array(_keys(dice, size), mask=~is_share),
            "body_digest": np.zeros(size, np.int64),
            "user_id": events["user_id"].to_numpy().astype(np.int64) + first,
            "share_type": events["share_type"],
            "share_scope": events["share_scope"],
            "channel": events["channel"],
            "properties": ["{}"] * size,
        }
    )


def _keys(dice: np.random.Generator, size: int) -> np.ndarray[Any, Any]:
    """Sixteen drawn bytes each, in hexadecimal."""
    return np.frombuffer(dice.bytes(16 * size).hex().encode(), "S32").astype("U32")


def _bytes(table: str) -> int:
    """What a table takes on disk with its indexes and what is stored beside it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [table])
        return int(cursor.fetchone()[0])


def forget(workspace: Workspace) -> None:
    """Let every process that answers about the workspace forget what it holds, as an erasure does."""
    Workspace.objects.filter(pk=workspace.pk).update(erasures=F("erasures") + 1)
    workspace.refresh_from_db()


def ways(opened: Opened, size: Size, question: Question) -> list[Way]:
    """At both doors; cold is what follows `forget`."""
    workspace = opened.workspace
    asked_here = at_evaluate(workspace, size, question)

    def here() -> Callable[[], Answer]:
        forget(workspace)
        return asked_here

    def there() -> Callable[[], Answer]:
        forget(workspace)
        return over_http(opened.read_key, size, question)

    return [Way(Side.EVALUATE, "kpiservice", "", here), Way(Side.HTTP, "kpiservice", "", there)]


def at_evaluate(workspace: Workspace, size: Size, question: Question) -> Callable[[], Answer]:
    """Asks at the only door to the numbers, in this process."""
    period = _period(_days(size, question))
    asking = Asking(period, NOW, home=home(workspace))
    if question is Question.SEGMENT:
        asking = replace(asking, segment=Reader(workspace, NOW).read(SEGMENT))
    parts = periods.split(period, Grain.DAY) if question is Question.DAILY else [period]
    asked = [Asked(find(SLUGS[question]), replace(asking, period=part)) for part in parts]
    return lambda: tuple(map(_sides, evaluate(workspace, asked)))


def over_http(key: str, size: Size, question: Question) -> Callable[[], Answer]:
    """Asks the server over a connection that stays open, thus always the same one of its processes."""
    days = _days(size, question)
    variables: dict[str, Any] = {
        "slug": SLUGS[question],
        "period": {"between": {"from": days.first.isoformat(), "to": days.end.isoformat()}},
        "where": SEGMENT if question is Question.SEGMENT else None,
    }
    is_series = question is Question.DAILY
    body = {"query": f"query ({VARIABLES}) {{ {SERIES if is_series else VALUE} }}", "variables": variables}
    text = json.dumps(body)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    server = HTTPConnection(demo.HOST, settings.PORT, timeout=120)
    # What opening takes is nobody's time here.
    server.connect()

    def ask() -> Answer:
        server.request("POST", "/graphql/", text, headers)
        said = json.loads(server.getresponse().read())
        kpi = said["data"]["kpi"]
        return tuple(map(_told, kpi["series"] if is_series else [kpi["value"]]))

    return ask


@contextmanager
def serving(key: str, size: Size) -> Iterator[None]:
    """The web server as `make demo` starts it, on the port of the settings, once it has answered for a while."""
    processes.ensure(SERVER, demo.WEB)
    try:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not _answers():
            if time.monotonic() > deadline or not processes.is_running(SERVER, demo.WEB):
                raise SystemExit(f"The web server does not answer; see {processes.log_file(SERVER)}")
            time.sleep(0.1)
        for _ in range(WARM_UP):
            over_http(key, size, Question.RATE)()
        yield
    finally:
        processes.stop(SERVER)


def _answers() -> bool:
    server = HTTPConnection(demo.HOST, settings.PORT, timeout=5)
    try:
        server.request("GET", "/healthz")
        return server.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        server.close()


def _days(size: Size, question: Question) -> Stretch:
    return size.all_days if question is Question.DAILY else size.thirty_days


def _period(days: Stretch) -> periods.Period:
    return periods.between(days.first, days.end, "UTC")


def _sides(result: Result) -> tuple[int, ...]:
    answer = result.answer
    sides = (answer.numerator,) if answer.denominator is None else (answer.numerator, answer.denominator)
    return tuple(int(side.amount) for side in sides)


def _told(value: dict[str, str | None]) -> tuple[int, ...]:
    return tuple(int(side) for side in (value["numerator"], value["denominator"]) if side is not None)
