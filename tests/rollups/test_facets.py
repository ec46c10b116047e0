import pytest

from apps.rollups import queue
from apps.rollups.facets import occurring
from tests.world import act, deliver, opened, share, track


@pytest.mark.django_db
def test_what_shares_and_messages_had_is_known_once_it_is_rolled_up() -> None:
    acme, other = opened("acme").workspace, opened("other").workspace
    deliver(
        acme,
        act("alice", "2026-04-02T09:00:00"),
        share("alice", "2026-03-02T09:00:00", share_type="link", channel="copy_link"),
        share("alice", "2026-04-02T09:00:00", share_type="link", channel="copy_link"),
        share("bob", "2026-04-02T09:00:00", share_type="invite", channel=None),
        track("referral_message.sent", "bob", "2026-04-02T09:00:00", channel="sms"),
        track("referral_message.sent", "bob", "2026-04-02T09:00:00", channel="fax", status="draft"),
    )
    assert occurring(acme) == set()

    queue.settle(acme.pk)

    assert occurring(acme) == {("link", "copy_link"), ("invite", None), (None, "sms")}
    assert occurring(other) == set()
