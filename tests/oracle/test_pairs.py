"""Answers by two dimensions at once, counted by hand: by what people are, by shares and messages, by both."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.breakdown import Split
from tests.oracle.conditions import TraitIs
from tests.oracle.examples import LATER, called, did, grouped, held, shared, worked, wrote
from tests.oracle.messages import ERASED, Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle
from tests.oracle.pairs import OTHERS, Pair, pairs

PRO = TraitIs("plan", "EQUALS", ("pro",))
GERMAN = TraitIs("country", "EQUALS", ("de",))
PROFILE = [{"not": False, "all": [{"name": "plan", "op": "IN", "values": ["pro"], "not": False}]}]
# Alice and Carla pay, Alice and Bob are German, of Dana nothing is known.
PEOPLE = [
    called("alice", "2026-03-01", plan="pro", country="de"),
    called("bob", "2026-03-01", plan="free", country="de"),
    called("carla", "2026-03-01", plan="pro", country="fr"),
    *(worked(user, "2026-04-01") for user in ("alice", "bob", "carla", "dana")),
]
SHARES = [
    shared("alice", "2026-04-02", share_type="invite", channel="email"),
    shared("alice", "2026-04-03", share_type="link", channel="button"),
    shared("bob", "2026-04-03", share_type="link", channel="email"),
    shared("carla", "2026-04-03", share_type="link", channel="button"),
]
EVERYTHING = [*PEOPLE, *SHARES]


def split(kpi: str, both: str, raws: list[Raw] = EVERYTHING, first: int = 20, **asked: Any) -> dict[Pair, Answer]:
    """An answer by two dimensions, as one writes them: "shareType channel"."""
    oracle = Oracle(held(raws), Home("UTC", profiles={"best": PROFILE}))
    one, then = (Split(by, first, {"pros": PRO, "germans": GERMAN}) for by in both.split())
    return pairs(oracle, Asked(kpi, "2026-04", LATER, "UTC", **asked), one, then)


def sizes(found: Mapping[Pair, Answer]) -> list[tuple[Pair, int, int | None]]:
    """The amounts of both sides, row by row."""
    return [
        (
            pair,
            sum(one.numerator.values()),
            None if one.denominator is None else sum(one.denominator.values()),
        )
        for pair, one in found.items()
    ]


def people(found: Mapping[Pair, Answer]) -> dict[Pair, set[str]]:
    return {pair: set(one.numerator) for pair, one in found.items()}


def test_two_traits_part_people_and_the_largest_pairs_come_first_and_then_by_their_keys() -> None:
    found = split(
        "mau", "plan country", [*PEOPLE, called("erin", "2026-03-01", plan="pro"), worked("erin", "2026-04-01")]
    )
    assert people(found) == {
        ('"free"', '"de"'): {"bob"},
        ('"pro"', '"de"'): {"alice"},
        ('"pro"', '"fr"'): {"carla"},
        ('"pro"', None): {"erin"},
        (None, None): {"dana"},
    }
    assert list(found) == [('"free"', '"de"'), ('"pro"', '"de"'), ('"pro"', '"fr"'), ('"pro"', None), (None, None)]
    assert next(
        iter(split("mau", "country plan", [*PEOPLE, called("dana", "2026-03-01", plan="pro", country="fr")]))
    ) == (
        '"fr"',
        '"pro"',
    )


def test_two_fields_must_be_of_the_same_share_and_the_active_stay_whole() -> None:
    whole = {"alice": 1, "bob": 1, "carla": 1, "dana": 1}
    assert split("product_sharing_rate", "shareType channel") == {
        ("link", "button"): Answer(Decimal(50), {"alice": 1, "carla": 1}, whole),
        ("invite", "email"): Answer(Decimal(25), {"alice": 1}, whole),
        ("link", "email"): Answer(Decimal(25), {"bob": 1}, whole),
    }
    assert sizes(split("share_actions", "channel shareType")) == [
        (("button", "link"), 2, None),
        (("email", "invite"), 1, None),
        (("email", "link"), 1, None),
    ]


def test_who_counts_is_parted_by_one_share_that_has_both() -> None:
    raws = [*EVERYTHING, shared("dana", "2026-04-05", share_type="link", channel=None, share_scope="content")]
    assert people(split("mau", "shareType channel", raws)) == {
        ("link", "button"): {"alice", "carla"},
        ("invite", "email"): {"alice"},
        ("link", "email"): {"bob"},
        ("link", None): {"dana"},
    }


def test_all_other_pairs_together_are_the_union_of_their_people_not_of_their_parts() -> None:
    rest = Answer(Decimal(50), {"alice": 1, "bob": 1}, {"alice": 1, "bob": 1, "carla": 1, "dana": 1})
    assert split("product_sharing_rate", "shareType channel", first=1)[OTHERS] == rest
    # Carla shared links and through buttons, both of which are in others as well, but never in one of the others.
    assert people(split("mau", "shareType channel", first=1)) == {
        ("link", "button"): {"alice", "carla"},
        OTHERS: {"alice", "bob"},
    }
    assert OTHERS not in split("mau", "shareType channel", first=3)


def test_a_field_and_a_trait_part_what_was_shared_by_whom_and_the_active_by_what_they_are() -> None:
    assert sizes(split("product_sharing_rate", "shareType plan")) == [
        (("link", '"pro"'), 2, 2),
        (("invite", '"pro"'), 1, 2),
        (("link", '"free"'), 1, 1),
        (("invite", '"free"'), 0, 1),
        (("invite", None), 0, 1),
        (("link", None), 0, 1),
    ]
    assert sizes(split("users_who_shared", "plan shareType")) == [
        (('"pro"', "link"), 2, None),
        (('"free"', "link"), 1, None),
        (('"pro"', "invite"), 1, None),
    ]


def test_of_the_others_a_side_is_all_who_are_in_any_of_them() -> None:
    found = split("product_sharing_rate", "shareType plan", first=2)
    assert found[OTHERS] == Answer(Decimal(50), {"bob": 1}, {"bob": 1, "dana": 1})
    found = split("product_sharing_rate", "shareType plan", first=1)
    everybody = {"alice": 1, "bob": 1, "carla": 1, "dana": 1}
    assert found[OTHERS] == Answer(Decimal(50), {"alice": 1, "bob": 1}, everybody)


def test_a_part_that_nobody_is_in_makes_no_pairs_even_if_others_are_in_what_it_leaves_whole() -> None:
    raws = [
        *EVERYTHING,
        called("erin", "2026-04-01", is_internal=True),
        shared("erin", "2026-04-01", share_type="embed"),
    ]
    assert split("product_sharing_rate", "shareType plan", raws) == split("product_sharing_rate", "shareType plan")
    assert split("product_sharing_rate", "shareType plan", PEOPLE) == {}


def test_pairs_of_overlapping_groups_may_share_people_and_whoever_is_in_none_is_a_part() -> None:
    assert people(split("mau", "icp segment")) == {
        ("best", "pros"): {"alice", "carla"},
        ("best", "germans"): {"alice"},
        (None, "germans"): {"bob"},
        (None, None): {"dana"},
    }
    assert people(split("mau", "segment country")) == {
        ("germans", '"de"'): {"alice", "bob"},
        ("pros", '"de"'): {"alice"},
        ("pros", '"fr"'): {"carla"},
        (None, None): {"dana"},
    }


def test_of_the_others_an_event_counts_once_in_however_many_groups_its_person_is() -> None:
    raws = [*EVERYTHING, *(shared("bob", "2026-04-04", share_type="link") for _ in range(3))]
    found = split("share_actions", "icp segment", raws)
    assert sizes(found) == [
        ((None, "germans"), 4, None),
        (("best", "pros"), 3, None),
        (("best", "germans"), 2, None),
    ]
    assert split("share_actions", "icp segment", raws, first=1)[OTHERS] == Answer(
        Decimal(3), {"alice": 2, "carla": 1}
    )
    assert sizes(split("share_actions", "segment shareType", first=0)) == [(OTHERS, 4, None)]


def test_messages_are_parted_by_a_field_of_their_own_and_by_what_their_senders_shared() -> None:
    raws = [*EVERYTHING, *(wrote("alice", "2026-04-05", is_customized=True, template="spring") for _ in range(2))]
    raws += [wrote("bob", "2026-04-05", template="spring"), wrote("dana", "2026-04-05", template="fall")]
    found = split("personalized_referral_outreach_rate", "template shareType", raws)
    assert sizes(found) == [(("spring", "invite"), 2, 2), (("spring", "link"), 2, 3)]
    rest = split("personalized_referral_outreach_rate", "template shareType", raws, first=0)
    assert rest == {OTHERS: Answer(Decimal("66.666667"), {"alice": 2}, {"alice": 2, "bob": 1})}


def test_shares_are_parted_by_what_their_senders_were_on_the_day_in_both() -> None:
    raws = [*PEOPLE, called("bob", "2026-04-03", country="fr"), called("bob", "2026-04-05", plan="pro")]
    raws += [shared("bob", f"2026-04-0{day}", channel="sms") for day in (2, 4, 6)]
    assert sizes(split("share_actions", "plan country", raws)) == [
        (('"free"', '"de"'), 1, None),
        (('"free"', '"fr"'), 1, None),
        (('"pro"', '"fr"'), 1, None),
    ]
    assert people(split("users_who_shared", "plan country", raws)) == {('"pro"', '"fr"'): {"bob"}}
    by_day = split("users_who_shared", "country plan", raws, as_of="EVENT_DAY")
    assert list(by_day) == [('"de"', '"free"'), ('"fr"', '"free"'), ('"fr"', '"pro"')]


def test_filters_and_conditions_restrict_every_pair() -> None:
    assert sizes(split("share_actions", "shareType plan", channels=frozenset({"email"}))) == [
        (("invite", '"pro"'), 1, None),
        (("link", '"free"'), 1, None),
    ]
    assert sizes(split("product_sharing_rate", "shareType channel", segment=GERMAN, first=1)) == [
        (("invite", "email"), 1, 2),
        (OTHERS, 2, 2),
    ]


def test_an_account_has_both_by_one_share_in_it_and_traits_of_its_own() -> None:
    raws = [did("alice", "account.created", "2026-04-02", account=name) for name in ("acme", "ajax", "initech")]
    raws += [grouped("alice", "acme", "2026-04-01", plan="team"), grouped("bob", "ajax", "2026-04-01")]
    raws += [*PEOPLE, *SHARES]
    assert people(split("new_accounts", "channel shareType", raws)) == {
        ("button", "link"): {"acme"},
        ("email", "invite"): {"acme"},
        ("email", "link"): {"ajax"},
    }
    assert people(split("new_accounts", "plan channel", raws)) == {
        ('"team"', "button"): {"acme"},
        ('"team"', "email"): {"acme"},
        (None, "email"): {"ajax"},
    }


def test_the_erased_are_parts_of_their_own_by_traits_and_what_they_shared_stays_what_it_was() -> None:
    ledger = held(EVERYTHING)
    ledger.erase("alice", datetime(2026, 5, 1, tzinfo=UTC))
    oracle = Oracle(ledger, Home("UTC", profiles={"best": PROFILE}))
    asked = Asked("users_who_shared", "2026-04", LATER, "UTC")
    assert people(pairs(oracle, asked, Split("plan"), Split("icp"))) == {
        ('"free"', None): {"bob"},
        ('"pro"', "best"): {"carla"},
        (ERASED, None): {ERASED},
    }
    assert people(pairs(oracle, asked, Split("channel"), Split("country"))) == {
        ("button", '"fr"'): {"carla"},
        ("button", ERASED): {ERASED},
        ("email", '"de"'): {"bob"},
        ("email", ERASED): {ERASED},
    }


@pytest.mark.parametrize(("both", "fault"), [("channel channel", "twice"), ("plan template", "nothing that")])
def test_one_dimension_twice_or_a_field_that_nothing_has_is_no_question(both: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        split("users_who_shared", both)
