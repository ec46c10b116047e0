"""The table of days agrees with the calendar, whatever clocks do."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from apps.audience.days import Steps, day_of
from apps.engine.periods import day_start, local_day

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "Pacific/Kiritimati")


@pytest.mark.parametrize("zone", ZONES)
def test_any_instant_has_the_day_that_the_calendar_gives_it(zone: str) -> None:
    drawn = Random(7)
    for _ in range(300):
        instant = datetime(2030, 1, 1, tzinfo=UTC) - timedelta(seconds=drawn.randrange(40 * 365 * 86_400))
        assert day_of(instant, zone) == local_day(instant, zone)


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_begins_at_its_first_instant(zone: str) -> None:
    for number in range(366):
        # Apia skipped the last but one day of 2011.
        start = day_start(date(2011, 1, 1) + timedelta(days=number), zone)
        for instant in (start, start - timedelta(microseconds=1)):
            assert day_of(instant, zone) == local_day(instant, zone)


@pytest.mark.parametrize("zone", ZONES)
def test_the_first_instant_that_there_is_has_a_day(zone: str) -> None:
    first = datetime.min.replace(tzinfo=UTC)
    assert day_of(first, zone) == local_day(first, zone)


def test_steps_hold_the_last_word_of_each_day() -> None:
    first, later = date(2026, 4, 1), date(2026, 4, 3)
    steps = Steps.of([(first, "a"), (first, "b"), (later, "c")])
    assert list(steps.items()) == [(first, "b"), (later, "c")]
    found = [steps.at(date(2026, 3, 31)), steps.at(date(2026, 4, 2)), steps.at(date(2026, 4, 9))]
    assert found == [None, "b", "c"]
