"""The rules of the house that no linter knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpiservice import embedded

PROJECT = embedded.PROJECT_FOLDER
SOURCES = ("manage.py", "kpiservice", "apps", "fixtures", "tests")
TOP_LEVEL = {
    *("manage.py", "kpiservice", "apps", "fixtures", "tests", "requirements.txt", "Dockerfile"),
    *("Makefile", "pyproject.toml", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "compose.yaml"),
    *("requirements.in", "requirements-dev.in", "requirements-dev.txt", "docs", "bench"),
}
OWNERS_SEVEN = {"strawberry-graphql", "django", "psycopg", "django-filter", "celery", "redis", "pytest-django"}
LONGEST_MODULE = 300
LONGEST_FUNCTION = 60


def modules() -> Iterator[Path]:
    for source in SOURCES:
        path = PROJECT / source
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def written() -> Iterator[Path]:
    return (path for path in modules() if "migrations" not in path.parts)


def short(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_the_top_level_is_fixed() -> None:
    visible = {path.name for path in PROJECT.iterdir() if not path.name.startswith(".")}

    assert visible - {"var", "__pycache__"} == TOP_LEVEL


def test_no_module_is_longer_than_300_lines_and_the_settings_than_250() -> None:
    long = {short(path): len(path.read_text().splitlines()) for path in written()}

    assert {name: length for name, length in long.items() if length > LONGEST_MODULE} == {}
    assert long["kpiservice/settings.py"] <= 250


def test_no_function_is_longer_than_60_lines() -> None:
    assert [
        f"{short(path)}:{function.name}"
        for path in written()
        for function in functions(path)
        if lines(function) > LONGEST_FUNCTION
    ] == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc", "signals"])
def test_no_module_is_named_for_being_left_over(name: str) -> None:
    assert [short(path) for path in modules() if name in {path.stem, path.parent.name}] == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    excuses = ("pytest.skip", "mark.skip", "mark.xfail", "pytest.xfail", "importorskip")
    tests = (path for path in written() if path.name.startswith("test_") and path != Path(__file__))

    assert [short(path) for path in tests if any(excuse in path.read_text() for excuse in excuses)] == []


def test_nothing_names_the_folder_that_it_was_written_in() -> None:
    homes = [f"{folder}/" for folder in (PROJECT, Path.home())]

    assert [short(path) for path in modules() if any(home in path.read_text() for home in homes)] == []


def test_the_owners_seven_packages_are_asked_for_and_locked_with_hashes() -> None:
    asked = {line.split("[")[0].split("~")[0].split(">")[0] for line in read("requirements.in")}
    locked = {line.split("==")[0].split("[")[0]: line for line in read("requirements.txt") if "==" in line}

    assert asked >= OWNERS_SEVEN
    assert locked.keys() >= OWNERS_SEVEN
    assert all(line.rstrip().endswith("\\") for line in locked.values())


def read(name: str) -> list[str]:
    return [line for line in (PROJECT / name).read_text().splitlines() if not line.startswith(("#", " "))]
