"""The signups and referrals of the random streams are what they promise, and so are the questions about them."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import pytest

from tests.oracle.attributions import ABOUT, LATEST, PEOPLE, WITHIN, Referrals, Touch, message_of
from tests.oracle.counting import DIMENSIONS, OF_SIGNUPS, carried
from tests.oracle.links import first_name
from tests.oracle.messages import ATTRIBUTED, ERASED, MESSAGE, REJECTED, is_valid, moment, said, user_of
from tests.oracle.moments import SHORTEST
from tests.oracle.newcomers import NAMELESS, PARTNERS, TOUCH_CHOICES
from tests.oracle.people import USER, People
from tests.oracle.questions import AS_OF, BY_FACET, questions
from tests.oracle.test_generators import NOW, SEEDS, Told, drawn, taken

FEW = SEEDS[:40]


@cache
def people(seed: int) -> People:
    return People(taken(seed)[0], drawn(seed).zone)


@cache
def referrals(seed: int) -> Referrals:
    return Referrals(people(seed).told, taken(seed)[0].users.root)


def said_of_referrals(seed: int) -> list[Told]:
    return [one for one in people(seed).told if one[0].get("event") in ABOUT]


@cache
def chosen(seed: int) -> dict[str, Touch]:
    """The referral of everybody who has one."""
    found = {person: referrals(seed).of(person) for person in referrals(seed).signups}
    return {person: touch for person, touch in found.items() if touch is not None}


def touched(seed: int) -> Iterator[tuple[Touch, timedelta]]:
    """All touches of whoever signs up, with how long after that they are."""
    for person, signup in referrals(seed).signups.items():
        for touch in referrals(seed).touches[person]:
            yield touch, touch.at - moment(signup)[0]


def led(seed: int) -> Iterator[tuple[Told, Touch, timedelta]]:
    """Each message with the referrals that name it, and how long after it these people sign up."""
    for raw, sender in people(seed).told:
        if raw.get("event") == MESSAGE and message_of(raw) is not None:
            for person, touch in chosen(seed).items():
                if message_of(touch.raw) == message_of(raw):
                    yield (raw, sender), touch, moment(referrals(seed).signups[person])[0] - moment(raw)[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_some_who_sign_up_in_a_stream_are_referred_and_some_are_not(seed: int) -> None:
    assert len(chosen(seed)) >= 4
    assert len(referrals(seed).signups) - len(chosen(seed)) >= 4
    assert sum(raw["event"] == ATTRIBUTED for raw, _ in said_of_referrals(seed)) >= 30
    assert sum(raw["event"] == REJECTED for raw, _ in said_of_referrals(seed)) >= 3


def test_in_the_streams_people_are_referred_at_every_edge_of_their_time() -> None:
    delays = Counter(delay for seed in FEW for touch, delay in touched(seed) if referrals(seed).is_valid(touch))
    edges = (-SHORTEST, timedelta(0), SHORTEST, LATEST - SHORTEST, LATEST, LATEST + SHORTEST)
    assert min(delays[edge] for edge in edges) >= 10
    signups = [(touch, referrals(seed).signups[person]) for seed in FEW for person, touch in chosen(seed).items()]
    order = [(touch.at > moment(signup)[0]) - (touch.at < moment(signup)[0]) for touch, signup in signups]
    assert min(Counter(order)[place] for place in (-1, 0, 1)) >= 60


def test_in_the_streams_one_of_several_touches_is_chosen_and_some_of_one_instant() -> None:
    valid = [
        [touch for touch in referrals(seed).touches[person] if referrals(seed).is_valid(touch)]
        for seed in FEW
        for person in chosen(seed)
    ]
    assert sum(len(some) > 1 for some in valid) >= 150
    assert sum(len({touch.at for touch in some}) < len(some) for some in valid) >= 20


def test_in_the_streams_touches_are_taken_back_of_one_referrer_or_of_all_early_and_late() -> None:
    times: Counter[tuple[bool, bool]] = Counter()
    for seed in FEW:
        for raw, person in said_of_referrals(seed):
            if raw["event"] == REJECTED and (word := referrals(seed).touch(raw, person)) is not None:
                for touch in referrals(seed).touches[word.referred]:
                    if word.referrer in (None, touch.referrer) and touch.referrer != touch.referred:
                        times[word.referrer is None, word.at < touch.at] += 1
    assert min(times[kind] for kind in ((True, True), (True, False), (False, True), (False, False))) >= 40


def test_in_the_streams_people_refer_themselves_also_by_another_id_and_partners_and_nobody_known_do() -> None:
    own = [touch for seed in FEW for touch, _ in touched(seed) if touch.referrer == touch.referred]
    names = [{str(said(touch.raw).get(name) or user_of(touch.raw)) for name in PEOPLE} for touch in own]
    assert min(Counter(map(len, names))[ids] for ids in (1, 2)) >= 40
    found = [touch for seed in FEW for touch in chosen(seed).values()]
    assert sum(touch.referrer in PARTNERS for touch in found) >= 40
    assert sum(touch.referrer is None for touch in found) >= 30


def test_in_the_streams_whose_event_it_is_matters_where_nobody_is_named() -> None:
    ways = Counter(
        (first_name([said(raw).get("referred_user")]) is None, user_of(raw) is None, person is None)
        for seed in FEW
        for raw, person in said_of_referrals(seed)
    )
    for anonymous in ((False, False), (True, False), (True, True)):
        assert min(ways[is_own, *anonymous] for is_own in (True, False)) >= 30
    raws = [raw for seed in FEW for raw, _ in said_of_referrals(seed)]
    for name in PEOPLE:
        assert {said(raw).get(name) for raw in raws} > set(NAMELESS)


def test_in_the_streams_people_are_named_by_ids_that_turn_out_to_be_others() -> None:
    for name, side in (("referred_user", "referred"), ("referrer", "referrer")):
        merged = [
            touch
            for seed in FEW
            for touch in chosen(seed).values()
            if first_name([said(touch.raw).get(name)]) not in (None, getattr(touch, side))
        ]
        assert len(merged) >= 15


def test_in_the_streams_the_erased_and_colleagues_are_new_and_refer() -> None:
    found = [(seed, touch) for seed in FEW for touch in chosen(seed).values()]
    for side in ("referred", "referrer"):
        who = [(getattr(touch, side), people(seed).internal[USER]) for seed, touch in found]
        assert sum(one == ERASED for one, _ in who) >= 8
        assert sum(one in colleagues for one, colleagues in who) >= 10


def test_the_streams_have_every_value_of_referrals_unknown_ones_too() -> None:
    told = [said(touch.raw) for seed in FEW for touch in chosen(seed).values()]
    for name, values in TOUCH_CHOICES.items():
        assert {one.get(name) for one in told} == set(values)
        assert {name in one for one in told} == {True, False}


def test_in_the_streams_messages_lead_to_signups_at_every_edge_of_their_time() -> None:
    delays = Counter(delay for seed in FEW for (raw, _), _, delay in led(seed) if is_valid(raw))
    edges = (-SHORTEST, timedelta(0), WITHIN - SHORTEST, WITHIN)
    assert min(delays[edge] for edge in edges) >= 3
    assert sum(timedelta(0) < delay < WITHIN for delay in delays.elements()) >= 60
    assert sum(delay > WITHIN for delay in delays.elements()) >= 10


def test_in_the_streams_messages_that_lead_to_signups_are_of_anybody_and_some_are_drafts() -> None:
    pairs = [one for seed in FEW for one in led(seed) if timedelta(0) <= one[2] < WITHIN]
    assert sum(not is_valid(raw) for (raw, _), _, _ in pairs) >= 15
    assert sum(sender == touch.referrer for (_, sender), touch, _ in pairs) >= 5
    assert sum(sender is None for (_, sender), _, _ in pairs) >= 4
    assert sum(sender == ERASED for (_, sender), _, _ in pairs) >= 5
    assert sum(said(raw).get("impression") is not None for (raw, _), _, _ in pairs) >= 20
    sent = Counter(raw["messageId"] for (raw, _), _, _ in pairs)
    assert sum(times > 1 for times in sent.values()) >= 5


@pytest.mark.parametrize("kpi", sorted(OF_SIGNUPS))
def test_the_streams_are_asked_for_both_by_each_field_filtered_and_as_of_every_day(kpi: str) -> None:
    asked = [one for seed in SEEDS for one in questions(drawn(seed), NOW) if one.asked.kpi == kpi]
    fields = {DIMENSIONS[str(one.by)] for one in asked if one.by in DIMENSIONS}
    assert fields == carried(kpi) | {DIMENSIONS[by] for by in BY_FACET}
    assert {"icp", "segment", "trait:plan"} <= {one.by for one in asked}
    filters = {(one.asked.share_types is None, one.asked.channels is None) for one in asked}
    assert filters == {(True, True), (True, False), (False, True), (False, False)}
    assert {one.asked.as_of for one in asked if one.asked.segment is not None} == set(AS_OF)
