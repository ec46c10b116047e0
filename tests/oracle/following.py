"""Single messages of a random stream that follow others: by whom, and how long after or before them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from tests.oracle.drawn import Draw
from tests.oracle.links import WINDOW
from tests.oracle.messages import Raw, moment
from tests.oracle.moments import SHORTEST, midnight

# How long after something that may draw it something is done, or the same once more.
SOON = (timedelta(0), SHORTEST, timedelta(minutes=1), timedelta(hours=5), timedelta(hours=20))
# Less than any clock is set by.
A_BIT = timedelta(minutes=20)
AT_LAST = (WINDOW - A_BIT, WINDOW - SHORTEST, WINDOW - SHORTEST, WINDOW)
TOO_LATE = (WINDOW, WINDOW + SHORTEST, WINDOW + A_BIT, timedelta(days=3), timedelta(days=20))
TOO_EARLY = (-SHORTEST, -SHORTEST, timedelta(minutes=-1), timedelta(days=-1))


@dataclass(frozen=True)
class Follow:
    """Draws what follows what the people of one stream, and the visitors to it, do."""

    draw: Draw

    @property
    def dice(self) -> Random:
        return self.draw.dice

    def somebodys(self, raw: Raw, first: Raw) -> Raw:
        """Done by whoever did the first, by somebody else, or by a visitor who may turn out to be one."""
        way = self.dice.random()
        if way < 0.25:
            return raw
        if way < 0.5:
            return self.visitors(raw)
        same = {name: first[name] for name in ("userId", "anonymousId") if name in first}
        return self.draw.nobodys(raw) | same

    def visitors(self, raw: Raw) -> Raw:
        """Done by a visitor, known or not."""
        visitor = self.dice.choice((*self.draw.visitors, self.draw.fresh("anonymous")))
        return self.draw.nobodys(raw) | {"anonymousId": visitor}

    def timed(self, raw: Raw, first: Raw) -> Raw:
        """Before or after the first, within the stream."""
        return self.delayed(
            raw, first, self.dice.choices((SOON, AT_LAST, TOO_LATE, TOO_EARLY), (40, 25, 20, 15))[0]
        )

    def delayed(self, raw: Raw, first: Raw, delays: Sequence[timedelta]) -> Raw:
        """So long after the first, or else when it was done."""
        at, moments = moment(first)[0], self.draw.moments
        morning = midnight(moments.first, moments.zone)
        possible = [at + delay for delay in delays if morning <= at + delay <= moments.latest]
        return raw | {"timestamp": moments.write(self.dice.choice(possible or [at]))}


def some(dice: Random, choices: dict[str, Sequence[Any]]) -> dict[str, Any]:
    """What is unknown is null or left out."""
    drawn = {name: dice.choice(values) for name, values in choices.items()}
    return {name: value for name, value in drawn.items() if value is not None or dice.random() < 0.5}
