"""The sheets' worked examples of the first eight KPIs, from messages to answers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.audience.models import ProductUser
from apps.engine.answers import people, remainder
from apps.engine.definitions import where
from apps.engine.expressions import Question
from apps.engine.parts import EventFacet
from apps.engine.periods import Period, parse_day, parse_month, parse_week
from apps.kpis.catalogue import find
from apps.kpis.evaluate import Asked, breakdown, evaluate
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.world import NOW, act, ask, deliver, opened, share, track

pytestmark = pytest.mark.django_db

APRIL = parse_month("2026-04", "UTC")


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def settled(workspace: Workspace, *messages: object) -> None:
    deliver(workspace, *messages)
    queue.settle(workspace.pk)


def names(workspace: Workspace, ordinals: object) -> list[str]:
    users = ProductUser.objects.filter(workspace=workspace, ordinal__in=list(ordinals))  # type: ignore[call-overload]
    return sorted(users.values_list("external_id", flat=True))


def test_total_active_users(acme: Workspace) -> None:
    settled(
        acme,
        track("session.started", "alice", "2026-04-03T09:00:00", platform="web"),
        track("session.started", "alice", "2026-04-07T09:00:00", platform="web"),
        share("bob", "2026-04-10T09:00:00", object_type="report"),
        track("referral_prompt.shown", "carol", "2026-04-11T09:00:00", prompt="banner"),
    )
    assert ask(acme, "total_active_users", APRIL).answer.value == 2


def test_users_who_shared_and_share_actions(acme: Workspace) -> None:
    shares = [share("bob", f"2026-04-0{day}T09:00:00") for day in (1, 2, 3)]
    settled(acme, *shares, share("eve", "2026-04-30T23:59:59.999999"), share("eve", "2026-05-01T00:00:00"))
    assert ask(acme, "users_who_shared", APRIL).answer.value == 2
    assert ask(acme, "share_actions", APRIL).answer.value == 4


def test_product_sharing_rate_and_the_people_behind_it(acme: Workspace) -> None:
    settled(
        acme,
        *(act(who, "2026-04-03T09:00:00") for who in ("alice", "bob", "carol")),
        share("bob", "2026-04-10T09:00:00"),
        share("carol", "2026-04-10T09:00:00", share_scope="content"),
    )
    answer = ask(acme, "product_sharing_rate", APRIL).answer
    assert answer.denominator is not None
    assert (answer.value, answer.numerator.amount, answer.denominator.amount) == (Decimal("33.333333"), 1, 3)
    assert names(acme, people(answer.numerator)) == ["bob"]
    assert names(acme, people(answer.denominator)) == ["alice", "bob", "carol"]
    assert names(acme, remainder(answer)) == ["alice", "carol"]


def test_a_rate_over_nobody_is_null_with_both_sides(acme: Workspace) -> None:
    answer = ask(acme, "product_sharing_rate", APRIL).answer
    assert answer.denominator is not None
    assert (answer.value, answer.numerator.amount, answer.denominator.amount) == (None, 0, 0)


def test_a_count_over_nothing_is_zero(acme: Workspace) -> None:
    assert ask(acme, "share_actions", APRIL).answer.value == 0


@pytest.mark.parametrize(
    ("slug", "period", "value"),
    [
        ("dau", parse_day("2026-04-06", "UTC"), 1),
        ("dau", parse_week("2026-W15", "UTC"), 0),  # its last day
        ("wau", parse_week("2026-W15", "UTC"), 2),
        ("wau", parse_day("2026-04-12", "UTC"), 2),
        ("mau", APRIL, 2),
        ("mau", parse_day("2026-04-30", "UTC"), 2),
        ("mau_rolling_30d", parse_day("2026-05-05", "UTC"), 2),
        ("mau_rolling_30d", parse_day("2026-05-06", "UTC"), 2),
        ("mau_rolling_30d", parse_day("2026-05-07", "UTC"), 0),
    ],
    ids=lambda value: value.label if isinstance(value, Period) else None,
)
def test_active_users_by_their_own_grain(acme: Workspace, slug: str, period: Period, value: int) -> None:
    settled(
        acme,
        act("alice", "2026-04-06T09:00:00"),
        act("alice", "2026-04-07T09:00:00"),
        act("bob", "2026-04-07T10:00:00"),
    )
    assert ask(acme, slug, period).answer.value == value


def test_internal_users_never_count(acme: Workspace) -> None:
    settled(
        acme,
        act("alice", "2026-04-03T09:00:00"),
        share("ivan", "2026-04-03T09:00:00"),
        {**track("", "ivan", "2026-05-01T09:00:00"), "type": "identify", "traits": {"is_internal": True}},
    )
    answer = ask(acme, "product_sharing_rate", APRIL).answer
    assert answer.denominator is not None
    assert [answer.value, answer.numerator.amount, answer.denominator.amount] == [0, 0, 1]
    assert ask(acme, "share_actions", APRIL).answer.value == 0


def test_a_late_event_changes_its_own_period(acme: Workspace) -> None:
    settled(acme, act("alice", "2026-04-03T09:00:00"))
    before = ask(acme, "mau", APRIL)
    settled(acme, act("bob", "2026-04-03T09:00:00"))
    after = ask(acme, "mau", APRIL)
    assert [before.answer.value, after.answer.value] == [1, 2]
    assert before.receipt.digest != after.receipt.digest


def test_an_event_that_waits_is_in_the_receipt_not_in_the_number(acme: Workspace) -> None:
    settled(acme, act("alice", "2026-04-03T09:00:00"))
    fresh = ask(acme, "mau", APRIL)
    assert (fresh.receipt.pending_events, fresh.receipt.rolled_up_to) == (0, NOW)
    deliver(acme, act("bob", "2026-04-03T09:00:00"))
    stale = ask(acme, "mau", APRIL)
    assert [stale.answer.value, stale.receipt.pending_events] == [1, 1]
    assert stale.receipt.rolled_up_to != NOW


def test_what_waits_for_one_month_is_not_in_the_receipt_of_another(acme: Workspace) -> None:
    settled(acme, act("alice", "2026-03-03T09:00:00"))
    deliver(acme, act("bob", "2026-04-03T09:00:00"))
    months = [Asked(find("mau"), Question(parse_month(month, "UTC"), NOW)) for month in ("2026-03", "2026-04")]
    assert [result.receipt.pending_events for result in evaluate(acme, months)] == [0, 1]


def test_the_same_question_of_the_same_rows_has_the_same_digest(acme: Workspace) -> None:
    settled(acme, act("alice", "2026-04-03T09:00:00"))
    first, again = ask(acme, "mau", APRIL), ask(acme, "mau", APRIL)
    assert first.receipt == again.receipt
    assert len(first.receipt.rollups) == 1


def test_a_running_period_is_not_complete(acme: Workspace) -> None:
    settled(acme, act("alice", "2026-04-01T00:00:00"))
    end = datetime(2026, 5, 1, tzinfo=UTC)
    assert not ask(acme, "mau", APRIL, now=datetime(2026, 4, 30, 23, 59, 59, tzinfo=UTC)).is_complete
    assert ask(acme, "mau", APRIL, now=end).is_complete


def test_the_first_29_days_of_a_rolling_window_are_not_complete(acme: Workspace) -> None:
    settled(acme, act("alice", "2026-04-01T15:00:00"))
    assert not ask(acme, "mau_rolling_30d", parse_day("2026-04-29", "UTC")).is_complete
    assert ask(acme, "mau_rolling_30d", parse_day("2026-04-30", "UTC")).is_complete


def test_share_types_split_the_numerator_alone(acme: Workspace) -> None:
    settled(
        acme,
        act("alice", "2026-04-03T09:00:00"),
        share("bob", "2026-04-03T09:00:00"),
        share("bob", "2026-04-04T09:00:00", share_type="link"),
        share("carol", "2026-04-04T09:00:00", share_type="link"),
        share("dora", "2026-04-04T09:00:00", share_type=None),
    )
    by = EventFacet("share_type")
    rows = breakdown(acme, Asked(find("product_sharing_rate"), Question(APRIL, NOW), by), 20)
    sides = [
        (
            row.asked.part and row.asked.part.key,
            row.answer.numerator.amount,
            row.answer.denominator and row.answer.denominator.amount,
        )
        for row in rows
    ]
    assert sides == [("link", 2, 4), ("invite", 1, 4), (None, 1, 4)]
    links = Question(APRIL, NOW, limits=where({"share_type": {"link"}}))
    (only,) = evaluate(acme, [Asked(find("product_sharing_rate"), links)])
    assert only.answer.value == 50
    assert only.receipt.digest == rows[0].receipt.digest


def test_share_types_limit_active_users_to_those_who_shared_so(acme: Workspace) -> None:
    settled(acme, act("alice", "2026-04-03T09:00:00"), share("bob", "2026-04-03T09:00:00", share_scope="content"))
    invites = Question(APRIL, NOW, limits=where({"share_type": {"invite"}}))
    (result,) = evaluate(acme, [Asked(find("mau"), invites)])
    assert names(acme, people(result.answer.numerator)) == ["bob"]
