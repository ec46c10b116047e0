"""The story: Alice and Bob use Acme's product, and Acme sees its Product Sharing Rate.

A workspace is opened, its back end sends events with Segment's own library, a worker rolls them up, the
front end asks over GraphQL, the growth team opens the number to its people, and the product embeds it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import segment.analytics as segment

from apps.workspaces.models import EmbedKey, Workspace
from apps.workspaces.tokens import Allowed, sign
from tests.running import BEAT, WORKER, free_port, query, request, running, wait_until, web
from tests.world import opened

LAST_MONTH = """
{ kpi(slug: "product_sharing_rate") {
    title
    value(period: {last: {n: 1, unit: MONTH}}) {
      value numerator denominator display isComplete
      sharers: people(of: NUMERATOR) { totalCount nodes { ... on User { externalId } } }
      others: people(of: REMAINDER) { totalCount nodes { ... on User { externalId } } }
      receipt { pendingEvents explanation }
    }
    breakdown(period: {last: {n: 1, unit: MONTH}}, by: "shareType") { key value { display } }
} }
"""


@pytest.mark.django_db(transaction=True)
def test_from_an_event_to_a_widget(service_environment: dict[str, str], tmp_path: Path) -> None:
    acme, port = opened(), free_port()
    with (
        running(web(port), service_environment, tmp_path / "web.log"),
        running(WORKER, service_environment, tmp_path / "worker.log"),
        running(BEAT, {**service_environment, "KPISERVICE_VAR": str(tmp_path)}, tmp_path / "beat.log"),
    ):
        wait_until(lambda: request(port, "GET", "/healthz")[0] == 200)
        send_last_months_events(port, acme.ingest_key)
        wait_until(lambda: is_counted(port, acme.read_key))
        rate = query(port, acme.read_key, LAST_MONTH)["kpi"]
        page = embedded_page(port, acme.workspace)

    assert rate["title"] == "Product Sharing Rate"
    assert (rate["value"]["value"], rate["value"]["display"]) == ("33.333333", "33.33 %")
    assert (rate["value"]["numerator"], rate["value"]["denominator"]) == ("1", "3")
    assert rate["value"]["isComplete"] is True
    assert rate["value"]["sharers"] == {"totalCount": 1, "nodes": [{"externalId": "alice"}]}
    assert [one["externalId"] for one in rate["value"]["others"]["nodes"]] == ["bob", "carol"]
    assert rate["breakdown"] == [{"key": "link", "value": {"display": "33.33 %"}}]
    assert "33.33 %" in page
    assert "Product Sharing Rate" in page


def send_last_months_events(port: int, key: str) -> None:
    """In the middle of last month Alice shares a link twice, Bob and Carol edit, Dora only sees a prompt."""
    at = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).replace(day=15)
    errors: list[Exception] = []
    client = segment.Client(
        key, host=f"http://127.0.0.1:{port}", gzip=True, on_error=lambda error, batch: errors.append(error)
    )
    shared = {"share_type": "link", "share_scope": "product", "channel": "copy_link"}
    for number in (1, 2):
        client.track("alice", "share.created", {**shared, "action_id": f"s-{number}"}, timestamp=at)
    for who in ("bob", "carol"):
        client.track(who, "action.performed", {"action_type": "edit"}, timestamp=at)
    client.track("dora", "referral_prompt.shown", {"prompt": "banner"}, timestamp=at)
    client.identify("alice", {"plan": "pro"}, timestamp=at)
    client.shutdown()
    assert errors == []


def is_counted(port: int, key: str) -> bool:
    value = query(port, key, LAST_MONTH)["kpi"]["value"]
    return bool(value["denominator"] == "3" and value["receipt"]["pendingEvents"] == 0)


def embedded_page(port: int, workspace: Workspace) -> str:
    key = EmbedKey.objects.create(workspace=workspace, name="Acme's back end")
    token = sign(key, Allowed("viewer-1", ("product_sharing_rate",)), datetime.now(UTC))
    body = urlencode({"token": token}).encode()
    form = "application/x-www-form-urlencoded"
    status, page = request(port, "POST", "/embed/product_sharing_rate/", body, Content_Type=form)
    assert status == 200
    return page
