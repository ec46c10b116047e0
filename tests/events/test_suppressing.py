import json
from pathlib import Path

import pytest

from apps.audience import suppression
from apps.audience.models import Suppression
from apps.events import imports, suppressing
from apps.workspaces.models import Workspace
from tests.events.runs import order, rejected
from tests.world import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    for erased in ("alice", "4711", "alice@acme.test"):
        digest = suppression.digest(workspace.pk, erased)
        Suppression.objects.create(workspace=workspace, digest=digest)
    return workspace


@pytest.mark.parametrize(
    "message",
    [
        {"userId": "alice"},
        {"userId": 4711},
        {"properties": {"to": ["bob", {"who": "alice"}]}},
        {"seats": {"alice": 1}},
        "alice",
        'track,m-1,"alice",2026',
        '{"userId": "alice", ',
        "from: alice@acme.test;",
        {"ok": "\ud800", "userId": "alice"},
    ],
)
def test_an_erased_id_is_found_wherever_it_is_a_whole(acme: Workspace, message: object) -> None:
    assert suppressing.naming(acme.pk, {7: message, 8: {"userId": "bob"}}) == {7}


@pytest.mark.parametrize(
    "message", [{"userId": "alice-2"}, {"count": 4711}, "alicequam", None, 4711, [], "\ud800"]
)
def test_what_only_looks_like_it_is_nobody(acme: Workspace, message: object) -> None:
    assert suppressing.naming(acme.pk, {7: message}) == set()


def test_what_is_nested_too_deep_to_recurse_into_is_read(acme: Workspace) -> None:
    deep: object = "alice"
    for _ in range(5_000):
        deep = [deep]
    assert suppressing.naming(acme.pk, {0: deep}) == {0}


def test_of_an_erased_person_a_side_file_says_that_there_was_a_line(
    acme: Workspace, side_files: Path, tmp_path: Path
) -> None:
    file = tmp_path / "old.jsonl"
    lines = [
        json.dumps({"type": "track", "messageId": "m-1", "userId": "alice"}),
        'no JSON, but "alice" stands here',
        json.dumps({"type": "track", "messageId": "m-3", "userId": "bob"}),
    ]
    file.write_text("\n".join(lines))

    run = imports.run(order(acme, file))

    told = [(line["line"], line["code"], line["message"]) for line in rejected(run)]
    assert told == [
        (1, "suppressed", None),
        (2, "suppressed", None),
        (3, "empty_event_name", json.loads(lines[2])),
    ]
    assert "alice" not in next(side_files.iterdir()).read_text()
