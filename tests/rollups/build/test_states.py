"""Which buckets a stretch of a state reaches."""

from datetime import date

import pytest

from apps.rollups.build.states import changed_buckets

TODAY = date(2026, 5, 20)


@pytest.mark.parametrize(
    ("first", "end", "days", "months"),
    [
        # Still so: every month that has begun since.
        ("2026-03-10", None, ["2026-03-10"], ["2026-03-01", "2026-04-01", "2026-05-01"]),
        # Over: the month after its end may have no rows but for it.
        ("2026-01-10", "2026-02-03", ["2026-01-10", "2026-02-03"], ["2026-01-01", "2026-02-01", "2026-03-01"]),
        # From the first day of a month on.
        ("2026-05-01", None, ["2026-05-01"], ["2026-05-01"]),
        # What is to come has no month yet.
        ("2026-06-01", None, ["2026-06-01"], []),
        ("2026-05-19", "2026-06-01", ["2026-05-19", "2026-06-01"], ["2026-05-01"]),
    ],
)
def test_a_stretch_reaches_its_days_and_every_month_that_has_begun(
    first: str, end: str | None, days: list[str], months: list[str]
) -> None:
    stretch = date.fromisoformat(first), date.fromisoformat(end) if end else None
    reached = changed_buckets(stretch, "UTC", TODAY)
    assert sorted(f"{start:%Y-%m-%d}" for grain, start in reached if grain == "day") == days
    assert sorted(f"{start:%Y-%m-%d}" for grain, start in reached if grain == "month") == months
