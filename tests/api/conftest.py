from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from apps.events.opening import Opened
from apps.rollups import queue
from tests.world import act, deliver, opened, share


@dataclass
class Api:
    """A client of /graphql/ with a key."""

    key: str

    def post(self, query: str, /, **variables: Any) -> Any:
        return self.send({"query": query, "variables": variables})

    def send(self, body: object, **headers: str) -> Any:
        """The response to a body, which is written as JSON unless it is bytes."""
        given = {"authorization": f"Bearer {self.key}", **headers}
        return Client().post("/graphql/", body, content_type="application/json", headers=given)

    def data(self, query: str, /, **variables: Any) -> Any:
        """The data of a query that has no error."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def error(self, query: str, /, **variables: Any) -> Any:
        """The only error of a query."""
        (error,) = self.post(query, **variables).json()["errors"]
        return error


@pytest.fixture
def empty(db: None) -> Opened:
    """A workspace in UTC without any event."""
    return opened("acme")


@pytest.fixture
def acme(empty: Opened) -> Opened:
    """The same in April 2026: Alice and Bob act and share, Carol acts once, half an hour before May begins."""
    deliver(
        empty.workspace,
        act("alice", "2026-04-02T09:00:00"),
        share("alice", "2026-04-02T09:05:00"),
        share("alice", "2026-04-03T10:00:00", share_type="link", channel="copy_link"),
        act("bob", "2026-04-02T11:00:00"),
        share("bob", "2026-04-10T12:00:00"),
        act("carol", "2026-04-30T23:30:00"),
    )
    queue.settle(empty.workspace.pk)
    return empty


@pytest.fixture
def api(empty: Opened) -> Api:
    return Api(empty.read_key)
