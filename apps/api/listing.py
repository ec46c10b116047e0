"""One side of an answer as a list that pages by ordinal: page 10,000 costs what page 1 costs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import strawberry
from django.core.signing import BadSignature, Signer

from apps.engine.answers import Answer, remainder
from apps.engine.answers import Side as AnswerSide
from apps.engine.numbers import Numbers
from apps.engine.refusals import Refusal
from apps.engine.sets import Members

MAX_FIRST = 100
# Signed, so that a cursor that was not ours is told from one that is.
CURSORS = Signer(salt="apps.api.listing")


@strawberry.enum(description="A part of an answer that opens to the people or accounts behind it.")
class Side(Enum):
    NUMERATOR = strawberry.enum_value("numerator", description="Who makes up the numerator, or a plain count.")
    DENOMINATOR = strawberry.enum_value("denominator", description="Who makes up the denominator of a ratio.")
    REMAINDER = strawberry.enum_value("remainder", description="Who is in the denominator alone.")


@dataclass(frozen=True, slots=True)
class Listing:
    """Everybody in a side, and how much each contributed: None where each counts once."""

    members: Members
    amounts: Numbers | None = None

    @classmethod
    def of(cls, answer: Answer, side: Side) -> Listing:
        """The list behind one side of an answer. Raises Refusal where there is none."""
        if side is Side.NUMERATOR:
            return cls._side(answer.numerator)
        if side is Side.REMAINDER:
            return cls._remainder(answer)
        if answer.denominator is None:
            raise Refusal("NO_DENOMINATOR", "of", "NUMERATOR: this KPI is no ratio")
        return cls._side(answer.denominator)

    @classmethod
    def _side(cls, side: AnswerSide) -> Listing:
        if side.members is not None:
            return cls(side.members)
        amounts = side.contributors()
        return cls(amounts.keys, amounts)

    @classmethod
    def _remainder(cls, answer: Answer) -> Listing:
        try:
            return cls(remainder(answer))
        except ValueError as error:
            expected = "another side: only a ratio of two sets of people has a remainder"
            raise Refusal("NOT_A_SET", "of", expected) from error

    def page(self, after: int | None, first: int) -> list[tuple[int, int]]:
        """At most `first` (ordinal, amount) pairs above an ordinal, ascending."""
        ordinals = self.members.page(after, first)
        return [(ordinal, self._amount(ordinal)) for ordinal in ordinals]

    def has_until(self, ordinal: int | None) -> bool:
        """Whether anybody stands at or before an ordinal; None is before everybody."""
        return ordinal is not None and any(head <= ordinal for head in self.members.page(None, 1))

    def _amount(self, ordinal: int) -> int:
        return 1 if self.amounts is None else self.amounts.get(ordinal) or 0


def checked_first(first: int) -> int:
    """`first`, from 1 to MAX_FIRST. Raises Refusal."""
    if not 1 <= first <= MAX_FIRST:
        raise Refusal("BAD_FIRST", "first", f"a number from 1 to {MAX_FIRST}")
    return first


def to_cursor(ordinal: int) -> str:
    """An ordinal as clients hand it back."""
    return CURSORS.sign(str(ordinal))


def from_cursor(cursor: str | None) -> int | None:
    """The ordinal of a cursor. Raises Refusal for a text that is none of ours."""
    if cursor is None:
        return None
    try:
        return int(CURSORS.unsign(cursor))
    except BadSignature as error:
        raise Refusal("BAD_CURSOR", "after", "the cursor of an edge, or an endCursor") from error


def checked_name(after: str) -> str:
    """`after`, as a name that the database can compare others with. Raises Refusal."""
    if "\0" in after or after != after.encode(errors="ignore").decode():
        raise Refusal("BAD_CURSOR", "after", "the name of an event")
    return after
