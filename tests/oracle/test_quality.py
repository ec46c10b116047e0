"""What is doubtful behind an answer, counted by hand."""

from typing import Any

import pytest

from tests.oracle.conditions import TraitIs
from tests.oracle.counting import ACTIVITY, KPIS
from tests.oracle.examples import (
    LATER,
    acted,
    anonymous,
    began,
    called,
    corrected,
    held,
    recognised,
    saw,
    shared,
    voided,
    worked,
    wrote,
)
from tests.oracle.messages import Raw
from tests.oracle.oracle import Asked, Home, Oracle
from tests.oracle.quality import DROPPED, counters

UNKNOWN, UNSESSIONED, UNLINKED = "unknown_count", "unsessioned_shares", "unlinked_interactions"
CUSTOMIZED, OUTREACH = "customized_referral_messages", "personalized_referral_outreach_rate"
BY_SESSION, BY_IMPRESSION = "product_sharing_rate_by_session", "referral_prompt_interaction_rate_by_impression"
BY_VIEWER, SHARING = "referral_prompt_interaction_rate", "product_sharing_rate"
PRO = TraitIs("plan", "EQUALS", ("pro",))
NOON = "2026-04-10T12:00:00Z"
MESSAGES = [
    wrote("alice", "2026-04-01", None, channel="email"),
    wrote("alice", "2026-04-02", True, channel="email"),
    wrote("bob", "2026-04-02", None, channel="sms"),
    wrote("bob", "2026-04-02", None, status="draft"),
    wrote("bob", "2026-05-01", None),
]


def counted(kpi: str, raws: list[Raw], activity: frozenset[str] = ACTIVITY, **asked: Any) -> dict[str, int]:
    """The counters that a KPI has."""
    oracle = Oracle(held(raws), Home("UTC", activity))
    found = counters(oracle, Asked(kpi, "2026-04", LATER, "UTC", **asked))
    assert set(found) == {UNKNOWN, UNSESSIONED, UNLINKED, DROPPED}
    return {name: times for name, times in found.items() if times is not None}


def test_each_kpi_has_the_counters_of_what_it_counts() -> None:
    assert {kpi: set(found) for kpi in KPIS if (found := counted(kpi, []))} == {
        CUSTOMIZED: {UNKNOWN},
        OUTREACH: {UNKNOWN, DROPPED},
        f"{OUTREACH}_by_user": {UNKNOWN, DROPPED},
        BY_SESSION: {UNSESSIONED, DROPPED},
        BY_VIEWER: {UNLINKED, DROPPED},
        BY_IMPRESSION: {UNLINKED, DROPPED},
        "referral_signup_rate": {DROPPED},
        SHARING: {DROPPED},
        "share_rate_among_icps": {DROPPED},
        "product_adoption_rate": {DROPPED},
    }


@pytest.mark.parametrize("kpi", [CUSTOMIZED, OUTREACH, f"{OUTREACH}_by_user"])
def test_of_two_messages_of_april_nobody_knows_whether_they_were_changed(kpi: str) -> None:
    assert counted(kpi, MESSAGES)[UNKNOWN] == 2
    assert counted(kpi, MESSAGES, channels=frozenset({"sms", "fax"}))[UNKNOWN] == 1
    assert counted(kpi, MESSAGES, share_types=frozenset({"link"}))[UNKNOWN] == 2
    assert counted(kpi, [*MESSAGES, corrected(MESSAGES[0], message_customized=False)])[UNKNOWN] == 1
    assert counted(kpi, [*MESSAGES, voided(MESSAGES[0]), voided(MESSAGES[2])])[UNKNOWN] == 0
    assert counted(kpi, [*MESSAGES, called("bob", "2026-05-01", is_internal=True)])[UNKNOWN] == 1


def test_conditions_are_taken_on_the_days_on_which_those_of_the_answer_are() -> None:
    raws = [*MESSAGES, called("alice", "2026-04-01", plan="pro"), called("alice", "2026-04-20", plan="free")]
    raws += [called("bob", "2026-04-20", plan="pro"), wrote("bob", "2026-04-21", None), wrote("bob", "2026-04-22")]
    assert [counted(kpi, raws, segment=PRO)[UNKNOWN] for kpi in (OUTREACH, f"{OUTREACH}_by_user")] == [3, 3]
    raws.append(called("bob", "2026-04-30", plan="free"))
    assert [counted(kpi, raws, segment=PRO)[UNKNOWN] for kpi in (OUTREACH, f"{OUTREACH}_by_user")] == [3, 0]
    assert counted(f"{OUTREACH}_by_user", raws, segment=PRO, as_of="EVENT_DAY")[UNKNOWN] == 3


def test_product_shares_without_a_session_are_counted_whether_it_began_or_not() -> None:
    raws = [began("alice", NOON, "one"), *(shared("bob", NOON, session=name) for name in ("one", "of nothing"))]
    raws += [shared("bob", NOON, channel="email"), shared("bob", NOON, session=""), shared("bob", "2026-05-01")]
    raws += [shared("bob", NOON, share_scope="content"), shared("bob", NOON, is_error=True)]
    assert counted(BY_SESSION, raws) == {UNSESSIONED: 2, DROPPED: 0}
    assert counted(BY_SESSION, raws, channels=frozenset({"email"}))[UNSESSIONED] == 1
    assert counted(BY_SESSION, raws, share_types=frozenset({"invite"}))[UNSESSIONED] == 0
    assert counted(BY_SESSION, [*raws, corrected(raws[-1], is_error=False)])[UNSESSIONED] == 3
    assert counted(BY_SESSION, [*raws, voided(raws[3])])[UNSESSIONED] == 1


@pytest.mark.parametrize(
    ("acted_at", "is_linked"),
    [
        ("2026-04-10T11:59:59.999999Z", False),
        ("2026-04-10T12:00:00Z", True),
        ("2026-04-11T11:59:59.999999Z", True),
        ("2026-04-11T12:00:00Z", False),
    ],
)
def test_an_interaction_is_linked_in_the_day_after_its_prompt_was_shown(acted_at: str, is_linked: bool) -> None:
    raws = [saw("bob", NOON, impression="one"), acted("alice", acted_at, "one")]
    for kpi in (BY_VIEWER, BY_IMPRESSION):
        assert counted(kpi, raws)[UNLINKED] == 1 - is_linked
        assert counted(kpi, [anonymous(raws[0], "v"), raws[1]])[UNLINKED] == 1 - is_linked
        assert counted(kpi, [*raws, voided(raws[0])])[UNLINKED] == 1
        assert counted(kpi, [*raws, corrected(raws[0], viewable=False)])[UNLINKED] == 1
        assert counted(kpi, [*raws, corrected(raws[1], kind="timeout")])[UNLINKED] == 0


def test_interactions_of_no_impression_are_not_linked_and_limits_of_shares_say_nothing_of_them() -> None:
    raws = [acted("alice", NOON, None), acted("alice", NOON, ""), acted("bob", NOON, "of nothing", "hover")]
    raws += [acted("bob", NOON, None, "timeout"), anonymous(acted("bob", NOON, None), "v")]
    for kpi in (BY_VIEWER, BY_IMPRESSION):
        assert counted(kpi, raws)[UNLINKED] == 3
        assert counted(kpi, raws, channels=frozenset({"email"}))[UNLINKED] == 3
        assert counted(kpi, [*raws, recognised("v", "carla", "2026-05-01")])[UNLINKED] == 4
        assert counted(kpi, [saw("bob", NOON, impression=None), *raws])[UNLINKED] == 3


def test_who_shared_and_was_not_active_is_dropped() -> None:
    raws = [shared("alice", NOON), shared("alice", NOON), shared("bob", NOON), worked("bob", NOON)]
    assert counted(SHARING, raws) == {DROPPED: 0}
    assert counted(SHARING, raws, ACTIVITY - {"share.created"}) == {DROPPED: 1}
    assert counted(SHARING, [*raws, voided(raws[3])], ACTIVITY - {"share.created"}) == {DROPPED: 2}
