"""What a bucket's row says, before it is a row."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from apps.engine.definitions import Merge
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain
from apps.engine.sets import Members
from apps.events import taxonomy

EVENTS, STATES, SUBJECTS, CAUSES = "events", "states", "subject", "cause"

ICP = f"user:{taxonomy.ICP}"

# The facets of a row as sorted pairs; None is the value of those that have none. Under DREW is, as JSON, a list of
# the facets of each event that those of the row drew (`Series.link`).
Facets = tuple[tuple[str, str | None], ...]
DREW = "drew"


def lock_key(name: str) -> int:
    """A signed 64-bit key for PostgreSQL's advisory locks; a clash only makes one wait for the other."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


def is_state(series: str) -> bool:
    """Whether a series says who stood how at each day's end, rather than who did what: "user:trait:plan"."""
    return ":" in series


def merge_of(series: str) -> Merge:
    """How the rows of a series merge into those of a longer bucket, as it declares."""
    return Merge.LAST if is_state(series) else taxonomy.SERIES[series].merge


def version_key(series: str) -> str:
    """The name by which the workspace's version map knows a series."""
    if series.startswith(ICP):
        return series.removeprefix("user:")
    return taxonomy.STATES if is_state(series) else series


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """A stretch of one series that is built as one: its lock, its markers and its rows share this key."""

    workspace_id: int
    series: str
    version: int
    grain: Grain
    start: datetime

    @property
    def family(self) -> str:
        """Which of the families its series belongs to (DESIGN section 2)."""
        return STATES if is_state(self.series) else EVENTS

    @property
    def lock_key(self) -> int:
        """What whoever builds it locks."""
        place = f"{self.series}:{self.version}:{self.grain}:{self.start.timestamp():.0f}"
        return lock_key(f"{self.family}:{self.workspace_id}:{place}")


@dataclass(frozen=True, slots=True)
class Content:
    """Who, and how much where the series counts, as the bytes that are stored."""

    members: bytes
    numbers: bytes | None

    @classmethod
    def of(cls, members: Members, numbers: Numbers | None) -> Content:
        return cls(members.dump(), numbers.dump() if numbers is not None else None)

    @property
    def checksum(self) -> uuid.UUID:
        digest = hashlib.blake2b(self.members, digest_size=16)
        digest.update(self.numbers or b"")
        return uuid.UUID(bytes=digest.digest())


# The instants that something is built of, the second one no longer.
Between: TypeAlias = tuple[datetime, datetime]

# What a build finds: of each bucket its rows, by facets. A bucket with nothing in it has no rows.
Built = Mapping[datetime, Mapping[Facets, Content]]


def stored_facets(text: str) -> Facets:
    """Facets as the database gives them back."""
    return tuple(sorted(json.loads(text).items()))
