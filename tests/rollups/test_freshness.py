import pytest

from apps.rollups import queue
from apps.rollups.freshness import Freshness, freshness
from apps.workspaces.models import Marker
from tests.world import NOW, act, deliver, opened, share


@pytest.mark.django_db
def test_what_came_in_waits_until_it_is_rolled_up() -> None:
    acme, other = opened("acme").workspace, opened("other").workspace
    deliver(acme, act("alice", "2026-04-02T09:00:00"), act("bob", "2026-04-02T09:10:00"))
    deliver(acme, share("alice", "2026-04-02T10:00:00"))
    since = Marker.objects.filter(workspace=acme.pk).earliest("since").since

    # Two hours of activity, four of sharers, one of accounts that shared: the share waits in six.
    assert freshness(acme.pk, NOW) == Freshness(since, pending_buckets=7, pending_events=8)
    assert freshness(other.pk, NOW) == Freshness(NOW, pending_buckets=0, pending_events=0)

    queue.settle(acme.pk)

    assert freshness(acme.pk, NOW) == Freshness(NOW, pending_buckets=0, pending_events=0)
