import json
import stat
from pathlib import Path

import pytest

from kpiservice import access


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KPISERVICE_VAR", str(tmp_path))
    return tmp_path


def test_the_addresses_and_keys_are_published_for_the_owner_alone(var: Path) -> None:
    access.publish("http://127.0.0.1:8000", {"read_key": "r", "admin_user": "admin"})

    assert json.loads((var / "demo.json").read_text()) == {
        "graphql": "http://127.0.0.1:8000/graphql/",
        "ingest": "http://127.0.0.1:8000/v1",
        "admin": "http://127.0.0.1:8000/admin/",
        "embed": "http://127.0.0.1:8000/demo/embed/",
        "read_key": "r",
        "admin_user": "admin",
    }
    assert stat.S_IMODE((var / "demo.json").stat().st_mode) == 0o600
    assert [path.name for path in var.iterdir()] == ["demo.json"]


def test_what_is_withdrawn_is_gone_and_may_be_withdrawn_again(var: Path) -> None:
    access.publish("http://127.0.0.1:8000", {})

    access.withdraw()
    access.withdraw()

    assert list(var.iterdir()) == []
