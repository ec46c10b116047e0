"""Breakdowns by two dimensions, as clients ask for them."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.events.opening import Opened
from apps.rollups import queue
from apps.rollups.cache import CACHE
from apps.workspaces.models import Workspace
from tests.api.conftest import Api
from tests.api.people import move_in
from tests.world import deliver, share, track

QUERY = """query ($slug: String!, $by: String!, $thenBy: String, $first: Int! = 20) {
    kpi(slug: $slug) { breakdown(period: {month: "2026-04"}, by: $by, thenBy: $thenBy, first: $first) {
        key label thenKey thenLabel value { numerator denominator people(of: NUMERATOR) { totalCount } }
    } }
}"""


@pytest.fixture
def acme(empty: Opened) -> Workspace:
    move_in(empty.workspace)
    return empty.workspace


def ask(api: Api, by: str, then_by: str | None, slug: str = "product_sharing_rate", **more: Any) -> Any:
    return api.data(QUERY, slug=slug, by=by, thenBy=then_by, **more)["kpi"]["breakdown"]


def labels(rows: Any) -> list[tuple[str | None, ...]]:
    return [
        (row["label"], row["thenLabel"], row["value"]["numerator"], row["value"]["denominator"]) for row in rows
    ]


def test_a_row_is_a_pair_of_parts(acme: Workspace, api: Api) -> None:
    rows = ask(api, "plan", "shareType")
    assert labels(rows) == [
        ("free", "link", "1", "1"),
        ("pro", "invite", "1", "2"),
        ("free", "invite", "0", "1"),
        ("pro", "link", "0", "2"),
        ("(unknown)", "invite", "0", "1"),
        ("(unknown)", "link", "0", "1"),
    ]
    assert [(row["key"], row["thenKey"]) for row in rows[:1]] == [("free", "link")]
    assert labels(ask(api, "icp", "segment")) == [
        ("mid-market-product-teams", "paying", "1", "1"),
        ("(none)", "(none)", "1", "2"),
        ("(none)", "paying", "0", "1"),
    ]


def test_the_pairs_that_are_not_shown_are_one_row(acme: Workspace, api: Api) -> None:
    *_, others = ask(api, "plan", "shareType", first=1)
    assert (others["key"], others["thenKey"]) == (None, None)
    assert (others["label"], others["thenLabel"]) == ("(other)", "(other)")


def test_each_number_opens_to_its_people(acme: Workspace, api: Api) -> None:
    rows = ask(api, "shareType", "plan", first=1)
    assert len(rows) == 2
    for row in rows:
        assert row["value"]["people"]["totalCount"] == int(row["value"]["numerator"])


def test_without_a_second_dimension_there_is_none(acme: Workspace, api: Api) -> None:
    assert {(row["thenKey"], row["thenLabel"]) for row in ask(api, "plan", None)} == {(None, None)}


@pytest.mark.parametrize(
    ("by", "then_by"),
    [
        ("shareType", "shareType"),
        ("shareType", "share_type"),
        ("plan", "trait:plan"),
        ("icp", "icp"),
        ("segment", "segment"),
    ],
)
def test_the_same_dimension_twice_is_refused(acme: Workspace, api: Api, by: str, then_by: str) -> None:
    error = api.error(QUERY, slug="share_actions", by=by, thenBy=then_by)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("REPEATED_DIMENSION", "thenBy")


def test_an_unknown_second_dimension_is_refused_as_the_first_would_be(acme: Workspace, api: Api) -> None:
    error = api.error(QUERY, slug="share_actions", by="plan", thenBy="chanel")
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("UNKNOWN_DIMENSION", "thenBy")
    assert error["extensions"]["nearest"] == ["channel"]


def test_profiles_and_segments_are_two_dimensions_where_there_are_none_of_either(api: Api) -> None:
    assert ask(api, "icp", "segment", "share_actions") == []


@pytest.mark.parametrize(
    ("by", "then_by", "statements"),
    [
        ("shareType", "channel", 3),
        ("shareType", "plan", 4),
        ("objectType", "feature", 6),
        ("segment", "icp", 5),
    ],
)
def test_statements_do_not_grow_with_pairs(
    acme: Workspace,
    api: Api,
    django_assert_num_queries: DjangoAssertNumQueries,
    by: str,
    then_by: str,
    statements: int,
) -> None:
    """The key, the names that are needed, the rows in reach and their bytes; of events how many, and which."""
    for n in range(6):
        more = {"share_type": f"type-{n}", "channel": f"channel-{n}", "object_type": f"o-{n}", "feature": f"f-{n}"}
        deliver(acme, share(f"user-{n}", "2026-04-10T12:00:00", **more))
        queue.settle(acme.pk)
        ask(api, by, then_by, "share_actions")
        CACHE.clear()
        with django_assert_num_queries(statements):
            rows = ask(api, by, then_by, "share_actions", first=100)
    assert rows


def test_dimensions_that_cross_in_too_many_places_are_refused(
    acme: Workspace, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.engine.evaluate.MOST_CROSSINGS", 10)
    assert labels(ask(api, "plan", None))
    error = api.error(QUERY, slug="product_sharing_rate", by="plan", thenBy="role")
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("TOO_MANY_PARTS", "thenBy")


def test_a_part_has_no_counters_of_the_whole(acme: Workspace, api: Api) -> None:
    deliver(acme, track("referral_message.sent", "alice", "2026-04-12T09:00:00"))
    queue.settle(acme.pk)
    query = """{ kpi(slug: "personalized_referral_outreach_rate") {
        value(period: {month: "2026-04"}) { quality { unknownCount } }
        breakdown(period: {month: "2026-04"}, by: "plan") { label value {
            quality { unknownCount } change(to: {previous: PERIOD}) { previous { quality { unknownCount } } }
        } }
    } }"""
    kpi = api.data(query)["kpi"]
    assert kpi["value"]["quality"] == {"unknownCount": 1}
    nothing = {"unknownCount": None}
    assert kpi["breakdown"] == [
        {"label": "pro", "value": {"quality": nothing, "change": {"previous": {"quality": nothing}}}}
    ]
