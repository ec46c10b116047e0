"""Processes killed at random moments while messages come in: nothing acknowledged is lost, nothing counts twice.

A failure names the seed; `OUTAGE_SEED=… pytest tests/test_outages.py` repeats its choices, though not its
timing.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.oracle import history
from tests.oracle.counting import KPIS
from tests.oracle.ledger import Ledger
from tests.oracle.messages import Raw
from tests.oracle.oracle import Asked, Home, Oracle
from tests.running import (
    BEAT,
    PYTHON,
    WORKER,
    Running,
    free_port,
    manage,
    query,
    request,
    running,
    wait_until,
    web,
)

ZONE = "Europe/Berlin"
IMPORTED = 25_000
KILLS = 12
SEED = int(os.environ.get("OUTAGE_SEED", "20261121"))


@dataclass
class Sender:
    """A client that sends one new person's message after another, each until it is acknowledged."""

    port: int
    key: str
    acknowledged: list[Raw] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        for number in count():
            if self.is_over.is_set():
                return
            at = datetime.now(UTC) - timedelta(hours=number % 700)
            batch = [self._message(f"visitor-{number}-{place}", at) for place in range(5)]
            if self._deliver(batch):
                self.acknowledged += batch
            time.sleep(0.02)

    def _message(self, who: str, at: datetime) -> Raw:
        shared = {"action_id": f"a-{who}", "share_type": "link", "share_scope": "product", "channel": "button"}
        timestamp, event = at.isoformat(), "share.created"
        return {
            "type": "track",
            "messageId": f"m-{who}",
            "userId": who,
            "event": event,
            "timestamp": timestamp,
            "properties": shared,
        }

    def _deliver(self, batch: list[Raw]) -> bool:
        credentials = base64.b64encode(f"{self.key}:".encode()).decode()
        body = json.dumps({"batch": batch}).encode()
        while True:
            status, said = request(self.port, "POST", "/v1/batch", body, Authorization=f"Basic {credentials}")
            self.answers.append(status)
            if status == 200:
                told = json.loads(said)
                assert told["accepted"] + told["duplicate"] == len(batch), told
                return True
            if self.is_over.is_set():
                return False
            time.sleep(0.1)


@dataclass
class Town:
    """Everything that runs, with embedded servers of its own."""

    environment: dict[str, str]
    port: int
    web: Running
    worker: Running
    importer: Running

    def kill_web(self) -> None:
        self.web.kill()
        self.web.start()

    def kill_worker(self) -> None:
        self.worker.kill()
        self.worker.start()

    def kill_importer(self) -> None:
        self.importer.kill()
        self.importer.start()

    def kill_postgres(self) -> None:
        pid_file = Path(self.environment["KPISERVICE_VAR"]) / "postgres" / "postmaster.pid"
        os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGKILL)
        manage(self.environment, "migrate", "--check")

    def is_imported(self) -> bool:
        """Whether the import has ended well. One that ended badly is started again."""
        process = self.importer.process
        if process is None or process.poll() is None:
            return False
        if process.returncode != 0:
            self.importer.start()
        return process.returncode == 0


@pytest.mark.parametrize("seed", [SEED])
def test_whatever_is_killed_the_numbers_end_right(seed: int, own_machine: dict[str, str], tmp_path: Path) -> None:
    dice, port = random.Random(seed), free_port()
    keys = json.loads(manage(own_machine, "workspace", "create", "acme", "--timezone", ZONE))
    imported, file = list(islice(history.messages(), IMPORTED)), tmp_path / "history.jsonl.gz"
    with gzip.open(file, "wt") as lines:
        lines.writelines(json.dumps(raw) + "\n" for raw in imported)
    bring_in = [PYTHON, "manage.py", "import", str(file), "--workspace", "acme", "--no-rollup"]
    with (
        running(web(port), own_machine, tmp_path / "web.log") as server,
        running(WORKER, own_machine, tmp_path / "worker.log") as worker,
        running(BEAT, own_machine, tmp_path / "beat.log"),
        running(bring_in, own_machine, tmp_path / "import.log") as importer,
    ):
        town = Town(own_machine, port, server, worker, importer)
        wait_until(lambda: request(port, "GET", "/healthz")[0] == 200)
        sender = Sender(port, keys["ingest_key"])
        with sending(sender):
            disturb(town, dice)
            wait_until(town.is_imported, 180)
        wait_until(lambda: request(port, "GET", "/healthz")[0] == 200)
        wait_until(lambda: pending(port, keys["read_key"]) == 0, 180)
        judge(port, keys["read_key"], imported, sender.acknowledged)
    assert len(sender.acknowledged) > 100
    assert set(sender.answers) <= {200, 503, 0}


def disturb(town: Town, dice: random.Random) -> None:
    victims: list[Callable[[], None]] = [town.kill_web, town.kill_worker, town.kill_importer, town.kill_postgres]
    for number in range(KILLS):
        time.sleep(dice.uniform(0.2, 1.5))
        # Each at least once, then as it comes.
        kill = victims[number] if number < len(victims) else dice.choice(victims)
        kill()
        town.is_imported()


@contextmanager
def sending(sender: Sender) -> Iterator[None]:
    """The sender sends until the block ends, and then finishes what it has begun."""
    thread = threading.Thread(target=sender.run)
    thread.start()
    try:
        yield
    finally:
        sender.is_over.set()
        thread.join(60)


def pending(port: int, key: str) -> int:
    with suppress(AssertionError, ValueError):
        buckets: int = query(port, key, "{ freshness { pendingBuckets } }")["freshness"]["pendingBuckets"]
        return buckets
    return -1


def judge(port: int, key: str, imported: list[Raw], acknowledged: list[Raw]) -> None:
    """Every month of every KPI equals a count over what was imported and what was acknowledged."""
    ledger = Ledger()
    for raw in [*imported, *acknowledged]:
        ledger.take("default", raw)
    oracle, now = Oracle(ledger, Home(ZONE)), datetime.now(UTC)
    years = range(2013, now.astimezone(ZoneInfo(ZONE)).year + 1)
    for kpi in KPIS:
        for year in years:
            series = f'series(period: {{year: "{year}"}}, grain: MONTH) {{ value numerator }}'
            points = query(port, key, f'{{ kpi(slug: "{kpi}") {{ {series} }} }}')["kpi"]["series"]
            for month, point in enumerate(points, start=1):
                expected = oracle.answer(Asked(kpi, f"{year}-{month:02}", now, ZONE))
                told = None if point["value"] is None else Decimal(point["value"])
                assert told == expected.value, (kpi, year, month)
                assert Decimal(point["numerator"]) == sum(expected.numerator.values()), (kpi, year, month)
