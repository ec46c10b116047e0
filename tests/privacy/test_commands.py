import io
import json
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.workspaces.models import Workspace
from tests.privacy.alice import SECRETS, left, tell_of_her
from tests.running import manage
from tests.world import opened

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    tell_of_her(workspace)
    return workspace


def printed(*arguments: object) -> str:
    said = io.StringIO()
    call_command(*map(str, arguments), stdout=said)
    return said.getvalue()


def test_erase_says_how_many_rows_of_each_kind_it_rewrote(acme: Workspace) -> None:
    counts = json.loads(printed("erase", acme.slug, "alice-1", "--yes"))

    assert (counts["ids"], counts["events"], counts["traits"], counts["memberships"]) == (2, 9, 5, 1)
    assert left(*SECRETS) == []


def test_erase_asks_for_the_id_once_more(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("alice-2\n"))
    with pytest.raises(CommandError, match="Nothing was erased"):
        printed("erase", acme.slug, "alice-1")
    assert left(*SECRETS) == list(SECRETS)

    monkeypatch.setattr("sys.stdin", io.StringIO("alice-1\n"))
    assert "alice-1, alice-2, cookie-a, cookie-b will be gone for ever" in printed("erase", acme.slug, "alice-1")
    assert left(*SECRETS) == []


@pytest.mark.parametrize("command", ["erase", "export"])
def test_whom_nobody_knows(acme: Workspace, command: str) -> None:
    with pytest.raises(CommandError, match="nobody has the id dinah"):
        printed(command, acme.slug, "dinah")
    with pytest.raises(CommandError, match="there is no workspace acmee; the nearest is acme"):
        printed(command, "acmee", "alice-1")


def test_export_prints_or_writes_a_file_for_its_owners_eyes(acme: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "alice.json"
    printed("export", acme.slug, "alice-1", "--output", file)

    assert json.loads(file.read_text()) == json.loads(printed("export", acme.slug, "alice-1"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="--output: expected a file that is not there yet"):
        printed("export", acme.slug, "alice-1", "--output", file)


@pytest.mark.parametrize("command", ["erase", "export"])
def test_help_says_what_it_does(service_environment: dict[str, str], command: str) -> None:
    said = manage(service_environment, command, "--help")

    assert "WORKSPACE" in said
    assert "EXTERNAL_ID" in said
