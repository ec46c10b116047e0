"""How values of Python are written in JSON."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import strawberry
from strawberry.types.scalar import ScalarDefinition


def _digits(value: Decimal) -> str:
    return f"{value:f}"


SCALARS: dict[object, ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number as a string, such as "27" or "33.333333": '
        "most readers turn a number of JSON into a float.",
        serialize=_digits,
    ),
    date: strawberry.scalar(
        name="Date", description='A local day, such as "2026-04-30" (ISO 8601).', serialize=date.isoformat
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description='An instant with its offset, such as "2026-03-31T22:00:00+00:00" (ISO 8601).',
        serialize=datetime.isoformat,
    ),
}
