import json
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.audience.models import Trait
from apps.engine.sets import Space
from apps.events.opening import Opened
from apps.kpis import segments
from apps.rollups import queue
from apps.rollups.cache import CACHE
from apps.workspaces.models import Workspace
from tests.api.conftest import Api
from tests.api.people import PAYING, move_in
from tests.world import deliver, group, opened

APRIL = {"month": "2026-04"}
VARIABLES = "$slug: String!, $period: PeriodInput!, $where: SegmentInput, $asOf: SegmentAsOf"
ARGUMENTS = "period: $period, where: $where, segmentAsOf: $asOf"
PRO = {"trait": {"name": "plan", "op": "EQUALS", "values": ["pro"]}}
MANAGERS = {"trait": {"name": "role", "op": "EQUALS", "values": ["product_manager"]}}


@pytest.fixture
def acme(empty: Opened) -> Workspace:
    move_in(empty.workspace)
    return empty.workspace


@pytest.fixture
def bare(empty: Opened) -> Workspace:
    """A workspace that knows a trait and a segment, and of nobody."""
    Trait.objects.create(workspace=empty.workspace, space=Space.ACCOUNT, name="plan")
    segments.define(empty.workspace, "paying", "On a paid plan", PAYING)
    return empty.workspace


def ask(api: Api, field: str, slug: str, **more: Any) -> Any:
    query = f"query ({VARIABLES}) {{ kpi(slug: $slug) {{ {field} }} }}"
    return api.data(query, slug=slug, **{"period": APRIL, **more})["kpi"]


def sides(api: Api, slug: str, where: Any, **more: Any) -> tuple[str | None, ...]:
    value = ask(api, f"value({ARGUMENTS}) {{ value numerator denominator }}", slug, where=where, **more)["value"]
    return value["value"], value["numerator"], value["denominator"]


def names(api: Api, where: Any, slug: str = "total_active_users") -> list[str]:
    people = "people(of: NUMERATOR) { nodes { ... on User { externalId } ... on Account { externalId } } }"
    value = ask(api, f"value({ARGUMENTS}) {{ {people} }}", slug, where=where)["value"]
    return sorted(node["externalId"] for node in value["people"]["nodes"])


def rows(api: Api, by: str, slug: str = "product_sharing_rate", first: int = 20, **more: Any) -> Any:
    field = f'breakdown({ARGUMENTS}, by: "{by}", first: {first}) {{ label value {{ numerator denominator }} }}'
    return {
        row["label"]: (row["value"]["numerator"], row["value"]["denominator"])
        for row in ask(api, field, slug, **more)["breakdown"]
    }


CONDITIONS: list[tuple[Any, list[str]]] = [
    (PRO, ["alice", "bob"]),
    ({"trait": {"name": "plan", "op": "NOT_EQUALS", "values": ["pro"]}}, ["carol", "dora"]),
    ({"trait": {"name": "plan", "op": "IS_NOT_SET"}}, ["dora"]),
    ({"trait": {"name": "company_size", "op": "BETWEEN", "values": ["10", "50"]}}, ["carol"]),
    ({"all": [PRO, MANAGERS]}, ["alice"]),
    ({"any": [PRO, MANAGERS]}, ["alice", "bob", "carol"]),
    ({"not": {"any": [PRO, MANAGERS]}}, ["dora"]),
    ({"icp": "mid-market-product-teams"}, ["alice"]),
    ({"segment": "paying"}, ["alice", "bob"]),
    ({"did": {"event": "share.created"}}, ["alice", "carol"]),
    ({"did": {"event": "share.created", "atLeast": 2}}, ["alice"]),
    ({"did": {"event": "share.created", "shareTypes": ["link"]}}, ["carol"]),
    ({"did": {"event": "share.created", "lastDays": 11}}, ["carol"]),
    ({"did": {"event": "action.performed", "period": {"month": "2026-03"}}}, ["dora"]),
    ({"kpiSide": {"kpi": "product_sharing_rate", "side": "REMAINDER"}}, ["bob", "dora"]),
    (
        {"kpiSide": {"kpi": "dau", "side": "NUMERATOR", "period": {"day": "2026-03-15"}}},
        ["dora"],
    ),
]


def test_each_kind_of_condition_leaves_whom_it_says(acme: Workspace, api: Api) -> None:
    assert [(where, names(api, where)) for where, _ in CONDITIONS] == CONDITIONS


def test_both_sides_of_a_ratio_are_restricted(acme: Workspace, api: Api) -> None:
    assert sides(api, "product_sharing_rate", PRO) == ("50", "1", "2")
    assert sides(api, "share_actions", MANAGERS) == ("4", "4", None)


def test_a_segment_is_taken_on_the_day_that_is_asked_for(acme: Workspace, api: Api) -> None:
    deliver(acme, group("alice", "initech", "2026-04-11T08:00:00", plan="free"))
    queue.settle(acme.pk)
    by_day = {day: sides(api, "share_actions", PRO, asOf=day)[0] for day in ("PERIOD_START", "PERIOD_END", "NOW")}
    assert by_day == {"PERIOD_START": "3", "PERIOD_END": "0", "NOW": "0"}
    assert (
        sides(api, "share_actions", PRO, asOf="EVENT_DAY") == sides(api, "share_actions", PRO) == ("1", "1", None)
    )
    assert sides(api, "total_active_users", PRO)[0] == "0"


def test_a_series_takes_the_condition_at_each_points_own_end(acme: Workspace, api: Api) -> None:
    deliver(acme, group("alice", "initech", "2026-04-15T08:00:00", plan="free"))
    queue.settle(acme.pk)
    field = f"series({ARGUMENTS}, grain: WEEK) {{ value period {{ label }} }}"
    points = ask(api, field, "users_who_shared", where=MANAGERS)["series"]
    assert [point["value"] for point in points] == ["0", "1", "0", "1", "0"]


def test_a_breakdown_by_a_trait_puts_everybody_in_one_row(acme: Workspace, api: Api) -> None:
    assert rows(api, "plan") == {"pro": ("1", "2"), "free": ("1", "1"), "(unknown)": ("0", "1")}
    assert rows(api, "trait:plan") == rows(api, "plan")
    assert rows(api, "plan", where=MANAGERS) == {"pro": ("1", "1"), "free": ("1", "1")}


def test_what_is_beyond_the_rows_asked_for_is_put_together(acme: Workspace, api: Api) -> None:
    assert rows(api, "role", "total_active_users", first=1) == {
        "product_manager": ("2", None),
        "(other)": ("2", None),
    }


def test_a_breakdown_by_profile_or_segment_has_a_row_for_those_in_none(acme: Workspace, api: Api) -> None:
    assert rows(api, "icp") == {"mid-market-product-teams": ("1", "1"), "(none)": ("1", "3")}
    assert rows(api, "segment") == {"paying": ("1", "2"), "(none)": ("1", "2")}


def test_keys_are_what_can_be_asked_for_again(acme: Workspace, api: Api) -> None:
    field = f'breakdown({ARGUMENTS}, by: "company_size") {{ key label }}'
    assert ask(api, field, "total_active_users")["breakdown"] == [
        {"key": "120", "label": "120"},
        {"key": "10", "label": "10"},
        {"key": None, "label": "(unknown)"},
    ]


def test_a_receipt_says_who_was_meant_and_by_which_version_of_which_profile(acme: Workspace, api: Api) -> None:
    field = (
        f"value({ARGUMENTS}) {{ receipt {{ segmentSize icpVersions {{ profile number }} explanation digest }} }}"
    )

    def receipt(slug: str, where: Any = None) -> Any:
        return ask(api, field, slug, where=where)["value"]["receipt"]

    plain, by_plan = receipt("total_active_users"), receipt("total_active_users", PRO)
    assert (plain["segmentSize"], plain["icpVersions"]) == (None, [])
    assert (by_plan["segmentSize"], by_plan["icpVersions"]) == (2, [])
    assert plain["digest"] != by_plan["digest"]
    assert "plan is pro" in by_plan["explanation"]
    used = [{"profile": "mid-market-product-teams", "number": 1}]
    assert receipt("total_icp_users_active")["icpVersions"] == used
    assert receipt("total_active_users", {"icp": "mid-market-product-teams"})["icpVersions"] == used


def test_the_share_rate_among_icps_counts_those_who_match(acme: Workspace, api: Api) -> None:
    assert sides(api, "share_rate_among_icps", None) == ("100", "1", "1")
    assert sides(api, "share_rate_among_icps", {"not": PRO}) == (None, "0", "0")


@pytest.mark.parametrize(
    ("where", "code", "field", "nearest"),
    [
        ({"trait": {"name": "plam", "op": "IS_SET"}}, "UNKNOWN_TRAIT", "where.trait.name", ["plan"]),
        ({"not": {"icp": "mid"}}, "UNKNOWN_ICP", "where.not.icp", []),
        ({"all": [{"segment": "payin"}]}, "UNKNOWN_SEGMENT", "where.all[0].segment", ["paying"]),
        ({"did": {"event": "share.made"}}, "UNKNOWN_EVENT", "where.did.event", ["share.created"]),
        ({"kpiSide": {"kpi": "dauu", "side": "NUMERATOR"}}, "UNKNOWN_KPI", "where.kpiSide.kpi", ["dau"]),
        ({"trait": {"name": "plan", "op": "EQUALS"}}, "BAD_CONDITION", "where.trait.values", []),
        ({"did": {"event": "share.created", "atLeast": 0}}, "BAD_CONDITION", "where.did.atLeast", []),
        ({"any": []}, "BAD_CONDITION", "where.any", []),
    ],
)
def test_a_condition_that_cannot_be_taken_is_one_clean_refusal(
    bare: Workspace, api: Api, where: Any, code: str, field: str, nearest: list[str]
) -> None:
    query = f"query ({VARIABLES}) {{ kpi(slug: $slug) {{ value({ARGUMENTS}) {{ value }} }} }}"
    said = api.error(query, slug="dau", period=APRIL, where=where)["extensions"]
    assert (said["code"], said["field"]) == (code, field)
    assert [name for name in nearest if name not in said["nearest"]] == []


@pytest.mark.parametrize(
    ("depth", "status", "code"),
    [(13, 200, "SEGMENT_TOO_LARGE"), (200, 200, "TOO_DEEP"), (5000, 400, "TOO_DEEP")],
)
def test_a_condition_that_is_too_deep_is_refused(
    bare: Workspace, api: Api, depth: int, status: int, code: str
) -> None:
    query = f"query ({VARIABLES}) {{ kpi(slug: $slug) {{ value({ARGUMENTS}) {{ value }} }} }}"
    variables = {"slug": "dau", "period": APRIL, "where": "here"}
    where = '{"not":' * depth + json.dumps(PRO) + "}" * depth
    answer = api.send(json.dumps({"query": query, "variables": variables}).replace('"here"', where).encode())
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (status, code)


def test_another_workspace_knows_nothing_of_these_names(acme: Workspace) -> None:
    other = Api(opened("other").read_key)
    query = f"query ({VARIABLES}) {{ kpi(slug: $slug) {{ value({ARGUMENTS}) {{ value }} }} }}"
    for where in (PRO, {"segment": "paying"}, {"icp": "mid-market-product-teams"}):
        error = other.error(query, slug="dau", period=APRIL, where=where)
        assert error["extensions"]["nearest"] == []


@pytest.mark.parametrize(
    ("field", "statements"),
    [
        (f"value({ARGUMENTS}) {{ value receipt {{ segmentSize }} }}", 5),
        (f"series({ARGUMENTS}, grain: WEEK) {{ value }}", 5),
        (f'breakdown({ARGUMENTS}, by: "plan") {{ label value {{ value }} }}', 5),
    ],
)
def test_statements_do_not_grow_with_points_and_rows(
    acme: Workspace, api: Api, django_assert_num_queries: DjangoAssertNumQueries, field: str, statements: int
) -> None:
    """The key, the names of traits and of segments, the rows in reach, and the bytes of those."""
    where = {"all": [PRO, {"segment": "paying"}, MANAGERS, {"icp": "mid-market-product-teams"}]}
    quarter = {"quarter": "2026-Q2"}
    ask(api, field, "product_sharing_rate", where=where, period=quarter)
    CACHE.clear()
    with django_assert_num_queries(statements):
        ask(api, field, "product_sharing_rate", where=where, period=quarter)
