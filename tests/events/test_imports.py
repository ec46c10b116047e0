import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now

from apps.events import imports, ingest
from apps.events.imports import Progress
from apps.events.ingest import Delivery
from apps.events.messages import Terms
from apps.events.models import Event, ImportRun
from apps.events.readers import Unreadable
from apps.workspaces.models import Marker
from apps.workspaces.policy import Refused
from tests.events import files
from tests.events.runs import counts, order, rejected, stored
from tests.world import act, deliver, opened, share, track

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("side_files")]

WRITERS = {
    "a.jsonl": files.jsonl,
    "a.jsonl.gz": files.packed,
    "json.csv": files.csv_of_json,
    "fields.csv": files.csv_of_fields,
    "json.parquet": files.parquet_of_json,
    "structs.parquet": files.parquet_of_structs,
}


def told() -> list[dict[str, Any]]:
    """Alice and Bob in 2013, long before anything that comes over HTTP, and Charlie, who is bad at it."""
    return [
        {**share("alice", "2013-04-30T09:15:00+02:00", message="m-1", action_id="s-1", recipients_count=3)},
        {**act("bob", "2013-04-30T09:16:00", message="m-2", feature="export"), "context": {"groupId": "initech"}},
        {"type": "track", "messageId": "m-3", "userId": "charlie", "event": "action.performed"},
        {
            "type": "identify",
            "messageId": "m-4",
            "userId": "alice",
            "timestamp": "2013-04-30T09:00:00Z",
            "traits": {"plan": "pro"},
        },
        act("alice", "2013-05-01T09:15:00", message="m-1"),
    ]


def test_an_import_says_what_became_of_every_message(tmp_path: Path) -> None:
    acme = opened().workspace
    run = imports.run(order(acme, files.jsonl(tmp_path / "told.jsonl", told())))
    assert counts(run) == (5, 3, 1, 1)
    assert run.finished_at is not None
    assert [str(event.user) for event in Event.objects.filter(workspace=acme).order_by("occurred_at")] == [
        "alice",
        "alice",
        "bob",
    ]
    expected = "`timestamp` is an ISO 8601 instant with a zone, such as 2026-04-30T09:15:00+02:00, not missing."
    assert rejected(run) == [{"line": 3, "code": "bad_timestamp", "reason": expected, "message": told()[2]}]


def test_bad_lines_and_refused_messages_are_in_the_order_of_the_file(tmp_path: Path) -> None:
    alice = json.dumps(act("alice", "2026-04-30T09:15:00", message="m-1"))
    typed = json.dumps(share("bob", "2026-04-30T09:15:00", message="m-2", recipients_count="three"))
    path = files.text(tmp_path / "a.jsonl", "{", typed, "[1]", alice, '{"a": NaN}', '{"type": "track"}')
    run = imports.run(order(opened().workspace, path))
    assert counts(run) == (6, 1, 0, 5)
    assert [(one["line"], one["code"]) for one in rejected(run)] == [
        (1, "not_json"),
        (2, "wrong_type"),
        (3, "not_an_object"),
        (5, "not_a_number"),
        (6, "empty_event_name"),
    ]
    assert [one["message"] for one in rejected(run)[:3]] == ["{", json.loads(typed), [1]]


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    messages = [
        share(
            "alice",
            "2026-04-30T09:15:00.123456Z",
            message="m-1",
            action_id="s-1",
            recipients_count=3,
            is_error=False,
        ),
        {
            **share("bob", "2026-04-30T09:16:00Z", message="m-2", action_id="s-2"),
            "context": {"groupId": "initech"},
        },
        {
            **act("charlie", "2026-04-30T09:17:00Z", message="m-3", note='a "quoted", text\nof two lines'),
            "userId": "7",
        },
        {
            **track("action.performed", "", "2026-04-30T09:18:00Z", message="m-4", is_meaningful=True),
            "userId": None,
            "anonymousId": "visitor-é",
        },
        {
            "type": "group",
            "messageId": "m-5",
            "userId": "alice",
            "groupId": "initech",
            "timestamp": "2026-04-30T09:00:00Z",
            "traits": {"plan": "team"},
        },
    ]
    expected, acme = opened("expected").workspace, opened().workspace
    deliver(expected, *messages)
    run = imports.run(order(acme, WRITERS[name](tmp_path / name, messages)))
    assert counts(run) == (5, 5, 0, 0)
    assert stored(acme) == stored(expected)
    assert len(stored(acme)) == 5


def test_a_finished_import_given_again_finds_duplicates_only(tmp_path: Path) -> None:
    acme = opened().workspace
    path = files.jsonl(tmp_path / "a.jsonl", told())
    first = imports.run(order(acme, path))
    events, markers = stored(acme), Marker.objects.filter(workspace=acme).count()
    again = imports.run(order(acme, path))
    assert again.pk != first.pk
    assert counts(again) == (5, 0, 4, 1)
    assert rejected(again) == rejected(first)
    assert (stored(acme), Marker.objects.filter(workspace=acme).count()) == (events, markers)


def test_messages_without_an_id_are_stored_once_however_often_they_come(tmp_path: Path) -> None:
    acme = opened().workspace
    nameless = [{key: one[key] for key in one if key != "messageId"} for one in told()]
    first = imports.run(order(acme, files.jsonl(tmp_path / "a.jsonl", nameless)))
    again = imports.run(order(acme, files.csv_of_json(tmp_path / "b.csv", [*nameless, *nameless])))
    assert counts(first) == (5, 4, 0, 1)
    assert counts(again) == (10, 0, 8, 2)


def test_an_import_and_the_http_door_share_message_ids_unless_the_source_differs(tmp_path: Path) -> None:
    acme = opened().workspace
    path = files.jsonl(tmp_path / "a.jsonl", told())
    ingest.store(Delivery(acme.pk, "default", told(), Terms(now=now())))
    assert counts(imports.run(order(acme, path))) == (5, 0, 4, 1)
    assert counts(imports.run(order(acme, path, source="archive"))) == (5, 3, 1, 1)


def test_a_file_without_messages_is_imported(tmp_path: Path) -> None:
    acme = opened().workspace
    run = imports.run(order(acme, files.text(tmp_path / "a.jsonl")))
    assert (counts(run), rejected(run)) == ((0, 0, 0, 0), [])
    assert run.finished_at is not None


def test_progress_tells_bytes_and_messages(tmp_path: Path, batches_of_three: None) -> None:
    path = files.jsonl(tmp_path / "a.jsonl", [act("alice", "2026-04-30T09:15:00") for _ in range(7)])
    size = path.stat().st_size
    heard: list[Progress] = []
    imports.run(order(opened().workspace, path), heard.append)
    ends = [len(b"".join(path.read_bytes().splitlines(keepends=True)[:count])) for count in (0, 3, 6, 7)]
    assert heard == [Progress(end, size, count) for end, count in zip(ends, (0, 3, 6, 7), strict=True)]


def test_what_was_read_of_a_damaged_file_stays(tmp_path: Path) -> None:
    acme = opened().workspace
    messages = [act("alice", "2026-04-30T09:15:00", note="x" * 1000, message=f"m-{n}") for n in range(1500)]
    path = files.packed(tmp_path / "a.jsonl.gz", messages)
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    with pytest.raises(Unreadable) as broken:
        imports.run(order(acme, path))
    assert broken.value.code == "damaged_file"
    before = ImportRun.objects.get(workspace=acme)
    assert before.finished_at is None
    assert 1000 < before.position == before.accepted == Event.objects.filter(workspace=acme).count() < 1500
    path.write_bytes(whole)
    mended = imports.run(order(acme, path))
    assert counts(mended) == (1500, 1500 - before.accepted, before.accepted, 0)
    assert Event.objects.filter(workspace=acme).count() == 1500


def test_a_table_with_an_unknown_column_changes_nothing(tmp_path: Path) -> None:
    acme = opened().workspace
    path = files.text(tmp_path / "a.csv", "type,timestamp,user_id", "page,2026-04-30T09:15:00Z,alice")
    with pytest.raises(Unreadable, match="Did you mean `userId`"):
        imports.run(order(acme, path))
    assert not Event.objects.filter(workspace=acme).exists()


def test_a_suspended_workspace_takes_nothing(tmp_path: Path) -> None:
    acme = opened().workspace
    acme.is_suspended = True
    with pytest.raises(Refused) as refused:
        imports.run(order(acme, files.jsonl(tmp_path / "a.jsonl", told())))
    assert refused.value.code == "WORKSPACE_SUSPENDED"
    assert not Event.objects.filter(workspace=acme).exists()


def test_a_parquet_time_without_a_zone_is_rejected_not_guessed(tmp_path: Path) -> None:
    naive = [datetime(2026, 4, 30, 9, 15, tzinfo=UTC).replace(tzinfo=None)]
    columns = {"type": ["page"], "userId": ["alice"], "messageId": ["m-1"], "timestamp": naive}
    run = imports.run(order(opened().workspace, files.parquet(tmp_path / "a.parquet", columns)))
    assert counts(run) == (1, 0, 0, 1)
    assert rejected(run)[0]["code"] == "bad_timestamp"
    assert rejected(run)[0]["message"]["timestamp"] == "2026-04-30T09:15:00"
    assert rejected(run)[0]["reason"].endswith("It lacks the zone.")


def test_numbers_in_cells_have_the_types_of_the_taxonomy(tmp_path: Path) -> None:
    acme = opened().workspace
    header = "type,userId,event,timestamp,properties.recipients_count,properties.is_error,properties.action_id"
    path = files.text(
        tmp_path / "a.csv",
        header,
        "track,alice,share.created,2026-04-30T09:15:00Z,3,true,007",
        "track,bob,share.created,2026-04-30T09:15:00Z,three,,008",
    )
    run = imports.run(order(acme, path))
    assert counts(run) == (2, 1, 0, 1)
    event = Event.objects.get(workspace=acme)
    assert (event.is_error, event.link) == (True, "007")
    assert event.properties == {"recipients_count": 3, "is_error": True, "action_id": "007"}
    assert [(one["line"], one["code"]) for one in rejected(run)] == [(3, "wrong_type")]
