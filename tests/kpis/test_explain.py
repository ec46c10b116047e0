from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.engine.conditions import AsOf, TraitIs, TraitOp
from apps.engine.definitions import BY, STATES, where
from apps.engine.expressions import Question
from apps.engine.parts import By, ByCondition, ByTrait, EventFacet
from apps.engine.periods import Period, between, parse_day, parse_month, parse_quarter, parse_week, parse_year
from apps.events.taxonomy import SERIES
from apps.kpis.catalogue import entries, find
from apps.kpis.evaluate import Asked, breakdown, evaluate
from apps.kpis.explain import DID, EVENTS, WHO, display, explain
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.world import NOW, act, deliver, identify, opened, share, track

APRIL = parse_month("2026-04", "UTC")
PRO = TraitIs("plan", TraitOp.EQUALS, ("pro",))


@pytest.fixture
def acme(db: None) -> Workspace:
    """Alice and Bob act in April; Alice, who is pro and signed up, shares twice."""
    acme = opened().workspace
    deliver(
        acme,
        act("alice", "2026-04-02T09:00:00"),
        share("alice", "2026-04-02T09:05:00"),
        share("alice", "2026-04-03T09:05:00", share_type="link", channel=None),
        act("bob", "2026-04-02T11:00:00"),
        identify("alice", "2026-04-01T09:00:00", plan="pro"),
        track("user.signed_up", "alice", "2026-04-02T08:00:00", channel="ads"),
        track("referral_message.sent", "alice", "2026-04-02T10:00:00", message_customized=True),
        track("referral_message.sent", "alice", "2026-04-02T10:01:00", message_customized=False),
        track("referral_message.sent", "bob", "2026-04-02T10:02:00"),
        track("referral_prompt.shown", "bob", "2026-04-02T10:02:00"),
    )
    queue.settle(acme.pk)
    return acme


def said(acme: Workspace, slug: str, question: Question) -> str:
    return explain(evaluate(acme, [Asked(find(slug), question)])[0])


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("percent", Decimal(27), "27 %"),
        ("percent", Decimal("33.333333"), "33.33 %"),
        ("percent", Decimal("13.5"), "13.5 %"),
        ("percent", Decimal("0.125"), "0.12 %"),
        ("percent", Decimal(100), "100 %"),
        ("percent", Decimal(0), "0 %"),
        ("percent", None, "–"),
        ("count", Decimal(1620), "1,620"),
        ("count", Decimal(1000000), "1,000,000"),
        ("count", Decimal(0), "0"),
    ],
)
def test_numbers_are_written_as_people_write_them(unit: str, value: Decimal | None, expected: str) -> None:
    assert display(unit, value) == expected


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("product_sharing_rate", "1 of the 2 people active in April 2026 (UTC) shared: 50 %."),
        ("total_active_users", "2 people active in April 2026 (UTC)."),
        ("users_who_shared", "1 person who shared in April 2026 (UTC)."),
        ("share_actions", "2 shares in April 2026 (UTC)."),
        ("defined_share_events", "1 share of a defined kind in April 2026 (UTC)."),
        ("referral_messages_sent", "3 referral messages sent in April 2026 (UTC)."),
        ("customized_referral_messages", "1 customized referral message sent in April 2026 (UTC)."),
        (
            "personalized_referral_outreach_rate",
            "1 of the 3 referral messages sent in April 2026 (UTC) was customized: 33.33 %.",
        ),
        (
            "personalized_referral_outreach_rate_by_user",
            "1 of the 2 people who sent a referral message in April 2026 (UTC) customized at least one: 50 %.",
        ),
        ("referral_prompts_displayed", "1 referral prompt shown in April 2026 (UTC)."),
        ("mau_rolling_30d", "2 people active from 2026-04-01 to 2026-04-30 (UTC)."),
        ("dau", "0 people active on 30 April 2026 (UTC)."),
        ("signups", "1 person who signed up in April 2026 (UTC)."),
        ("new_accounts", "0 accounts created in April 2026 (UTC)."),
        (
            "product_adoption_rate",
            "2 of the 2 people registered or active in April 2026 (UTC) were active: 100 %.",
        ),
        (
            "identified_icp_users",
            "0 people registered as of 30 April 2026 (UTC) who match an ICP profile.",
        ),
        (
            "share_rate_among_icps",
            "0 of the 0 people active in April 2026 (UTC) who match an ICP profile shared, so there is no value.",
        ),
    ],
)
def test_an_answer_is_said_in_a_sentence(acme: Workspace, slug: str, expected: str) -> None:
    assert said(acme, slug, Question(APRIL, NOW)) == expected


@pytest.mark.parametrize(
    ("period", "when"),
    [
        (parse_day("2026-04-02", "UTC"), "on 2 April 2026 (UTC)"),
        (parse_week("2026-W14", "UTC"), "in week 2026-W14 (UTC)"),
        (parse_month("2026-04", "Europe/Berlin"), "in April 2026 (Europe/Berlin)"),
        (parse_quarter("2026-Q2", "UTC"), "in 2026-Q2 (UTC)"),
        (parse_year("2026", "UTC"), "in 2026 (UTC)"),
        (
            between(parse_day("2026-04-01", "UTC").first, parse_day("2026-04-15", "UTC").first, "UTC"),
            "from 2026-04-01 to 2026-04-14 (UTC)",
        ),
    ],
)
def test_the_period_is_named_with_its_zone(acme: Workspace, period: Period, when: str) -> None:
    later = datetime(2027, 2, 1, tzinfo=UTC)

    assert said(acme, "total_active_users", Question(period, later)) == f"2 people active {when}."


def test_a_running_period_says_so(acme: Workspace) -> None:
    noon = datetime(2026, 4, 20, 12, tzinfo=UTC)

    assert said(acme, "share_actions", Question(APRIL, noon)) == "So far, 2 shares in April 2026 (UTC)."


def test_an_undefined_value_says_why(acme: Workspace) -> None:
    march = parse_month("2026-03", "UTC")

    assert said(acme, "product_sharing_rate", Question(march, NOW)) == (
        "0 of the 0 people active in March 2026 (UTC) shared, so there is no value."
    )


def test_restrictions_are_named(acme: Workspace) -> None:
    question = Question(APRIL, NOW, limits=where({"share_type": {"invite", "link"}, "channel": {"email"}}))

    assert said(acme, "product_sharing_rate", question) == (
        "1 of the 2 people active in April 2026 (UTC) shared "
        "(only channel email and share type invite or link): 50 %."
    )


def test_a_row_of_a_breakdown_is_said_as_the_question_that_it_answers(acme: Workspace) -> None:
    rows = breakdown(acme, Asked(find("share_actions"), Question(APRIL, NOW), EventFacet("channel")), 20)

    assert [explain(row) for row in rows] == [
        "1 share in April 2026 (UTC) (only channel email).",
        "1 share in April 2026 (UTC) (only channel unknown).",
    ]


@pytest.mark.parametrize(
    ("slug", "as_of", "expected"),
    [
        (
            "product_sharing_rate",
            None,
            "Among people of whom plan is pro, 1 of the 1 person active in April 2026 (UTC) shared: 100 %.",
        ),
        (
            "total_active_users",
            AsOf.PERIOD_START,
            "Among people of whom plan is pro as of 31 March 2026, 0 people active in April 2026 (UTC).",
        ),
        (
            "total_active_users",
            AsOf.EVENT_DAY,
            "Among people of whom plan is pro as of each event's day, 1 person active in April 2026 (UTC).",
        ),
        ("share_actions", AsOf.EVENT_DAY, "Among people of whom plan is pro, 2 shares in April 2026 (UTC)."),
        ("new_accounts", None, "Among accounts of whom plan is pro, 0 accounts created in April 2026 (UTC)."),
    ],
)
def test_a_segment_is_named_with_its_day_where_that_is_not_the_kpis_own(
    acme: Workspace, slug: str, as_of: AsOf | None, expected: str
) -> None:
    assert said(acme, slug, Question(APRIL, NOW, segment=PRO, as_of=as_of)) == expected


def test_a_running_stock_is_told_as_of_today(acme: Workspace) -> None:
    noon = datetime(2026, 4, 20, 12, tzinfo=UTC)

    assert said(acme, "identified_icp_users", Question(APRIL, noon)) == (
        "So far, 0 people registered as of 20 April 2026 (UTC) who match an ICP profile."
    )


@pytest.mark.parametrize(
    ("by", "first", "expected"),
    [
        (ByTrait("plan"), 20, ["plan is pro", "plan is unknown"]),
        (ByTrait("plan"), 1, ["plan is pro", "plan is another"]),
        (ByCondition({"paying": PRO}), 20, ["plan is pro", "none of paying holds"]),
        (ByCondition({"paying": PRO}), 0, ["another holds"]),
    ],
)
def test_a_part_is_told_by_what_its_people_have_in_common(
    acme: Workspace, by: By, first: int, expected: list[str]
) -> None:
    rows = breakdown(acme, Asked(find("total_active_users"), Question(APRIL, NOW), by), first)

    assert [explain(row).partition(" of whom ")[2].partition(", ")[0] for row in rows] == expected


def test_every_series_and_state_can_be_spoken_of() -> None:
    # Those that tell the same events apart otherwise are named by no KPI.
    named = {name: series for name, series in SERIES.items() if BY not in name}
    assert WHO.keys() == {*named, *STATES}
    assert EVENTS.keys() == {name for name, series in named.items() if series.counts}
    assert DID.keys() == {WHO[name] for name in named}
    assert {entry.unit for entry in entries().values()} == {"count", "percent"}
