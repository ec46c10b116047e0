"""The random streams are what they promise: without these properties, agreeing on them would prove little."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from tests.oracle.moments import clock_changes
from tests.oracle.oracle import Ledger
from tests.oracle.questions import questions
from tests.oracle.streams import CHANGING, STEADY, Stream, stream

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SEEDS = range(1, 201)


@cache
def drawn(seed: int) -> Stream:
    return stream(seed, NOW)


def ledger_of(one: Stream) -> Ledger:
    ledger = Ledger()
    for sent in (sent for batch in one.batches for sent in batch.sent if not sent.refusal):
        ledger.take(sent.source, sent.raw)
    return ledger


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stream_is_large_and_its_clocks_change(seed: int) -> None:
    one = drawn(seed)
    stored = ledger_of(one).stored
    assert len(stored) >= 300
    assert len({str(raw["userId"]) for raw in stored if "userId" in raw}) >= 30
    assert len(clock_changes(one.zone, one.first, one.end)) == (one.zone in CHANGING)
    dates = {datetime.fromisoformat(raw["timestamp"]).astimezone(ZoneInfo(one.zone)).date() for raw in stored}
    assert one.first <= min(dates) <= max(dates) < one.end


@pytest.mark.parametrize("seed", SEEDS[:5])
def test_a_stream_follows_from_its_seed(seed: int) -> None:
    assert stream(seed, NOW) == stream(seed, NOW)


def test_the_streams_meet_every_zone_and_every_refusal() -> None:
    streams = [drawn(seed) for seed in SEEDS]
    assert {one.zone for one in streams} == {*CHANGING, *STEADY}
    assert len({sent.refusal for one in streams for batch in one.batches for sent in batch.sent}) == 8
    assert {one.taught_after is None for one in streams} == {True, False}


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_every_stream_is_asked_for_every_kpi_and_all_its_months(seed: int) -> None:
    asked = questions(drawn(seed), NOW)
    assert len(asked) >= 16 + 8 * 2
    assert {len([one for one in asked if one.asked.kpi == kpi]) for kpi in {one.asked.kpi for one in asked}} == {
        len(asked) // 8
    }
