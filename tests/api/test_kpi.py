from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.api.kpi import Kpi
from apps.events.opening import Opened
from apps.kpis.catalogue import entries
from apps.rollups import queue
from apps.rollups.cache import CACHE
from tests.api.conftest import Api
from tests.world import deliver, opened, share

pytestmark = pytest.mark.usefixtures("acme")

APRIL = {"month": "2026-04"}
SIDES = "value numerator denominator"
ARGUMENTS = "period: $period, shareTypes: $shareTypes, channels: $channels, timezone: $timezone"
VARIABLES = (
    "$slug: String!, $period: PeriodInput!, $shareTypes: [String!], $channels: [String!], $timezone: String"
)

# The key and its workspace, the rows in reach, the bytes of those.
AUTHENTICATED = 1
EVALUATED = 2


def ask(api: Api, field: str, slug: str, period: dict[str, Any] = APRIL, **more: Any) -> Any:
    query = f"query ({VARIABLES}) {{ kpi(slug: $slug) {{ {field} }} }}"
    return api.data(query, slug=slug, period=period, **more)["kpi"]


def value(api: Api, slug: str, period: dict[str, Any] = APRIL, **more: Any) -> Any:
    return ask(api, f"value({ARGUMENTS}) {{ {SIDES} }}", slug, period, **more)["value"]


def sides(value: str | None, numerator: str, denominator: str | None = None) -> dict[str, str | None]:
    return {"value": value, "numerator": numerator, "denominator": denominator}


def test_a_value_is_given_with_everything_that_explains_it(api: Api) -> None:
    asked = """value(period: $period, shareTypes: $shareTypes, channels: $channels, timezone: $timezone) {
        value numerator denominator unit display isComplete elapsedFraction
        period { start end firstDay lastDay timezone label }
        receipt { definitionVersion pendingEvents explanation }
    }"""

    assert ask(api, asked, "product_sharing_rate")["value"] == {
        "value": "66.666667",
        "numerator": "2",
        "denominator": "3",
        "unit": "PERCENT",
        "display": "66.67 %",
        "isComplete": True,
        "elapsedFraction": "1",
        "period": {
            "start": "2026-04-01T00:00:00+00:00",
            "end": "2026-05-01T00:00:00+00:00",
            "firstDay": "2026-04-01",
            "lastDay": "2026-04-30",
            "timezone": "UTC",
            "label": "2026-04",
        },
        "receipt": {
            "definitionVersion": 1,
            "pendingEvents": 0,
            "explanation": "2 of the 3 people active in April 2026 (UTC) shared: 66.67 %.",
        },
    }


@pytest.mark.parametrize(
    ("slug", "period", "expected"),
    [
        ("total_active_users", APRIL, "3"),
        ("users_who_shared", APRIL, "2"),
        ("share_actions", APRIL, "3"),
        ("dau", {"day": "2026-04-02"}, "2"),
        ("dau", APRIL, "1"),
        ("wau", {"week": "2026-W14"}, "2"),
        ("mau", {"quarter": "2026-Q2"}, "0"),
        ("mau_rolling_30d", {"day": "2026-05-03"}, "2"),
        ("share_actions", {"between": {"from": "2026-04-02", "to": "2026-04-10"}}, "2"),
        ("share_actions", {"year": "2026"}, "3"),
    ],
)
def test_every_kpi_counts_its_period(api: Api, slug: str, period: dict[str, Any], expected: str) -> None:
    assert value(api, slug, period) == sides(expected, expected)


def test_a_zero_denominator_gives_null_and_both_sides(api: Api) -> None:
    assert value(api, "product_sharing_rate", {"month": "2026-03"}) == sides(None, "0", "0")


def test_share_types_and_channels_restrict_the_shares_and_leave_the_denominator_whole(api: Api) -> None:
    assert value(api, "product_sharing_rate", shareTypes=["link"]) == sides("33.333333", "1", "3")
    assert value(api, "share_actions", channels=["email", "copy_link"]) == sides("3", "3")
    assert value(api, "share_actions", shareTypes=["link"], channels=["email"]) == sides("0", "0")


def test_a_kpi_without_shares_is_restricted_to_the_people_with_such_a_share(api: Api) -> None:
    assert value(api, "total_active_users", shareTypes=["link"]) == sides("1", "1")


def test_a_zone_whole_hours_away_is_answered_exactly(api: Api) -> None:
    assert value(api, "total_active_users", timezone="Europe/Berlin") == sides("2", "2")
    assert value(api, "total_active_users", {"month": "2026-05"}, timezone="Europe/Berlin") == sides("1", "1")


def test_a_series_has_a_point_for_each_unit_in_order(api: Api) -> None:
    field = f"series({ARGUMENTS}, grain: WEEK) {{ numerator period {{ label }} }}"
    points = ask(api, field, "share_actions")["series"]

    assert [(point["period"]["label"], point["numerator"]) for point in points] == [
        ("2026-04-01/2026-04-06", "2"),
        ("2026-W15", "1"),
        ("2026-W16", "0"),
        ("2026-W17", "0"),
        ("2026-04-27/2026-05-01", "0"),
    ]


@pytest.mark.parametrize("by", ["shareType", "share_type"])
def test_a_breakdown_has_a_row_for_each_value_the_largest_first(api: Api, by: str) -> None:
    field = f'breakdown({ARGUMENTS}, by: "{by}") {{ key value {{ {SIDES} }} }}'

    assert ask(api, field, "product_sharing_rate")["breakdown"] == [
        {"key": "invite", "value": sides("66.666667", "2", "3")},
        {"key": "link", "value": sides("33.333333", "1", "3")},
    ]


def test_a_breakdown_shows_as_many_rows_as_asked_for_and_puts_the_rest_together(acme: Opened, api: Api) -> None:
    deliver(acme.workspace, *(share("bob", "2026-04-11T12:00:00", channel=None) for _ in range(5)))
    queue.settle(acme.workspace.pk)
    field = f'breakdown({ARGUMENTS}, by: "channel", first: 2) {{ key value {{ numerator }} }}'

    assert ask(api, field, "share_actions")["breakdown"] == [
        {"key": None, "value": {"numerator": "5"}},
        {"key": "email", "value": {"numerator": "2"}},
        {"key": None, "value": {"numerator": "1"}},
    ]


def test_equal_answers_have_equal_digests_and_a_late_event_changes_them(acme: Opened, api: Api) -> None:
    def receipt() -> Any:
        field = f"value({ARGUMENTS}) {{ receipt {{ digest rollups pendingEvents }} }}"
        return ask(api, field, "share_actions")["value"]["receipt"]

    before = receipt()
    assert receipt() == before

    deliver(acme.workspace, share("carol", "2026-04-20T12:00:00"))
    waiting = receipt()
    assert (waiting["digest"], waiting["pendingEvents"]) == (before["digest"], 1)

    queue.settle(acme.workspace.pk)
    after = receipt()
    assert after["digest"] != before["digest"]
    assert after["rollups"] != before["rollups"]
    assert after["pendingEvents"] == 0


@pytest.mark.parametrize(
    ("field", "statements"),
    [
        ("value(period: $period) { value people(of: NUMERATOR) { totalCount } receipt { explanation } }", 2),
        ("value(period: $period) { people(of: NUMERATOR) { nodes { __typename } edges { cursor } } }", 3),
        ("series(period: $period, grain: WEEK) { value period { label } }", 2),
        ('breakdown(period: $period, by: "shareType") { key value { value } }', 2),
        ('value(period: $period, shareTypes: ["link"], channels: ["email"]) { value }', 4),
    ],
)
def test_statements_do_not_grow_with_points_and_rows(
    api: Api, django_assert_num_queries: DjangoAssertNumQueries, field: str, statements: int
) -> None:
    query = f'query ($period: PeriodInput!) {{ kpi(slug: "product_sharing_rate") {{ {field} }} }}'
    year = {"between": {"from": "2026-01-05", "to": "2027-01-04"}}
    api.data(query, period=year)
    CACHE.clear()

    with django_assert_num_queries(AUTHENTICATED + statements):
        answer = api.data(query, period=year)
    assert len(answer["kpi"].get("series", range(52))) == 52


def test_another_workspace_sees_nothing_of_it(acme: Opened) -> None:
    other = Api(opened("other").read_key)

    assert value(other, "total_active_users") == sides("0", "0")
    field = f'breakdown({ARGUMENTS}, by: "shareType") {{ key }}'
    assert ask(other, field, "share_actions") == {"breakdown": []}


def test_every_entry_of_the_catalogue_can_be_shown() -> None:
    assert [Kpi.of(entry).slug for entry in entries().values()] == list(entries())


def test_a_kpi_says_what_it_means(api: Api) -> None:
    field = "slug title definition formula unit better stage secondaryStage indicator example version"

    assert api.data(f'{{ kpi(slug: "product_sharing_rate") {{ {field} }} }}')["kpi"] == {
        "slug": "product_sharing_rate",
        "title": "Product Sharing Rate",
        "definition": "Of the people active in the period, the share who passed some element of the product on to "
        "somebody else.",
        "formula": "users_who_shared / total_active_users × 100",
        "unit": "PERCENT",
        "better": "HIGHER",
        "stage": "REFERRAL",
        "secondaryStage": "ACQUISITION",
        "indicator": "LAGGING",
        "example": "6,000 people are active in the month and 1,620 of them share; the rate is 27 %.",
        "version": 1,
    }


def test_a_change_says_what_was_compared_and_how_sure_it_is(api: Api) -> None:
    asked = """value(period: $period, shareTypes: $shareTypes, channels: $channels, timezone: $timezone) {
        change(to: {previous: PERIOD}) {
            current { value period { label } } previous { value period { label } }
            absolute relative pValue significant lax: significant(level: 0.6) interval { low high }
        }
        lastYear: change(to: {previous: YEAR}) { absolute previous { value period { label } } }
        month: change(to: {period: {month: "2026-04"}}) { absolute previous { value } }
    }"""

    assert ask(api, asked, "product_sharing_rate", {"week": "2026-W15"})["value"] == {
        "change": {
            "current": {"value": "100", "period": {"label": "2026-W15"}},
            "previous": {"value": "50", "period": {"label": "2026-W14"}},
            "absolute": "50",
            "relative": "100",
            "pValue": "0.386476",
            "significant": False,
            "lax": True,
            "interval": {"low": "-39.104934", "high": "90.546879"},
        },
        "lastYear": {"absolute": None, "previous": {"value": None, "period": {"label": "2025-W15"}}},
        "month": {"absolute": "33.333333", "previous": {"value": "66.666667"}},
    }
