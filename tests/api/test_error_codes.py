"""docs/errors.md and the code know the same codes."""

import ast
import re
from collections.abc import Iterator

from kpiservice.embedded import PROJECT_FOLDER

CODE = re.compile(r"[A-Z]{2,}(_[A-Z0-9]+)+|INTERNAL|UNAVAILABLE")
RAISED = {"Rejection", "Malformed"}
DOCUMENTED = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def sources(*folders: str) -> Iterator[ast.AST]:
    for folder in folders:
        path = PROJECT_FOLDER / folder
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        yield from (ast.parse(file.read_text()) for file in files)


def constants(*folders: str) -> set[str]:
    nodes = (node for tree in sources(*folders) for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def of_requests() -> set[str]:
    """Codes that a caller gets: by convention, any text in capitals in what answers and what reads questions."""
    answering = (
        "apps/api",
        "apps/engine/periods",
        "apps/engine/asof.py",
        "apps/engine/evaluate.py",
        "apps/workspaces/policy.py",
    )
    reading = [
        f"apps/kpis/{name}.py" for name in ("catalogue", "certainty", "conditions", "dimensions", "segments")
    ]
    texts = constants(
        *answering, "apps/audience/filters.py", "apps/rollups/reach.py", "apps/rollups/raw.py", *reading
    )
    return {text for text in texts if CODE.fullmatch(text)}


def of_reading() -> set[str]:
    """Codes of what cannot be read, which come to a caller of the API in capitals."""
    return {code.upper() for code in first_arguments("apps/events/decoding.py")}


def first_arguments(*folders: str) -> set[str]:
    calls = (node for tree in sources(*folders) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id in RAISED
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def documented() -> set[str]:
    return set(DOCUMENTED.findall((PROJECT_FOLDER / "docs" / "errors.md").read_text()))


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    assert documented() == of_requests() | of_reading() | first_arguments("apps/events")


def test_every_code_of_a_request_is_provoked_by_a_test() -> None:
    assert of_requests() | of_reading() <= constants("tests")


def test_the_codes_are_found_where_they_are_raised() -> None:
    assert {"UNKNOWN_KPI", "REVERSED_PERIOD", "KEY_MISSING", "INTERNAL"} <= of_requests()
    assert {"NOT_JSON", "NOT_UTF8"} <= of_reading()
    assert {"wrong_type", "bad_timestamp"} <= first_arguments("apps/events")
