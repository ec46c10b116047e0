"""An answer: the number, and the people it is the number of."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Self

from apps.engine.numbers import Numbers
from apps.engine.periods import Period
from apps.engine.sets import Members, Space

MILLION = 10**6


@dataclass(frozen=True, slots=True)
class Side:
    """A numerator or a denominator, which opens to whoever made it up.

    Set-valued: `amount` is the length of `members`. Count-valued: it is the sum over `columns`, each what
    some did and whose of it counts; columns may share keys.
    """

    space: Space
    amount: int | Decimal
    members: Members | None = None
    columns: tuple[tuple[Numbers, Members], ...] = ()

    @classmethod
    def of_members(cls, members: Members) -> Self:
        """The side that these make up, each counting once."""
        return cls(members.space, len(members), members)

    @classmethod
    def of_columns(cls, space: Space, columns: Iterable[tuple[Numbers, Members]]) -> Self:
        """The side that what they did makes up."""
        counted = tuple(columns)
        return cls(space, sum(numbers.sum(who) for numbers, who in counted), columns=counted)

    def contributors(self) -> Numbers:
        """Of a count-valued side, who contributed how much."""
        counted = [numbers.restrict(who) for numbers, who in self.columns]
        return Numbers.total([Numbers.empty(self.space), *counted])

    def everybody(self) -> Members:
        """Whoever made up the side, however much each did."""
        return self.contributors().keys if self.members is None else self.members


@dataclass(frozen=True, slots=True)
class Answer:
    """A KPI's value for the period really answered; None where it is undefined (KPIS.md G3).

    `dropped_numerator` counts the people of a subset ratio's numerator who are not in its denominator,
    and whom the numerator therefore leaves out (KPIS.md G4).
    """

    value: Decimal | None
    numerator: Side
    denominator: Side | None
    period: Period
    dropped_numerator: int = 0


def quotient(numerator: int | Decimal, denominator: int | Decimal, scale: int = 100) -> Decimal | None:
    """scale * numerator / denominator, rounded once, half to even, to 6 places (KPIS.md G4); None over 0."""
    return rounded(Fraction(numerator) * scale / Fraction(denominator)) if denominator else None


def rounded(exact: Fraction) -> Decimal:
    """An exact number, half to even, to 6 places, without the zeros that say nothing."""
    six_places = f"{Decimal(f'{round(exact * MILLION)}e-6'):f}"
    return Decimal(six_places.rstrip("0").rstrip("."))


def people(side: Side) -> Members:
    """The people of a set-valued side; ValueError for a count, whose contributors are no such set."""
    if side.members is None:
        raise ValueError("a count has contributors with amounts, not members")
    return side.members


def remainder(answer: Answer) -> Members:
    """Who is in the denominator and not in the numerator; ValueError where one is no set of people."""
    if answer.denominator is None:
        raise ValueError("an answer without a denominator has no remainder")
    return people(answer.denominator) - people(answer.numerator)
