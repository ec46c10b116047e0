"""What all are asked, and what an answer is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TypeAlias

# Rows of whole numbers: of a rate its numerator and its denominator, of a count the count.
Answer: TypeAlias = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days from `first` until the day before `end`."""

    first: date
    end: date


class Question(Enum):
    """The questions, by the name that they have in a table, and in full."""

    RATE = ("30 days", "Of the people active in 30 days, how many shared the product?")
    SEGMENT = ("30 days, segment", "The same of the people who meet four conditions")
    DAILY = ("day by day", "The same of everybody, for each of all days")
    SHARES = ("share actions", "How many times was the product shared in 30 days?")

    @property
    def label(self) -> str:
        """A few words."""
        return self.value[0]

    @property
    def title(self) -> str:
        """A sentence."""
        return self.value[1]


# What `loading.SEGMENT` says, of a table with a column for each trait: nobody's changes after the thirty days, so
# rivals are spared its history.
IN_SEGMENT = "plan IN ('pro', 'team') AND role <> 'sales' AND company_size >= 200 AND use_case <> 'notes'"
