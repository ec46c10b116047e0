"""A line of values as an SVG has it: places in whole units, from zero up, a gap where there is no value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

WIDTH, HEIGHT = 480, 120
# Room for the dots at the edges.
MARGIN = 6
BASE = HEIGHT - MARGIN


@dataclass(frozen=True, slots=True)
class Point:
    """Where a value lies; `at` is its place in the sequence."""

    at: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The points that have a value, the lines that join neighbours, and the areas below them.

    A line and an area are each an SVG's list of places.
    """

    points: tuple[Point, ...]
    lines: tuple[str, ...]
    areas: tuple[str, ...]
    width: int = WIDTH
    height: int = HEIGHT
    base: int = BASE


def draw(values: Sequence[Decimal | None]) -> Chart:
    """The chart of at least two values that are not negative; the largest touches the top."""
    top = max((value for value in values if value is not None), default=Decimal(0)) or Decimal(1)
    points = [
        Point(at, _x(at, len(values)), _y(value, top)) for at, value in enumerate(values) if value is not None
    ]
    # Neighbours keep the same distance between their places in the sequence and among the points.
    numbered = groupby(enumerate(points), key=lambda pair: pair[1].at - pair[0])
    runs = [[point for _, point in run] for _, run in numbered]
    return Chart(tuple(points), tuple(map(_places, runs)), tuple(_places(_closed(run)) for run in runs))


def _closed(run: list[Point]) -> list[Point]:
    first, last = run[0], run[-1]
    return [Point(first.at, first.x, BASE), *run, Point(last.at, last.x, BASE)]


def _places(run: list[Point]) -> str:
    return " ".join(f"{point.x},{point.y}" for point in run)


def _x(at: int, count: int) -> int:
    return MARGIN + at * (WIDTH - 2 * MARGIN) // (count - 1)


def _y(value: Decimal, top: Decimal) -> int:
    return BASE - round(value * (BASE - MARGIN) / top)
