"""Somebody is erased while their messages come in again and again, and a worker and the erasure are killed."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kpiservice.embedded import PROJECT_FOLDER
from tests.privacy.alice import EMAIL, NAME, QUIRK, SECRETS, everything, found_in
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

Raw = dict[str, Any]

# The middle of the month before this one: over, and taken over HTTP.
AT = (datetime.now(UTC).replace(day=1) - timedelta(days=15)).replace(hour=12, minute=0, second=0, microsecond=0)
LAST_MONTH = "{last: {n: 1, unit: MONTH}}"
ASKED = f"""
{{ kpi(slug: "product_sharing_rate") {{
    value(period: {LAST_MONTH}) {{ numerator denominator receipt {{ pendingEvents }} }}
    breakdown(period: {LAST_MONTH}, by: "trait:quirk") {{ key value {{ numerator denominator }} }}
}} }}"""


def said(kind: str, who: str, message: str, **fields: Any) -> Raw:
    return {"type": kind, "messageId": message, "userId": who, "timestamp": AT.isoformat(), **fields}


def shared(who: str, **properties: Any) -> Raw:
    given = {"share_type": "link", "share_scope": "product", "channel": "button", "action_id": f"share-{who}"}
    return said("track", who, f"share-{who}", event="share.created", properties={**given, **properties})


HERS: list[Raw] = [
    {**said("track", "", "visit-a", event="action.performed"), "userId": None, "anonymousId": "cookie-a"},
    said(
        "identify", "alice-1", "a-1", anonymousId="cookie-a", traits={"email": EMAIL, "name": NAME, "quirk": QUIRK}
    ),
    said("identify", "alice-2", "a-2", anonymousId="cookie-b", traits={"pet": "Dinah"}),
    said("alias", "alice-1", "a-3", previousId="alice-2"),
    said("group", "alice-1", "a-4", groupId="acme-inc", traits={"owner": EMAIL}),
    shared("alice-1", session="session-a", note=f"{NAME} to Dinah"),
    said("track", "alice-2", "m-alice-2", event="action.performed", properties={"session": "session-a"}),
    # Not to be taken, and one of another's that names her.
    {**said("track", "alice-1", "a-5", event="action.performed"), "timestamp": f"when {NAME} comes"},
    said("track", "alice-1", "a-6", event=""),
]
OTHERS: list[Raw] = [
    shared("bob", recipient="alice-1", note=f"to {EMAIL}"),
    said("identify", "bob", "b-1", traits={"manager": EMAIL, "quirk": "none"}),
    said("track", "carla", "c-1", event="action.performed"),
]


@dataclass
class Sender:
    """A client that sends the same messages over and over, and between them something new in the same hour."""

    port: int
    key: str
    answers: list[tuple[int, Any]] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        for number in count():
            if self.is_over.is_set():
                return
            self.send([*HERS, *OTHERS, *self._news(number)])
            time.sleep(0.02)

    def send(self, batch: list[Raw]) -> None:
        credentials = base64.b64encode(f"{self.key}:".encode()).decode()
        body = json.dumps({"batch": batch}).encode()
        status, answer = request(self.port, "POST", "/v1/batch", body, Authorization=f"Basic {credentials}")
        self.answers.append((status, json.loads(answer) if status == 200 else None))

    def _news(self, number: int) -> Iterator[Raw]:
        """So that workers rebuild her hour without end, and read her history: she belongs to the account."""
        yield said("track", "carla", f"c-news-{number}", event="action.performed")
        yield said("group", "carla", f"g-news-{number}", groupId="acme-inc", traits={"size": number})
        # The same message id with another body, which is logged.
        yield said("track", "alice-2", "m-alice-2", event="action.performed", properties={"number": number})


@contextmanager
def sending(port: int, key: str) -> Iterator[Sender]:
    sender = Sender(port, key)
    thread = threading.Thread(target=sender.run)
    thread.start()
    try:
        yield sender
    finally:
        sender.is_over.set()
        thread.join(60)


@dataclass(frozen=True)
class Machine:
    """Where it all runs."""

    environment: dict[str, str]
    port: int
    keys: dict[str, str]
    worker: Running

    @property
    def var(self) -> Path:
        return Path(self.environment["KPISERVICE_VAR"])

    def asked(self) -> dict[str, Any]:
        answer: dict[str, Any] = query(self.port, self.keys["read_key"], ASKED)["kpi"]
        return answer

    def is_settled(self) -> bool:
        with suppress(AssertionError, ValueError):
            told = query(self.port, self.keys["read_key"], "{ freshness { pendingBuckets } }")
            return bool(told["freshness"]["pendingBuckets"] == 0)
        return False

    def erase(self, *options: str) -> subprocess.Popen[bytes]:
        command = [PYTHON, "manage.py", "erase", "acme", "alice-2", "--yes", *options]
        return subprocess.Popen(
            command, cwd=PROJECT_FOLDER, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def tables(self) -> str:
        code = "from kpiservice import embedded; print(embedded.database_url())"
        command = [PYTHON, "-c", code]
        url = subprocess.check_output(command, cwd=PROJECT_FOLDER, env=self.environment, text=True)
        with psycopg.connect(url.strip()) as connection, connection.cursor() as cursor:
            return everything(cursor)

    def files(self) -> str:
        """All that lies in the folder, but for the database's own."""
        paths = (
            path for path in self.var.rglob("*") if path.is_file() and self.var / "postgres" not in path.parents
        )
        return "\n".join(path.read_bytes().decode(errors="replace") for path in paths)


@pytest.fixture
def machine(own_machine: dict[str, str], tmp_path: Path) -> Iterator[Machine]:
    port, logs = free_port(), Path(own_machine["KPISERVICE_VAR"]) / "log"
    logs.mkdir()
    # Her hour lies in the past and is rebuilt all the time.
    own_machine["OLD_BUCKET_PAUSE"] = "0.5"
    keys = json.loads(manage(own_machine, "workspace", "create", "acme"))
    with (
        running(web(port), own_machine, logs / "web.log"),
        running(WORKER, own_machine, logs / "worker.log") as worker,
        running(BEAT, own_machine, logs / "beat.log"),
    ):
        wait_until(lambda: request(port, "GET", "/healthz")[0] == 200)
        machine = Machine(own_machine, port, keys, worker)
        import_with_rejects(machine, tmp_path / "old.jsonl")
        yield machine


def import_with_rejects(machine: Machine, file: Path) -> None:
    lines = [json.dumps(said("track", "alice-1", "old-1", event="")), f"no JSON, but {EMAIL}", json.dumps("bob")]
    file.write_text("\n".join(lines))
    manage(machine.environment, "import", str(file), "--workspace", "acme", "--no-rollup")


@pytest.mark.parametrize("options", [(), ("--hard",)])
def test_nothing_is_left_of_her_whatever_is_killed(machine: Machine, options: tuple[str, ...]) -> None:
    with sending(machine.port, machine.keys["ingest_key"]) as sender:
        wait_until(lambda: len(sender.answers) > 20)
        wait_until(lambda: has_quirk(machine.asked()))
        wait_until(lambda: machine.asked()["value"]["denominator"] == "3", 120)
        before = machine.asked()
        assert found_in(machine.tables(), SECRETS) == list(SECRETS)
        assert found_in(machine.files(), ["alice-1", "m-alice-2", EMAIL]) == ["alice-1", "m-alice-2", EMAIL]

        erase_with_kills(machine, options)
        erased_at = len(sender.answers)
        wait_until(lambda: len(sender.answers) > erased_at + 20)
        assert found_in(machine.tables(), SECRETS) == []
    wait_until(machine.is_settled, 180)

    assert {status for status, _ in sender.answers} == {200}
    assert [one["code"] for one in sender.answers[-1][1]["rejected"]].count("suppressed") == len(HERS) + 1
    assert found_in(machine.tables(), SECRETS) == []
    assert found_in(machine.files(), SECRETS) == []
    after = machine.asked()
    assert not has_quirk(after)
    assert (before["value"]["numerator"], before["value"]["denominator"]) == ("2", "3")
    expected = ("1", "2") if options else ("2", "3")
    assert (after["value"]["numerator"], after["value"]["denominator"]) == expected


def has_quirk(answer: dict[str, Any]) -> bool:
    return any(QUIRK in (row["key"] or "") for row in answer["breakdown"])


def erase_with_kills(machine: Machine, options: tuple[str, ...]) -> None:
    """A first erasure is killed soon after it began; then, while the next one runs, the worker is."""
    first = machine.erase(*options)
    wait_until(lambda: first.poll() is not None or found_suppressed(machine))
    first.kill()
    first.communicate()
    for _ in range(5):
        process = machine.erase(*options)
        while process.poll() is None:
            machine.worker.kill()
            machine.worker.start()
            with suppress(subprocess.TimeoutExpired):
                process.wait(4)
        _, errors = process.communicate()
        if process.returncode == 0 or b"alice-2 was erased" in errors:
            return
        assert b"Give the same command again" in errors, errors.decode()
    raise AssertionError("not done after five tries")


def found_suppressed(machine: Machine) -> bool:
    """Whether the erasure has begun: the ids are not taken any more."""
    sender = Sender(machine.port, machine.keys["ingest_key"])
    sender.send([said("track", "alice-1", "probe-alice-1", event="")])
    return bool(sender.answers[0][1]["rejected"][0]["code"] == "suppressed")
