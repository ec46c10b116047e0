"""One way to answer a question, and how long it takes, cold and warm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from time import perf_counter

from bench.questions import Answer

# After so many milliseconds three answers are enough.
FEWEST, ENOUGH = 3, 10_000


class Side(Enum):
    """Where kpiservice is asked, or what a rival answers from; as it stands behind a name."""

    EVALUATE = ", kpis.evaluate"
    HTTP = ", HTTP"
    RAW = ", raw events"
    ROLLUPS = ", rollups"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to answer a question; `begin` makes everything cold and gives what is to be timed."""

    side: Side
    who: str
    name: str
    begin: Callable[[], Callable[[], Answer]]

    @property
    def contestant(self) -> str:
        """Whose the line of a table is."""
        return f"{self.who}{self.side.value}"


@dataclass(frozen=True, slots=True)
class Timing:
    """The medians of a way in milliseconds, and every different answer that it gave."""

    way: Way
    cold: float
    warm: float
    answers: frozenset[Answer]


def timing(way: Way, repeats: int) -> Timing:
    """Cold: each time after `begin`. Warm: again and again after the last of those."""
    answers = set[Answer]()
    ask = way.begin()
    cold = [_clocked(ask, answers)]
    while _goes_on(cold, repeats):
        ask = way.begin()
        cold.append(_clocked(ask, answers))
    warm = [_clocked(ask, answers)]
    while _goes_on(warm, repeats):
        warm.append(_clocked(ask, answers))
    return Timing(way, median(cold), median(warm), frozenset(answers))


def _goes_on(took: Sequence[float], repeats: int) -> bool:
    """A way that takes seconds is sure of its median sooner."""
    return len(took) < repeats and (len(took) < FEWEST or sum(took) < ENOUGH)


def _clocked(ask: Callable[[], Answer], answers: set[Answer]) -> float:
    started = perf_counter()
    answer = ask()
    took = perf_counter() - started
    answers.add(answer)
    return 1000 * took
