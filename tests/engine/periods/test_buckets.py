from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.periods import Grain, PeriodError, bucket_end, bucket_start, day_start, local_day
from tests.engine.periods.clocks import HOUR, ahead, days, moments, wall, zones

STORED = st.sampled_from([Grain.HOUR, Grain.DAY, Grain.MONTH])
TICK = timedelta(microseconds=1)


def hours(zone: str, first: datetime, end: datetime) -> list[str]:
    """When the hour buckets of a stretch of UTC begin, on the wall."""
    start = bucket_start(first.replace(tzinfo=UTC), Grain.HOUR, zone)
    read = []
    while start < end.replace(tzinfo=UTC):
        read.append(f"{wall(start, zone):%d %H:%M}")
        start = bucket_end(start, Grain.HOUR, zone)
    return read


@pytest.mark.parametrize(
    ("zone", "first", "last", "buckets"),
    [
        (
            "Asia/Kolkata",
            datetime(2026, 4, 1, 0),
            datetime(2026, 4, 1, 2),
            ["01 05:00", "01 06:00", "01 07:00"],
        ),
        # 30 minutes forward at 02:00, 30 minutes back at 02:00.
        (
            "Australia/Lord_Howe",
            datetime(2025, 10, 4, 14, 30),
            datetime(2025, 10, 4, 17, 30),
            ["05 01:00", "05 02:30", "05 03:00", "05 04:00"],
        ),
        (
            "Australia/Lord_Howe",
            datetime(2026, 4, 4, 14),
            datetime(2026, 4, 4, 17),
            ["05 01:00", "05 01:30", "05 02:00", "05 03:00"],
        ),
        # An hour back at 00:01, from the new day to what the wall calls the old one.
        (
            "America/St_Johns",
            datetime(2006, 10, 29, 1, 30),
            datetime(2006, 10, 29, 4),
            ["28 23:00", "29 00:00", "28 23:01", "29 00:00"],
        ),
        ("Pacific/Apia", datetime(2011, 12, 30, 9), datetime(2011, 12, 30, 11), ["29 23:00", "31 00:00"]),
    ],
)
def test_hours_begin_at_full_hours_and_at_changes_of_the_offset(
    zone: str, first: datetime, last: datetime, buckets: list[str]
) -> None:
    assert hours(zone, first, last) == buckets


@given(moments(), STORED)
def test_buckets_follow_each_other_without_gap_or_overlap(moment: tuple[datetime, str], grain: Grain) -> None:
    instant, zone = moment
    start = bucket_start(instant, grain, zone)
    end = bucket_end(start, grain, zone)
    assert start <= instant < end
    assert bucket_end(instant, grain, zone) == end
    assert bucket_start(start, grain, zone) == bucket_start(end - TICK, grain, zone) == start
    assert bucket_start(end, grain, zone) == end


@given(moments())
def test_an_hour_is_a_stretch_of_one_wall_clock_hour_at_one_offset(moment: tuple[datetime, str]) -> None:
    instant, zone = moment
    start = bucket_start(instant, Grain.HOUR, zone)
    final = bucket_end(start, Grain.HOUR, zone) - TICK
    assert ahead(start, zone) == ahead(instant, zone) == ahead(final, zone)
    assert wall(start, zone).replace(minute=0, second=0) == wall(final, zone).replace(
        minute=0, second=0, microsecond=0
    )
    changed = ahead(start, zone) != ahead(start - TICK, zone)
    assert changed or (wall(start, zone).minute, wall(start, zone).second) == (0, 0)


@given(moments())
def test_an_hour_lies_within_one_day_and_a_day_within_one_month(moment: tuple[datetime, str]) -> None:
    instant, zone = moment
    for part, whole in ((Grain.HOUR, Grain.DAY), (Grain.DAY, Grain.MONTH)):
        start = bucket_start(instant, part, zone)
        final = bucket_end(start, part, zone) - TICK
        assert bucket_start(start, whole, zone) == bucket_start(final, whole, zone)
        assert bucket_end(start, whole, zone) == bucket_end(final, whole, zone)


@given(zones, days)
def test_a_day_and_a_month_are_those_of_the_calendar(zone: str, day: date) -> None:
    noonish = day_start(day, zone) + 6 * HOUR
    day = local_day(noonish, zone)
    first = day.replace(day=1)
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    assert bucket_start(noonish, Grain.DAY, zone) == day_start(day, zone)
    assert bucket_end(noonish, Grain.DAY, zone) == day_start(day + timedelta(days=1), zone)
    assert bucket_start(noonish, Grain.MONTH, zone) == day_start(first, zone)
    assert bucket_end(noonish, Grain.MONTH, zone) == day_start(following, zone)


@pytest.mark.parametrize("grain", [Grain.WEEK, Grain.QUARTER, Grain.YEAR])
def test_only_hours_days_and_months_are_stored(grain: Grain) -> None:
    for edge in (bucket_start, bucket_end):
        with pytest.raises(PeriodError, match="stored buckets"):
            edge(datetime(2026, 4, 1, tzinfo=UTC), grain, "UTC")


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_the_first_instant_there_is_has_buckets(zone: str) -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    for grain in (Grain.HOUR, Grain.DAY, Grain.MONTH):
        assert bucket_start(first, grain, zone) <= day_start(date(1, 1, 1), zone)
