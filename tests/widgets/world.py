"""A small world for widgets: Acme in spring 2026, seen at noon on 20 May."""

from __future__ import annotations

from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.world import act, deliver, opened, share, track


def acme_world() -> Workspace:
    """In April Alice shares twice; Bob, Charlie and Dora are active. In May there are Alice, who also
    sends a message that she rewrote, and Bob, who is shown a prompt."""
    workspace = opened().workspace
    deliver(
        workspace,
        act("bob", "2026-04-07T10:00:00"),
        act("charlie", "2026-04-08T10:00:00"),
        share("alice", "2026-04-20T10:00:00"),
        share("alice", "2026-04-21T10:00:00", channel="social"),
        act("bob", "2026-04-22T10:00:00"),
        act("charlie", "2026-04-23T10:00:00"),
        act("dora", "2026-04-24T10:00:00"),
        act("alice", "2026-05-12T10:00:00"),
        act("bob", "2026-05-13T10:00:00"),
        act("alice", "2026-05-19T10:00:00"),
        track("referral_message.sent", "alice", "2026-05-12T10:05:00", message_customized=True),
        track("referral_prompt.shown", "bob", "2026-05-13T10:05:00"),
    )
    queue.settle(workspace.pk)
    return workspace
