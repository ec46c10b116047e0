"""Who stood in a state at the end of a day: the month's row, and the days since, one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.engine.expressions import StateNeed
from apps.engine.sets import Holders, Members, Space

ENTERED, LEFT, HELD = "entered", "left", "held"
MEMBER = "user:member"

AT = """
    FROM rollups_staterow WHERE workspace_id = %(workspace)s AND version = %(version)s AND series = %(series)s
      AND first_day <= %(day)s AND (end_day IS NULL OR end_day > %(day)s)"""


class Move(NamedTuple):
    """Who held a value of a state when a month began, or who entered or left it on the day that began then."""

    start: datetime
    kind: str
    value: str
    members: Members


@dataclass(frozen=True, slots=True)
class Memberships:
    """Who belongs to which account at a day's end: pairs of ordinals."""

    users: NDArray[np.uint32]
    accounts: NDArray[np.uint32]

    def lift(self, holders: Holders, to: Space) -> Members:
        """The accounts that any of these users belongs to, or the users who belong to any of these accounts."""
        own, other = (self.users, self.accounts) if to is Space.ACCOUNT else (self.accounts, self.users)
        ordinals = np.fromiter(holders.members, np.uint32, len(holders.members))
        return Members.of(to, other[np.isin(own, ordinals, invert=holders.is_rest)].tolist())


def memberships(workspace_id: int, version: int, day: date) -> Memberships:
    """All memberships at the end of a local day, in one statement."""
    place: dict[str, Any] = {"workspace": workspace_id, "version": version, "series": MEMBER, "day": day}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT array_agg(subject ORDER BY id), array_agg(value::bigint ORDER BY id) {AT}", place)
        users, accounts = cursor.fetchone()
    return Memberships(np.array(users or [], np.uint32), np.array(accounts or [], np.uint32))


def values(workspace_id: int, version: int, need: StateNeed, members: Members) -> dict[str, Members]:
    """Of some members, who held which value at the end of the day, read from the state rows."""
    place: dict[str, Any] = {"workspace": workspace_id, "version": version, "series": need.series, "day": need.day}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT value, array_agg(subject) {AT} AND subject = ANY(%(members)s) GROUP BY value",
            place | {"members": list(members)},
        )
        return {value: Members.of(members.space, subjects) for value, subjects in cursor.fetchall()}


def replayed(space: Space, moves: Iterable[Move]) -> dict[str, Members]:
    """The holders of each value, from those who held it as a month began and the moves of the days since."""
    by_value: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        by_value[move.value].append(move)
    holders = {value: _holders(space, some) for value, some in by_value.items()}
    return {value: members for value, members in holders.items() if members}


def _holders(space: Space, moves: Sequence[Move]) -> Members:
    if len(moves) == 1 and moves[0].kind != LEFT:
        return moves[0].members
    members = Members.empty(space)
    for move in sorted(moves, key=_in_order):
        members = members - move.members if move.kind == LEFT else members | move.members
    return members


def _in_order(move: Move) -> tuple[Any, ...]:
    """Who held it first; of one day whoever left before whoever entered: somebody may have left one of the
    values that are not told apart for another."""
    return move.kind != HELD, move.start, move.kind == ENTERED
