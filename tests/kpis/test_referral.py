"""The sheets' worked examples of what is sent and shown, from messages to answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from apps.engine.definitions import where
from apps.engine.expressions import Question
from apps.engine.parts import EventFacet
from apps.engine.periods import parse_month
from apps.events import taxonomy
from apps.events.models import ShareKind
from apps.kpis.catalogue import find
from apps.kpis.evaluate import Asked, breakdown, evaluate
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.world import NOW, act, ask, deliver, opened, share, track

pytestmark = pytest.mark.django_db

APRIL = parse_month("2026-04", "UTC")


def sent(who: str, day: int, customized: bool | None = None, **properties: Any) -> dict[str, Any]:
    said = {} if customized is None else {"message_customized": customized}
    return track("referral_message.sent", who, f"2026-04-{day:02}T09:00:00", **said, **properties)


def shown(who: str, day: int, **properties: Any) -> dict[str, Any]:
    return track("referral_prompt.shown", who, f"2026-04-{day:02}T09:00:00", **properties)


@pytest.fixture
def acme() -> Workspace:
    """Alice rewords one of three messages, Bob none, and Carol only drafts; two people are shown prompts."""
    workspace = opened().workspace
    deliver(
        workspace,
        sent("alice", 2, customized=True, template="join", channel="email", source_channel="app"),
        sent("alice", 3, customized=False, template="join", status="bounced"),
        sent("alice", 4, template="try", channel="email", status="delivered"),
        sent("bob", 4, template="try", channel="sms", status="sent", recipients_count=5),
        sent("carol", 5, customized=True, status="draft"),
        sent("carol", 6, customized=True, status="cancelled"),
        shown("bob", 2, prompt="invite", placement="editor", variant="a"),
        shown("dora", 3, prompt="invite", placement="mail", variant="b", viewable=True),
        shown("dora", 3, prompt="refer", placement="mail", viewable=False),
    )
    queue.settle(workspace.pk)
    return workspace


def sides(workspace: Workspace, slug: str) -> tuple[object, ...]:
    answer = ask(workspace, slug, APRIL).answer
    return answer.value, answer.numerator.amount, answer.denominator and answer.denominator.amount


def split(workspace: Workspace, slug: str, facet: str) -> Mapping[str | None, tuple[Any, ...]]:
    rows = breakdown(workspace, Asked(find(slug), Question(APRIL, NOW), EventFacet(facet)), 20)
    found = {}
    for row in rows:
        assert row.asked.part
        whole = row.answer.denominator
        found[row.asked.part.key] = (row.answer.numerator.amount, *([whole.amount] if whole else []))
    return found


def test_drafts_are_not_sent_and_what_bounced_was(acme: Workspace) -> None:
    assert sides(acme, "referral_messages_sent") == (4, 4, None)


def test_what_is_not_known_to_be_reworded_is_not(acme: Workspace) -> None:
    assert sides(acme, "customized_referral_messages") == (1, 1, None)
    assert sides(acme, "personalized_referral_outreach_rate") == (25, 1, 4)
    assert sides(acme, "personalized_referral_outreach_rate_by_user") == (50, 1, 2)


def test_a_rate_over_no_messages_is_null_with_both_sides() -> None:
    nobody = opened().workspace
    deliver(nobody, act("alice", "2026-04-02T09:00:00"))
    queue.settle(nobody.pk)
    assert sides(nobody, "personalized_referral_outreach_rate") == (None, 0, 0)
    assert sides(nobody, "personalized_referral_outreach_rate_by_user") == (None, 0, 0)


def test_a_draft_is_activity_all_the_same_and_a_prompt_is_none(acme: Workspace) -> None:
    assert sides(acme, "total_active_users") == (3, 3, None)


def test_a_prompt_that_nobody_could_see_was_not_shown(acme: Workspace) -> None:
    assert sides(acme, "referral_prompts_displayed") == (2, 2, None)
    assert split(acme, "referral_prompts_displayed", "placement") == {"editor": (1,), "mail": (1,)}
    assert split(acme, "referral_prompts_displayed", "prompt") == {"invite": (2,)}
    assert split(acme, "referral_prompts_displayed", "variant") == {"a": (1,), "b": (1,)}


def test_both_sides_of_a_rate_of_messages_are_split(acme: Workspace) -> None:
    assert split(acme, "personalized_referral_outreach_rate", "template") == {"join": (1, 2), "try": (0, 2)}
    by_channel = {"email": (1, 2), "sms": (0, 1), None: (0, 1)}
    assert split(acme, "personalized_referral_outreach_rate", "channel") == by_channel
    assert split(acme, "personalized_referral_outreach_rate_by_user", "channel") == {
        "email": (1, 1),
        "sms": (0, 1),
        None: (0, 1),
    }
    assert split(acme, "referral_messages_sent", "customized") == {"true": (1,), "false": (1,), None: (2,)}
    assert split(acme, "referral_messages_sent", "source_channel") == {"app": (1,), None: (3,)}


def test_channels_limit_messages_and_share_types_whoever_sent_them(acme: Workspace) -> None:
    deliver(acme, share("bob", "2026-04-20T09:00:00", share_type="link", channel="copy_link"))
    queue.settle(acme.pk)
    mails = Question(APRIL, NOW, limits=where({"channel": {"email"}}))
    linkers = Question(APRIL, NOW, limits=where({"share_type": {"link"}}))
    both = Question(APRIL, NOW, limits=where({"share_type": {"link"}, "channel": {"sms"}}))
    asked = [Asked(find("referral_messages_sent"), question) for question in (mails, linkers, both)]
    assert [result.answer.value for result in evaluate(acme, asked)] == [2, 1, 1]


def test_defined_share_events_are_the_agreed_kinds_of_any_scope() -> None:
    acme = opened().workspace
    kinds = {("invite", "email"): 6, ("link", "copy_link"): 4, ("link", "button"): 3, ("link", "social"): 1}
    others: dict[tuple[Any, Any], int] = {("link", "email"): 2, ("export", None): 1, (None, "email"): 1}
    deliver(
        acme,
        *(
            share(
                "alice",
                f"2026-04-{day + 1:02}T09:00:00",
                share_type=share_type,
                channel=channel,
                share_scope=scope,
            )
            for (share_type, channel), times in {**kinds, **others}.items()
            for day, scope in zip(range(times), ("product", "content", "referral") * 2, strict=False)
        ),
    )
    queue.settle(acme.pk)
    assert sides(acme, "defined_share_events") == (14, 14, None)
    assert split(acme, "defined_share_events", "share_scope") == {
        "product": (6,),
        "content": (4,),
        "referral": (4,),
    }


def test_another_set_of_defined_kinds_restates_every_month() -> None:
    acme = opened().workspace
    deliver(acme, *(share("alice", f"2026-0{month}-02T09:00:00", share_type="link") for month in (3, 4)))
    queue.settle(acme.pk)
    assert sides(acme, "defined_share_events")[0] == 0

    link = ShareKind.objects.filter(workspace=acme, share_type__slug="link")[0].share_type
    ShareKind.objects.create(workspace=acme, share_type=link, channel="email")
    assert sorted(taxonomy.publish(acme.pk)) == ["share.created"]
    assert sides(acme, "defined_share_events")[0] == 0
    queue.settle(acme.pk)
    acme.refresh_from_db()

    march = ask(acme, "defined_share_events", parse_month("2026-03", "UTC")).answer.value
    assert march == 1
    assert sides(acme, "defined_share_events")[0] == 1


def test_a_kind_that_is_no_longer_defined_is_not_counted() -> None:
    acme = opened().workspace
    deliver(acme, share("alice", "2026-04-02T09:00:00", share_type="link", channel="copy_link"))
    queue.settle(acme.pk)
    assert sides(acme, "defined_share_events")[0] == 1

    ShareKind.objects.filter(workspace=acme).update(is_defined=False)
    taxonomy.publish(acme.pk)
    queue.settle(acme.pk)
    acme.refresh_from_db()
    assert sides(acme, "defined_share_events")[0] == 0
