"""The questions in SQL that all rivals understand: exact, of raw events, in each way that may be the fastest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from bench.questions import IN_SEGMENT, Answer, Question, Stretch
from bench.synthetic import Size

# Of each question its statements, by the name of the way.
Ways: TypeAlias = Mapping[Question, Mapping[str, str]]

# Only a share has a scope.
IS_SHARE = "share_scope = 'product'"
DISTINCT = f"SELECT count(DISTINCT user_id) FILTER (WHERE {IS_SHARE}), count(DISTINCT user_id) FROM events"
BOTH = "SELECT count(*) FILTER (WHERE shares > 0), count(*)"
SHARES = f"user_id, count(*) FILTER (WHERE {IS_SHARE}) AS shares FROM events"
# Everybody's traits are looked up, or the segment was made beforehand.
SEGMENTS = {
    "joined": f"user_id IN (SELECT user_id FROM traits WHERE {IN_SEGMENT})",
    "materialised": "user_id IN (SELECT user_id FROM segment)",
}


class Rival(Protocol):
    """A database that holds the same events and people; `ways` are exact statements of raw events."""

    name: str
    ways: Ways

    def open(self) -> None:
        """Begin anew: whatever a connection of before has kept is gone."""

    def ask(self, text: str) -> Answer:
        """What a statement finds."""


def within(days: Stretch) -> str:
    """The condition that an event was on one of these days."""
    return f"day >= DATE '{days.first}' AND day < DATE '{days.end}'"


def ways(size: Size, segments: Mapping[str, str] = SEGMENTS) -> Ways:
    """All of them; `segments` are conditions on `user_id`, by how the segment is known."""
    month = within(size.thirty_days)
    people = f"SELECT day, {SHARES} GROUP BY day, user_id"
    return {
        Question.RATE: _rates(month),
        Question.SEGMENT: {
            f"{name}, {known}": text
            for known, condition in segments.items()
            for name, text in _rates(f"{month} AND {condition}").items()
        },
        Question.DAILY: {
            "count(distinct)": f"{DISTINCT} GROUP BY day ORDER BY day",
            "group by": f"{BOTH} FROM ({people}) AS person GROUP BY day ORDER BY day",
        },
        Question.SHARES: {"count": f"SELECT count(*) FROM events WHERE {month} AND {IS_SHARE}"},
    }


def _rates(condition: str) -> dict[str, str]:
    different = f"SELECT DISTINCT user_id FROM events WHERE {condition}"
    apart = (f"{different} AND {IS_SHARE}", different)
    counts = ", ".join(f"(SELECT count(*) FROM ({people}) AS person)" for people in apart)
    return {
        "count(distinct)": f"{DISTINCT} WHERE {condition}",
        "group by": f"{BOTH} FROM (SELECT {SHARES} WHERE {condition} GROUP BY user_id) AS person",
        "two scans": f"SELECT {counts}",
    }
