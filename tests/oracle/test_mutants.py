"""The judge is not asleep: whatever mistake is made in the product, a few streams and the oracle find it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kpiservice.embedded import PROJECT_FOLDER
from tests.oracle.judge import DISAGREES, EQUAL
from tests.oracle.mutants import Mutant
from tests.oracle.mutants_of_accounts import OF_ACCOUNTS
from tests.oracle.mutants_of_corrections import OF_CORRECTIONS
from tests.oracle.mutants_of_events import OF_EVENTS
from tests.oracle.mutants_of_links import OF_LINKS
from tests.oracle.mutants_of_pairs import OF_PAIRS
from tests.oracle.mutants_of_people import OF_PEOPLE
from tests.oracle.mutants_of_referrals import OF_REFERRALS
from tests.oracle.mutants_of_sessions import OF_SESSIONS
from tests.oracle.mutants_of_signups import OF_SIGNUPS

MUTANTS = (
    *(*OF_EVENTS, *OF_PEOPLE, *OF_ACCOUNTS, *OF_REFERRALS),
    *(*OF_LINKS, *OF_SESSIONS, *OF_PAIRS, *OF_CORRECTIONS, *OF_SIGNUPS),
)
# Fixed, so that the streams, and with them what they find, are the same for ever.
NOW = "2026-11-01T12:00:00+00:00"
PATIENCE_SECONDS = 300


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of the product's apps, which `judged` imports in place of the product's."""
    left_out = shutil.ignore_patterns("frontend", "node_modules", "static")
    shutil.copytree(PROJECT_FOLDER / "apps", tmp_path / "apps", ignore=left_out)
    return tmp_path


def judged(folder: Path, environment: dict[str, str], seeds: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.oracle.judge", "--seeds", seeds, "--now", NOW],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        cwd=folder,
        env=environment | {"PYTHONPATH": str(PROJECT_FOLDER), "LOG_LEVEL": "CRITICAL"},
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_place_of_a_mutation_occurs_once(mutant: Mutant) -> None:
    assert (PROJECT_FOLDER / mutant.file).read_text().count(mutant.old) == 1


@pytest.mark.django_db(transaction=True)
def test_the_oracle_agrees_with_an_unchanged_copy(copied: Path, service_environment: dict[str, str]) -> None:
    verdict = judged(copied, service_environment, "1-3")
    assert (verdict.returncode, verdict.stderr) == (EQUAL, "")
    assert verdict.stdout.count("answers are the oracle's") == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_oracle_disagrees_with_a_mutant(
    mutant: Mutant, copied: Path, service_environment: dict[str, str]
) -> None:
    file = copied / mutant.file
    file.write_text(file.read_text().replace(mutant.old, mutant.new))
    verdict = judged(copied, service_environment, mutant.seeds)
    assert verdict.returncode == DISAGREES, verdict.stdout + verdict.stderr
    assert "the oracle disagrees" in verdict.stdout
