"""Thirteen years of messages, imported: every month of every KPI equals a count over the file.

The file is the real one beside the checkout, or else one of the same size and disorder (history.py).
"""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from pytest_django import Settings

from apps.events.opening import open_workspace
from apps.rollups import queue
from apps.workspaces.models import Workspace
from kpiservice.embedded import PROJECT_FOLDER
from tests.oracle import history
from tests.oracle.counting import KPIS
from tests.oracle.ledger import ACCEPTED, Ledger
from tests.oracle.messages import Raw
from tests.oracle.oracle import Asked, Home, Oracle
from tests.oracle.periods import DAY, label, unit
from tests.oracle.questions import Question
from tests.oracle.trial import compare

REAL = PROJECT_FOLDER.parent / "shared" / "real" / "git-history.jsonl.gz"


@pytest.fixture(scope="session")
def history_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if REAL.exists():
        return REAL
    file = tmp_path_factory.mktemp("history") / "history.jsonl.gz"
    with gzip.open(file, "wt") as lines:
        lines.writelines(json.dumps(raw) + "\n" for raw in history.messages())
    return file


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Sao_Paulo"])
def test_every_month_of_every_kpi_equals_a_count_over_the_file(
    zone: str, history_file: Path, tmp_path: Path, settings: Settings
) -> None:
    settings.VAR = tmp_path
    workspace = Workspace(slug="history", name="History", timezone=zone)
    open_workspace(workspace)
    call_command("import", str(history_file), "--workspace", workspace.slug, "--json")
    queue.settle(workspace.pk)
    ledger = Ledger()
    accepted = sum(ledger.take("file", raw) == ACCEPTED for raw in _read(history_file))
    now = datetime.now(UTC)
    asked = [Question(Asked(kpi, month, now, zone)) for month in _months(ledger, zone) for kpi in KPIS]
    assert accepted == 66_155
    assert len(asked) >= 160 * len(KPIS)
    assert compare(workspace, Oracle(ledger, Home(zone)), asked) == len(asked)


def _read(file: Path) -> Iterator[Raw]:
    with gzip.open(file, "rt") as lines:
        yield from map(json.loads, lines)


def _months(ledger: Ledger, zone: str) -> Iterator[str]:
    """Every month from the one before the first message to the one after the last."""
    days = [_local_date(raw, zone) for raw in ledger.stored]
    day = unit(min(days), "month")[0] - DAY
    while day <= unit(max(days), "month")[1]:
        yield label(day, "month")
        day = unit(day, "month")[1]


def _local_date(raw: Raw, zone: str) -> date:
    return datetime.fromisoformat(raw["timestamp"]).astimezone(ZoneInfo(zone)).date()
