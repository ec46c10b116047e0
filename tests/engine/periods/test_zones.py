from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.periods import PeriodError, day_start, local_day, zone_info
from tests.engine.periods.clocks import days, moments, wall, zones


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("UTC", date(2026, 4, 1), datetime(2026, 4, 1)),
        ("Asia/Kolkata", date(2026, 4, 1), datetime(2026, 3, 31, 18, 30)),
        ("Asia/Kathmandu", date(2026, 4, 1), datetime(2026, 3, 31, 18, 15)),
        # Midnight is jumped over: the day begins with the jump, at 01:00.
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, 0)),
        # At midnight the clock goes back to 23:00: the day begins at the only midnight, an hour later.
        ("America/Sao_Paulo", date(2018, 2, 18), datetime(2018, 2, 18, 3, 0)),
        # At 00:01 the clock goes back to 23:01: the day begins at the first of two midnights.
        ("America/St_Johns", date(2006, 10, 29), datetime(2006, 10, 29, 2, 30)),
        # At 00:01 the clock jumps to 01:01: midnight is there.
        ("America/St_Johns", date(2006, 4, 2), datetime(2006, 4, 2, 3, 30)),
        # At 23:30 the clock jumps to 00:30: the day begins with the jump, half an hour into it.
        ("America/Toronto", date(1919, 3, 31), datetime(1919, 3, 31, 4, 30)),
        # The day was skipped: it begins, and ends, where the next one begins.
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, 0)),
        ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 30, 10, 0)),
        # An offset of -0:44:30 until January 1972.
        ("Africa/Monrovia", date(1971, 6, 1), datetime(1971, 6, 1, 0, 44, 30)),
        ("Africa/Monrovia", date(1972, 1, 7), datetime(1972, 1, 7, 0, 44, 30)),
        ("Africa/Monrovia", date(1972, 1, 8), datetime(1972, 1, 8, 0, 0)),
        # Before the first instant that a datetime can hold.
        ("Asia/Kolkata", date(1, 1, 1), datetime(1, 1, 1)),
    ],
)
def test_day_starts(zone: str, day: date, start: datetime) -> None:
    assert day_start(day, zone) == start.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 4, 1), 24)]
)
def test_days_of_new_york_last_23_24_or_25_hours(day: date, hours: int) -> None:
    end = day_start(day + timedelta(days=1), "America/New_York")
    assert end - day_start(day, "America/New_York") == timedelta(hours=hours)


@given(zones, days, st.timedeltas(timedelta(microseconds=1), timedelta(days=2)))
def test_a_day_starts_when_the_wall_clock_first_reads_its_midnight_or_later(
    zone: str, day: date, before: timedelta
) -> None:
    start, midnight = day_start(day, zone), datetime.combine(day, time())
    assert wall(start, zone) >= midnight
    assert wall(start - before, zone) < midnight
    assert wall(start - timedelta(microseconds=1), zone) < midnight


@given(moments())
def test_the_local_day_has_begun_and_the_next_one_has_not(moment: tuple[datetime, str]) -> None:
    instant, zone = moment
    day = local_day(instant, zone)
    assert day_start(day, zone) <= instant < day_start(day + timedelta(days=1), zone)


@given(moments())
def test_the_local_day_is_the_date_on_the_wall_unless_the_clock_went_back_over_midnight(
    moment: tuple[datetime, str],
) -> None:
    instant, zone = moment
    day, shown = local_day(instant, zone), wall(instant, zone).date()
    went_back = any(wall(instant - timedelta(minutes=minutes), zone).date() > shown for minutes in range(130))
    assert day == shown + timedelta(days=went_back)


def test_yesterday_shown_once_more_after_midnight_belongs_to_the_new_day() -> None:
    shown_again = datetime(2006, 10, 29, 3, 0, tzinfo=UTC)
    assert wall(shown_again, "America/St_Johns") == datetime(2006, 10, 28, 23, 30)
    assert local_day(shown_again, "America/St_Johns") == date(2006, 10, 29)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "UTC"])
def test_the_first_instant_there_is_has_a_day(zone: str) -> None:
    assert local_day(datetime(1, 1, 1, tzinfo=UTC), zone) == date(1, 1, 1)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("Kolkata", "Asia/Kolkata"),
        ("america/sao paulo", "America/Sao_Paulo"),
        ("Europe/Berln", "Europe/Berlin"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_names(text: str, nearest: str) -> None:
    with pytest.raises(PeriodError, match="did you mean") as refused:
        zone_info(text)
    assert (refused.value.code, refused.value.field) == ("UNKNOWN_TIMEZONE", "timezone")
    assert refused.value.nearest[0] == nearest


@pytest.mark.parametrize(
    "text", ["", "../../etc/passwd", "/etc/localtime", "localtime", "Factory", "A\0B", "x" * 10_000]
)
def test_what_is_no_place_is_no_zone(text: str) -> None:
    with pytest.raises(PeriodError) as refused:
        zone_info(text)
    assert refused.value.code == "UNKNOWN_TIMEZONE"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError, match="naive"):
        local_day(datetime(2026, 4, 1), "UTC")
