"""The random streams are what they promise: without these properties, agreeing on them would prove little."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pytest

from tests.oracle.counting import DEFINED, DIMENSIONS, KPIS, OF_LINKS, OF_REFERRALS, carried
from tests.oracle.ledger import ACCEPTED, Ledger
from tests.oracle.links import LINKS, WINDOW, Links, link
from tests.oracle.messages import (
    ERASED,
    INTERACTION,
    KINDS,
    MESSAGE,
    PROMPT,
    SHARE,
    Raw,
    account_of,
    fields,
    is_valid,
    moment,
    said,
)
from tests.oracle.moments import SHORTEST, clock_changes
from tests.oracle.questions import AS_OF, questions
from tests.oracle.referrals import KIND_CHOICES, MESSAGE_CHOICES, PROMPT_CHOICES
from tests.oracle.streams import CHANGING, STEADY, Stream, stream

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SEEDS = range(1, 201)
Told: TypeAlias = tuple[Raw, str | None]
"""A message and whose it is."""
STATEFUL = {"duplicate", "merge_cycle", "suppressed", "missing_property", "cannot_unmerge"}


@cache
def drawn(seed: int) -> Stream:
    return stream(seed, NOW)


@cache
def taken(seed: int) -> tuple[Ledger, frozenset[str]]:
    """What a workspace holds after a stream, and all that became of its messages."""
    ledger, fates, one = Ledger(), set(), drawn(seed)
    for place, batch in enumerate(one.batches):
        fates |= {ledger.take(sent.source, sent.raw, sent.refusal) for sent in batch.sent}
        if place == one.erasure.after:
            ledger.erase(one.erasure.user, NOW)
    return ledger, frozenset(fates)


@cache
def shown(seed: int) -> list[Told]:
    """The prompts that a workspace holds after a stream and that were seen."""
    return [(raw, person) for raw, person in _told(seed) if raw.get("event") == PROMPT and is_valid(raw)]


@cache
def done(seed: int) -> list[Told]:
    """What was done with prompts."""
    return [(raw, person) for raw, person in _told(seed) if raw.get("event") == INTERACTION]


def _told(seed: int) -> Iterator[Told]:
    ledger = taken(seed)[0]
    return zip(ledger.stored, ledger.people(), strict=True)


def drawing(seed: int) -> Iterator[tuple[Told, Told]]:
    """Each prompt with each interaction that is linked with it, in time or not."""
    return (
        (prompt, deed)
        for prompt in shown(seed)
        for deed in done(seed)
        if link(prompt[0]) == link(deed[0]) is not None and is_valid(deed[0])
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stream_is_large_and_its_clocks_change(seed: int) -> None:
    one, stored = drawn(seed), taken(seed)[0].stored
    assert len(stored) >= 290
    assert len({str(raw["userId"]) for raw in stored if "userId" in raw}) >= 30
    assert len(clock_changes(one.zone, one.first, one.end)) == (one.zone in CHANGING)
    dates = {datetime.fromisoformat(raw["timestamp"]).astimezone(ZoneInfo(one.zone)).date() for raw in stored}
    assert one.first <= min(dates) <= max(dates) < one.end


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_stream_people_are_merged_recognised_moved_described_and_erased(seed: int) -> None:
    ledger, _ = taken(seed)
    assert len(ledger.users.into) + len(ledger.accounts.into) >= 5
    assert ERASED in ledger.people()
    kinds = [(raw["type"], raw.get("event"), "anonymousId" in raw) for raw in ledger.stored]
    assert sum(kind == ("identify", None, True) for kind in kinds) >= 4
    assert sum(kind == "group" for kind, _, _ in kinds) >= 10
    assert sum(str(event).startswith("membership.") for _, event, _ in kinds) >= 5
    assert len(drawn(seed).profiles) >= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_some_shares_of_a_stream_name_an_account_and_some_do_not(seed: int) -> None:
    shares = [raw for raw in taken(seed)[0].stored if raw.get("event") == "share.created"]
    named = sum(account_of(raw) is not None for raw in shares)
    assert min(named, len(shares) - named) >= 5


@pytest.mark.parametrize("seed", SEEDS)
def test_some_referral_messages_and_prompts_of_a_stream_count_and_some_do_not(seed: int) -> None:
    told = [
        (raw["event"], is_valid(raw)) for raw in taken(seed)[0].stored if raw.get("event") in (MESSAGE, PROMPT)
    ]
    fewest = {(MESSAGE, True): 10, (MESSAGE, False): 3, (PROMPT, True): 8, (PROMPT, False): 1}
    assert {kind: min(times, fewest[kind]) for kind, times in Counter(told).items()} == fewest


def test_the_streams_have_every_value_of_referrals_unknown_ones_too() -> None:
    raws = [raw for seed in SEEDS[:20] for raw in taken(seed)[0].stored if raw.get("event") in (MESSAGE, PROMPT)]
    for event, choices in ((MESSAGE, MESSAGE_CHOICES), (PROMPT, PROMPT_CHOICES)):
        said = [raw["properties"] for raw in raws if raw["event"] == event]
        for name, values in choices.items():
            assert {one.get(name) for one in said} >= set(values)
            assert {name in one for one in said} == {True, False}
    shares = [fields(raw) for seed in SEEDS[:20] for raw in taken(seed)[0].stored if raw.get("event") == SHARE]
    kinds = {(one["share_type"], one["channel"]) for one in shares}
    assert kinds > DEFINED


@pytest.mark.parametrize("seed", SEEDS)
def test_some_prompts_of_a_stream_draw_something_and_some_do_not(seed: int) -> None:
    links = Links(taken(seed)[0].stored)
    drew = [links.drawn(raw) for raw, _ in shown(seed)]
    assert min(sum(map(bool, drew)), drew.count([])) >= 2
    assert len(done(seed)) >= 30


def test_in_the_streams_things_are_done_with_prompts_at_every_edge_of_their_time() -> None:
    pairs = [pair for seed in SEEDS[:20] for pair in drawing(seed)]
    delays = Counter(moment(raw)[0] - moment(prompt)[0] for (prompt, _), (raw, _) in pairs)
    edges = (-SHORTEST, timedelta(0), SHORTEST, WINDOW - SHORTEST, WINDOW, WINDOW + SHORTEST)
    assert min(delays[edge] for edge in edges) >= 10


def test_in_the_streams_things_are_done_by_whoever_saw_the_prompt_by_others_and_by_nobody() -> None:
    pairs = [pair for seed in SEEDS[:20] for pair in drawing(seed)]
    people = [(viewer, doer) for (_, viewer), (_, doer) in pairs if viewer is not None]
    assert sum(doer == viewer for viewer, doer in people) >= 100
    assert sum(doer not in (viewer, None) for viewer, doer in people) >= 100
    assert sum(doer is None for _, doer in people) >= 20
    assert min(sum(pair[side] == ERASED for pair in people) for side in (0, 1)) >= 10


def test_in_the_streams_impressions_are_shown_twice_named_otherwise_and_unknown() -> None:
    links = [Counter(link(raw) for raw, _ in shown(seed) if link(raw)) for seed in SEEDS[:20]]
    assert sum(times > 1 for found in links for times in found.values()) >= 20
    raws = [raw for seed in SEEDS[:20] for raw, _ in done(seed)]
    names = {name for raw in raws for name in LINKS if said(raw).get(name) == link(raw) is not None}
    assert names == set(LINKS)
    assert {link(raw) for raw in raws} >= {None, "of nothing"}
    assert {said(raw).get("kind") for raw in raws} == set(KIND_CHOICES["kind"]) > KINDS
    assert {"kind" in said(raw) for raw in raws} == {True, False}


@pytest.mark.parametrize("seed", SEEDS[:5])
def test_a_stream_and_its_questions_follow_from_its_seed(seed: int) -> None:
    assert stream(seed, NOW) == stream(seed, NOW)
    assert questions(stream(seed, NOW), NOW) == questions(stream(seed, NOW), NOW)


def test_the_streams_meet_every_zone_and_every_fate() -> None:
    streams = [drawn(seed) for seed in SEEDS]
    assert {one.zone for one in streams} == {*CHANGING, *STEADY}
    assert len({sent.refusal for one in streams for batch in one.batches for sent in batch.sent}) == 8
    assert {fate for seed in SEEDS for fate in taken(seed)[1]} >= STATEFUL | {ACCEPTED}
    assert {one.taught_after is None for one in streams} == {True, False}


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_every_stream_is_asked_for_every_kpi_and_all_its_months(seed: int) -> None:
    asked = questions(drawn(seed), NOW)
    assert len(asked) >= 4 * len(KPIS)
    counts = Counter(one.asked.kpi for one in asked)
    assert set(counts) == set(KPIS)
    assert {kpi: counts[kpi] for kpi in OF_LINKS} == dict.fromkeys(OF_LINKS, 3)
    assert min(times for kpi, times in counts.items() if kpi not in OF_LINKS) >= 4


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_every_stream_is_asked_where_each_kind_of_share_was_by_channel(seed: int) -> None:
    asked = [one.asked for one in questions(drawn(seed), NOW) if one.by == "channel"]
    kinds = {one.share_types for one in asked if one.kpi == "new_accounts" and one.segment is None}
    assert kinds >= {frozenset({kind}) for kind in ("link", "invite", "export", None)}


def test_the_streams_are_asked_for_conditions_as_of_every_day() -> None:
    asked = [one.asked for seed in SEEDS[:20] for one in questions(drawn(seed), NOW)]
    assert {one.as_of for one in asked if one.segment is not None} == set(AS_OF)


@pytest.mark.parametrize("kpi", [*OF_REFERRALS, *OF_LINKS])
def test_the_streams_are_asked_for_referrals_by_each_field_filtered_and_as_of_every_day(kpi: str) -> None:
    asked = [one for seed in SEEDS for one in questions(drawn(seed), NOW) if one.asked.kpi == kpi]
    assert {DIMENSIONS[str(one.by)] for one in asked if one.by in DIMENSIONS} == carried(kpi)
    filters = {(one.asked.share_types is None, one.asked.channels is None) for one in asked}
    assert filters == {(True, True), (True, False), (False, True), (False, False)}
    assert {one.asked.as_of for one in asked if one.asked.segment is not None} == set(AS_OF)
