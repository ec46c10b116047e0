"""Where the side files of imports go in these tests, and how small a batch may be."""

from pathlib import Path

import pytest
from pytest_django import Settings

from apps.events import imports


@pytest.fixture
def side_files(settings: Settings, tmp_path: Path) -> Path:
    """The folder of the side files, which is not there yet."""
    settings.VAR = tmp_path / "var"
    return tmp_path / "var" / "imports"


@pytest.fixture
def batches_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH", 3)
