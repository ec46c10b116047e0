"""Random values of traits: texts, numbers, truths, dates and lists, some of which look like one another."""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from tests.oracle.conditions import Value
from tests.oracle.periods import DAY

VALUES: dict[str, tuple[Any, ...]] = {
    "plan": ("free", "pro", "team", "Pro", None),
    "seats": (1, 5, 10, 2.5, "10", 9007199254740993, None),
    "tags": (["a", "b"], ["b"], [], "b", [1, "Straße"], True, False, "true", None),
    "industry": ("software", "Straßenbau", "strassenbau", "health", None),
    "role": ("admin", "viewer", None),
}
SINCE = "since"
OF_USERS = ("plan", "seats", "tags", "role", SINCE)
OF_ACCOUNTS = ("plan", "industry", "role", SINCE)


@dataclass(frozen=True)
class Values:
    """Draws values; dates are of the days that begin with `first`, so few that they meet."""

    dice: Random
    first: date

    def of(self, name: str) -> Value:
        """A value of a trait; that of `since` is a date, or an instant, or neither."""
        if name != SINCE:
            return self.dice.choice(VALUES[name])
        day = self.day()
        return self.dice.choice((day, f"{day}T22:00:00Z", f"{day}T22:00:00-07:00", "soon", None))

    def some(self, names: tuple[str, ...]) -> dict[str, Value]:
        """A few traits with values."""
        return {name: self.of(name) for name in self.dice.sample(names, self.dice.randint(1, 3))}

    def day(self) -> str:
        return f"{self.first + self.dice.randrange(7) * DAY}"
