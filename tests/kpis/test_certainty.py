"""Between which bounds a rate lies."""

from decimal import Decimal

import pytest

from apps.engine.expressions import Question
from apps.engine.parts import EventFacet
from apps.engine.periods import parse_month
from apps.kpis.catalogue import find
from apps.kpis.certainty import interval
from apps.kpis.evaluate import Asked, breakdown
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.world import NOW, act, ask, deliver, opened, share

pytestmark = pytest.mark.django_db

APRIL, MARCH = parse_month("2026-04", "UTC"), parse_month("2026-03", "UTC")


@pytest.fixture
def acme() -> Workspace:
    """Twenty people are active in April, and nobody shares; in March one of 29 does."""
    workspace = opened().workspace
    deliver(
        workspace,
        *(act(f"april-{n}", "2026-04-02T09:00:00") for n in range(20)),
        *(act(f"march-{n}", "2026-03-02T09:00:00") for n in range(28)),
        share("alice", "2026-03-02T09:00:00"),
    )
    queue.settle(workspace.pk)
    return workspace


def test_a_rate_lies_between_bounds_at_a_level(acme: Workspace) -> None:
    march, april = (ask(acme, "product_sharing_rate", month) for month in (MARCH, APRIL))
    bounds = interval(march, 0.95)
    assert bounds is not None
    # Newcombe's published examples.
    assert [f"{bound:.2f}" for bound in bounds] == ["0.61", "17.18"]
    assert [f"{bound:.2f}" for bound in interval(april, 0.95) or ()] == ["0.00", "16.11"]
    wider = interval(march, 0.99)
    assert wider is not None
    assert wider[0] < bounds[0] < bounds[1] < wider[1]


def test_what_is_no_rate_or_has_no_value_has_no_bounds(acme: Workspace) -> None:
    assert interval(ask(acme, "total_active_users", APRIL), 0.95) is None
    assert interval(ask(acme, "product_sharing_rate", parse_month("2026-02", "UTC")), 0.95) is None


def test_a_row_of_a_breakdown_has_bounds_of_its_own(acme: Workspace) -> None:
    asked = Asked(find("product_sharing_rate"), Question(MARCH, NOW), EventFacet("share_type"))
    (row,) = breakdown(acme, asked, 20)
    assert interval(row, 0.95) == interval(ask(acme, "product_sharing_rate", MARCH), 0.95)
    low, high = interval(row, 0.95) or (Decimal(0), Decimal(0))
    assert low < Decimal(100) / 29 < high
