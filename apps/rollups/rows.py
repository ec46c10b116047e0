"""A row of the rollups as it is read: what it is of, whose it is, and how much each did."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.engine.definitions import Where
from apps.engine.numbers import Numbers
from apps.engine.sets import Members, Space
from apps.engine.traits import parsed
from apps.rollups.binary import binary_cursor
from apps.rollups.build.content import DREW, Content
from apps.rollups.cache import Held

FETCH = """
    SELECT id, series, grain, start, facets::text, members, numbers, checksum
    FROM rollups_rollup WHERE id = ANY(%s::bigint[])"""

# What a row or a set takes in memory beside its bytes, measured on rows of one person.
OBJECTS = 1150


class DamagedRow(RuntimeError):
    """A stored row's bytes are not those that were written."""


@dataclass(frozen=True, slots=True)
class Row:
    """A rollup row in reach of a question, without its bytes."""

    pk: int
    series: str
    grain: str
    start: datetime
    facets: Mapping[str, str | None]
    checksum: str

    @property
    def name(self) -> str:
        """What it says and where, without its id: ids are drawn for all tenants together."""
        facets = "".join(f" {facet}={value or ''}" for facet, value in sorted(self.facets.items()))
        checksum = self.checksum.replace("-", "")[:12]
        return f"{self.series}{facets} {self.grain} {self.start:%Y-%m-%dT%H:%MZ} {checksum}"

    def meets(self, condition: Where) -> bool:
        """Whether its events do: of events that drew others, with one of these."""
        return any(_holds(condition, told) for told in self._told())

    def values(self, facets: Sequence[str], condition: Where) -> frozenset[tuple[str | None, ...]]:
        """What some facets are together where a condition is met."""
        met = [told for told in self._told() if _holds(condition, told)]
        return frozenset(tuple(told.get(facet) for facet in facets) for told in met)

    def _told(self) -> Sequence[Mapping[str, str | None]]:
        """The facets of its events, as often as these differ in what they drew."""
        drew = self.facets.get(DREW)
        return [{**self.facets, **one} for one in parsed(drew)] if drew else (self.facets,)


@dataclass(eq=False, slots=True)
class Filled:
    """A row with its bytes: who is in it and, once somebody asks, how much each did."""

    row: Row
    members: Members
    _numbers: bytes | Numbers | None

    @classmethod
    def of(cls, row: Row, space: Space, content: Content) -> Filled:
        """A row of some users or accounts with what it says."""
        return cls(row, Members.load(space, content.members), content.numbers)

    @property
    def numbers(self) -> Numbers | None:
        """How much each did; None where that is not counted."""
        if isinstance(self._numbers, bytes):
            # A rate of people asks for none, and they are most of what is stored of a share.
            self._numbers = Numbers.load(self.members.space, self.members, self._numbers)
        return self._numbers


def fetch(spaces: Mapping[int, Space]) -> dict[int, Held[Filled]]:
    """The rows of these ids, each of users or of accounts, in one statement; without any in none.

    Raises DamagedRow where the bytes of one are not those that were written.
    """
    if not spaces:
        return {}
    with binary_cursor() as cursor:
        cursor.execute(FETCH, [list(spaces)])
        return {row[0]: _filled(spaces[row[0]], *row) for row in cursor.fetchall()}


def _filled(  # noqa: PLR0913, PLR0917 - the columns of a row
    space: Space,
    pk: int,
    series: str,
    grain: str,
    start: datetime,
    facets: str,
    members: bytes,
    numbers: bytes | None,
    checksum: UUID,
) -> Held[Filled]:
    content = Content(members, numbers)
    if content.checksum != checksum:
        raise DamagedRow(f"rollup row {pk} does not match its checksum")
    row = Row(pk, series, grain, start, json.loads(facets), str(checksum))
    return Held(Filled.of(row, space, content), OBJECTS + len(content.members) + len(content.numbers or b""))


def _holds(condition: Where, told: Mapping[str, str | None]) -> bool:
    return all(told.get(facet) in allowed for facet, allowed in condition)
