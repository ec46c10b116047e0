import pytest

from apps.events.models import ImportRun, RejectedEvent
from apps.workspaces.models import Workspace
from tests.events.admin.pages import SCRIPT
from tests.world import NOW, act, deliver, opened, share, track


@pytest.fixture
def acme() -> Workspace:
    """A workspace with a row on every page of this room."""
    workspace = opened().workspace
    deliver(
        workspace,
        act("alice", "2026-04-01T10:00:00"),
        share("bob", "2026-04-02T10:00:00"),
        track("referral_message.sent", "charlie", "2026-04-03T10:00:00", channel="email", amount=1.25),
        track("Doc Shared", "alice", "2026-04-04T10:00:00", medium="email"),
        track("Doc Shared", "bob", "2026-04-05T10:00:00", medium="social"),
    )
    RejectedEvent.objects.create(
        workspace=workspace, received_at=NOW, code="too_old", reason="Too old.", body=SCRIPT
    )
    ImportRun.objects.create(
        workspace=workspace, fingerprint="f", file="2026.jsonl", position=66155, accepted=66000
    )
    return workspace
