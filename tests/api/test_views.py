import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.events.opening import Opened
from apps.workspaces.models import ApiKey
from tests.api.conftest import Api

FRESH = "{ freshness { pendingEvents } }"
ANSWER = {"data": {"freshness": {"pendingEvents": 0}}}
JSON = "application/json; charset=utf-8"
GRAPHQL = "application/graphql-response+json; charset=utf-8"


def refused(response: Any) -> tuple[int, str, str]:
    """The status of a refusal, its code and its text."""
    (error,) = response.json()["errors"]
    assert list(response.json()) == ["errors"]
    return response.status_code, error["extensions"]["code"], error["message"]


def test_a_read_key_and_an_admin_key_may_ask(empty: Opened) -> None:
    for key in (empty.read_key, empty.admin_key):
        response = Api(key).post(FRESH)
        assert (response.status_code, response.json()) == (200, ANSWER)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic a2V5", "Token key"])
def test_without_a_bearer_key_nothing_is_answered(empty: Opened, header: str) -> None:
    response = Api(empty.read_key).send({"query": FRESH}, authorization=header)

    assert refused(response)[:2] == (401, "KEY_MISSING")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_an_unknown_key_is_refused(empty: Opened) -> None:
    response = Api(empty.read_key + "x").post(FRESH)

    assert refused(response) == (401, "KEY_INVALID", "This API key is unknown, revoked or expired.")


def test_an_ingest_key_does_not_read(empty: Opened) -> None:
    response = Api(empty.ingest_key).post(FRESH)

    assert refused(response) == (403, "SCOPE_MISSING", "This key has the scope ingest; this needs read or admin.")


def test_a_suspended_workspace_is_refused(empty: Opened) -> None:
    empty.workspace.is_suspended = True
    empty.workspace.save()

    response = Api(empty.read_key).post(FRESH)

    assert refused(response) == (403, "WORKSPACE_SUSPENDED", "The workspace acme is suspended.")


@pytest.mark.parametrize("method", ["get", "put", "delete", "options"])
def test_only_post_is_taken(empty: Opened, method: str) -> None:
    response = getattr(Client(), method)("/graphql/", headers={"authorization": f"Bearer {empty.read_key}"})

    assert refused(response) == (405, "METHOD_NOT_ALLOWED", "Send a POST.")
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "text/plain", "application/graphql"])
def test_only_json_is_taken(empty: Opened, content_type: str) -> None:
    response = Client().post(
        "/graphql/", b"{}", content_type=content_type, headers={"authorization": f"Bearer {empty.read_key}"}
    )

    assert refused(response) == (415, "UNSUPPORTED_MEDIA_TYPE", "The content type is application/json.")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "NOT_JSON"),
        (b"\xff", 400, "NOT_UTF8"),
        (b"[" * 60_000, 400, "TOO_DEEP"),
        (b'{"query": NaN}', 400, "NOT_A_NUMBER"),
        (b'{"variables": {"first": ' + b"9" * 5000 + b"}}", 400, "NUMBER_TOO_LARGE"),
        (b'{"query": "{a}", "query": "{b}"}', 400, "DUPLICATE_KEY"),
        (b'"{ freshness { pendingEvents } }"', 400, "NOT_AN_OBJECT"),
        (b'[{"query": "{ freshness { pendingEvents } }"}]', 400, "BATCH_REFUSED"),
        (b"{}", 400, "BAD_REQUEST"),
        (b'{"query": 5}', 400, "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": []}', 400, "BAD_REQUEST"),
        (b'{"query": "{__typename}", "operationName": "absent"}', 400, "BAD_REQUEST"),
        (b'{"query": "' + b"x" * 65_536 + b'"}', 413, "BODY_TOO_LARGE"),
        (b'{"query": "' + b"x" * 3_000_000 + b'"}', 413, "BODY_TOO_LARGE"),
    ],
)
def test_a_body_that_is_no_request_is_refused(api: Api, body: bytes, status: int, code: str) -> None:
    assert refused(api.send(body))[:2] == (status, code)


@pytest.mark.parametrize(
    ("accept", "media_type", "status"),
    [
        ("*/*", JSON, 200),
        ("application/json", JSON, 200),
        ("text/html", JSON, 200),
        ("application/graphql-response+json", GRAPHQL, 400),
        ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", GRAPHQL, 400),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL, 400),
    ],
)
def test_what_could_not_be_executed_is_400_for_those_who_accept_graphql_responses(
    api: Api, accept: str, media_type: str, status: int
) -> None:
    response = api.send({"query": "{ nope }"}, accept=accept)

    assert (response.status_code, response.headers["Content-Type"]) == (status, media_type)
    assert response.headers["Vary"] == "Accept"
    assert list(response.json()) == ["errors"]


def test_an_error_of_a_field_leaves_the_status_200_and_the_data_null(api: Api) -> None:
    response = api.send({"query": '{ kpi(slug: "nope") { slug } }'}, accept="application/graphql-response+json")

    assert (response.status_code, response.json()["data"]) == (200, {"kpi": None})


def test_no_cookie_and_no_csrf_token_is_needed_or_looked_at(empty: Opened) -> None:
    client = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {empty.read_key}"})

    assert client.post("/graphql/", json.dumps({"query": FRESH}), "application/json").json() == ANSWER


def test_a_revoked_key_is_refused_at_once(empty: Opened) -> None:
    ApiKey.objects.filter(workspace=empty.workspace).update(revoked_at=empty.workspace.created_at)

    assert refused(Api(empty.read_key).post(FRESH))[:2] == (401, "KEY_INVALID")


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_down_the_answer_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", "1")
        response = Api("key").post(FRESH)

    assert refused(response) == (503, "UNAVAILABLE", "The database does not answer. Try again in a moment.")
    assert response.headers["Retry-After"] == "5"
