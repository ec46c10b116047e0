"""Events of a product whose people differ as people do, drawn from a seed and kept as Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.loading import NOW, TRAITS, Person, drawn_people
from bench.questions import Stretch

SEED = 1
# One person in five does three quarters of what is done; nobody is held to a most.
PARETO = 1.16
# Four in ten share at all, and then with one event in five.
SHARERS, SHARING = 0.4, 0.2
PRODUCT_SHARES = 0.85
SCOPES = ("product", "content")
CHANNELS = {
    "invite": ("email", "in_app"),
    "link": ("copy_link", "button", "social"),
    "export": ("button", "email"),
    "embed": ("copy_link", "button"),
    "send": ("email", "in_app"),
    "mention": ("in_app", "email"),
    "other": ("social", "button"),
}
KINDS = [(share_type, channel) for share_type, channels in CHANNELS.items() for channel in channels]
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Size:
    """How much is drawn; the days end where the present of all benches begins."""

    events: int
    users: int
    days: int

    @property
    def all_days(self) -> Stretch:
        """Every day of events."""
        return Stretch(NOW.date() - timedelta(days=self.days), NOW.date())

    @property
    def thirty_days(self) -> Stretch:
        """Thirty days that end a week before the last: no calendar month, so of no use is a row of a month."""
        end = self.all_days.end - timedelta(days=7)
        return Stretch(end - timedelta(days=30), end)


@dataclass(frozen=True, slots=True)
class World:
    """What is drawn: events in order of time, and people; as tables here, and as files for who reads those."""

    size: Size
    events: pa.Table
    people: list[Person]
    folder: Path

    @property
    def events_file(self) -> Path:
        return self.folder / "events.parquet"

    @property
    def traits_file(self) -> Path:
        return self.folder / "traits.parquet"

    @property
    def traits(self) -> pa.Table:
        """A row a person: `user_id` and a column for each trait."""
        columns = {name: [person.traits[name] for person in self.people] for name in TRAITS}
        numbers = pa.array([person.number for person in self.people], pa.uint32())
        return pa.table({"user_id": numbers, **{name: pa.array(values) for name, values in columns.items()}})


def draw(size: Size, folder: Path) -> World:
    """The same for the same size, whenever it is drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    world = World(size, _events(size), list(drawn_people(size.users, Random(SEED))), folder)
    pq.write_table(world.events, world.events_file)
    pq.write_table(world.traits, world.traits_file)
    return world


def _events(size: Size) -> pa.Table:
    """`user_id`, `done_at`, `day`, `kind`, and of shares `share_type`, `share_scope` and `channel`, else null."""
    dice = np.random.default_rng(SEED)
    busy = dice.pareto(PARETO, size.users) + 1
    users = dice.choice(size.users, size.events, p=busy / busy.sum()).astype(np.uint32)
    seconds = np.sort(dice.integers(0, size.days * DAY, size.events))
    propensity = np.where(dice.random(size.users) < SHARERS, SHARING, 0.0)
    is_share = dice.random(size.events) < propensity[users]
    kinds = dice.integers(0, len(KINDS), size.events)
    scopes = (dice.random(size.events) >= PRODUCT_SHARES).astype(np.int8)
    start = size.all_days.first
    midnight = int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp())
    types, channels = sorted({one for one, _ in KINDS}), sorted({one for _, one in KINDS})
    of_type = np.array([types.index(one) for one, _ in KINDS], np.int8)
    of_channel = np.array([channels.index(one) for _, one in KINDS], np.int8)
    return pa.table(
        {
            "user_id": pa.array(users),
            "done_at": pa.array(midnight + seconds, pa.timestamp("s", "UTC")),
            "day": pa.array(((midnight + seconds) // DAY).astype(np.int32), pa.date32()),
            "kind": _words(is_share.astype(np.int8), ("action", "share")),
            "share_type": _words(of_type[kinds], types, ~is_share),
            "share_scope": _words(scopes, SCOPES, ~is_share),
            "channel": _words(of_channel[kinds], channels, ~is_share),
        }
    )


def _words(
    places: NDArray[np.int8], words: tuple[str, ...] | list[str], is_null: NDArray[np.bool_] | None = None
) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places, mask=is_null), pa.array(words))
