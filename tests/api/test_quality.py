from typing import Any

import pytest

from apps.events.opening import Opened
from apps.rollups import queue, raw
from tests.api.conftest import Api
from tests.world import deliver, share

COUNTERS = "quality { unknownCount unsessionedShares unlinkedInteractions droppedNumerator }"
QUERY = f"""query ($period: PeriodInput!, $slug: String!) {{ kpi(slug: $slug) {{
    value(period: $period) {{ value {COUNTERS} }}
    series(period: $period, grain: MONTH) {{ {COUNTERS} }}
    breakdown(period: $period, by: "shareType") {{ value {{ {COUNTERS} }} }}
}} }}"""


def counters(unsessioned: int | None, dropped: int | None) -> dict[str, Any]:
    return {
        "quality": {
            "unknownCount": None,
            "unsessionedShares": unsessioned,
            "unlinkedInteractions": None,
            "droppedNumerator": dropped,
        }
    }


@pytest.fixture
def period(acme: Opened) -> dict[str, Any]:
    deliver(
        acme.workspace, share("alice", "2026-02-10T12:00:00"), share("bob", "2026-02-10T12:00:00", session="s")
    )
    queue.settle(acme.workspace.pk)
    return {"month": "2026-02"}


def test_an_answer_and_each_point_say_how_many_events_are_doubtful(api: Api, period: dict[str, Any]) -> None:
    kpi = api.data(QUERY, period=period, slug="product_sharing_rate_by_session")["kpi"]
    assert kpi["value"] == {"value": None} | counters(1, 0)
    assert kpi["series"] == [counters(1, 0)]
    (row,) = api.data(QUERY, period=period, slug="product_sharing_rate")["kpi"]["breakdown"]
    assert row == {"value": counters(None, 0)}


def test_too_many_events_are_an_error_of_the_counter_alone(
    api: Api, period: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "MOST", 1)
    answer = api.post(QUERY, period=period, slug="product_sharing_rate_by_session").json()
    assert [(one["extensions"]["code"], one["path"]) for one in answer["errors"]] == [
        ("TOO_MANY_EVENTS", ["kpi", "value", "quality", "unsessionedShares"]),
        ("TOO_MANY_EVENTS", ["kpi", "series", 0, "quality", "unsessionedShares"]),
    ]
    assert answer["data"]["kpi"]["value"] == {"value": None} | counters(None, 0)
