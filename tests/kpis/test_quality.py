"""How many of the events behind an answer are doubtful (KPIS.md section 2)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.engine.conditions import AsOf, TraitIs, TraitOp
from apps.engine.expressions import Question
from apps.engine.parts import ByTrait
from apps.engine.periods import Period, parse_day, parse_month
from apps.engine.refusals import Refusal
from apps.kpis.catalogue import answered, find
from apps.kpis.evaluate import Asked, Result, breakdown, evaluate
from apps.rollups import queue, raw
from apps.workspaces.models import Workspace
from tests.world import NOW, ask, deliver, identify, opened, share, track

pytestmark = pytest.mark.django_db

APRIL = parse_month("2026-04", "UTC")
NOON = "2026-04-10T12:00:00"
UNKNOWN, UNSESSIONED, UNLINKED = "unknown_count", "unsessioned_shares", "unlinked_interactions"
CUSTOMIZED, OUTREACH = "customized_referral_messages", "personalized_referral_outreach_rate"
IN_SESSION, INTERACTED = "product_sharing_rate_by_session", "referral_prompt_interaction_rate"


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def sent(who: str, at: str = NOON, **properties: Any) -> dict[str, Any]:
    return track("referral_message.sent", who, at, **properties)


def shown(impression: str, at: str = NOON, **properties: Any) -> dict[str, Any]:
    return track("referral_prompt.shown", "alice", at, impression=impression, **properties)


def interacted(impression: str | None, at: str = NOON, kind: str = "click", **properties: Any) -> dict[str, Any]:
    named = {"impression": impression} if impression else {}
    return track("referral_prompt.interacted", "bob", at, kind=kind, **named, **properties)


def counted(workspace: Workspace, slug: str, name: str, **limits: list[str]) -> int | None:
    question = Question(APRIL, NOW)
    for facet, values in limits.items():
        question = question.only(facet, values)
    (result,) = evaluate(workspace, [Asked(find(slug), question)])
    return result.count(name)


def test_each_kpi_has_the_counters_of_what_it_counts() -> None:
    counters = {slug: tuple(entry.quality) for slug, entry in answered().items() if entry.quality}
    assert counters == {
        CUSTOMIZED: (UNKNOWN,),
        OUTREACH: (UNKNOWN,),
        f"{OUTREACH}_by_user": (UNKNOWN,),
        IN_SESSION: (UNSESSIONED,),
        INTERACTED: (UNLINKED,),
        f"{INTERACTED}_by_impression": (UNLINKED,),
    }


def test_two_of_four_messages_do_not_say_whether_they_were_changed(acme: Workspace) -> None:
    told = [sent("alice", message_customized=True), sent("alice", message_customized=False)]
    deliver(acme, *told, sent("bob", channel="sms"), sent("carla"), sent("carla", status="draft"))
    deliver(acme, identify("carla", "2026-04-20T10:00:00", is_internal=True), sent("dora", "2026-05-01T00:00:00"))
    deliver(acme, sent("erin", channel="sms"))
    queue.settle(acme.pk)
    for slug in (CUSTOMIZED, OUTREACH, f"{OUTREACH}_by_user"):
        assert counted(acme, slug, UNKNOWN) == 2
        assert counted(acme, slug, UNKNOWN, channel=["sms"]) == 2
        assert counted(acme, slug, UNKNOWN, channel=["email"]) == 0
        # Messages have no share type: what is asked of shares says nothing of them.
        assert counted(acme, slug, UNKNOWN, share_type=["link"]) == 2
        assert (counted(acme, slug, UNSESSIONED), counted(acme, slug, UNLINKED)) == (None, None)


def test_shares_without_a_session_are_those_of_the_product_alone(acme: Workspace) -> None:
    deliver(acme, share("alice", NOON, session="s"), share("bob", NOON), share("bob", NOON, channel="social"))
    deliver(acme, share("bob", NOON, share_scope="content"), share("bob", NOON, is_error=True))
    deliver(acme, share("carla", NOON, message="mended", share_scope="content"))
    deliver(acme, track("event.corrected", "carla", NOON, corrects="mended", share_scope="product"))
    queue.settle(acme.pk)
    assert counted(acme, IN_SESSION, UNSESSIONED) == 3
    assert counted(acme, IN_SESSION, UNSESSIONED, channel=["social"]) == 1


@pytest.mark.parametrize(
    ("at", "count"),
    [
        ("2026-04-10T11:59:59.999999", 1),
        (NOON, 0),
        ("2026-04-11T11:59:59.999999", 0),
        ("2026-04-11T12:00:00", 1),
    ],
)
def test_an_interaction_is_linked_within_a_day_of_a_prompt(acme: Workspace, at: str, count: int) -> None:
    deliver(acme, shown("i"), interacted("i", at))
    queue.settle(acme.pk)
    assert counted(acme, INTERACTED, UNLINKED) == count


def test_interactions_of_no_prompt_that_was_shown_are_linked_to_none(acme: Workspace) -> None:
    deliver(acme, shown("seen"), shown("unseen", viewable=False), shown("oops", message="oops"))
    deliver(
        acme, interacted("seen"), interacted("unseen"), interacted("oops"), interacted(None), interacted("none")
    )
    deliver(acme, interacted(None, kind="timeout"), track("event.voided", "alice", NOON, corrects="oops"))
    queue.settle(acme.pk)
    for slug in (INTERACTED, f"{INTERACTED}_by_impression"):
        assert counted(acme, slug, UNLINKED) == 4
        assert counted(acme, slug, UNLINKED, channel=["email"]) == 4


def test_conditions_are_taken_on_the_days_of_the_answers_own(acme: Workspace) -> None:
    deliver(acme, identify("alice", "2026-04-01T10:00:00", plan="pro"), sent("alice"))
    deliver(acme, identify("alice", "2026-04-20T10:00:00", plan="free"))
    queue.settle(acme.pk)
    question = Question(APRIL, NOW, segment=TraitIs("plan", TraitOp.EQUALS, ("pro",)))

    def of(slug: str, as_of: AsOf | None = None) -> int | None:
        asked = Question(question.period, NOW, segment=question.segment, as_of=as_of)
        return evaluate(acme, [Asked(find(slug), asked)])[0].count(UNKNOWN)

    assert (of(OUTREACH), of(f"{OUTREACH}_by_user")) == (1, 0)
    assert of(f"{OUTREACH}_by_user", AsOf.EVENT_DAY) == 1


def test_who_is_left_out_of_a_numerator_is_counted_where_one_is_part_of_the_other(acme: Workspace) -> None:
    deliver(acme, share("alice", NOON))
    queue.settle(acme.pk)
    assert ask(acme, "product_sharing_rate", APRIL).dropped_numerator == 0
    assert ask(acme, "total_active_users", APRIL).dropped_numerator is None


def days(workspace: Workspace, slugs: list[str], count: int) -> list[Result]:
    periods: list[Period] = [parse_day(f"2026-04-{day:02}", "UTC") for day in range(1, count + 1)]
    return evaluate(workspace, [Asked(find(slug), Question(one, NOW)) for slug in slugs for one in periods])


def test_statements_do_not_grow_with_kpis_and_points(acme: Workspace) -> None:
    deliver(acme, shown("i"), interacted(None), share("alice", NOON), sent("alice"))
    queue.settle(acme.pk)
    times = []
    for slugs, points in (
        ([INTERACTED, OUTREACH], 1),
        ([INTERACTED, f"{INTERACTED}_by_impression", OUTREACH], 20),
    ):
        results = days(acme, slugs, points)
        with CaptureQueriesContext(connection) as statements:
            told = [(one.count(UNLINKED), one.count(UNKNOWN)) for one in results]
        times.append(len(statements))
    assert times[0] == times[1]
    assert told.count((1, None)) == 2
    assert told.count((None, 1)) == 1


def test_too_many_events_are_refused_to_each_who_asks_and_looked_for_once(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "MOST", 1)
    deliver(acme, share("alice", NOON), share("bob", NOON))
    queue.settle(acme.pk)
    first, second = (ask(acme, IN_SESSION, APRIL) for _ in range(2))
    assert first.answer.value is None
    for result in (first, first, second):
        with pytest.raises(Refusal) as refused:
            result.count(UNSESSIONED)
        assert (refused.value.code, refused.value.field) == ("TOO_MANY_EVENTS", "period")


def test_the_rows_of_a_breakdown_count_what_they_drop_alone(acme: Workspace) -> None:
    deliver(acme, sent("alice"))
    queue.settle(acme.pk)
    rows = breakdown(acme, Asked(find(OUTREACH), Question(APRIL, NOW), ByTrait("plan")), 20)
    assert [(row.count(UNKNOWN), row.dropped_numerator) for row in rows] == [(None, 0)]
