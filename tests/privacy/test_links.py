"""What prompts drew, and what sessions held, stays counted when somebody is erased who was in it (KPIS.md G7)."""

import pytest
from django.utils.timezone import now

from apps.audience.marking import LINKED
from apps.engine.periods import parse_month
from apps.events.hours import Whose
from apps.events.models import Event
from apps.events.taxonomy import DRAWING
from apps.privacy.erase import erase
from apps.rollups import causes, queue
from apps.workspaces.models import Marker, Workspace
from tests.kpis.test_prompts import interacted, shown, sides
from tests.world import ask, deliver, opened, share, track

pytestmark = pytest.mark.django_db(transaction=True)

APRIL = parse_month("2026-04", "UTC")
BY_SESSION = "product_sharing_rate_by_session"
HOURS = {"alice": 12, "bob": 14, "carla": 16}


@pytest.fixture
def acme() -> Workspace:
    """Bob answers Alice's prompt, Alice answers Bob's, and nobody Carla's."""
    workspace = opened().workspace
    deliver(workspace, *(shown(who, f"of-{who}", f"2026-04-10T{hour}:00:00") for who, hour in HOURS.items()))
    # What they draw is what changes these hours.
    queue.settle(workspace.pk)
    deliver(workspace, interacted("of-alice", "2026-04-10T18:00:00", who="bob"))
    deliver(workspace, interacted("of-bob", "2026-04-10T18:00:00", who="alice", kind="accept"))
    return workspace


def links(workspace: Workspace) -> list[str]:
    return [link for link in Event.objects.filter(workspace=workspace).values_list("link", flat=True) if link]


def counted(workspace: Workspace) -> tuple[int, int]:
    queue.settle(workspace.pk)
    return sides(ask(workspace, "referral_prompt_interaction_rate_by_impression", APRIL))


@pytest.mark.parametrize("is_settled", [True, False])
def test_what_was_linked_stays_linked_by_another_name(acme: Workspace, *, is_settled: bool) -> None:
    if is_settled:
        queue.settle(acme.pk)
    erase(acme.pk, "alice")
    assert counted(acme) == (2, 3)
    # And from the raw events once more.
    causes.mark_hours(acme.pk, Whose(links=links(acme)), now(), DRAWING)
    assert counted(acme) == (2, 3)
    assert len(set(links(acme))) == 3
    assert {"of-alice", "of-bob", "of-carla"} & set(links(acme)) == {"of-carla"}
    # Whoever knows who saw a prompt finds nobody by what others did with it.
    told = Event.objects.filter(workspace=acme).values_list("properties", flat=True)
    assert {one["impression"] for one in told if "impression" in one} == {"of-carla"}
    assert not Marker.objects.filter(workspace=acme, series__in=LINKED.values(), key__startswith="of-").exists()


def test_what_comes_later_is_linked_to_nothing_of_theirs(acme: Workspace) -> None:
    erase(acme.pk, "alice")
    deliver(acme, interacted("of-carla", "2026-04-10T18:00:00", who="alicia"))
    deliver(acme, interacted("of-alice", "2026-04-10T18:00:00", who="bob", kind="hover"))
    assert counted(acme) == (3, 3)


def test_what_a_machine_of_theirs_did_is_theirs_though_nobody_said_so(acme: Workspace) -> None:
    anonymous = interacted("of-carla", "2026-04-10T18:00:00") | {"anonymousId": "phone"}
    del anonymous["userId"]
    working = track("action.performed", "alice", "2026-04-10T11:00:00") | {"anonymousId": "phone"}
    deliver(acme, anonymous, working)
    erase(acme.pk, "alice")
    assert counted(acme) == (3, 3)
    deliver(acme, shown("dora", "of-carla", "2026-04-10T17:00:00"))
    assert counted(acme) == (3, 4)


def test_whoever_is_deleted_answered_nothing(acme: Workspace) -> None:
    queue.settle(acme.pk)
    erase(acme.pk, "alice", hard=True)
    assert counted(acme) == (0, 2)


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_whoever_began_a_session_or_shared_in_it_it_stays_one_by_another_name(who: str) -> None:
    acme = opened().workspace
    begun = track("session.started", "alice", "2026-04-10T12:00:00") | {"context": {"sessionId": "s-1"}}
    deliver(acme, begun, track("action.performed", "bob", "2026-04-10T12:10:00", session="s-1"))
    deliver(acme, share("bob", "2026-04-10T13:00:00", session_id="s-1"))
    erase(acme.pk, who)
    queue.settle(acme.pk)
    assert sides(ask(acme, BY_SESSION, APRIL)) == (1, 1)
    told = Event.objects.filter(workspace=acme).values_list("session", "properties")
    assert len({session for session, _ in told}) == 1
    assert "s-1" not in str(list(told))
    # What comes later is of a session that nobody began, or of another one.
    deliver(acme, track("session.started", "carla", "2026-04-10T11:00:00", session="s-1"))
    queue.settle(acme.pk)
    assert sides(ask(acme, BY_SESSION, APRIL)) == (1, 2)


@pytest.mark.parametrize("context", [["x"], "x", 1, None, {"sessionId": "s-1", "page": 1}])
def test_what_others_call_a_context_of_their_own_holds_up_no_erasure(context: object) -> None:
    acme = opened().workspace
    deliver(acme, track("session.started", "alice", "2026-04-10T12:00:00", session="s-1"))
    deliver(acme, track("action.performed", "bob", "2026-04-10T12:00:00", session="s-1", **{"$context": context}))
    erase(acme.pk, "alice")
    (left,) = Event.objects.filter(workspace=acme, user__external_id="bob").values_list("properties", flat=True)
    assert left == {"$context": {"page": 1} if isinstance(context, dict) else context}


def test_whoever_is_deleted_began_nothing_and_another_start_is_the_first() -> None:
    acme = opened().workspace
    starts = [("alice", "2026-03-31T23:00:00"), ("bob", "2026-04-01T01:00:00")]
    deliver(acme, *(track("session.started", who, at, session="s-1") for who, at in starts))
    deliver(acme, share("bob", "2026-04-01T02:00:00", session="s-1"))
    queue.settle(acme.pk)
    assert sides(ask(acme, BY_SESSION, APRIL)) == (0, 0)
    erase(acme.pk, "alice", hard=True)
    queue.settle(acme.pk)
    assert sides(ask(acme, BY_SESSION, APRIL)) == (1, 1)
