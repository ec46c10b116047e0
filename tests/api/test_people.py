from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.events.opening import Opened
from apps.rollups import queue
from tests.api.conftest import Api
from tests.world import act, deliver

pytestmark = pytest.mark.usefixtures("acme")

PAGE = """query ($slug: String!, $of: Side!, $first: Int!, $after: String) {
    kpi(slug: $slug) { value(period: {month: "2026-04"}) { people(of: $of, first: $first, after: $after) {
        totalCount
        edges { cursor amount node { ... on User { id externalId } ... on Account { id externalId } } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } } }
}"""


def people(api: Api, slug: str, of: str, **more: Any) -> Any:
    return api.data(PAGE, slug=slug, of=of, **{"first": 20, **more})["kpi"]["value"]["people"]


def names(connection: Any) -> list[str]:
    return [edge["node"]["externalId"] for edge in connection["edges"]]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("NUMERATOR", ["alice", "bob"]),
        ("DENOMINATOR", ["alice", "bob", "carol"]),
        ("REMAINDER", ["carol"]),
    ],
)
def test_each_side_of_a_ratio_opens_to_its_people(api: Api, of: str, expected: list[str]) -> None:
    opened_side = people(api, "product_sharing_rate", of)

    assert names(opened_side) == expected
    assert opened_side["totalCount"] == len(expected)
    assert [edge["amount"] for edge in opened_side["edges"]] == ["1"] * len(expected)


def test_a_count_opens_to_its_contributors_with_amounts_that_add_up(api: Api) -> None:
    contributors = people(api, "share_actions", "NUMERATOR")

    assert [(edge["node"]["externalId"], edge["amount"]) for edge in contributors["edges"]] == [
        ("alice", "2"),
        ("bob", "1"),
    ]
    assert contributors["totalCount"] == 2


def test_paging_gives_each_person_once_however_often_it_is_done(acme: Opened, api: Api) -> None:
    crowd = [f"user-{number:02}" for number in range(9)]
    deliver(acme.workspace, *(act(who, "2026-04-05T12:00:00") for who in crowd))
    queue.settle(acme.workspace.pk)

    for _ in range(2):
        seen: list[str] = []
        after, more = None, True
        while more:
            page = people(api, "total_active_users", "NUMERATOR", first=5, after=after)
            assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
            assert page["pageInfo"]["hasPreviousPage"] is bool(seen)
            assert page["totalCount"] == 12
            seen += names(page)
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert sorted(seen) == ["alice", "bob", "carol", *crowd]


def test_a_page_behind_the_last_person_is_empty(api: Api) -> None:
    last = people(api, "product_sharing_rate", "NUMERATOR")["pageInfo"]["endCursor"]

    assert people(api, "product_sharing_rate", "NUMERATOR", after=last) == {
        "totalCount": 2,
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None},
    }


def test_nodes_are_the_members_of_the_edges(api: Api) -> None:
    query = """{ kpi(slug: "users_who_shared") { value(period: {month: "2026-04"}) {
        people(of: NUMERATOR) {
            nodes { __typename ... on User { id externalId } }
            edges { node { ... on User { id } } }
        }
    } } }"""
    listed = api.data(query)["kpi"]["value"]["people"]

    assert [(node["__typename"], node["externalId"]) for node in listed["nodes"]] == [
        ("User", "alice"),
        ("User", "bob"),
    ]
    assert [node["id"] for node in listed["nodes"]] == [edge["node"]["id"] for edge in listed["edges"]]
    assert len({node["id"] for node in listed["nodes"]}) == 2


def test_the_external_ids_of_a_page_take_one_statement(
    api: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people(api, "product_sharing_rate", "DENOMINATOR")

    # The key, the rows in reach, the names: the bytes are held since the first time.
    with django_assert_num_queries(3):
        assert names(people(api, "product_sharing_rate", "DENOMINATOR")) == ["alice", "bob", "carol"]
