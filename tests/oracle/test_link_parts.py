"""What is done with referral prompts, by parts, among some, and when somebody is erased, counted by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.oracle.breakdown import Key, Split, breakdown
from tests.oracle.conditions import KpiSide, TraitIs
from tests.oracle.counting import OF_LINKS, carried
from tests.oracle.examples import LATER, acted, ask, called, held, saw, shared, visited, worked
from tests.oracle.messages import ERASED, Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle
from tests.oracle.test_links import BY_IMPRESSION, EVERYTHING, NOON, PROMPTS, RATE

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def parts(kpi: str, by: str, raws: list[Raw] = EVERYTHING, first: int = 20) -> dict[Key, Answer]:
    return breakdown(Oracle(held(raws), Home("UTC")), Asked(kpi, "2026-04", LATER, "UTC"), Split(by, first))


def sizes(found: Mapping[Key, Answer]) -> dict[Key, tuple[int, int]]:
    """The amounts of both sides of a rate's parts."""
    return {
        key: (sum(one.numerator.values()), sum((one.denominator or {}).values())) for key, one in found.items()
    }


def after_erasing(user: str, raws: list[Raw], *late: Raw) -> dict[str, Answer]:
    """Both KPIs after somebody was erased and more came in."""
    ledger = held(raws)
    ledger.erase(user, NOW)
    for raw in late:
        ledger.take("web", raw)
    return {kpi: Oracle(ledger, Home("UTC")).answer(Asked(kpi, "2026-04", LATER, "UTC")) for kpi in OF_LINKS}


def test_prompts_are_parted_with_both_sides_by_prompt_placement_and_variant() -> None:
    assert sizes(parts(RATE, "prompt")) == {"gift": (1, 1), "invite": (1, 2)}
    assert sizes(parts(BY_IMPRESSION, "prompt")) == {"gift": (1, 1), "invite": (1, 3)}
    assert sizes(parts(RATE, "placement")) == {"dashboard": (1, 1), None: (1, 2), "mail": (0, 1)}
    assert sizes(parts(BY_IMPRESSION, "placement")) == {"dashboard": (1, 1), None: (1, 2), "mail": (0, 1)}
    assert sizes(parts(RATE, "variant")) == {"a": (2, 3), "b": (0, 1)}
    assert sizes(parts(BY_IMPRESSION, "variant")) == {"a": (2, 3), "b": (0, 1)}


def test_by_kind_only_what_drew_something_is_parted_and_who_drew_two_kinds_is_in_both() -> None:
    assert parts(RATE, "interactionKind") == {
        kind: Answer(Decimal("33.333333"), {who: 1}, {"alice": 1, "bob": 1, "carla": 1})
        for kind, who in (("accept", "alice"), ("click", "alice"), ("dismiss", "carla"))
    }
    assert parts(BY_IMPRESSION, "interactionKind") == {
        kind: Answer(Decimal(25), {who: 1}, {"alice": 2, "bob": 1, "carla": 1})
        for kind, who in (("accept", "alice"), ("click", "alice"), ("dismiss", "carla"))
    }


def test_of_the_other_kinds_together_a_prompt_counts_once() -> None:
    more = [*EVERYTHING, acted("bob", "2026-04-10", "three", "hover"), acted("bob", "2026-04-12", "four", "hover")]
    raws = [*more, acted("erin", "2026-04-10", "one", "hover")]
    found = parts(BY_IMPRESSION, "interactionKind", raws, first=1)
    assert sizes(found) == {"hover": (3, 4), "(other)": (2, 4)}
    assert found["(other)"].numerator == {"alice": 1, "carla": 1}


def test_kinds_of_another_time_or_prompt_and_unknown_ones_make_no_part() -> None:
    raws = [
        *EVERYTHING,
        acted("bob", "2026-04-12", "three", "hover"),
        acted("bob", "2026-04-10", "of nothing", "expand"),
    ]
    raws += [acted("bob", "2026-04-10", "three", "timeout"), acted("bob", "2026-04-10", "three", None)]
    raws += [saw("bob", "2026-05-01", impression="may"), acted("bob", "2026-05-01", "may", "decline")]
    for kpi in OF_LINKS:
        assert list(parts(kpi, "interactionKind", raws)) == ["accept", "click", "dismiss"]
    assert parts(RATE, "interactionKind", PROMPTS) == {}


def test_a_question_about_some_kinds_keeps_what_drew_one_of_them_in_time() -> None:
    raws = [*EVERYTHING, acted("bob", "2026-04-10", "three"), acted("bob", "2026-04-12", "three", "accept")]
    clicked, accepted = ((("kind", frozenset({kind})),) for kind in ("click", "accept"))
    whole = {"alice": 2, "bob": 1, "carla": 1}
    assert ask(BY_IMPRESSION, raws, where=clicked) == Answer(Decimal(50), {"alice": 1, "bob": 1}, whole)
    assert ask(BY_IMPRESSION, raws, where=accepted) == Answer(Decimal(25), {"alice": 1}, whole)
    asked = Asked(RATE, "2026-04", LATER, "UTC").only("kind", {"accept", "dismiss", None})
    assert Oracle(held(raws), Home("UTC")).answer(asked).numerator == {"alice": 1, "carla": 1}


def test_who_accepted_one_prompt_and_saw_another_of_a_variant_did_not_accept_that_variant() -> None:
    where = (("variant", frozenset({"b"})), ("kind", frozenset({"accept"})))
    assert ask(RATE, EVERYTHING, where=where) == Answer(Decimal(0), {}, {"alice": 1})


def test_only_prompts_that_drew_something_have_its_kind() -> None:
    assert carried("referral_prompts_displayed") == {"prompt", "placement", "variant"}
    with pytest.raises(ValueError, match="nothing that"):
        parts("referral_prompts_displayed", "interactionKind")


def test_what_is_left_of_a_rate_saw_prompts_and_none_of_them_drew_anything() -> None:
    raws = [*EVERYTHING, *(worked(user, "2026-04-20") for user in ("alice", "bob", "carla", "dana"))]
    sides = {"NUMERATOR": {"alice", "carla"}, "DENOMINATOR": {"alice", "bob", "carla"}, "REMAINDER": {"bob"}}
    for side, people in sides.items():
        assert ask("mau", raws, segment=KpiSide(RATE, side)).numerator.keys() == people
    assert ask("mau", raws, segment=KpiSide(BY_IMPRESSION, "NUMERATOR")).numerator.keys() == {"alice", "carla"}


def test_conditions_are_taken_at_the_periods_end_for_people_and_on_its_day_for_each_prompt() -> None:
    pro = TraitIs("plan", "EQUALS", ("pro",))
    raws = [*EVERYTHING, called("alice", "2026-04-11", plan="pro"), called("carla", "2026-04-01", plan="pro")]
    raws += [called("carla", "2026-04-20", plan="free")]
    assert ask(RATE, raws, segment=pro) == Answer(Decimal(100), {"alice": 1}, {"alice": 1})
    by_day = Answer(Decimal(50), {"carla": 1}, {"alice": 1, "carla": 1})
    assert ask(RATE, raws, segment=pro, as_of="EVENT_DAY") == by_day
    assert ask(BY_IMPRESSION, raws, segment=pro) == by_day
    assert sizes(parts(BY_IMPRESSION, "plan", raws)) == {'"pro"': (1, 2), None: (1, 2)}


def test_filters_restrict_who_saw_a_prompt_by_what_they_shared() -> None:
    raws = [
        *EVERYTHING,
        shared("alice", "2026-04-05", channel="email"),
        shared("bob", "2026-04-05", channel="sms"),
    ]
    for channel, answer in (
        ("email", Answer(Decimal(50), {"alice": 1}, {"alice": 2})),
        ("sms", Answer(Decimal(0), {}, {"bob": 1})),
    ):
        assert ask(BY_IMPRESSION, raws, channels=frozenset({channel})) == answer


def test_the_prompts_of_somebody_erased_still_draw_what_they_drew_and_nothing_that_comes_late() -> None:
    erased = after_erasing("alice", EVERYTHING)
    assert erased[RATE].numerator == {ERASED: 1, "carla": 1}
    prompts = Answer(Decimal(50), {ERASED: 1, "carla": 1}, {ERASED: 2, "bob": 1, "carla": 1})
    assert erased[BY_IMPRESSION] == prompts
    late = after_erasing("alice", EVERYTHING, acted("bob", "2026-04-11", "two"), acted("alice", NOON, "three"))
    assert late[BY_IMPRESSION].numerator == {ERASED: 1, "carla": 1}


def test_what_somebody_did_who_was_erased_stays_done() -> None:
    for kpi, answer in after_erasing("dana", EVERYTHING).items():
        assert answer == ask(kpi, EVERYTHING)
    late = saw("erin", "2026-04-12", impression="four")
    assert after_erasing("dana", EVERYTHING, late)[RATE].numerator == {"alice": 1, "carla": 1}


def test_what_a_machine_of_the_erased_showed_or_did_is_linked_to_nothing_that_comes_late() -> None:
    told = {"impression": "three", "kind": "click"}
    raws = [*EVERYTHING, worked("alice", "2026-04-09") | {"anonymousId": "phone"}]
    raws.append(visited("phone", NOON, "referral_prompt.interacted") | {"properties": told})
    late = saw("erin", NOON, impression="three")
    assert after_erasing("alice", raws, late)[BY_IMPRESSION].numerator == {ERASED: 1, "bob": 1, "carla": 1}


def test_the_kinds_of_what_the_erased_did_stay_parts() -> None:
    for user in ("alice", "dana"):
        ledger = held(EVERYTHING)
        ledger.erase(user, NOW)
        asked = Asked(BY_IMPRESSION, "2026-04", LATER, "UTC")
        found = breakdown(Oracle(ledger, Home("UTC")), asked, Split("interactionKind"))
        assert sizes(found) == {"accept": (1, 4), "click": (1, 4), "dismiss": (1, 4)}
