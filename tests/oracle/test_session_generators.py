"""The sessions of the random streams are what they promise, and so are the questions about them."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pytest

from tests.oracle.counting import CARRIED, DIMENSIONS, OF_SESSIONS, carried
from tests.oracle.ledger import Ledger
from tests.oracle.links import LONGEST, WINDOW, Links, session
from tests.oracle.messages import ERASED, SHARE, START, Raw, fields, is_valid, moment, said
from tests.oracle.moments import SHORTEST
from tests.oracle.questions import AS_OF, OF_OBJECTS, SHARE_KPIS, questions
from tests.oracle.test_generators import NOW, SEEDS, Told, drawn, taken
from tests.oracle.visits import OBJECT_CHOICES, START_CHOICES

FEW = SEEDS[:20]
Begun: TypeAlias = tuple[Told, list[Told]]
"""A start that begins a session, and the starts that come after it."""


@cache
def told(seed: int) -> list[Told]:
    """The starts and shares that a workspace holds after a stream."""
    ledger = taken(seed)[0]
    both = zip(ledger.stored, ledger.people(), strict=True)
    return [one for one in both if one[0].get("event") in (START, SHARE)]


@cache
def begun(seed: int) -> list[Begun]:
    """The sessions that have a name."""
    links, named = Links(taken(seed)[0].stored), defaultdict(list)
    for raw, person in told(seed):
        if raw["event"] == START and session(raw) is not None:
            named[session(raw)].append((raw, person))
    return [
        (next(one for one in starts if links.begins(one[0])), [one for one in starts if not links.begins(one[0])])
        for starts in named.values()
    ]


def made(seed: int) -> Iterator[tuple[Told, Told]]:
    """Each session with each valid product share that names it, in time or not."""
    return (
        (start, share)
        for start, _ in begun(seed)
        for share in told(seed)
        if share[0]["event"] == SHARE and session(share[0]) == session(start[0])
        if is_valid(share[0]) and said(share[0]).get("share_scope") == "product"
    )


def later(start: Raw, other: Raw) -> timedelta:
    return moment(other)[0] - moment(start)[0]


def local_day(seed: int, raw: Raw) -> date:
    return moment(raw)[0].astimezone(ZoneInfo(drawn(seed).zone)).date()


def moves(seed: int) -> Iterator[tuple[date, date]]:
    """The local days of the sessions that began earlier after something was rolled up, before and after that."""
    ledger, known = Ledger(), dict[str, Raw]()
    for batch in drawn(seed).batches:
        for sent in batch.sent:
            ledger.take(sent.source, sent.raw, sent.refusal)
        if batch.settles:
            links = Links(ledger.stored)
            starts = [raw for raw in ledger.stored if raw.get("event") == START and links.begins(raw)]
            now = {name: raw for raw in starts if (name := session(raw)) is not None}
            changed = [name for name, raw in known.items() if raw != now[name]]
            yield from ((local_day(seed, known[name]), local_day(seed, now[name])) for name in changed)
            known = now


@pytest.mark.parametrize("seed", SEEDS)
def test_in_some_sessions_of_a_stream_something_is_shared_and_in_some_not(seed: int) -> None:
    links = Links(taken(seed)[0].stored)
    drew = [bool(links.drawn(start)) for (start, person), _ in begun(seed) if person is not None]
    assert (drew.count(True) >= 1, drew.count(False) >= 5) == (True, True)
    assert any(others for _, others in begun(seed))


def test_the_streams_have_every_value_of_sessions_and_of_shared_objects_unknown_ones_too() -> None:
    raws = [raw for seed in FEW for raw, _ in told(seed)]
    for event, choices in ((START, START_CHOICES), (SHARE, OBJECT_CHOICES)):
        some = [said(raw) for raw in raws if raw["event"] == event and set(choices) & set(said(raw))]
        for name, values in choices.items():
            assert {one.get(name) for one in some} == set(values)
            assert {name in one for one in some} == {True, False}


def test_in_the_streams_sessions_are_named_in_every_way_and_some_by_none() -> None:
    raws = [raw for seed in FEW for batch in drawn(seed).batches for raw in (one.raw for one in batch.sent)]
    for event in (START, SHARE):
        some = [raw for raw in raws if raw.get("event") == event]
        ways = Counter(
            (raw.get("context", {}).get("sessionId"), said(raw).get("session_id"), said(raw).get("session")).index(
                session(raw)
            )
            for raw in some
            if session(raw) is not None
        )
        assert min(ways[place] for place in range(3)) >= 20
        assert sum(session(raw) is None for raw in some) >= 40
        assert sum(len(session(raw) or "") == LONGEST for raw in some) >= 5


def test_in_the_streams_things_are_shared_at_every_edge_of_a_session_and_beyond_midnight() -> None:
    pairs = [(seed, start, share) for seed in FEW for (start, _), (share, _) in made(seed)]
    delays = Counter(later(start, share) for _, start, share in pairs)
    edges = (-SHORTEST, timedelta(0), SHORTEST, WINDOW - SHORTEST, WINDOW, WINDOW + SHORTEST)
    assert min(delays[edge] for edge in edges) >= 4
    in_time = [pair for pair in pairs if timedelta(0) <= later(*pair[1:]) < WINDOW]
    across = [pair for pair in in_time if local_day(pair[0], pair[1]) != local_day(pair[0], pair[2])]
    assert len(across) >= 20
    assert sum(moment(start)[0].month != moment(share)[0].month for _, start, share in across) >= 3


def test_in_the_streams_two_things_of_different_kinds_are_shared_in_one_session() -> None:
    drew = [Links(taken(seed)[0].stored).drawn(start[0]) for seed in FEW for start, _ in begun(seed)]
    kinds = [{(one["share_type"], one["channel"], one["object_type"]) for one in shares} for shares in drew]
    assert sum(len(some) > 1 for some in kinds) >= 20


def test_in_the_streams_sessions_are_started_twice_also_at_once_and_by_two() -> None:
    pairs = [(first, other) for seed in FEW for first, others in begun(seed) for other in others]
    assert sum(first[1] != other[1] for first, other in pairs) >= 40
    assert sum(first[1] == other[1] for first, other in pairs) >= 20
    assert sum(other[1] is not None and first[1] is None for first, other in pairs) >= 3
    at_once = [pair for pair in pairs if not later(pair[0][0], pair[1][0])]
    assert sum(first[1] != other[1] for first, other in at_once) >= 5
    assert sum(fields(first[0])["platform"] != fields(other[0])["platform"] for first, other in at_once) >= 5


def test_in_the_streams_sessions_that_were_rolled_up_are_moved_by_a_start_that_comes_late() -> None:
    moved = [days for seed in FEW for days in moves(seed)]
    assert len(moved) >= 10
    assert sum(before != after for before, after in moved) >= 3


def test_in_the_streams_something_is_shared_by_whoever_began_the_session_by_others_and_by_nobody() -> None:
    pairs = [(start[1], share[1]) for seed in FEW for start, share in made(seed)]
    people = [pair for pair in pairs if pair[0] is not None]
    assert sum(sharer == starter for starter, sharer in people) >= 40
    assert sum(sharer not in (starter, None) for starter, sharer in people) >= 40
    assert sum(sharer is None for _, sharer in people) >= 10
    assert sum(starter is None for starter, _ in pairs) >= 10
    assert min(sum(pair[side] == ERASED for pair in people) for side in (0, 1)) >= 10
    assert sum(ERASED in pair and pair[0] != pair[1] for pair in people) >= 10


@pytest.mark.parametrize("kpi", sorted(OF_SESSIONS))
def test_the_streams_are_asked_for_sessions_by_each_field_filtered_and_as_of_every_day(kpi: str) -> None:
    asked = [one for seed in SEEDS for one in questions(drawn(seed), NOW) if one.asked.kpi == kpi]
    assert {DIMENSIONS[str(one.by)] for one in asked if one.by in DIMENSIONS} == carried(kpi)
    assert {"icp", "segment", "trait:plan"} <= {one.by for one in asked}
    filters = {(one.asked.share_types is None, one.asked.channels is None) for one in asked}
    assert filters == {(True, True), (True, False), (False, True), (False, False)}
    assert {one.asked.as_of for one in asked if one.asked.segment is not None} == set(AS_OF)


@pytest.mark.parametrize("kpi", SHARE_KPIS)
def test_the_streams_are_asked_what_was_shared_and_from_where(kpi: str) -> None:
    assert carried(kpi) == CARRIED[SHARE]
    asked = [one for seed in FEW for one in questions(drawn(seed), NOW) if one.asked.kpi == kpi]
    assert {one.by for one in asked} >= set(OF_OBJECTS)
    assert {one.asked.channels is None for one in asked if one.by in OF_OBJECTS} == {True, False}
