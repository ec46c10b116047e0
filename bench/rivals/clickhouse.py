"""ClickHouse in this process (chdb): raw events in a MergeTree, and a day's rollups as its own bitmaps."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any

import chdb

from bench.questions import IN_SEGMENT, Answer, Question
from bench.rivals import standard
from bench.rivals.standard import IS_SHARE, SEGMENTS, Ways, within
from bench.synthetic import Size, World

WORD = "LowCardinality(String)"
EVENTS = f"""
    CREATE TABLE events (
        user_id UInt32, done_at DateTime('UTC'), day Date, kind {WORD}, share_type {WORD}, share_scope {WORD},
        channel {WORD})
    ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY (day, user_id)"""
FILL = """
    INSERT INTO events SELECT user_id, done_at, day, kind, ifNull(share_type, ''), ifNull(share_scope, ''),
        ifNull(channel, '')
    FROM file('{file}', Parquet)"""
# As kpiservice's: a row a day for who was active, and one for who shared, of each kind of share.
ROLLUPS = f"""
    CREATE TABLE rollups (
        day Date, series Enum8('ACTIVITY' = 1, 'share.created' = 2), share_type {WORD}, share_scope {WORD},
        channel {WORD}, members AggregateFunction(groupBitmap, UInt32), times UInt64)
    ENGINE = MergeTree ORDER BY (series, share_scope, day)"""
ROLL_UP = """
    INSERT INTO rollups
    SELECT day, 'ACTIVITY', '', '', '', groupBitmapState(user_id), count() FROM events GROUP BY day
    UNION ALL
    SELECT day, 'share.created', share_type, share_scope, channel, groupBitmapState(user_id), count()
    FROM events WHERE kind = 'share' GROUP BY day, share_type, share_scope, channel"""
TRAITS = f"""
    CREATE TABLE traits (
        user_id UInt32, plan {WORD}, role {WORD}, industry {WORD}, country {WORD}, use_case {WORD},
        company_size UInt16, is_admin Bool, source {WORD})
    ENGINE = MergeTree ORDER BY user_id"""
# As a table, as the set that IN asks, and as a bitmap.
MATERIALISED = (
    f"CREATE TABLE segment ENGINE = MergeTree ORDER BY user_id AS SELECT user_id FROM traits WHERE {IN_SEGMENT}",
    "CREATE TABLE segment_set (user_id UInt32) ENGINE = Set",
    "INSERT INTO segment_set SELECT user_id FROM segment",
    "CREATE TABLE segment_bitmap (members AggregateFunction(groupBitmap, UInt32)) ENGINE = TinyLog",
    "INSERT INTO segment_bitmap SELECT groupBitmapState(user_id) FROM segment",
)
CONNECT: Callable[[str], Any] = chdb.connect
KNOWN = "WITH (SELECT members FROM segment_bitmap) AS segment"
SHARED = f"series = 'share.created' AND {IS_SHARE}"


class ClickHouse:
    """One session a process, on a folder of its own."""

    name = "ClickHouse"

    def __init__(self, world: World) -> None:
        self.folder, self.ways = world.folder / "clickhouse", raw(world.size)
        self.rollups = rolled_up(world.size)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.connection = CONNECT(str(self.folder))
        for text in (
            EVENTS,
            FILL.format(file=world.events_file),
            "OPTIMIZE TABLE events FINAL",
            TRAITS,
            f"INSERT INTO traits SELECT * FROM file('{world.traits_file}', Parquet)",
            *MATERIALISED,
            ROLLUPS,
            ROLL_UP,
            "OPTIMIZE TABLE rollups FINAL",
        ):
            self.connection.query(text)

    def open(self) -> None:
        self.connection.close()
        self.connection = CONNECT(str(self.folder))

    def ask(self, text: str) -> Answer:
        found = self.connection.query(text, "TabSeparated").data()
        return tuple(tuple(map(int, line.split("\t"))) for line in found.splitlines())


def raw(size: Size) -> Ways:
    """The standard ways, and those that have no name elsewhere: a bitmap counts different people exactly too."""
    month = within(size.thirty_days)
    bitmaps = f"SELECT groupBitmapIf(user_id, {IS_SHARE}), groupBitmap(user_id) FROM events"
    states = (f"groupBitmapStateIf(user_id, {IS_SHARE})", "groupBitmapState(user_id)")
    sets = {**SEGMENTS, "set": "user_id IN segment_set"}
    more: Mapping[Question, Mapping[str, str]] = {
        Question.RATE: {"bitmap": f"{bitmaps} WHERE {month}"},
        Question.SEGMENT: {
            **{f"bitmap, {known}": f"{bitmaps} WHERE {month} AND {one}" for known, one in sets.items()},
            "bitmap, materialised bitmap": f"{KNOWN} SELECT {_among(states)} FROM events WHERE {month}",
        },
        Question.DAILY: {"bitmap": f"{bitmaps} GROUP BY day ORDER BY day"},
        Question.SHARES: {},
    }
    known = standard.ways(size, sets)
    return {question: {**known[question], **more[question]} for question in Question}


def rolled_up(size: Size) -> Ways:
    """The questions of the rollups; the segment is a bitmap beforehand."""
    month = within(size.thirty_days)
    merged = f"SELECT groupBitmapMergeIf(members, {SHARED}), groupBitmapMergeIf(members, series = 'ACTIVITY')"
    states = (
        f"groupBitmapMergeStateIf(members, {SHARED})",
        "groupBitmapMergeStateIf(members, series = 'ACTIVITY')",
    )
    return {
        Question.RATE: {"merge": f"{merged} FROM rollups WHERE {month}"},
        Question.SEGMENT: {"merge": f"{KNOWN} SELECT {_among(states)} FROM rollups WHERE {month}"},
        Question.DAILY: {"merge": f"{merged} FROM rollups GROUP BY day ORDER BY day"},
        Question.SHARES: {"sum": f"SELECT sum(times) FROM rollups WHERE {SHARED} AND {month}"},
    }


def _among(states: tuple[str, ...]) -> str:
    return ", ".join(f"bitmapAndCardinality({state}, segment)" for state in states)
