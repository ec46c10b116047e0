"""The tracking API as a client meets it: what it answers, and whole-request errors (RELIABILITY section 5)."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils.timezone import now

from apps.api import ingest
from apps.events.models import Event, RejectedEvent
from apps.workspaces.models import ApiKey, Scope
from tests.world import act, opened

pytestmark = pytest.mark.django_db


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def post(path: str, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Client().post(f"/v1/{path}", data=data, content_type="text/plain", headers=headers)
    return response.status_code, response.json()


def recently(who: str, **changes: Any) -> dict[str, Any]:
    return {**act(who, (now() - timedelta(hours=1)).isoformat()), **changes}


def test_a_batch_is_answered_with_what_became_of_each_message() -> None:
    acme = opened()
    again = recently("alice", messageId="m-1")
    status, said = post(
        "batch",
        {
            "batch": [
                again,
                again,
                recently("bob", messageId="m-2", type="trak"),
                recently("carol", messageId=None),
            ]
        },
        Authorization=basic(acme.ingest_key),
    )
    made = said.pop("made")
    assert (status, said) == (
        200,
        {
            "accepted": 2,
            "duplicate": 1,
            "rejected": [
                {
                    "index": 2,
                    "messageId": "m-2",
                    "code": "unknown_type",
                    "message": '`type` is one of track, identify, group, page, screen, alias; this is "trak".',
                }
            ],
        },
    )
    assert [one["index"] for one in made] == [3]
    assert Event.objects.filter(workspace=acme.workspace).count() == 2
    assert RejectedEvent.objects.get(workspace=acme.workspace).message_id == "m-2"


@pytest.mark.parametrize("where", ["basic", "bearer", "writeKey", "api_key"])
def test_the_key_may_come_in_four_places(where: str) -> None:
    key = opened().ingest_key
    headers = {"basic": {"Authorization": basic(key)}, "bearer": {"Authorization": f"Bearer {key}"}}.get(where, {})
    body = {"batch": [recently("alice")]} | ({} if headers else {where: key})
    assert post("batch", body, **headers)[0] == 200


@pytest.mark.parametrize(
    ("path", "extra"),
    [
        ("track", {"event": "action.performed"}),
        ("identify", {"traits": {"plan": "pro"}}),
        ("group", {"groupId": "initech"}),
        ("page", {"name": "Pricing"}),
        ("screen", {"name": "Home"}),
        ("alias", {"previousId": "anon"}),
        ("t", {"event": "action.performed"}),
        ("i", {}),
        ("p", {}),
    ],
)
def test_each_call_has_a_path(path: str, extra: dict[str, Any]) -> None:
    acme = opened()
    status, said = post(
        path, {"userId": "alice", "messageId": "m-1", **extra}, Authorization=basic(acme.ingest_key)
    )
    assert (status, said) == (200, {"accepted": 1, "duplicate": 0, "rejected": []})


def test_a_gzipped_batch_is_taken() -> None:
    acme = opened()
    body = gzip.compress(json.dumps({"batch": [recently("alice")]}).encode())
    headers = {"Authorization": basic(acme.ingest_key), "Content-Encoding": "gzip"}
    assert post("batch", body, **headers) == (200, {"accepted": 1, "duplicate": 0, "rejected": []})


BATCH = json.dumps({"batch": [{"type": "track", "userId": "alice", "event": "x"}]}).encode()
BOMB = gzip.compress(b" " * 50_000_000)


BAD_REQUESTS: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "empty": (b"", {}, 400, "NOT_JSON"),
    "cut off": (BATCH[:-3], {}, 400, "NOT_JSON"),
    "no UTF-8": (b"\xff" + BATCH, {}, 400, "NOT_UTF8"),
    "a list": (b"[" + BATCH + b"]", {}, 400, "NOT_AN_OBJECT"),
    "batch no list": (b'{"batch": {}}', {}, 400, "NO_BATCH"),
    "batch empty": (b'{"batch": []}', {}, 400, "NO_BATCH"),
    "NaN": (b'{"batch": [NaN]}', {}, 400, "NOT_A_NUMBER"),
    "1e999": (b'{"batch": [1e999]}', {}, 400, "NUMBER_TOO_LARGE"),
    "5,000 digits": (b'{"batch": [' + b"9" * 5000 + b"]}", {}, 400, "NUMBER_TOO_LARGE"),
    "100,000 deep": (b'{"batch": ' + b"[" * 100_000, {}, 400, "TOO_DEEP"),
    "a key twice": (b'{"batch": [], "batch": []}', {}, 400, "DUPLICATE_KEY"),
    "2,501 messages": (b'{"batch": [' + b",".join([b"{}"] * 2501) + b"]}", {}, 413, "TOO_MANY_MESSAGES"),
    "over 500 KB": (b'{"batch": ["' + b"x" * 500 * 1024 + b'"]}', {}, 413, "BODY_TOO_LARGE"),
    "brotli": (BATCH, {"Content-Encoding": "br"}, 415, "UNKNOWN_ENCODING"),
    "no gzip": (BATCH, {"Content-Encoding": "gzip"}, 400, "BAD_GZIP"),
    "gzip cut off": (gzip.compress(BATCH)[:-9], {"Content-Encoding": "gzip"}, 400, "BAD_GZIP"),
    "gzip bomb": (BOMB, {"Content-Encoding": "gzip"}, 413, "BODY_TOO_LARGE"),
}


@pytest.mark.parametrize(("body", "headers", "status", "code"), BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_a_bad_request_is_refused_whole(body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    acme = opened()
    answered, said = post("batch", body, Authorization=basic(acme.ingest_key), **headers)
    assert (answered, said["code"]) == (status, code)
    assert said["message"].endswith(".")
    assert not Event.objects.filter(workspace=acme.workspace).exists()


@pytest.mark.parametrize(
    ("header", "code"),
    [("", "KEY_MISSING"), ("Basic !!!", "KEY_MISSING"), ("Bearer kpi_ingest_guess", "KEY_INVALID")],
)
def test_without_a_known_key_nothing_is_taken(header: str, code: str) -> None:
    opened()
    status, said = post("batch", BATCH, Authorization=header)
    assert (status, said["code"]) == (401, code)
    assert Event.unscoped.count() == 0


def test_a_read_key_does_not_write() -> None:
    status, said = post("batch", BATCH, Authorization=basic(opened().read_key))
    assert (status, said["code"]) == (403, "SCOPE_MISSING")


def test_a_revoked_key_is_refused() -> None:
    acme = opened()
    ApiKey.objects.filter(workspace=acme.workspace, scope=Scope.INGEST).update(revoked_at=now())
    assert post("batch", BATCH, Authorization=basic(acme.ingest_key))[0] == 401


def test_a_suspended_workspace_is_refused() -> None:
    acme = opened()
    acme.workspace.is_suspended = True
    acme.workspace.save()
    status, said = post("batch", BATCH, Authorization=basic(acme.ingest_key))
    assert (status, said["code"]) == (403, "WORKSPACE_SUSPENDED")


def test_get_is_not_allowed() -> None:
    response = Client().get("/v1/batch")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_the_lateness_over_http_is_400_days() -> None:
    acme = opened()
    dates = {days: (now() - timedelta(days=days)).isoformat() for days in (399, 401)}
    batch = [recently("alice", timestamp=at) for at in dates.values()]
    _, said = post("batch", {"batch": batch}, Authorization=basic(acme.ingest_key))
    assert (said["accepted"], [one["code"] for one in said["rejected"]]) == (1, ["too_old"])


def test_while_the_database_is_down_the_answer_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    # The outage itself is acted out in tests/test_outages.py; here it is what the door makes of it.
    def down(key: str) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(ingest, "_caller", down)
    status, said = post("batch", BATCH, Authorization=basic("kpi_ingest_any"))
    assert (status, said["code"]) == (503, "UNAVAILABLE")


def test_the_key_of_a_rejected_message_is_not_kept() -> None:
    acme = opened()
    post("track", {"writeKey": acme.ingest_key, "userId": "alice"})
    post("batch", {"writeKey": acme.ingest_key, "batch": [{"type": "trak", "writeKey": acme.ingest_key}]})
    bodies = RejectedEvent.objects.filter(workspace=acme.workspace).values_list("body", flat=True)
    assert len(bodies) == 2
    assert not [body for body in bodies if acme.ingest_key in body]


def test_a_key_of_half_a_character_is_refused() -> None:
    opened()
    assert post("batch", b'{"writeKey": "\\ud800", "batch": [1]}')[0] == 401


def test_without_a_known_key_in_the_header_the_body_is_not_read() -> None:
    opened()
    assert post("batch", b"no JSON", Authorization=basic("kpi_ingest_guess"))[0] == 401
