"""Referral messages, prompts and defined shares, counted by hand: the sheets of KPIS.md in small."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.oracle.breakdown import Key, Split, breakdown
from tests.oracle.conditions import Did, KpiSide, TraitIs
from tests.oracle.counting import OF_REFERRALS, RATES
from tests.oracle.examples import (
    LATER,
    ask,
    called,
    held,
    merged,
    message,
    recognised,
    saw,
    shared,
    worked,
    wrote,
)
from tests.oracle.messages import Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle

SENT, CUSTOMIZED = "referral_messages_sent", "customized_referral_messages"
RATE, RATE_BY_USER = "personalized_referral_outreach_rate", "personalized_referral_outreach_rate_by_user"
SHOWN, DEFINED = "referral_prompts_displayed", "defined_share_events"
PRO = TraitIs("plan", "EQUALS", ("pro",))
# Alice changed one of two, Bob neither of his, of Carla's it is not known.
MESSAGES = [
    wrote("alice", "2026-04-01", True, template="spring", channel="email", source_channel="app"),
    wrote("alice", "2026-04-02", False, template="spring", channel="sms", source_channel="app"),
    wrote("bob", "2026-04-02", False, template="summer", channel="email"),
    wrote("bob", "2026-04-03", False, template="", channel="email"),
    wrote("carla", "2026-04-03", None, channel="email", source_channel="newsletter"),
]
SHARES = [
    shared("alice", "2026-04-05", share_type="invite", channel="sms"),
    shared("bob", "2026-04-05", share_type="link", channel="email", share_scope="content"),
    shared("dana", "2026-04-05", share_type="invite", channel="email"),
]
PROMPTS = [
    saw("alice", "2026-04-01", prompt="invite", placement="dashboard", variant="a"),
    saw("alice", "2026-04-01", prompt="invite", placement="mail", variant="b", viewable=True),
    saw("bob", "2026-04-02", prompt="gift", variant="a", viewable=None),
]


def parts(kpi: str, raws: list[Raw], by: str) -> dict[Key, Answer]:
    return breakdown(Oracle(held(raws), Home("UTC")), Asked(kpi, "2026-04", LATER, "UTC"), Split(by))


def sizes(kpi: str, raws: list[Raw], by: str) -> dict[Key, tuple[int, int]]:
    """The amounts of both sides of a rate's parts."""
    found = parts(kpi, raws, by).items()
    return {key: (sum(one.numerator.values()), sum((one.denominator or {}).values())) for key, one in found}


def test_alice_sends_two_of_which_she_changed_one_and_both_rates_tell_messages_from_people() -> None:
    assert ask(SENT, MESSAGES) == Answer(Decimal(5), {"alice": 2, "bob": 2, "carla": 1})
    assert ask(CUSTOMIZED, MESSAGES) == Answer(Decimal(1), {"alice": 1})
    assert ask(RATE, MESSAGES) == Answer(Decimal(20), {"alice": 1}, {"alice": 2, "bob": 2, "carla": 1})
    people = Answer(Decimal("33.333333"), {"alice": 1}, {"alice": 1, "bob": 1, "carla": 1})
    assert ask(RATE_BY_USER, MESSAGES) == people


def test_340_of_1000_messages_are_34_percent_and_150_of_400_senders_37_and_a_half() -> None:
    raws = [wrote(f"user-{number}", "2026-04-10", True) for number in range(150)]
    raws += [wrote("user-0", "2026-04-11", True) for _ in range(190)]
    raws += [wrote(f"user-{number}", "2026-04-12", False) for number in range(150, 400)]
    raws += [wrote("user-399", "2026-04-13") for _ in range(410)]
    assert [ask(kpi, raws).value for kpi in (SENT, CUSTOMIZED, RATE)] == [1000, 340, 34]
    assert ask(RATE_BY_USER, raws).value == Decimal("37.5")


@pytest.mark.parametrize("status", [None, "sent", "delivered", "bounced"])
def test_a_message_counts_once_it_was_sent_even_if_it_bounced(status: str | None) -> None:
    assert ask(SENT, [wrote("alice", "2026-04-01", status=status)]).numerator == {"alice": 1}


@pytest.mark.parametrize("status", ["draft", "cancelled", "scheduled", "failed", "read"])
def test_bobs_draft_is_no_message_but_it_is_activity(status: str) -> None:
    raws = [wrote("bob", "2026-04-01", True, status=status), wrote("alice", "2026-04-01", True)]
    assert ask(RATE, raws) == Answer(Decimal(100), {"alice": 1}, {"alice": 1})
    assert ask(RATE_BY_USER, raws) == Answer(Decimal(100), {"alice": 1}, {"alice": 1})
    assert ask("total_active_users", raws).numerator == {"alice": 1, "bob": 1}


def test_one_message_to_five_people_is_one() -> None:
    assert ask(SENT, [wrote("alice", "2026-04-01", recipients_count=5)]).value == 1


@pytest.mark.parametrize(("viewable", "times"), [(True, 1), (None, 1), (False, 0)])
def test_a_prompt_that_was_not_to_be_seen_was_not_shown(viewable: bool | None, times: int) -> None:
    assert ask(SHOWN, [saw("alice", "2026-04-01", viewable=viewable)]).value == times


def test_prompts_are_counted_as_often_as_they_are_shown_and_are_no_activity() -> None:
    assert ask(SHOWN, PROMPTS) == Answer(Decimal(3), {"alice": 2, "bob": 1})
    assert ask("total_active_users", PROMPTS).value == 0


def test_of_155_shares_150_are_of_the_defined_kinds() -> None:
    kinds = {("invite", "email"): 60, ("link", "copy_link"): 45, ("link", "button"): 30, ("link", "social"): 15}
    undefined = {("invite", "button"): 1, ("link", "email"): 1, ("export", "social"): 1, ("link", None): 1}
    raws = [
        shared("alice", "2026-04-01", share_type=share_type, channel=channel)
        for (share_type, channel), times in (kinds | undefined | {(None, "email"): 1}).items()
        for _ in range(times)
    ]
    assert ask("share_actions", raws).value == 155
    assert ask(DEFINED, raws) == Answer(Decimal(150), {"alice": 150})


def test_defined_shares_may_be_of_any_scope_but_not_failed() -> None:
    kind = {"share_type": "invite", "channel": "email"}
    raws = [shared("alice", "2026-04-01", **kind, share_scope=scope) for scope in ("content", "referral", None)]
    raws += [shared("bob", "2026-04-01", **kind, status="failed")]
    assert ask(DEFINED, raws).numerator == {"alice": 3}


@pytest.mark.parametrize("kpi", sorted(OF_REFERRALS))
def test_of_nothing_a_count_is_0_and_a_rate_undefined_with_both_its_sides(kpi: str) -> None:
    nothing = Answer(None, {}, {}) if kpi in RATES else Answer(Decimal(0), {})
    assert ask(kpi, [worked("alice", "2026-04-01"), wrote("bob", "2026-05-01", True)]) == nothing


def test_messages_of_merged_people_add_up_and_each_is_one_sender() -> None:
    raws = [*MESSAGES, wrote("al", "2026-04-01", True), merged("al", "alice")]
    assert ask(SENT, raws).numerator == {"alice": 3, "bob": 2, "carla": 1}
    assert ask(RATE_BY_USER, raws).numerator == {"alice": 1}


def test_what_a_visitor_wrote_counts_for_whom_they_turn_out_to_be() -> None:
    said = {"anonymousId": "v", "event": "referral_message.sent", "properties": {"message_customized": True}}
    raws = [message("track", "2026-04-01", **said)]
    assert ask(SENT, raws).value == 0
    assert ask(CUSTOMIZED, [*raws, recognised("v", "alice", "2026-05-01")]).numerator == {"alice": 1}


def test_colleagues_send_nothing() -> None:
    assert ask(RATE, [*MESSAGES, called("alice", "2026-05-01", is_internal=True)]).denominator == {
        "bob": 2,
        "carla": 1,
    }


def test_the_messages_of_somebody_erased_still_count() -> None:
    ledger = held(MESSAGES)
    ledger.erase("alice", datetime(2026, 5, 1, tzinfo=UTC))
    answer = Oracle(ledger, Home("UTC")).answer(Asked(RATE, "2026-04", LATER, "UTC"))
    assert answer == Answer(Decimal(20), {"(erased)": 1}, {"(erased)": 2, "bob": 2, "carla": 1})


MOVED = [
    *MESSAGES,
    called("alice", "2026-04-02", plan="pro"),
    called("bob", "2026-04-01", plan="pro"),
    called("bob", "2026-04-03", plan="free"),
]


def test_conditions_on_senders_are_taken_on_the_day_of_each_message() -> None:
    assert ask(SENT, MOVED, segment=PRO).numerator == {"alice": 1, "bob": 1}
    assert ask(RATE, MOVED, segment=PRO) == Answer(Decimal(0), {}, {"alice": 1, "bob": 1})
    assert ask(RATE, MOVED, segment=PRO, as_of="PERIOD_END") == Answer(Decimal(50), {"alice": 1}, {"alice": 2})


def test_conditions_on_senders_are_taken_at_the_periods_end_where_people_are_counted() -> None:
    assert ask(RATE_BY_USER, MOVED, segment=PRO) == Answer(Decimal(100), {"alice": 1}, {"alice": 1})
    by_day = ask(RATE_BY_USER, MOVED, segment=PRO, as_of="EVENT_DAY")
    assert by_day == Answer(Decimal(0), {}, {"alice": 1, "bob": 1})


def test_conditions_on_who_saw_a_prompt_or_shared_are_taken_on_its_day() -> None:
    raws = [*PROMPTS, *SHARES, called("alice", "2026-04-02", plan="pro"), called("dana", "2026-04-06", plan="pro")]
    assert ask(SHOWN, raws, segment=PRO).value == 0
    assert ask(DEFINED, raws, segment=PRO).value == 0
    assert ask(SHOWN, raws, segment=PRO, as_of="PERIOD_END").value == 2
    assert ask(DEFINED, raws, segment=PRO, as_of="PERIOD_END").value == 1


def test_whoever_only_drafted_did_not_send_and_a_rates_remainder_changed_nothing() -> None:
    raws = [*MESSAGES, wrote("dana", "2026-04-01", True, status="draft")]
    raws += [worked(user, "2026-04-20") for user in ("alice", "bob", "carla", "dana")]
    assert ask("mau", raws, segment=Did("referral_message.sent")).numerator.keys() == {"alice", "bob", "carla"}
    sides = {"NUMERATOR": {"alice"}, "DENOMINATOR": {"alice", "bob", "carla"}, "REMAINDER": {"bob", "carla"}}
    for side, people in sides.items():
        assert ask("mau", raws, segment=KpiSide(RATE_BY_USER, side)).numerator.keys() == people
        if side != "REMAINDER":
            assert ask("mau", raws, segment=KpiSide(RATE, side)).numerator.keys() == people


def test_channels_restrict_the_messages_and_share_types_the_senders() -> None:
    raws, emails, invites = [*MESSAGES, *SHARES], frozenset({"email"}), frozenset({"invite"})
    assert ask(SENT, raws, channels=emails).numerator == {"alice": 1, "bob": 2, "carla": 1}
    assert ask(SENT, raws, share_types=invites).numerator == {"alice": 2}
    assert ask(SENT, raws, channels=emails, share_types=invites).numerator == {"alice": 1}
    assert ask(RATE, raws, channels=emails) == Answer(
        Decimal(25), {"alice": 1}, {"alice": 1, "bob": 2, "carla": 1}
    )
    assert ask(RATE_BY_USER, raws, channels=frozenset({"sms"})) == Answer(Decimal(0), {}, {"alice": 1})
    assert ask(RATE, raws, channels=frozenset({None})) == Answer(None, {}, {})


def test_both_filters_restrict_who_saw_a_prompt_by_one_share_of_any_scope() -> None:
    raws, emails, invites = [*PROMPTS, *SHARES], frozenset({"email"}), frozenset({"invite"})
    assert ask(SHOWN, raws, channels=emails).numerator == {"bob": 1}
    assert ask(SHOWN, raws, share_types=invites).numerator == {"alice": 2}
    assert ask(SHOWN, raws, channels=emails, share_types=invites).value == 0


def test_filters_restrict_defined_shares_by_themselves() -> None:
    raws = [*SHARES, shared("alice", "2026-04-06", share_type="link", channel="button")]
    assert ask(DEFINED, raws).numerator == {"alice": 1, "dana": 1}
    assert ask(DEFINED, raws, channels=frozenset({"email"})).numerator == {"dana": 1}
    assert ask(DEFINED, raws, share_types=frozenset({"link"}), channels=frozenset({"email"})).value == 0


def test_messages_are_parted_by_their_fields_and_so_are_both_sides_of_their_rates() -> None:
    assert sizes(RATE, MESSAGES, "template") == {"spring": (1, 2), "summer": (0, 1), None: (0, 2)}
    assert sizes(RATE, MESSAGES, "channel") == {"email": (1, 4), "sms": (0, 1)}
    assert sizes(RATE, MESSAGES, "sourceChannel") == {"app": (1, 2), "newsletter": (0, 1), None: (0, 2)}
    assert sizes(RATE, MESSAGES, "customized") == {"true": (1, 1), "false": (0, 3), None: (0, 1)}
    assert sizes(RATE_BY_USER, MESSAGES, "customized") == {"true": (1, 1), "false": (0, 2), None: (0, 1)}
    assert sizes(RATE_BY_USER, MESSAGES, "template") == {"spring": (1, 1), "summer": (0, 1), None: (0, 2)}


def test_drafts_and_messages_of_another_period_make_no_part() -> None:
    raws = [
        wrote("alice", "2026-04-01", template="old", status="draft"),
        wrote("bob", "2026-05-01", template="new"),
    ]
    assert parts(SENT, raws, "template") == {}


def test_prompts_are_parted_by_prompt_placement_and_variant() -> None:
    found = {by: parts(SHOWN, PROMPTS, by) for by in ("prompt", "placement", "variant")}
    assert {by: {key: one.numerator for key, one in some.items()} for by, some in found.items()} == {
        "prompt": {"invite": {"alice": 2}, "gift": {"bob": 1}},
        "placement": {"dashboard": {"alice": 1}, "mail": {"alice": 1}, None: {"bob": 1}},
        "variant": {"a": {"alice": 1, "bob": 1}, "b": {"alice": 1}},
    }


def test_shares_are_parted_by_scope_and_the_active_of_a_rate_stay_whole() -> None:
    counts = {key: one.value for key, one in parts(DEFINED, SHARES, "shareScope").items()}
    assert counts == {"product": 1}
    assert sizes("product_sharing_rate", SHARES, "shareScope") == {"product": (2, 3)}


def test_senders_are_parted_by_what_they_were_on_the_day_of_each_message() -> None:
    assert sizes(RATE, MOVED, "plan") == {'"pro"': (0, 2), '"free"': (0, 1), None: (1, 2)}
    assert sizes(RATE_BY_USER, MOVED, "plan") == {'"pro"': (1, 1), '"free"': (0, 1), None: (0, 1)}


def test_by_share_type_messages_are_parted_by_what_their_senders_shared() -> None:
    raws = [*MESSAGES, *SHARES]
    assert sizes(RATE, raws, "shareType") == {"invite": (1, 2), "link": (0, 2)}


@pytest.mark.parametrize(("kpi", "by"), [(SENT, "prompt"), (SHOWN, "template"), ("mau", "shareScope")])
def test_no_kpi_is_parted_by_a_field_that_nothing_it_counts_has(kpi: str, by: str) -> None:
    with pytest.raises(ValueError, match="nothing that"):
        parts(kpi, MESSAGES, by)
