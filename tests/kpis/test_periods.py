from datetime import UTC, datetime
from typing import Any

import pytest

from apps.engine.periods import PeriodError
from apps.kpis.periods import read_period

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ({"day": "2026-04-30"}, "2026-04-30"),
        ({"week": "2026-W18"}, "2026-W18"),
        ({"month": "2026-04"}, "2026-04"),
        ({"quarter": "2026-Q2"}, "2026-Q2"),
        ({"year": "2026"}, "2026"),
        ({"last": {"n": 3, "unit": "DAY"}}, "2026-04-30/2026-05-03"),
        ({"last": {"n": 2, "unit": "MONTH", "includeCurrent": True}}, "2026-04-01/2026-06-01"),
        ({"between": {"from": "2026-04-01", "to": "2026-04-03"}}, "2026-04-01/2026-04-03"),
    ],
)
def test_every_form_of_a_period_is_read(said: Any, label: str) -> None:
    assert read_period(said, "UTC", NOW).label == label


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "period"),
        ("2026-04", "period"),
        ({"month": "2026-04", "day": "2026-04-01"}, "period"),
        ({"month": 4}, "period"),
        ({"moon": "full"}, "period"),
        ({"last": {"n": 3, "unit": "HOUR"}}, "period"),
        ({"last": {"n": "3", "unit": "DAY"}}, "period"),
        ({"last": {"n": 10**30, "unit": "DAY"}}, "period"),
        ({"last": {"n": 0, "unit": "DAY"}}, "last"),
        ({"month": "April"}, "month"),
        ({"between": {"from": "2026-04-01"}}, "period"),
        ({"between": {"from": "now", "to": "2026-04-01"}}, "from"),
        ({"between": {"from": "2026-04-01", "to": "later"}}, "to"),
    ],
)
def test_what_is_no_period_is_refused(said: Any, field: str) -> None:
    with pytest.raises(PeriodError) as caught:
        read_period(said, "UTC", NOW)
    assert (caught.value.code, caught.value.field) == ("BAD_PERIOD", field)
