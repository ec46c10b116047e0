"""What was corrected stays so when somebody is erased who said it, or of whom it was said (KPIS.md G7)."""

import json

import pytest
from django.utils.timezone import now

from apps.engine.periods import parse_month
from apps.events import taxonomy
from apps.events.hours import Whose
from apps.events.models import Event, EventDefinition
from apps.privacy.erase import erase
from apps.privacy.export import export
from apps.rollups import causes, queue
from apps.workspaces.models import Workspace
from tests.events.test_corrections import by, corrected, retracted, voided
from tests.privacy.alice import left
from tests.world import ask, deliver, opened, share

pytestmark = pytest.mark.django_db(transaction=True)

NOON = "2026-04-10T12:00:00"
SHARES = "share_actions"
APRIL = parse_month("2026-04", "UTC")
OF_ALICE, OF_BOB = "shared-by-alice-at-noon", "shared-by-bob-at-noon"


@pytest.fixture
def acme() -> Workspace:
    """Alice and Bob shared, each by what "Doc Shared" calls a medium, and each corrected the other's share."""
    workspace = opened().workspace
    EventDefinition.objects.create(
        workspace=workspace, name="Doc Shared", kind="share.created", columns={"channel": "medium"}
    )
    taxonomy.publish(workspace.pk)
    queue.settle(workspace.pk)
    workspace.refresh_from_db()
    shares = {"alice": OF_ALICE, "bob": OF_BOB}
    deliver(
        workspace,
        *(
            share(who, NOON, message=message, medium="email", action_id=f"action-of-{who}")
            | {"event": "Doc Shared"}
            for who, message in shares.items()
        ),
        corrected(OF_BOB, medium="button", feature="editor", note="Bob told me") | {"userId": "alice"},
        corrected(OF_ALICE, medium="social") | {"userId": "bob"},
        share("bob", NOON, message="another"),
    )
    return workspace


def counted(workspace: Workspace) -> tuple[dict[str | None, int], dict[str | None, int]]:
    queue.settle(workspace.pk)
    return by(workspace, SHARES, "channel"), by(workspace, SHARES, "feature")


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("is_settled", [True, False])
def test_corrections_of_the_erased_and_of_what_they_did_go_on_counting(
    acme: Workspace, who: str, *, is_settled: bool
) -> None:
    if is_settled:
        queue.settle(acme.pk)
    erase(acme.pk, who)
    # And from the raw events once more.
    senders = Event.objects.filter(workspace=acme).values_list("user", flat=True)
    causes.mark_hours(acme.pk, Whose(users=list(senders)), now())
    assert counted(acme) == ({"button": 1, "email": 1, "social": 1}, {"editor": 1, None: 2})
    assert left({"alice": OF_ALICE, "bob": OF_BOB}[who]) == []


def test_a_retraction_by_another_tells_no_more_which_action_it_was_about(acme: Workspace) -> None:
    deliver(acme, retracted("action-of-alice", is_error=True) | {"userId": "bob"})
    erase(acme.pk, "alice")
    assert counted(acme)[0] == {"button": 1, "email": 1}
    assert left("action-of-alice") == []


def test_whoever_is_deleted_corrected_nothing(acme: Workspace) -> None:
    deliver(acme, voided("another") | {"userId": "alice"})
    assert counted(acme)[0] == {"button": 1, "social": 1}
    erase(acme.pk, "alice", hard=True)
    assert counted(acme) == ({"email": 2}, {None: 2})
    assert ask(acme, SHARES, APRIL).answer.value == 2
    assert left(OF_ALICE) == []


def test_an_export_has_what_others_corrected_but_not_who_they_were(acme: Workspace) -> None:
    told = "".join(export(acme.pk, "alice"))
    assert "bob" not in told.replace(OF_BOB, "")
    said = json.loads(told)
    assert [one["event"] for one in said["events"]] == ["Doc Shared", "event.corrected"]
    (correction,) = said["corrections"]
    assert (correction["event"], correction["occurred_at"]) == ("event.corrected", "2026-05-02T10:00:00+00:00")
