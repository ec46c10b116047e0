"""What is done with referral prompts, counted by hand: which prompt drew it, and for whom that counts."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.oracle.counting import OF_LINKS
from tests.oracle.examples import (
    acted,
    ask,
    called,
    did,
    held,
    merged,
    recognised,
    saw,
    worked,
)
from tests.oracle.messages import INTERACTION, Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle

RATE, BY_IMPRESSION = "referral_prompt_interaction_rate", "referral_prompt_interaction_rate_by_impression"
NOON = "2026-04-10T12:00:00Z"
# Alice clicked and then accepted one of two, Bob let his be, Carla's was dismissed by somebody else.
PROMPTS = [
    saw("alice", "2026-04-10", impression="one", prompt="invite", placement="dashboard", variant="a"),
    saw("alice", "2026-04-11", impression="two", prompt="invite", placement="mail", variant="b"),
    saw("bob", "2026-04-10", impression="three", prompt="invite", variant="a"),
    saw("carla", "2026-04-12", impression="four", prompt="gift", variant="a"),
]
DONE = [
    acted("alice", "2026-04-10T12:01:00Z", "one"),
    acted("alice", "2026-04-10T12:02:00Z", "one", "accept"),
    acted("alice", "2026-04-10T12:03:00Z", "one"),
    acted("dana", "2026-04-12T13:00:00Z", "four", "dismiss"),
]
EVERYTHING = [*PROMPTS, *DONE]


def draws(prompt: Raw, *done: Raw) -> bool:
    """Whether a prompt drew any of these, as both KPIs see it."""
    values = {ask(kpi, [prompt, *done]).value for kpi in OF_LINKS}
    assert values in ({Decimal(0)}, {Decimal(100)})
    return values == {Decimal(100)}


def test_alice_and_carla_saw_a_prompt_that_drew_something_and_two_of_four_prompts_did() -> None:
    people = Answer(Decimal("66.666667"), {"alice": 1, "carla": 1}, {"alice": 1, "bob": 1, "carla": 1})
    assert ask(RATE, EVERYTHING) == people
    prompts = Answer(Decimal(50), {"alice": 1, "carla": 1}, {"alice": 2, "bob": 1, "carla": 1})
    assert ask(BY_IMPRESSION, EVERYTHING) == prompts


def test_of_500_who_saw_one_90_clicked_40_hovered_and_20_expanded_which_is_30_percent() -> None:
    kinds = ["click"] * 90 + ["hover"] * 40 + ["expand"] * 20
    raws = [saw(f"user-{number}", "2026-04-10", impression=f"prompt-{number}") for number in range(500)]
    raws += [acted(f"user-{number}", "2026-04-10", f"prompt-{number}", kind) for number, kind in enumerate(kinds)]
    rate = ask(RATE, raws)
    assert (rate.value, sum(rate.numerator.values())) == (Decimal(30), 150)


def test_210_of_1400_impressions_are_15_percent() -> None:
    raws = [saw(f"user-{number % 500}", "2026-04-10", impression=f"prompt-{number}") for number in range(1_400)]
    raws += [acted("somebody", "2026-04-10", f"prompt-{number}") for number in range(210)]
    assert ask(BY_IMPRESSION, raws).value == 15


@pytest.mark.parametrize(
    ("done_at", "counts"),
    [
        ("2026-04-10T11:59:59.999999Z", False),
        ("2026-04-10T12:00:00Z", True),
        ("2026-04-10T14:00:00+02:00", True),
        ("2026-04-11T11:59:59.999999Z", True),
        ("2026-04-11T12:00:00Z", False),
        ("2026-04-11T13:59:59+02:00", True),
        ("2026-04-11T13:59:59Z", False),
    ],
)
def test_what_is_done_from_the_instant_of_a_prompt_to_24_hours_after_it_counts(done_at: str, counts: bool) -> None:
    assert draws(saw("alice", NOON, impression="one"), acted("alice", done_at, "one")) is counts


@pytest.mark.parametrize(
    ("shown_at", "done_at", "counts"),
    [
        ("2026-03-28T12:00:00+01:00", "2026-03-29T12:59:59+02:00", True),
        ("2026-03-28T12:00:00+01:00", "2026-03-29T13:00:00+02:00", False),
        ("2026-10-24T12:00:00+02:00", "2026-10-25T10:59:59+01:00", True),
        ("2026-10-24T12:00:00+02:00", "2026-10-25T11:00:00+01:00", False),
    ],
)
def test_the_24_hours_are_as_long_when_the_clocks_change(shown_at: str, done_at: str, counts: bool) -> None:
    raws = [saw("alice", shown_at, impression="one"), acted("alice", done_at, "one")]
    asked = Asked(BY_IMPRESSION, "2026", datetime(2026, 12, 1, tzinfo=UTC), "Europe/Berlin")
    assert Oracle(held(raws), Home("Europe/Berlin")).answer(asked).value == 100 * counts


@pytest.mark.parametrize("kind", ["click", "hover", "expand", "accept", "decline", "dismiss"])
def test_whatever_somebody_does_with_a_prompt_counts_even_to_decline_it(kind: str) -> None:
    assert draws(saw("alice", NOON, impression="one"), acted("alice", NOON, "one", kind))


@pytest.mark.parametrize("kind", ["timeout", "close", "Click", "CLICK", "click ", "", None, True, 1, ["click"]])
def test_that_a_prompt_closed_by_itself_or_something_unknown_is_no_interaction(kind: object) -> None:
    assert not draws(saw("alice", NOON, impression="one"), acted("alice", NOON, "one", kind))


def test_an_interaction_without_a_kind_is_none() -> None:
    done = did("alice", INTERACTION, NOON, impression="one")
    assert not draws(saw("alice", NOON, impression="one"), done)


def test_something_else_that_names_the_impression_and_a_kind_is_no_interaction() -> None:
    done = did("alice", "action.performed", NOON, impression="one", kind="click")
    assert not draws(saw("alice", NOON, impression="one"), done)


def test_what_a_visitor_does_whom_nobody_knows_counts_for_whom_the_prompt_was_shown_to() -> None:
    done = acted("v", NOON, "one")
    visit = {name: value for name, value in done.items() if name != "userId"} | {"anonymousId": "v"}
    raws = [saw("alice", NOON, impression="one"), visit]
    assert ask(RATE, raws) == Answer(Decimal(100), {"alice": 1}, {"alice": 1})
    assert ask(BY_IMPRESSION, raws) == Answer(Decimal(100), {"alice": 1}, {"alice": 1})


def test_what_a_colleague_does_counts_and_what_a_colleague_saw_does_not() -> None:
    raws = [*EVERYTHING, called("alice", "2026-05-01", is_internal=True), acted("alice", "2026-04-10", "three")]
    raws += [called("dana", "2026-05-01", is_internal=True)]
    assert ask(RATE, raws) == Answer(Decimal(100), {"bob": 1, "carla": 1}, {"bob": 1, "carla": 1})
    assert ask(BY_IMPRESSION, raws) == Answer(Decimal(100), {"bob": 1, "carla": 1}, {"bob": 1, "carla": 1})


def test_whoever_did_something_with_anothers_prompt_saw_none() -> None:
    assert ask(RATE, [PROMPTS[2], acted("dana", NOON, "three")]).denominator == {"bob": 1}


def test_what_was_done_with_no_prompt_at_all_counts_for_nobody() -> None:
    assert ask(BY_IMPRESSION, [PROMPTS[2], acted("bob", NOON, "of nothing")]).numerator == {}
    assert ask(RATE, [acted("bob", NOON, "of nothing")]) == Answer(None, {}, {})


def test_to_do_something_with_a_prompt_is_no_activity() -> None:
    assert ask("total_active_users", EVERYTHING).value == 0


@pytest.mark.parametrize("kpi", sorted(OF_LINKS))
def test_of_nothing_a_rate_is_undefined_with_both_its_sides(kpi: str) -> None:
    assert ask(kpi, [worked("alice", "2026-04-01"), saw("bob", "2026-05-01")]) == Answer(None, {}, {})


@pytest.mark.parametrize("kpi", sorted(OF_LINKS))
def test_a_prompt_that_was_not_to_be_seen_draws_nothing(kpi: str) -> None:
    hidden = saw("alice", NOON, impression="one", viewable=False)
    assert ask(kpi, [hidden, acted("alice", NOON, "one")]) == Answer(None, {}, {})


def test_an_impression_that_is_shown_twice_is_two_each_with_its_own_24_hours() -> None:
    raws = [saw("alice", NOON, impression="one"), saw("bob", "2026-04-11T18:00:00Z", impression="one")]
    both = {"alice": 1, "bob": 1}
    for done_at, drew in (
        ("2026-04-11T11:00:00Z", {"alice": 1}),
        ("2026-04-11T15:00:00Z", {}),
        ("2026-04-11T19:00:00Z", {"bob": 1}),
    ):
        done = acted("alice", done_at, "one")
        assert ask(RATE, [*raws, done]) == Answer(Decimal(50 * len(drew)), drew, both)
        assert ask(BY_IMPRESSION, [*raws, done]) == Answer(Decimal(50 * len(drew)), drew, both)
    again = saw("alice", "2026-04-10T13:00:00Z", impression="one")
    assert ask(BY_IMPRESSION, [*raws, again, acted("alice", "2026-04-10T14:00:00Z", "one")]).numerator == {
        "alice": 2
    }


def test_what_is_done_after_the_period_counts_for_that_of_the_prompt() -> None:
    raws = [saw("alice", "2026-04-30T20:00:00Z", impression="one"), acted("alice", "2026-05-01T19:00:00Z", "one")]
    assert ask(RATE, raws) == Answer(Decimal(100), {"alice": 1}, {"alice": 1})
    assert ask(RATE, raws, "2026-05") == Answer(None, {}, {})


def test_of_somebody_who_saw_prompts_in_two_months_only_the_months_own_count() -> None:
    raws = [saw("alice", "2026-04-10", impression="one"), saw("alice", "2026-05-10", impression="two")]
    raws += [acted("alice", "2026-05-10", "two")]
    values = {month: [ask(kpi, raws, month).value for kpi in OF_LINKS] for month in ("2026-04", "2026-05")}
    assert values == {"2026-04": [0, 0], "2026-05": [100, 100]}


def test_the_order_of_arrival_changes_nothing() -> None:
    for kpi in OF_LINKS:
        assert ask(kpi, EVERYTHING[::-1]) == ask(kpi, EVERYTHING)


@pytest.mark.parametrize(
    "named",
    [
        {"impression": "one"},
        {"message_id": "one"},
        {"message": "one"},
        {"action_id": "one"},
        {"impression": None, "message_id": "", "message": 7, "action_id": "one"},
        {"impression": "ß" * 256, "message": "one", "action_id": "other"},
        {"impression": ["other"], "message_id": "one", "message": "other"},
    ],
)
def test_a_link_is_the_first_of_four_properties_that_is_a_text_and_not_too_long(named: Raw) -> None:
    shown, done = did("alice", "referral_prompt.shown", NOON, **named), acted("alice", NOON, "one")
    assert draws(shown, done)
    assert draws(saw("alice", NOON, impression="one"), did("bob", INTERACTION, NOON, kind="click", **named))
    assert not draws(shown, acted("alice", NOON, "other"))


def test_a_link_of_255_characters_is_one_and_it_is_compared_whole() -> None:
    longest = "ß" * 255
    assert draws(saw("alice", NOON, impression=longest), acted("alice", NOON, longest))
    assert not draws(saw("alice", NOON, impression=longest), acted("alice", NOON, longest[:-1]))
    assert not draws(saw("alice", NOON, impression="one"), acted("alice", NOON, "One"))


@pytest.mark.parametrize("nothing", [None, "", 7, "ß" * 256])
def test_prompts_without_a_link_draw_nothing(nothing: object) -> None:
    shown = did("alice", "referral_prompt.shown", NOON, impression=nothing)
    assert not draws(shown, did("alice", INTERACTION, NOON, impression=nothing, kind="click"))
    assert not draws(did("alice", "referral_prompt.shown", NOON), did("alice", INTERACTION, NOON, kind="click"))


def test_prompts_of_merged_people_and_of_visitors_count_for_whom_they_are() -> None:
    raws = [*EVERYTHING, merged("bob", "alice"), recognised("v", "erin", "2026-05-01")]
    shown = {name: value for name, value in saw("v", NOON, impression="five").items() if name != "userId"}
    raws += [shown | {"anonymousId": "v"}, acted("alice", NOON, "five")]
    assert ask(RATE, raws) == Answer(
        Decimal(100), {"alice": 1, "carla": 1, "erin": 1}, {"alice": 1, "carla": 1, "erin": 1}
    )
    assert ask(BY_IMPRESSION, raws) == Answer(
        Decimal(60), {"alice": 1, "carla": 1, "erin": 1}, {"alice": 3, "carla": 1, "erin": 1}
    )
