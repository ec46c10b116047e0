"""New users from referrals, counted by hand: whose referral counts, which one, and until when."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.oracle.examples import (
    ask,
    attributed,
    called,
    did,
    held,
    joined,
    merged,
    message,
    recognised,
    rejected,
    visited,
    worked,
)
from tests.oracle.messages import Raw, key
from tests.oracle.oracle import Answer, Asked, Home, Oracle

NEW = "new_users_from_referrals"
NOON = "2026-04-10T12:00:00Z"
ZONES = ("UTC", "Europe/Berlin")


def kinds(*raws: Raw) -> dict[str | None, bool]:
    """The kind of the referral by which Nina is new, alone true of those that these attributions have."""
    told = [joined("nina", NOON), *raws]
    named = {raw["properties"].get("kind") for raw in raws if raw.get("event") == "referral.attributed"}
    return {kind: bool(ask(NEW, told, where=(("referral_kind", frozenset({kind})),)).value) for kind in named}


def counts(*raws: Raw) -> bool:
    """Whether Nina, who signed up on the tenth at noon, is new by a referral."""
    answer = ask(NEW, [joined("nina", NOON), *raws])
    assert answer.numerator in ({}, {"nina": 1})
    return answer.value == 1


def test_nina_was_referred_and_otto_came_by_himself() -> None:
    raws = [joined("nina", "2026-04-10"), joined("otto", "2026-04-11"), attributed("nina", "2026-04-10")]
    assert ask(NEW, raws) == Answer(Decimal(1), {"nina": 1})


def test_48_attributed_signups_of_which_3_are_rejected_are_45() -> None:
    raws = [joined(f"user-{number}", "2026-04-10") for number in range(60)]
    raws += [attributed("alice", "2026-04-09", referred_user=f"user-{number}") for number in range(48)]
    raws += [rejected("alice", "2026-04-20", referred_user=f"user-{number}") for number in range(3)]
    assert ask(NEW, raws).value == 45


def test_of_nobody_0_are_new() -> None:
    assert ask(NEW, [attributed("nina", NOON), worked("nina", NOON)]) == Answer(Decimal(0), {})


def test_referrals_are_no_activity() -> None:
    assert ask("total_active_users", [attributed("nina", NOON), rejected("otto", NOON)]).value == 0


@pytest.mark.parametrize(
    ("at", "is_counted"),
    [
        ("2020-01-01T00:00:00Z", True),
        ("2026-04-10T12:00:00Z", True),
        ("2026-04-10T12:00:00.000001Z", True),
        ("2026-04-17T11:59:59.999999Z", True),
        ("2026-04-17T13:59:59+02:00", True),
        ("2026-04-17T12:00:00Z", False),
        ("2026-04-17T14:00:00+02:00", False),
        ("2026-04-18T12:00:00Z", False),
    ],
)
def test_an_attribution_counts_at_any_time_before_the_signup_and_less_than_7_days_after(
    at: str, is_counted: bool
) -> None:
    assert counts(attributed("nina", at)) is is_counted


@pytest.mark.parametrize(("at", "value"), [("2026-04-03T12:59:59+02:00", 1), ("2026-04-03T13:00:00+02:00", 0)])
def test_the_7_days_are_as_long_when_the_clocks_change(at: str, value: int) -> None:
    raws = [joined("nina", "2026-03-27T12:00:00+01:00"), attributed("nina", at)]
    assert ask(NEW, raws, "2026-03", "Europe/Berlin").value == value


def test_a_referral_counts_in_the_period_of_the_signup_by_the_workspaces_days() -> None:
    raws = [joined("nina", "2026-04-30T23:00:00Z"), attributed("nina", "2026-05-03"), joined("nina", "2026-06-01")]
    found = {zone: [ask(NEW, raws, f"2026-0{month}", zone).value for month in (4, 5, 6)] for zone in ZONES}
    assert found == {"UTC": [1, 0, 0], "Europe/Berlin": [0, 1, 0]}


def test_the_last_touch_up_to_the_signup_is_the_referral() -> None:
    touches = [attributed("nina", f"2026-04-0{day}", kind=kind) for day, kind in ((3, "link"), (5, "message"))]
    assert kinds(*touches) == {"link": False, "message": True}
    at_once = attributed("nina", NOON, kind="partner")
    assert kinds(*touches, at_once) == {"link": False, "message": False, "partner": True}
    later = attributed("nina", "2026-04-10T12:00:00.000001Z", kind="late")
    assert kinds(*touches, at_once, later) == {"link": False, "message": False, "partner": True, "late": False}


def test_the_first_touch_after_the_signup_is_the_referral_where_there_is_none_before() -> None:
    touches = [attributed("nina", f"2026-04-1{day}", kind=kind) for day, kind in ((3, "link"), (2, "message"))]
    assert kinds(*touches) == {"link": False, "message": True}


@pytest.mark.parametrize(("day", "chosen"), [("2026-04-09", -1), (NOON, -1), ("2026-04-11", 0)])
def test_of_two_touches_of_one_instant_their_keys_decide(day: str, chosen: int) -> None:
    touches = [attributed("nina", day, kind=name) | {"messageId": name} for name in ("m-1", "m-2", "m-3", "m-4")]
    in_order = sorted(touches, key=lambda raw: key(raw | {"source": "web"}))
    for some in (touches, touches[::-1]):
        found = [kind for kind, is_it in kinds(*some).items() if is_it]
        assert found == [in_order[chosen]["messageId"]]


def test_of_several_signups_the_first_alone_counts() -> None:
    raws = [joined("nina", "2026-03-10"), joined("nina", NOON), attributed("nina", NOON)]
    assert [ask(NEW, raws, month).value for month in ("2026-03", "2026-04")] == [0, 0]
    raws.append(attributed("nina", "2026-03-01"))
    assert [ask(NEW, raws, month).value for month in ("2026-03", "2026-04")] == [1, 0]


@pytest.mark.parametrize("name", [None, "", "ß" * 256])
def test_an_attribution_that_names_nobody_is_of_whose_event_it_is(name: str | None) -> None:
    assert counts(attributed("nina", NOON, referred_user=name, referrer="alice"))
    assert not counts(attributed("alice", NOON, referred_user=name, referrer="nina"))


def test_an_attribution_that_names_somebody_is_theirs_whosever_event_it_is() -> None:
    longest = "ß" * 255
    assert counts(attributed("alice", NOON, referred_user="nina"))
    assert not counts(attributed("nina", NOON, referred_user="otto"))
    assert ask(NEW, [joined(longest, NOON), attributed("alice", NOON, referred_user=longest)]).value == 1


def test_an_attribution_of_nobody_says_nothing_unless_it_names_somebody() -> None:
    event = visited("v", NOON, "referral.attributed")
    assert not counts(event)
    assert counts(event | {"properties": {"referred_user": "nina"}})


def test_a_visitor_was_referred_who_turns_out_to_be_nina_whenever_that_is_told() -> None:
    assert counts(visited("v", "2026-04-01", "referral.attributed"), recognised("v", "nina", "2026-05-01"))
    assert not counts(visited("v", "2026-04-01", "referral.attributed"), recognised("v", "otto", "2026-05-01"))


def test_nobody_refers_themselves_in_whatever_way_they_say_so() -> None:
    assert not counts(attributed("nina", NOON, referrer="nina"))
    assert not counts(attributed("nina", NOON, referred_user="nina"))
    assert not counts(attributed("alice", NOON, referred_user="nina", referrer="nina"))
    by_machine = visited("v", NOON, "referral.attributed") | {"properties": {"referred_user": "nina"}}
    assert not counts(by_machine, recognised("v", "nina", "2026-04-01"))
    assert counts(by_machine, recognised("v", "alice", "2026-04-01"))


def test_nobody_refers_themselves_under_another_name_and_what_they_were_told_before_counts() -> None:
    own, others = attributed("nina", NOON, referrer="nin"), attributed("nina", "2026-04-01", referrer="alice")
    assert counts(own)
    assert not counts(own, merged("nin", "nina"))
    assert not counts(own, merged("nina", "al"), merged("nin", "al"))
    assert counts(own, others, merged("nin", "nina"))


def test_without_a_referrer_or_by_a_partner_it_is_a_referral_too() -> None:
    assert counts(attributed("nina", NOON))
    assert counts(attributed("nina", NOON, referrer="a partner's site"))


@pytest.mark.parametrize("day", ["2026-04-01", NOON, "2026-05-20"])
def test_a_rejection_counts_whenever_it_is_said(day: str) -> None:
    touch = attributed("nina", NOON, referrer="alice")
    assert not counts(touch, rejected("nina", day, referrer="alice"))
    assert not counts(touch, rejected("alice", day, referred_user="nina"))
    assert not counts(touch, rejected("admin", day, referred_user="nina", referrer="alice"))


def test_a_rejection_is_of_one_referrer_or_of_all() -> None:
    by_alice, by_bob = (attributed(who, "2026-04-01", referred_user="nina", kind=who) for who in ("alice", "bob"))
    unknown = attributed("nina", "2026-04-01", kind="unknown")
    assert not counts(by_alice, unknown, rejected("nina", NOON))
    assert kinds(by_alice, by_bob, rejected("bob", NOON, referred_user="nina")) == {"alice": True, "bob": False}
    assert kinds(by_alice, by_bob, rejected("alice", NOON, referred_user="nina")) == {"alice": False, "bob": True}
    assert kinds(unknown, rejected("alice", NOON, referred_user="nina")) == {"unknown": True}
    assert counts(by_alice, rejected("admin", NOON, referred_user="nina"))


def test_a_partner_is_rejected_by_the_very_same_name() -> None:
    touch = attributed("nina", NOON, referrer="Partner")
    assert not counts(touch, rejected("nina", NOON, referrer="Partner"))
    assert counts(touch, rejected("nina", NOON, referrer="partner"))


def test_a_rejection_is_of_one_person() -> None:
    assert counts(attributed("nina", NOON, referrer="alice"), rejected("otto", NOON, referrer="alice"))
    assert counts(attributed("nina", NOON), visited("v", NOON, "referral.rejected"))


def test_the_touch_before_the_one_that_is_rejected_is_the_referral() -> None:
    first = attributed("nina", "2026-04-01", referrer="alice", kind="link")
    last = attributed("nina", "2026-04-02", referrer="bob", kind="message")
    after = attributed("nina", "2026-04-11", referrer="carla", kind="late")
    taken_back = [rejected("nina", NOON, referrer=name) for name in ("bob", "alice")]
    assert kinds(first, last, after, *taken_back[:1]) == {"link": True, "message": False, "late": False}
    assert kinds(first, last, after, *taken_back) == {"link": False, "message": False, "late": True}


def test_a_rejection_follows_both_through_their_merges() -> None:
    touch, taken_back = attributed("nina", NOON, referrer="al"), rejected("nin", NOON, referrer="alice")
    assert counts(touch, taken_back)
    assert counts(touch, taken_back, merged("al", "alice"))
    assert not counts(touch, taken_back, merged("al", "alice"), merged("nin", "nina"))


def test_attributions_of_all_who_were_merged_count_from_the_earliest_signup_on() -> None:
    raws = [joined("nina", NOON), attributed("nina", NOON), joined("nin", "2026-04-02")]
    assert ask(NEW, raws) == Answer(Decimal(1), {"nina": 1})
    assert ask(NEW, [*raws, merged("nin", "nina")]).value == 0
    raws.append(attributed("nin", "2026-04-08"))
    assert ask(NEW, [*raws, merged("nin", "nina")]) == Answer(Decimal(1), {"nina": 1})


def test_colleagues_are_not_new_and_whom_they_refer_is() -> None:
    raws = [attributed("alice", NOON, referred_user="nina"), called("alice", NOON, is_internal=True)]
    assert counts(*raws)
    assert not counts(*raws, called("nina", "2026-05-01", is_internal=True))


def test_whoever_was_erased_stays_new_and_stays_a_referrer() -> None:
    raws = [joined("nina", NOON), joined("otto", NOON), attributed("nina", NOON, referred_user="otto")]
    raws += [attributed("alice", NOON, referred_user="nina"), rejected("nina", NOON, referrer="bob")]
    for user, people in (("nina", {"(erased)": 1, "otto": 1}), ("alice", {"nina": 1, "otto": 1})):
        ledger = held(raws)
        ledger.erase(user, datetime(2026, 5, 1, tzinfo=UTC))
        told = message("track", NOON, userId="otto", event="referral.rejected", properties={"referrer": "zoe"})
        ledger.take("web", told)
        answer = Oracle(ledger, Home("UTC")).answer(Asked(NEW, "2026-04", datetime(2026, 6, 1, tzinfo=UTC), "UTC"))
        assert answer == Answer(Decimal(2), people)


def test_what_is_said_of_the_erased_by_name_is_not_taken() -> None:
    ledger = held([joined("nina", NOON)])
    ledger.erase("nina", datetime(2026, 5, 1, tzinfo=UTC))
    assert ledger.take("web", attributed("alice", NOON, referred_user="nina")) == "suppressed"
    assert ledger.take("web", rejected("alice", NOON, referred_user="nina")) == "suppressed"
    assert ledger.take("web", did("alice", "action.performed", NOON, referred_user="nina")) == "accepted"
