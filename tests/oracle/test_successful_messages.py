"""Messages that led to a signup, and both KPIs by parts, among some and after an erasure, counted by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.oracle.breakdown import Key, Split, breakdown
from tests.oracle.conditions import KpiSide, TraitIs
from tests.oracle.counting import OF_SIGNUPS, carried
from tests.oracle.examples import (
    LATER,
    ask,
    attributed,
    called,
    held,
    joined,
    merged,
    rejected,
    shared,
    visited,
    worked,
    wrote,
)
from tests.oracle.messages import ERASED, Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle

NEW, RATE = "new_users_from_referrals", "referral_signup_rate"
NOON = "2026-04-10T12:00:00Z"
SIDES = ("NUMERATOR", "DENOMINATOR")
# Alice's first message brought Nina and Otto, her second and Bob's nobody, Carla's Pia.
MESSAGES = [
    wrote("alice", "2026-04-01", True, message_id="one", template="spring", channel="email", source_channel="app"),
    wrote("alice", "2026-04-02", False, message_id="two", template="spring", channel="sms", source_channel="app"),
    wrote("bob", "2026-04-02", message_id="three", channel="email"),
    wrote("carla", "2026-04-03", False, message_id="four", channel="email", source_channel="newsletter"),
]
SIGNUPS = [
    *(joined(user, NOON) for user in ("nina", "otto", "pia", "quentin")),
    attributed("alice", NOON, referred_user="nina", message="one", kind="message", campaign="may"),
    attributed("otto", NOON, message="one", kind="message", source_channel="app"),
    attributed("pia", NOON, referrer="carla", message="four", kind="teammate_invite", campaign="may"),
]
EVERYTHING = [*MESSAGES, *SIGNUPS]


def parts(kpi: str, by: str, raws: list[Raw] = EVERYTHING, first: int = 20) -> dict[Key, Answer]:
    return breakdown(Oracle(held(raws), Home("UTC")), Asked(kpi, "2026-04", LATER, "UTC"), Split(by, first))


def sizes(found: Mapping[Key, Answer]) -> dict[Key, tuple[int, int]]:
    """The amounts of both sides of a rate's parts."""
    return {
        key: (sum(one.numerator.values()), sum((one.denominator or {}).values())) for key, one in found.items()
    }


def leads(sent: Raw, *raws: Raw) -> bool:
    """Whether a message led to the signup of Nina on the tenth at noon."""
    rate = ask(RATE, [sent, joined("nina", NOON), *raws], "2026")
    assert rate.value in (0, 100)
    return rate.value == 100


def after_erasing(user: str, raws: list[Raw], *late: Raw) -> dict[str, Answer]:
    """Both KPIs after somebody was erased and more came in."""
    ledger = held(raws)
    ledger.erase(user, datetime(2026, 6, 1, tzinfo=UTC))
    for raw in late:
        ledger.take("web", raw)
    return {kpi: Oracle(ledger, Home("UTC")).answer(Asked(kpi, "2026-04", LATER, "UTC")) for kpi in OF_SIGNUPS}


def test_two_of_four_messages_led_to_signups_one_of_them_to_two() -> None:
    whole = {"alice": 2, "bob": 1, "carla": 1}
    assert ask(RATE, EVERYTHING) == Answer(Decimal(50), {"alice": 1, "carla": 1}, whole)
    assert ask(NEW, EVERYTHING) == Answer(Decimal(3), {"nina": 1, "otto": 1, "pia": 1})


def test_of_1000_messages_60_led_to_a_signup_which_is_6_percent() -> None:
    raws = [wrote(f"user-{number % 400}", "2026-04-01", message_id=f"one-{number}") for number in range(1_000)]
    for number in range(60):
        raws += [joined(f"new-{number}", NOON), attributed(f"new-{number}", NOON, message=f"one-{number}")]
    raws += [joined("new", NOON), attributed("new", NOON, message="one-0")]
    assert ask(RATE, raws).value == 6
    assert ask(NEW, raws).value == 61


@pytest.mark.parametrize("kpi", sorted(OF_SIGNUPS))
def test_of_nothing_a_rate_is_undefined_and_a_count_0(kpi: str) -> None:
    nothing = Answer(None, {}, {}) if kpi == RATE else Answer(Decimal(0), {})
    assert ask(kpi, [worked("alice", "2026-04-01"), wrote("bob", "2026-05-01")]) == nothing


@pytest.mark.parametrize(
    ("sent_at", "is_counted"),
    [
        ("2026-04-10T12:00:00.000001Z", False),
        ("2026-04-10T12:00:00Z", True),
        ("2026-03-11T12:00:00.000001Z", True),
        ("2026-03-11T13:00:00+01:00", False),
        ("2026-03-11T12:00:00Z", False),
        ("2026-03-11T11:59:59Z", False),
    ],
)
def test_a_message_leads_to_signups_from_its_instant_on_and_less_than_30_days_after(
    sent_at: str, is_counted: bool
) -> None:
    assert leads(wrote("alice", sent_at, message_id="one"), attributed("nina", NOON, message="one")) is is_counted


def test_it_is_the_signup_that_has_to_come_in_time_not_the_attribution() -> None:
    sent = wrote("alice", "2026-03-12", message_id="one")
    assert leads(sent, attributed("nina", "2026-04-15", message="one"))
    assert leads(sent, attributed("nina", "2026-01-01", message="one"))
    assert not leads(sent, attributed("nina", "2026-04-17", message="one"))


def test_a_message_counts_in_its_own_period_whenever_somebody_signs_up() -> None:
    raws = [wrote("alice", "2026-03-20", message_id="one"), *SIGNUPS]
    assert [ask(RATE, raws, month).value for month in ("2026-03", "2026-04")] == [100, None]
    assert [ask(NEW, raws, month).value for month in ("2026-03", "2026-04")] == [0, 3]


def test_only_the_message_of_the_referral_leads_to_the_signup() -> None:
    raws = [*EVERYTHING, attributed("nina", "2026-04-05", message="three")]
    assert ask(RATE, raws).numerator == {"alice": 1, "carla": 1}
    raws.append(rejected("alice", NOON, referred_user="nina"))
    assert ask(RATE, raws).numerator == {"alice": 1, "bob": 1, "carla": 1}
    raws.append(rejected("pia", NOON))
    assert ask(RATE, raws).numerator == {"alice": 1, "bob": 1}
    assert ask(NEW, raws).numerator == {"nina": 1, "otto": 1}


@pytest.mark.parametrize("status", ["draft", "cancelled", "failed"])
def test_a_draft_leads_to_nothing(status: str) -> None:
    draft = wrote("alice", "2026-04-01", message_id="one", status=status)
    assert ask(RATE, [draft, *SIGNUPS]) == Answer(None, {}, {})


def test_a_message_is_known_by_its_own_id_whatever_else_it_names() -> None:
    sent = wrote("alice", "2026-04-01", message_id="one", impression="i", message="other", action_id="a")
    assert leads(sent, attributed("nina", NOON, message="one", impression="i-2", message_id="two"))
    for name in ("impression", "message_id", "action_id"):
        assert not leads(sent, attributed("nina", NOON, **{name: sent["properties"][name]}))
    assert not leads(sent, attributed("nina", NOON, message="other"))
    assert not leads(sent, attributed("nina", NOON, message=sent["messageId"]))
    assert not leads(sent, attributed("nina", NOON, message="One"))


@pytest.mark.parametrize("nothing", [None, "", "ß" * 256])
def test_a_message_without_an_id_leads_to_nothing(nothing: str | None) -> None:
    assert not leads(wrote("alice", "2026-04-01", message_id=nothing), attributed("nina", NOON, message=nothing))
    longest = "ß" * 255
    assert leads(wrote("alice", "2026-04-01", message_id=longest), attributed("nina", NOON, message=longest))


def test_two_messages_of_one_id_each_have_their_own_30_days() -> None:
    raws = [wrote("alice", "2026-04-01", message_id="one"), wrote("bob", "2026-04-11", message_id="one"), *SIGNUPS]
    assert ask(RATE, raws) == Answer(Decimal(50), {"alice": 1}, {"alice": 1, "bob": 1})
    raws += [joined("rosa", "2026-05-02"), attributed("rosa", "2026-05-02", message="one")]
    assert ask(RATE, raws).numerator == {"alice": 1, "bob": 1}


def test_whoever_sent_the_message_need_not_be_the_referrer_nor_known() -> None:
    raws = [*EVERYTHING, joined("rosa", NOON), attributed("rosa", NOON, referrer="a partner", message="three")]
    assert ask(RATE, raws).numerator == {"alice": 1, "bob": 1, "carla": 1}
    sent = {name: value for name, value in wrote("v", NOON, message_id="five").items() if name != "userId"}
    raws += [sent | {"anonymousId": "v"}, joined("sven", NOON), attributed("sven", NOON, message="five")]
    assert ask(RATE, raws).denominator == {"alice": 2, "bob": 1, "carla": 1}


def test_messages_of_merged_senders_add_up_and_the_merged_who_signed_up_have_one_referral() -> None:
    assert ask(RATE, [*EVERYTHING, merged("alice", "carla")]).numerator == {"carla": 2}
    raws = [*EVERYTHING, joined("pi", "2026-04-02T11:00:00Z"), merged("pi", "pia")]
    assert ask(RATE, raws).numerator == {"alice": 1}
    assert ask(RATE, [*EVERYTHING, merged("pia", "carla")]) == ask(RATE, EVERYTHING[:-1])


def test_colleagues_send_nothing_and_a_message_that_brings_one_led_to_nobody() -> None:
    raws = [*EVERYTHING, *(called(user, "2026-05-01", is_internal=True) for user in ("alice", "pia"))]
    assert ask(RATE, raws) == Answer(Decimal(0), {}, {"bob": 1, "carla": 1})
    assert ask(NEW, raws).numerator == {"nina": 1, "otto": 1}


def test_who_is_new_is_parted_by_what_is_said_of_their_referral() -> None:
    found = {by: parts(NEW, by) for by in ("referralKind", "campaign", "sourceChannel")}
    assert {by: {key: one.numerator for key, one in some.items()} for by, some in found.items()} == {
        "referralKind": {"message": {"nina": 1, "otto": 1}, "teammate_invite": {"pia": 1}},
        "campaign": {"may": {"nina": 1, "pia": 1}, None: {"otto": 1}},
        "sourceChannel": {None: {"nina": 1, "pia": 1}, "app": {"otto": 1}},
    }
    assert sizes(parts(NEW, "referralKind", first=1)) == {"message": (2, 0), "(other)": (1, 0)}


def test_only_what_is_said_in_the_referral_itself_makes_a_part() -> None:
    raws = [*EVERYTHING, attributed("nina", "2026-04-01", kind="link", campaign="old")]
    raws += [attributed("quentin", NOON, referrer="quentin", kind="own"), attributed("rosa", NOON, kind="lost")]
    assert parts(NEW, "referralKind", raws).keys() == {"message", "teammate_invite"}


def test_messages_are_parted_with_both_sides_by_their_own_fields() -> None:
    assert sizes(parts(RATE, "sourceChannel")) == {"app": (1, 2), "newsletter": (1, 1), None: (0, 1)}
    assert sizes(parts(RATE, "channel")) == {"email": (2, 3), "sms": (0, 1)}
    assert sizes(parts(RATE, "template")) == {None: (1, 2), "spring": (1, 2)}
    assert sizes(parts(RATE, "customized")) == {"false": (1, 2), "true": (1, 1), None: (0, 1)}
    assert carried(RATE) == {"source_channel", "channel", "template", "customized"}
    assert carried(NEW) == {"referral_kind", "campaign", "source_channel"}


@pytest.mark.parametrize(
    ("kpi", "by"), [(RATE, "referralKind"), (RATE, "campaign"), (NEW, "template"), ("signups", "campaign")]
)
def test_neither_is_parted_by_what_it_does_not_count(kpi: str, by: str) -> None:
    with pytest.raises(ValueError, match="nothing that"):
        parts(kpi, by)


def test_channels_restrict_messages_and_both_filters_restrict_who_is_new_by_what_they_shared() -> None:
    raws = [*EVERYTHING, shared("nina", "2026-04-20", channel="email"), shared("alice", "2026-04-20")]
    assert ask(RATE, raws, channels=frozenset({"sms"})) == Answer(Decimal(0), {}, {"alice": 1})
    assert ask(RATE, raws, share_types=frozenset({"link"})) == Answer(Decimal(50), {"alice": 1}, {"alice": 2})
    assert ask(NEW, raws, channels=frozenset({"email"})).numerator == {"nina": 1}
    assert ask(NEW, raws, share_types=frozenset({"invite"})).value == 0


def test_conditions_are_taken_at_the_end_or_on_the_day_of_the_message() -> None:
    pro = TraitIs("plan", "EQUALS", ("pro",))
    raws = [*EVERYTHING, called("nina", NOON, plan="pro"), called("otto", "2026-04-11", plan="pro")]
    raws += [called("carla", "2026-04-03", plan="pro"), called("alice", "2026-04-04", plan="pro")]
    assert ask(NEW, raws, segment=pro).numerator == {"nina": 1, "otto": 1}
    assert ask(NEW, raws, segment=pro, as_of="EVENT_DAY").numerator == {"nina": 1}
    assert ask(NEW, raws, segment=pro, as_of="PERIOD_START").value == 0
    assert ask(RATE, raws, segment=pro) == Answer(Decimal(100), {"carla": 1}, {"carla": 1})
    at_end = Answer(Decimal("66.666667"), {"alice": 1, "carla": 1}, {"alice": 2, "carla": 1})
    assert ask(RATE, raws, segment=pro, as_of="PERIOD_END") == at_end


def test_people_are_in_the_sides_of_both() -> None:
    raws = [*EVERYTHING, *(worked(user, "2026-04-20") for user in ("alice", "bob", "nina", "otto", "quentin"))]
    active = {side: ask("mau", raws, segment=KpiSide(RATE, side)).numerator.keys() for side in SIDES}
    assert active == {"NUMERATOR": {"alice", "carla"}, "DENOMINATOR": {"alice", "bob", "carla"}}
    assert ask("mau", raws, segment=KpiSide(NEW, "NUMERATOR")).numerator.keys() == {"nina", "otto", "pia"}


@pytest.mark.parametrize("user", ["nina", "otto", "carla", "pia"])
def test_whoever_is_erased_stays_what_they_were_and_so_does_what_they_led_to(user: str) -> None:
    whole = after_erasing("nobody", EVERYTHING)
    for kpi, answer in after_erasing(user, EVERYTHING).items():
        people = {ERASED if who == user else who: times for who, times in whole[kpi].numerator.items()}
        assert (answer.value, answer.numerator) == (whole[kpi].value, people)


def test_what_is_attributed_late_to_a_message_of_the_erased_leads_from_it_no_more() -> None:
    late = (joined("rosa", NOON), attributed("rosa", NOON, message="two"))
    assert after_erasing("quentin", EVERYTHING, *late)[RATE].value == 75
    found = after_erasing("alice", EVERYTHING, *late)
    assert found[RATE] == Answer(Decimal(50), {ERASED: 1, "carla": 1}, {ERASED: 2, "bob": 1, "carla": 1})
    assert found[NEW].numerator == {"nina": 1, "otto": 1, "pia": 1, "rosa": 1}


def test_a_machine_of_the_erased_takes_the_messages_that_it_named_along() -> None:
    raws = [*EVERYTHING, worked("pia", "2026-04-09") | {"anonymousId": "phone"}]
    raws.append(visited("phone", NOON, "referral.attributed") | {"properties": {"message": "two"}})
    late = (joined("rosa", NOON), attributed("rosa", NOON, message="two"))
    assert after_erasing("pia", raws, *late)[RATE].value == 50
