import os
import subprocess
import sys
from pathlib import Path

import pytest

from kpiservice import embedded
from manage import needs_services


@pytest.mark.parametrize("arguments", [["migrate"], ["demo"], ["check", "--deploy"], ["import", "help.csv"]])
def test_a_command_finds_the_services_running(arguments: list[str]) -> None:
    assert needs_services(arguments)


@pytest.mark.parametrize("arguments", [[], ["stop"], ["help", "demo"], ["demo", "--help"], ["--version"]])
def test_a_command_that_only_talks_or_ends_things_starts_nothing(arguments: list[str]) -> None:
    assert not needs_services(arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stop"], "Nothing was running\n"),
        (["stop", "--help"], "End what `manage.py demo` has started"),
        (["demo", "--help"], "load the workspace acme-docs"),
    ],
)
def test_stop_and_help_speak_without_any_service(tmp_path: Path, arguments: list[str], said: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    environment = os.environ | {"KPISERVICE_VAR": str(tmp_path), "COLUMNS": "400"}
    finished = subprocess.run(
        command, check=True, cwd=embedded.PROJECT_FOLDER, env=environment, capture_output=True, text=True
    )

    assert said in finished.stdout
    assert not (tmp_path / "postgres").exists()
