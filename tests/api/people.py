"""People of two companies, to ask about by segment: what they are, and what they did in April 2026."""

from apps.audience.icp import draft
from apps.audience.models import IcpProfile
from apps.events import icp
from apps.kpis import segments
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.world import act, deliver, group, identify, share

RULE = [
    {
        "all": [
            {"name": "company_size", "op": "AT_LEAST", "values": ["50"]},
            {"name": "role", "op": "EQUALS", "values": ["product_manager"]},
        ]
    }
]
PAYING = {"trait": {"name": "plan", "op": "IN", "values": ["pro", "team"]}}


def move_in(workspace: Workspace) -> None:
    """Alice and Bob work at Initech, on the pro plan; Carol at Hooli, on the free one; of Dora nothing is known.

    Alice matches the profile "mid-market-product-teams"; "paying" is a saved segment. All are active in April;
    Alice shares three times and Carol once, and only Dora was active in March.
    """
    deliver(
        workspace,
        group("alice", "initech", "2026-03-01T08:00:00", plan="pro", company_size=120),
        group("bob", "initech", "2026-03-01T08:00:00"),
        group("carol", "hooli", "2026-03-01T08:00:00", plan="free", company_size=10),
        identify("alice", "2026-03-01T09:00:00", role="product_manager"),
        identify("bob", "2026-03-01T09:00:00", role="intern"),
        identify("carol", "2026-03-01T09:00:00", role="product_manager"),
        act("dora", "2026-03-15T09:00:00"),
        *(act(who, "2026-04-02T09:00:00") for who in ("alice", "bob", "carol", "dora")),
        *(share("alice", f"2026-04-{day}T10:00:00") for day in (10, 11, 12)),
        share("carol", "2026-04-20T10:00:00", share_type="link"),
    )
    profile = IcpProfile.objects.create(
        workspace=workspace, slug="mid-market-product-teams", name="Product teams of the mid-market"
    )
    icp.approve(workspace.pk, draft(profile, RULE).pk, "dora")
    queue.settle(workspace.pk)
    segments.define(workspace, "paying", "On a paid plan", PAYING)
    workspace.refresh_from_db()
