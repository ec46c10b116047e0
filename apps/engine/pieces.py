"""What an answer is put together from, so that parts of it can be put together likewise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from apps.engine.answers import Answer, Side, people, quotient
from apps.engine.definitions import Count, Expression, Ratio
from apps.engine.numbers import Numbers
from apps.engine.plan import Plan, Sliced
from apps.engine.sets import Members

Keep: TypeAlias = Callable[[Members, date], Members]
"""Those of some people or accounts who count, judged by a day."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Who of a slice counts, the day by which they are judged, and, of a count, how much they did."""

    who: Members
    day: date
    columns: Sequence[Numbers] = ()


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of each operand of an answer, in order."""

    expression: Expression
    plan: Plan
    operands: Sequence[tuple[Sliced, Sequence[Piece]]]

    def answer(self, keep: Keep | None = None) -> Answer:
        """The whole answer, or the part of it that those make up whom `keep` leaves."""
        sides = [_side(operand, [_kept(piece, keep) for piece in pieces]) for operand, pieces in self.operands]
        if isinstance(self.expression, Ratio):
            return _ratio(self.expression, self.plan, *sides)
        (side,) = sides
        return Answer(Decimal(side.amount), side, None, self.plan.period)


def _kept(piece: Piece, keep: Keep | None) -> Piece:
    return replace(piece, who=keep(piece.who, piece.day)) if keep else piece


def _side(operand: Sliced, pieces: Sequence[Piece]) -> Side:
    if operand.counts:
        columns = [(column, piece.who) for piece in pieces for column in piece.columns]
        return Side.of_columns(operand.unit, columns)
    return Side.of_members(Members.union(operand.unit, [piece.who for piece in pieces]))


def _ratio(ratio: Ratio, plan: Plan, a: Side, b: Side) -> Answer:
    # Of events, some are as they are among all: the definition was checked.
    is_of_sets = ratio.subset and not isinstance(ratio.a, Count)
    numerator = Side.of_members(people(a) & people(b)) if is_of_sets else a
    return Answer(
        value=quotient(numerator.amount, b.amount, ratio.scale),
        numerator=numerator,
        denominator=b,
        period=plan.period,
        dropped_numerator=int(a.amount - numerator.amount),
    )
