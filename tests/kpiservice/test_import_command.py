"""`manage.py import`, as an operator gives it, and killed as often as it likes."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from apps.engine.periods import parse_month
from apps.events import imports, rejects
from apps.events.imports import Order
from apps.events.models import Event, ImportRun
from apps.events.readers import Format
from apps.rollups import queue
from apps.workspaces.models import Marker, Workspace
from kpiservice import embedded
from tests.events import files
from tests.events.runs import stored
from tests.world import act, ask, opened, share

GUIDE = embedded.PROJECT_FOLDER / "docs" / "import.md"
KILLS = 6


@pytest.fixture(autouse=True)
def side_files(settings: Settings, tmp_path: Path) -> Path:
    settings.VAR = tmp_path / "var"
    return tmp_path / "var" / "imports"


@pytest.fixture
def acme(db: None) -> Workspace:
    return opened().workspace


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    call_command("import", *map(str, arguments), "--workspace", "acme", "--json")
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_the_outcome_is_told_and_the_kpis_are_rolled_up(
    acme: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = [share("alice", "2026-04-30T09:15:00"), act("bob", "2026-04-30T09:16:00")]
    path = files.jsonl(tmp_path / "a.jsonl", [*sent, sent[1], "Charlie was here"])
    told = outcome(capsys, path)
    run = ImportRun.objects.get(workspace=acme)
    assert told.pop("messages_per_second") > 0
    assert told == {
        "workspace": "acme",
        "file": "a.jsonl",
        "messages": 4,
        "accepted": 2,
        "duplicate": 1,
        "rejected": 1,
        "rejects": str(rejects.path_of(run)),
        "buckets_pending": 0,
    }
    assert ask(acme, "product_sharing_rate", parse_month("2026-04", "UTC")).answer.value == Decimal(50)


def test_the_roll_ups_may_be_left_to_the_workers(
    acme: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = files.jsonl(tmp_path / "a.jsonl", [share("alice", "2026-04-30T09:15:00")])
    assert outcome(capsys, path, "--no-rollup")["buckets_pending"] == 6
    assert queue.pending(acme.pk) == 6


def test_people_get_a_table_and_the_place_of_the_rejects(
    acme: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = files.jsonl(tmp_path / "a.jsonl", [share("alice", "2026-04-30T09:15:00"), "Charlie was here"])
    call_command("import", str(path), "--workspace", "acme")
    printed = capsys.readouterr()
    assert re.findall(r"│ (\w+) +│ (\d+) ", printed.out) == [
        ("messages", "2"),
        ("accepted", "1"),
        ("duplicate", "0"),
        ("rejected", "1"),
    ]
    assert (
        f"Rejected lines and the reasons: {rejects.path_of(ImportRun.objects.get(workspace=acme))}" in printed.out
    )
    assert re.search(r"Importing: 100 %, 2 messages, [\d,]+ a second", printed.err)
    assert "Rolling up: 100 %, 16 of 16 buckets" in printed.err


def test_the_format_may_be_given(acme: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = files.csv_of_fields(tmp_path / "export", [share("alice", "2026-04-30T09:15:00")])
    assert outcome(capsys, path, "--format", "csv")["accepted"] == 1


def test_the_source_may_be_given(acme: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = files.jsonl(tmp_path / "a.jsonl", [share("alice", "2026-04-30T09:15:00")])
    assert outcome(capsys, path)["accepted"] == 1
    assert outcome(capsys, path)["duplicate"] == 1
    assert outcome(capsys, path, "--source", "archive")["accepted"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.jsonl", "--workspace", "acm"), "--workspace: there is no workspace acm; the nearest is acme"),
        (("a.json", "--workspace", "acme"), "--format: a.json ends in none of .jsonl, .ndjson, .csv, .parquet"),
        (("nowhere.csv", "--workspace", "acme"), "No such file or directory: 'nowhere.csv'"),
        ((".", "--workspace", "acme", "--format", "csv"), "Is a directory: '.'"),
    ],
)
def test_a_slip_is_named(
    acme: Workspace, arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    with pytest.raises(CommandError) as refused:
        call_command("import", *arguments)
    assert said in str(refused.value)
    assert refused.value.returncode == 1


@pytest.mark.django_db
def test_where_no_workspace_is_the_command_that_opens_one_is_named() -> None:
    with pytest.raises(CommandError, match=r"`manage\.py workspace create` opens one"):
        call_command("import", "a.jsonl", "--workspace", "acme")


def test_a_suspended_workspace_says_so(acme: Workspace, tmp_path: Path) -> None:
    Workspace.objects.filter(pk=acme.pk).update(is_suspended=True)
    with pytest.raises(CommandError, match="The workspace acme is suspended"):
        call_command("import", files.jsonl(tmp_path / "a.jsonl", []), "--workspace", "acme")


def test_a_damaged_file_says_what_stays(acme: Workspace, tmp_path: Path) -> None:
    sent = [act("alice", "2026-04-30T09:15:00", note="x" * 1000) for _ in range(100)]
    path = files.packed(tmp_path / "a.jsonl.gz", sent)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CommandError) as refused:
        call_command("import", path, "--workspace", "acme")
    stay = Event.objects.filter(workspace=acme).count()
    assert 0 < stay < 100
    assert f" {stay} messages were read and stay. Mend the file and import it again" in str(refused.value)
    assert refused.value.returncode == 1


def examples(text: str) -> list[str]:
    """The indented blocks of a text, one a block, without the indent."""
    blocks = re.findall(r"(?:^ {4}.*\n)+", text, re.MULTILINE)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in blocks]


def test_the_examples_of_the_help_can_be_imported(
    acme: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        call_command("import", "--help")
    shown = capsys.readouterr().out
    blocks = examples(shown.partition("examples:")[2])
    commands = [block.split()[1:] for block in blocks if block.startswith("manage.py import ")]
    message, table = blocks[1].replace("\n", " "), blocks[3]
    (tmp_path / "events.jsonl.gz").write_text(message)
    (tmp_path / "events.csv").write_text(table)
    for command, accepted in zip(commands[:2], (1, 0), strict=True):
        call_command(command[0], tmp_path / command[1], *command[2:], "--json")
        told = json.loads(capsys.readouterr().out)
        assert (told["accepted"], told["duplicate"], told["rejected"]) == (accepted, 1 - accepted, 0)
    assert Event.objects.get(workspace=acme).properties == {"share_type": "invite", "recipients_count": 3}


def test_the_guide_knows_every_option_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("import", "--help")
    ours = capsys.readouterr().out.partition("--version")[0]
    options = set(re.findall(r"--[a-z-]+", ours)) - {"--help"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", GUIDE.read_text())) == options


def test_the_examples_of_the_guide_can_be_imported(
    acme: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fenced = re.findall(r"```(json|csv)\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert [language for language, _ in fenced] == ["json", "csv", "csv"]
    for place, (language, example) in enumerate(fenced):
        path = files.text(tmp_path / f"{place}.{language.replace('json', 'jsonl')}", example)
        told = outcome(capsys, path, "--source", str(place))
        assert (told["accepted"], told["rejected"]) == (2, 0)


def crowd(seed: int) -> list[str]:
    """8,000 lines of 300 people, unordered: a fiftieth of them bad, a fiftieth sent before, a tenth shares."""
    draw = random.Random(seed)
    lines: list[str] = []
    for number in range(8_000):
        year, month, day, hour = (draw.randrange(*ends) for ends in ((2010, 2026), (1, 13), (1, 29), (0, 24)))
        at = f"{year}-{month:02}-{day:02}T{hour:02}:00:00"
        who, kind = f"user-{draw.randrange(300)}", draw.random()
        make = share if kind > 0.9 else act
        message = json.dumps(make(who, at, message=f"m-{number}"))
        lines.append(f"bad-{number}" if kind < 0.02 else draw.choice(lines) if kind < 0.04 and lines else message)
    return lines


def started(command: list[str], environment: Mapping[str, str], position: int) -> "subprocess.Popen[str]":
    """A command that has come to a position of its import, or to its end."""
    process = subprocess.Popen(
        command, env=environment, cwd=embedded.PROJECT_FOLDER, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not ImportRun.unscoped.filter(position__gte=position).exists():
        time.sleep(0.005)
    return process


def killed_after(command: list[str], environment: Mapping[str, str], position: int, moment: float) -> bool:
    """SIGKILL an import a moment after it has come to a position; whether it was still running."""
    with started(command, environment, position) as process:
        time.sleep(moment)
        is_running = process.poll() is None
        process.kill()
    return is_running


def interrupt(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)


def cut_off(process: "subprocess.Popen[str]") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("stop", "why"), [(interrupt, "KeyboardInterrupt"), (cut_off, "OperationalError")])
def test_an_import_that_is_stopped_says_how_to_go_on(
    stop: Callable[["subprocess.Popen[str]"], None],
    why: str,
    tmp_path: Path,
    service_environment: dict[str, str],
) -> None:
    opened()
    path = files.text(tmp_path / "crowd.jsonl", *crowd(seed=7))
    command = [sys.executable, "manage.py", "import", str(path), "--workspace", "acme", "--no-rollup"]
    # Whoever has stored the second thousand has told of the first.
    with started(command, service_environment | {"KPISERVICE_VAR": str(tmp_path / "var")}, 1_001) as process:
        stop(process)
        _, said = process.communicate()
    assert re.search(rf"CommandError: Stopped after \d+,000 messages: {why}", said)
    assert (process.returncode, said[-38:]) == (1, "Give the same command again to go on.\n")
    assert 2_000 <= ImportRun.unscoped.get().position < 8_000


def markers(workspace: Workspace) -> Counter[tuple[str, object]]:
    waiting: Counter[tuple[str, object]] = Counter()
    for series, start, events in Marker.objects.filter(workspace=workspace).values_list(
        "series", "start", "events"
    ):
        waiting[series, start] += events
    return waiting


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [2026, 2027])
def test_an_import_that_is_killed_again_and_again_ends_like_one_that_is_not(
    seed: int, tmp_path: Path, service_environment: dict[str, str]
) -> None:
    draw = random.Random(seed)
    path = files.text(tmp_path / "crowd.jsonl", *crowd(seed))
    acme, environment = opened().workspace, service_environment | {"KPISERVICE_VAR": str(tmp_path / "var")}
    command = [sys.executable, "manage.py", "import", str(path), "--workspace", "acme", "--no-rollup"]
    positions = sorted(draw.randrange(0, 5_500) for _ in range(KILLS))
    kills = [killed_after(command, environment, position, draw.uniform(0, 0.2)) for position in positions]
    subprocess.run(command, env=environment, cwd=embedded.PROJECT_FOLDER, check=True, capture_output=True)

    run = ImportRun.objects.get(workspace=acme)
    calm = opened("calm").workspace
    calm_run = imports.run(Order(calm, path, Format.JSONL))
    assert sum(kills) >= KILLS // 2
    assert (run.position, run.accepted, run.duplicate, run.rejected) == (
        calm_run.position,
        calm_run.accepted,
        calm_run.duplicate,
        calm_run.rejected,
    )
    assert run.position == 8_000
    assert stored(acme) == stored(calm)
    assert markers(acme) == markers(calm)
    assert rejects.path_of(run).read_bytes() == rejects.path_of(calm_run).read_bytes()
