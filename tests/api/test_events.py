"""What happened, event by event."""

from base64 import b64decode
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.events.models import Event, EventDefinition
from apps.events.opening import Opened
from tests.api.conftest import Api
from tests.world import deliver, opened, share, track

pytestmark = pytest.mark.usefixtures("acme")

SHARES = """query ($first: Int!, $after: String) {
    shareEvents(period: {month: "2026-04"}, first: $first, after: $after) {
        edges { cursor node { event occurredAt user { externalId } shareType shareScope channel status isError } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}"""


def shares(api: Api, first: int = 20, after: str | None = None) -> Any:
    return api.data(SHARES, first=first, after=after)["shareEvents"]


def test_shares_are_listed_the_newest_first(api: Api) -> None:
    nodes = [edge["node"] for edge in shares(api)["edges"]]
    assert [(node["user"]["externalId"], node["occurredAt"], node["shareType"]) for node in nodes] == [
        ("bob", "2026-04-10T12:00:00+00:00", "invite"),
        ("alice", "2026-04-03T10:00:00+00:00", "link"),
        ("alice", "2026-04-02T09:05:00+00:00", "invite"),
    ]


def test_paging_gives_each_once_even_those_of_one_instant(acme: Opened, api: Api) -> None:
    deliver(acme.workspace, *(share("dora", "2026-04-20T10:00:00", channel=f"c-{number}") for number in range(5)))
    seen: list[str] = []
    page: Any = {"pageInfo": {"endCursor": None, "hasNextPage": True}}
    while page["pageInfo"]["hasNextPage"]:
        page = shares(api, first=3, after=page["pageInfo"]["endCursor"])
        seen += [edge["cursor"] for edge in page["edges"]]
    assert (len(seen), len(set(seen))) == (8, 8)
    assert (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["endCursor"]) == (True, seen[-1])


def test_what_does_not_count_is_listed_as_what_it_is(acme: Opened, api: Api) -> None:
    deliver(acme.workspace, share("bob", "2026-04-29T12:00:00", status="failed", is_error=True))
    newest = shares(api, first=1)["edges"][0]["node"]
    assert (newest["status"], newest["isError"]) == ("failed", True)


def test_a_definition_says_what_its_events_are(acme: Opened, api: Api) -> None:
    EventDefinition.objects.create(
        workspace=acme.workspace,
        name="Report Sent",
        kind="share.created",
        constants={"share_type": "export", "share_scope": "content"},
        columns={"channel": "medium"},
    )
    deliver(acme.workspace, track("Report Sent", "carol", "2026-04-30T12:00:00", medium="fax", channel="email"))
    newest = shares(api, first=1)["edges"][0]["node"]
    assert [newest[name] for name in ("event", "shareType", "shareScope", "channel")] == [
        "Report Sent",
        "export",
        "content",
        "fax",
    ]


def test_messages_say_whether_they_were_customised(acme: Opened, api: Api) -> None:
    sent = {"message_id": "m-1", "message_customized": True, "template": "spring", "channel": "email"}
    deliver(acme.workspace, track("referral_message.sent", "alice", "2026-04-05T10:00:00", **sent))
    query = """{ referralMessages(period: {month: "2026-04"}) { nodes {
        messageId messageCustomized template channel sourceChannel user { externalId }
    } } }"""
    assert api.data(query)["referralMessages"]["nodes"] == [
        {
            "messageId": "m-1",
            "messageCustomized": True,
            "template": "spring",
            "channel": "email",
            "sourceChannel": None,
            "user": {"externalId": "alice"},
        }
    ]


def test_activity_is_whatever_makes_active_by_whomever(acme: Opened, api: Api) -> None:
    shown = track("referral_prompt.shown", "dora", "2026-04-29T10:00:00")
    visitor = track("action.performed", "", "2026-04-29T09:00:00", action_type="export")
    visitor |= {"anonymousId": "machine-1"}
    del visitor["userId"]
    deliver(acme.workspace, shown, visitor)
    query = """{ activityEvents(period: {month: "2026-04"}, first: 2) { nodes {
        event actionType user { externalId }
    } } }"""
    assert api.data(query)["activityEvents"]["nodes"] == [
        {"event": "action.performed", "actionType": "edit", "user": {"externalId": "carol"}},
        {"event": "action.performed", "actionType": "export", "user": None},
    ]


def test_nothing_of_another_workspace_is_listed(api: Api) -> None:
    initech = opened("initech")
    deliver(initech.workspace, share("eve", "2026-04-02T10:00:00"))
    theirs = shares(Api(initech.read_key))["edges"]
    assert [edge["node"]["user"]["externalId"] for edge in theirs] == ["eve"]
    assert len(shares(api)["edges"]) == 3
    # A cursor of ours is a place in time, and leads nobody to what is not theirs.
    assert shares(Api(initech.read_key), after=shares(api, first=1)["edges"][0]["cursor"])["edges"] == theirs


def test_a_page_costs_as_many_statements_whatever_is_on_it(
    api: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shares(api)
    with django_assert_num_queries(3):
        shares(api, first=1)
    with django_assert_num_queries(3):
        shares(api)


@pytest.mark.parametrize(
    ("argument", "code"), [("first: 0", "BAD_FIRST"), ("first: 101", "BAD_FIRST"), ('after: "x"', "BAD_CURSOR")]
)
def test_a_page_that_cannot_be_is_refused(api: Api, argument: str, code: str) -> None:
    query = f'{{ shareEvents(period: {{month: "2026-04"}}, {argument}) {{ pageInfo {{ endCursor }} }} }}'
    assert api.error(query)["extensions"]["code"] == code


def test_a_cursor_of_a_list_of_people_is_none_of_events(api: Api) -> None:
    people = """{ kpi(slug: "total_active_users") { value(period: {month: "2026-04"}) {
        people(of: NUMERATOR) { pageInfo { endCursor } }
    } } }"""
    cursor = api.data(people)["kpi"]["value"]["people"]["pageInfo"]["endCursor"]
    assert api.error(SHARES, first=1, after=cursor)["extensions"]["code"] == "BAD_CURSOR"


def test_ids_do_not_tell_how_many_others_there_are(api: Api) -> None:
    query = """{ shareEvents(period: {month: "2026-04"}) { edges { cursor node { id } } } }"""
    edges = api.data(query)["shareEvents"]["edges"]
    keys = {row.message_key.hex: str(row.pk) for row in Event.unscoped.filter(definition__kind="share.created")}
    for edge in edges:
        kind, _, key = b64decode(edge["node"]["id"]).decode().partition(":")
        assert (kind, key in keys) == ("ShareEvent", True)
        assert edge["cursor"].split(":")[-2].split(" ")[-1] == key
