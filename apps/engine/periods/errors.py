"""What a period, a date or a time zone that cannot be answered gets."""


class PeriodError(ValueError):
    """A refused period: a `code`, the input `field`, what was `expected`, the `nearest` valid names."""

    def __init__(self, code: str, field: str, expected: str, nearest: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {' or '.join(nearest)}?" if nearest else ""
        super().__init__(f"{field}: expected {expected}{hint}")
        self.code = code
        self.field = field
        self.expected = expected
        self.nearest = nearest


def bad_period(field: str, expected: str) -> PeriodError:
    """The text or the date is no period that there is."""
    return PeriodError("BAD_PERIOD", field, expected)
