from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.periods import (
    Grain,
    PeriodError,
    Span,
    bucket_end,
    bucket_start,
    cover,
    day_start,
    local_day,
)
from tests.engine.periods.clocks import HOUR, moments

ORDER = [Grain.HOUR, Grain.DAY, Grain.MONTH, Grain.DAY, Grain.HOUR]
DAY = timedelta(days=1)


def at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_a_calendar_month_is_one_month_row() -> None:
    assert cover(at(4, 1), at(5, 1), "UTC") == [Span(Grain.MONTH, at(4, 1), at(5, 1))]


def test_a_week_is_days() -> None:
    assert cover(at(4, 27), at(5, 4), "UTC") == [Span(Grain.DAY, at(4, 27), at(5, 4))]


def test_a_month_of_another_zone_is_days_with_hours_at_both_ends() -> None:
    edges = day_start(date(2026, 4, 1), "Asia/Tokyo"), day_start(date(2026, 5, 1), "Asia/Tokyo")
    assert cover(*edges, "UTC") == [
        Span(Grain.HOUR, at(3, 31, 15), at(4, 1)),
        Span(Grain.DAY, at(4, 1), at(4, 30)),
        Span(Grain.HOUR, at(4, 30), at(4, 30, 15)),
    ]


def test_a_long_stretch_takes_five_spans() -> None:
    assert cover(at(1, 20, 7), at(9, 3, 2), "UTC") == [
        Span(Grain.HOUR, at(1, 20, 7), at(1, 21)),
        Span(Grain.DAY, at(1, 21), at(2, 1)),
        Span(Grain.MONTH, at(2, 1), at(9, 1)),
        Span(Grain.DAY, at(9, 1), at(9, 3)),
        Span(Grain.HOUR, at(9, 3), at(9, 3, 2)),
    ]


def test_hours_over_midnight_are_one_span() -> None:
    assert cover(at(4, 1, 22), at(4, 2, 3), "UTC") == [Span(Grain.HOUR, at(4, 1, 22), at(4, 2, 3))]


def test_hours_over_a_skipped_day_are_one_span() -> None:
    start, end = datetime(2011, 12, 30, 8, tzinfo=UTC), datetime(2011, 12, 30, 12, tzinfo=UTC)
    assert cover(start, end, "Pacific/Apia") == [Span(Grain.HOUR, start, end)]


def test_a_skipped_day_needs_nothing() -> None:
    skipped = day_start(date(2011, 12, 30), "Pacific/Apia")
    assert cover(skipped, skipped, "Pacific/Apia") == []


@given(moments(), st.timedeltas(timedelta(0), timedelta(days=800)))
def test_the_spans_are_the_stretch_and_as_coarse_as_can_be(
    moment: tuple[datetime, str], length: timedelta
) -> None:
    instant, zone = moment
    start, end = (bucket_start(edge, Grain.HOUR, zone) for edge in (instant, instant + length))
    spans = cover(start, end, zone)
    edges = [start, *(span.end for span in spans)]
    assert [span.start for span in spans] == edges[:-1]
    assert edges[-1] == end
    assert all(bucket_start(edge, span.grain, zone) == edge for span in spans for edge in (span.start, span.end))
    assert is_part_of([span.grain for span in spans], ORDER)
    for span in spans:
        assert not whole_units(span, zone)


def is_part_of(some: list[Grain], order: list[Grain]) -> bool:
    rest = iter(order)
    return all(grain in rest for grain in some)


def whole_units(span: Span, zone: str) -> list[date]:
    """The local days within a span of hours, the months within a span of days: a coarser row would do."""
    coarser = {Grain.HOUR: Grain.DAY, Grain.DAY: Grain.MONTH}.get(span.grain)
    found, day = [], local_day(span.start, zone)
    while coarser and day_start(day, zone) < span.end:
        unit = (
            bucket_start(day_start(day, zone), coarser, zone),
            bucket_end(day_start(day, zone), coarser, zone),
        )
        found += [day] if span.start <= unit[0] < unit[1] <= span.end else []
        day += DAY
    return found


@pytest.mark.parametrize("edges", [(at(4, 1), at(4, 1) + HOUR / 2), (at(4, 1) - HOUR / 2, at(4, 1))])
def test_an_edge_within_an_hour_bucket_is_refused(edges: tuple[datetime, datetime]) -> None:
    with pytest.raises(PeriodError, match="full hours of UTC") as refused:
        cover(*edges, "UTC")
    assert (refused.value.code, refused.value.field) == ("TIMEZONE_NOT_ALIGNED", "timezone")


def test_a_day_of_kolkata_is_not_aligned_with_a_workspace_in_utc() -> None:
    start, end = (day_start(date(2026, 4, day), "Asia/Kolkata") for day in (1, 2))
    with pytest.raises(PeriodError, match="full hours of UTC"):
        cover(start, end, "UTC")
    assert cover(start, end, "Asia/Kolkata") == [Span(Grain.DAY, start, end)]
