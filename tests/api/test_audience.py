from typing import Any

from pytest_django import DjangoAssertNumQueries

from apps.audience.icp import draft
from apps.audience.models import IcpProfile, ProductUser
from apps.events.opening import Opened
from apps.rollups import queue
from tests.api.conftest import Api
from tests.api.people import move_in
from tests.world import deliver, identify, opened


def traits(api: Api, fields: str = "name of kinds values { value count }") -> dict[str, Any]:
    return {trait["name"]: trait for trait in api.data(f"{{ traits {{ {fields} }} }}")["traits"]}


def test_traits_come_with_whose_they_are_and_who_has_which_value_now(empty: Opened, api: Api) -> None:
    move_in(empty.workspace)
    deliver(
        empty.workspace,
        identify("dora", "2026-05-01T09:00:00", beta=True, tags=["a", "b"], role="product_manager"),
    )
    queue.settle(empty.workspace.pk)

    found = traits(api)
    assert list(found) == ["beta", "company_size", "plan", "role", "tags"]
    assert found["role"] == {
        "name": "role",
        "of": ["USER"],
        "kinds": ["TEXT"],
        "values": [{"value": "product_manager", "count": 3}, {"value": "intern", "count": 1}],
    }
    assert (found["company_size"]["of"], found["company_size"]["kinds"]) == (["ACCOUNT", "USER"], ["NUMBER"])
    assert found["company_size"]["values"] == [{"value": "120", "count": 2}, {"value": "10", "count": 1}]
    assert (found["beta"]["kinds"], found["beta"]["values"]) == (["BOOLEAN"], [{"value": "true", "count": 1}])
    assert (found["tags"]["kinds"], found["tags"]["values"]) == (["LIST"], [{"value": '["a","b"]', "count": 1}])


def test_values_may_be_asked_of_accounts_and_only_the_first(empty: Opened, api: Api) -> None:
    move_in(empty.workspace)
    values = traits(api, "name values(of: ACCOUNT, first: 1) { value count }")
    assert values["plan"]["values"] == [{"value": "free", "count": 1}]
    assert values["role"]["values"] == []


def test_our_own_people_have_no_part_in_the_counts(empty: Opened, api: Api) -> None:
    move_in(empty.workspace)
    ProductUser.objects.filter(workspace=empty.workspace, external_id="bob").update(is_internal=True)
    assert traits(api)["role"]["values"] == [{"value": "product_manager", "count": 2}]


def test_traits_are_listed_by_name_from_any_name_on(empty: Opened, api: Api) -> None:
    move_in(empty.workspace)
    assert api.data('{ traits(first: 1, after: "company_size") { name } }')["traits"] == [{"name": "plan"}]


def test_all_values_take_two_statements(
    empty: Opened, api: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Beside the key and the names; one when the bytes are at hand."""
    move_in(empty.workspace)
    traits(api)
    with django_assert_num_queries(3):
        traits(api)


def test_segments_are_listed_as_they_were_written(empty: Opened, api: Api) -> None:
    move_in(empty.workspace)
    condition = '{"trait":{"op":"IN","name":"plan","values":["pro","team"]}}'
    assert api.data("{ segments { slug name condition } }")["segments"] == [
        {"slug": "paying", "name": "On a paid plan", "condition": condition}
    ]


def test_profiles_come_with_their_versions_the_newest_first(empty: Opened, api: Api) -> None:
    move_in(empty.workspace)
    profile = IcpProfile.objects.get(workspace=empty.workspace)
    draft(profile, [{"not": True, "all": [{"name": "plan", "op": "IS_SET"}]}])

    (found,) = api.data("{ icpProfiles { slug name inForce versions { number status approvedAt rule } } }")[
        "icpProfiles"
    ]
    first = found["versions"].pop()
    assert found == {
        "slug": "mid-market-product-teams",
        "name": "Product teams of the mid-market",
        "inForce": 1,
        "versions": [{"number": 2, "status": "DRAFT", "approvedAt": None, "rule": "not plan is known"}],
    }
    assert (first["number"], first["status"], first["approvedAt"] is not None) == (1, "APPROVED", True)
    assert first["rule"] == "company_size is at least 50 and role is product_manager"


def test_another_workspace_sees_none_of_it(empty: Opened) -> None:
    move_in(empty.workspace)
    other = Api(opened("other").read_key)
    query = "{ segments { slug } icpProfiles { slug } traits { name } }"
    assert other.data(query) == {"segments": [], "icpProfiles": [], "traits": []}
