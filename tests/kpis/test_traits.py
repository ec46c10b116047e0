from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.engine.sets import Space
from apps.kpis.traits import Values, text
from apps.rollups import queue
from apps.rollups.cache import CACHE
from apps.workspaces.models import Workspace
from tests.world import NOW, deliver, group, identify, opened


@pytest.fixture
def acme(db: None) -> Workspace:
    """Alice and Bob work at Initech, Carol at Hooli; Bob has a plan of his own, Alice another role in April."""
    workspace = opened().workspace
    deliver(
        workspace,
        group("alice", "initech", "2026-03-01T08:00:00", plan="pro"),
        group("bob", "initech", "2026-03-01T08:00:00"),
        group("carol", "hooli", "2026-03-01T08:00:00", plan="free"),
        identify("alice", "2026-03-01T08:00:00", role="intern"),
        identify("alice", "2026-04-01T08:00:00", role="lead"),
        identify("bob", "2026-03-01T08:00:00", plan="free"),
    )
    queue.settle(workspace.pk)
    return workspace


def test_whoever_has_a_value_now_is_counted_the_most_frequent_value_first(acme: Workspace) -> None:
    in_march = Values(acme, ["role"], NOW - timedelta(days=60))
    assert in_march.counts("role", Space.USER) == [('"intern"', 1)]
    values = Values(acme, ["plan", "role"], NOW)
    assert values.counts("plan", Space.USER) == [('"free"', 2), ('"pro"', 1)]
    assert values.counts("plan", Space.ACCOUNT) == [('"free"', 1), ('"pro"', 1)]
    assert values.counts("role", Space.USER) == [('"lead"', 1)]
    assert values.counts("role", Space.ACCOUNT) == []


def test_two_statements_read_everything(
    acme: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    CACHE.clear()
    values = Values(acme, ["plan", "role"], NOW)
    with django_assert_num_queries(2):
        for space in Space:
            values.counts("plan", space)
            values.counts("role", space)


@pytest.mark.parametrize(
    ("value", "expected"),
    [('"pro"', "pro"), ("1.10", "1.10"), ("true", "true"), ('["a"]', '["a"]'), ("(other)", "(other)")],
)
def test_a_value_is_a_text_as_it_is_or_else_json(value: str, expected: str) -> None:
    assert text(value) == expected
