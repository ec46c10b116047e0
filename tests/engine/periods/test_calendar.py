from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.engine.periods import (
    Grain,
    Period,
    PeriodError,
    between,
    containing,
    day_start,
    elapsed_fraction,
    first_days,
    is_complete,
    last,
    parse_day,
    parse_month,
    parse_quarter,
    parse_week,
    parse_year,
    previous,
    so_far,
    split,
    year_before,
)
from tests.engine.periods.clocks import days, wall, zones

DAY = timedelta(days=1)
SAME_UNIT: dict[Grain, Callable[[date], tuple[int, ...]]] = {
    Grain.DAY: lambda day: (day.toordinal(),),
    Grain.WEEK: lambda day: day.isocalendar()[:2],
    Grain.MONTH: lambda day: (day.year, day.month),
    Grain.QUARTER: lambda day: (day.year, (day.month - 1) // 3),
    Grain.YEAR: lambda day: (day.year,),
}
grains = st.sampled_from(list(SAME_UNIT))
NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)


def april(first: int, end: int) -> Period:
    return between(date(2026, 4, first), date(2026, 4, end), "UTC")


@given(days, grains, zones)
def test_a_unit_is_all_the_days_that_share_its_calendar_name(day: date, grain: Grain, zone: str) -> None:
    name = SAME_UNIT[grain]
    around = [day + DAY * shift for shift in range(-370, 371)]
    members = [other for other in around if name(other) == name(day)]
    unit = containing(day, grain, zone)
    assert (unit.first, unit.last) == (members[0], members[-1])
    assert (unit.start, unit.end) == (day_start(unit.first, zone), day_start(unit.last + DAY, zone))


@given(days, grains, zones)
def test_the_previous_unit_ends_where_this_one_begins(day: date, grain: Grain, zone: str) -> None:
    unit = containing(day, grain, zone)
    before = previous(unit)
    assert (before.end, before.grain) == (unit.start, grain)
    assert before == containing(unit.first - DAY, grain, zone)


@given(days, st.integers(1, 500), grains, zones)
def test_parts_follow_each_other_through_the_whole_period(first: date, n: int, grain: Grain, zone: str) -> None:
    period = between(first, first + DAY * n, zone)
    parts = split(period, grain)
    assert [part.first for part in parts] == [period.first, *(part.last + DAY for part in parts[:-1])]
    assert (parts[0].start, parts[-1].end) == (period.start, period.end)
    for part in parts:
        unit = containing(part.first, grain, zone)
        assert part == unit or (part.grain is None and unit.first <= part.first <= part.last <= unit.last)


def test_a_month_in_weeks_is_cut_at_both_ends() -> None:
    parts = split(parse_month("2026-04", "UTC"), Grain.WEEK)
    assert [part.label for part in parts] == [
        "2026-04-01/2026-04-06",
        "2026-W15",
        "2026-W16",
        "2026-W17",
        "2026-04-27/2026-05-01",
    ]


def test_a_week_in_months_is_cut_where_the_month_ends() -> None:
    parts = split(parse_week("2026-W18", "UTC"), Grain.MONTH)
    assert [part.label for part in parts] == ["2026-04-27/2026-05-01", "2026-05-01/2026-05-04"]


def test_before_a_range_of_days_come_as_many_days() -> None:
    assert previous(april(11, 16)) == april(6, 11)


@pytest.mark.parametrize(
    ("period", "label"),
    [
        (parse_day("2024-02-29", "UTC"), "2023-02-28"),
        (parse_week("2026-W18", "UTC"), "2025-W18"),
        (parse_week("2021-W01", "UTC"), "2020-W02"),
        (parse_month("2026-04", "UTC"), "2025-04"),
        (parse_quarter("2026-Q2", "UTC"), "2025-Q2"),
        (parse_year("2026", "UTC"), "2025"),
        (between(date(2024, 2, 28), date(2024, 3, 1), "UTC"), "2023-02-28/2023-03-01"),
        (between(date(2024, 2, 20), date(2024, 3, 2), "UTC"), "2023-02-20/2023-03-02"),
    ],
)
def test_a_year_before_is_the_same_unit_or_the_same_days(period: Period, label: str) -> None:
    assert year_before(period).label == label
    assert year_before(period).grain is period.grain


@pytest.mark.parametrize(
    ("day", "hour", "over", "like"),
    [
        (1, 12, None, None),
        (2, 0, "2026-05-01/2026-05-02", "2026-04-01/2026-04-02"),
        (15, 12, "2026-05-01/2026-05-15", "2026-04-01/2026-04-15"),
        (31, 23, "2026-05-01/2026-05-31", "2026-04-01/2026-05-01"),
    ],
)
def test_the_days_that_are_over_and_as_many_of_the_month_before(
    day: int, hour: int, over: str | None, like: str | None
) -> None:
    may = parse_month("2026-05", "UTC")
    found = so_far(may, datetime(2026, 5, day, hour, tzinfo=UTC))
    assert (found and found.label) == over
    assert (found and first_days(between(date(2026, 4, 1), date(2026, 5, 1), "UTC"), found).label) == like


def test_what_has_no_more_days_is_taken_whole_and_what_is_over_is_over() -> None:
    february, march = parse_month("2026-02", "UTC"), parse_month("2026-03", "UTC")
    assert first_days(february, march) == february
    assert so_far(march, march.end) == march
    assert so_far(march, february.start) is None


@pytest.mark.parametrize(
    ("n", "unit", "include_current", "label"),
    [
        (30, Grain.DAY, False, "2026-03-16/2026-04-15"),
        (30, Grain.DAY, True, "2026-03-17/2026-04-16"),
        (2, Grain.WEEK, False, "2026-03-30/2026-04-13"),
        (12, Grain.MONTH, False, "2025-04-01/2026-04-01"),
        (12, Grain.MONTH, True, "2025-05-01/2026-05-01"),
        (5, Grain.QUARTER, False, "2025-01-01/2026-04-01"),
        (2, Grain.YEAR, True, "2025-01-01/2027-01-01"),
        (1, Grain.MONTH, False, "2026-03"),
        (1, Grain.DAY, True, "2026-04-15"),
    ],
)
def test_last_units_end_before_the_running_one_unless_it_is_included(
    n: int, unit: Grain, include_current: bool, label: str
) -> None:
    assert last(n, unit, "UTC", NOW, include_current=include_current).label == label


def test_the_running_day_is_that_of_the_zone() -> None:
    evening = datetime(2026, 4, 14, 20, tzinfo=UTC)
    assert last(1, Grain.DAY, "Asia/Kolkata", evening, include_current=True).label == "2026-04-15"


@given(days, grains, zones)
def test_a_unit_on_the_wall_runs_from_midnight_to_midnight(day: date, grain: Grain, zone: str) -> None:
    unit = containing(day, grain, zone)
    assume(unit.start < unit.end)
    moments = unit.start, unit.end - timedelta(microseconds=1)
    assert wall(moments[0], zone).date() >= unit.first
    assert wall(moments[1], zone).date() <= unit.last


def test_a_day_that_its_zone_skipped_is_empty_and_over_at_once() -> None:
    skipped = parse_day("2011-12-30", "Pacific/Apia")
    assert skipped.start == skipped.end == datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert elapsed_fraction(skipped, skipped.start) == 1
    assert elapsed_fraction(skipped, skipped.start - DAY) == 0


@pytest.mark.parametrize(
    ("now", "elapsed", "complete"),
    [
        (datetime(2026, 3, 31, tzinfo=UTC), Fraction(0), False),
        (datetime(2026, 4, 1, tzinfo=UTC), Fraction(0), False),
        (datetime(2026, 4, 11, tzinfo=UTC), Fraction(1, 3), False),
        (datetime(2026, 5, 1, tzinfo=UTC), Fraction(1), True),
        (datetime(2026, 6, 1, tzinfo=UTC), Fraction(1), True),
    ],
)
def test_a_period_is_complete_when_all_of_it_is_over(now: datetime, elapsed: Fraction, complete: bool) -> None:
    period = parse_month("2026-04", "UTC")
    assert elapsed_fraction(period, now) == elapsed
    assert is_complete(period, now) == complete


@pytest.mark.parametrize(("first", "end"), [(15, 15), (15, 1)])
def test_a_reversed_or_empty_range_is_refused(first: int, end: int) -> None:
    with pytest.raises(PeriodError) as refused:
        april(first, end)
    assert (refused.value.code, refused.value.field) == ("REVERSED_PERIOD", "between")


@pytest.mark.parametrize(
    "beyond",
    [
        lambda: previous(parse_year("0001", "UTC")),
        lambda: previous(parse_day("0001-01-01", "Asia/Kolkata")),
        lambda: previous(between(date(1, 1, 5), date(1, 2, 1), "UTC")),
        lambda: year_before(parse_year("0001", "UTC")),
        lambda: year_before(between(date(1, 1, 5), date(1, 2, 1), "UTC")),
        lambda: last(10**30, Grain.DAY, "UTC", NOW),
        lambda: last(10**30, Grain.MONTH, "UTC", NOW),
        lambda: last(2026, Grain.YEAR, "UTC", NOW),
        lambda: last(0, Grain.DAY, "UTC", NOW),
        lambda: last(-1, Grain.DAY, "UTC", NOW),
        lambda: containing(date(9999, 1, 1), Grain.DAY, "UTC"),
        lambda: between(date(2026, 1, 1), date(9999, 1, 2), "UTC"),
        lambda: containing(date(2026, 4, 1), Grain.HOUR, "UTC"),
        lambda: last(3, Grain.HOUR, "UTC", NOW),
        lambda: split(parse_month("2026-04", "UTC"), Grain.HOUR),
    ],
)
def test_what_is_beyond_the_calendar_is_refused(beyond: Callable[[], object]) -> None:
    with pytest.raises(PeriodError) as refused:
        beyond()
    assert refused.value.code == "BAD_PERIOD"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York"])
def test_the_first_and_the_last_year_work_in_every_zone(zone: str) -> None:
    assert parse_year("0001", zone).end > parse_year("0001", zone).start
    assert len(split(parse_year("9998", zone), Grain.WEEK)) == 53
    assert parse_quarter("9998-Q4", zone).last == date(9998, 12, 31)
