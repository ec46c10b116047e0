from apps.events.opening import Opened
from tests.api.conftest import Api
from tests.world import NOW, deliver, share, track


def test_share_types_come_with_their_channels(api: Api) -> None:
    types = api.data("{ shareTypes { slug name kinds { channel isDefined } } }")["shareTypes"]

    assert [kind["slug"] for kind in types] == ["embed", "export", "invite", "link", "other", "send"]
    assert types[3] == {
        "slug": "link",
        "name": "Link",
        "kinds": [
            {"channel": "button", "isDefined": True},
            {"channel": "copy_link", "isDefined": True},
            {"channel": "social", "isDefined": True},
        ],
    }


def test_an_event_that_nobody_planned_is_listed_as_such(empty: Opened, api: Api) -> None:
    deliver(empty.workspace, track("Report Shared", "alice", "2026-04-05T12:00:00"))
    fields = "name kind description isActivity isPlanned firstSeen"
    query = f"{{ eventDefinitions(isPlanned: false) {{ {fields} }} }}"

    assert api.data(query)["eventDefinitions"] == [
        {
            "name": "Report Shared",
            "kind": "",
            "description": "",
            "isActivity": False,
            "isPlanned": False,
            "firstSeen": NOW.isoformat(),
        }
    ]


def test_event_definitions_are_listed_by_name_from_any_name_on(api: Api) -> None:
    everything = api.data("{ eventDefinitions { name isActivity } }")["eventDefinitions"]
    names = [definition["name"] for definition in everything]
    assert {"name": "share.created", "isActivity": True} in everything
    assert {"name": "cost.recorded", "isActivity": False} in everything

    query = "query ($after: String!) { eventDefinitions(first: 2, after: $after) { name } }"
    listed = api.data(query, after=names[4])["eventDefinitions"]
    assert [definition["name"] for definition in listed] == names[5:7]


def test_freshness_says_what_waits_and_since_when(empty: Opened, api: Api) -> None:
    query = "{ freshness { rolledUpTo pendingBuckets pendingEvents } }"
    fresh = api.data(query)["freshness"]
    assert (fresh["pendingBuckets"], fresh["pendingEvents"]) == (0, 0)

    deliver(empty.workspace, share("carol", "2026-04-20T12:00:00"))

    # A share is activity too, is told apart in four ways, and an account's: it waits in an hour of each series.
    waiting = api.data(query)["freshness"]
    assert (waiting["pendingBuckets"], waiting["pendingEvents"]) == (6, 6)
    assert api.data(query)["freshness"] == waiting
    assert fresh["rolledUpTo"] < waiting["rolledUpTo"]
