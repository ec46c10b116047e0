"""What a period, a date or a time zone that cannot be answered gets."""

from apps.engine.refusals import Refusal


class PeriodError(Refusal):
    """A refused period, date or zone."""


def bad_period(field: str, expected: str) -> PeriodError:
    """The text or the date is no period that there is."""
    return PeriodError("BAD_PERIOD", field, expected)
