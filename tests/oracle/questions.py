"""Random questions about a stream: any KPI, period, share types, channels, zone and breakdown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.oracle.drawn import CHANNELS, SHARE_TYPES
from tests.oracle.moments import midnight
from tests.oracle.oracle import KPIS, Allowed, Asked
from tests.oracle.periods import DAY, label, span, unit
from tests.oracle.streams import Stream

GRAINS = ("day", "day", "week", "month", "month", "quarter", "year")
# Zones that are whole hours apart the whole year round.
NEIGHBOURS = {
    "UTC": ("Europe/Berlin", "America/New_York"),
    "Europe/Berlin": ("UTC", "America/New_York"),
    "America/New_York": ("UTC", "America/Sao_Paulo"),
    "America/Sao_Paulo": ("UTC", "Europe/Berlin"),
}


@dataclass(frozen=True)
class Question:
    """What is asked, at which instant, by which zone's days, and what the answer is broken down by, if at all."""

    asked: Asked
    zone: str
    now: datetime
    by: str | None = None


def questions(stream: Stream, now: datetime) -> list[Question]:
    """Two questions for every KPI, one of them at random restricted, and every month of every KPI."""
    dice = Random(stream.seed)
    return [_any(dice, stream, kpi, now) for kpi in KPIS for _ in range(2)] + list(_series(stream, now))


def months(stream: Stream) -> list[str]:
    first, found = stream.first, []
    while first < stream.end:
        found.append(label(first, "month"))
        first = unit(first, "month")[1]
    return found


def _series(stream: Stream, now: datetime) -> Iterator[Question]:
    today = now.astimezone(ZoneInfo(stream.zone)).date()
    for kpi in KPIS:
        for month in months(stream):
            yield Question(Asked(kpi, month, today), stream.zone, now)


def _any(dice: Random, stream: Stream, kpi: str, now: datetime) -> Question:
    zone = dice.choice((stream.zone, stream.zone, *NEIGHBOURS.get(stream.zone, ())))
    period = _period(dice, stream)
    if dice.random() < 0.3:
        now = _during(dice, period, zone)
    today = now.astimezone(ZoneInfo(zone)).date()
    asked = Asked(kpi, period, today, _allowed(dice, SHARE_TYPES), _allowed(dice, CHANNELS))
    return Question(asked, zone, now, dice.choice((None, "share_type", "channel")))


def _period(dice: Random, stream: Stream) -> str:
    length = (stream.end - stream.first).days
    day = stream.first + dice.randrange(-2, length + 2) * DAY
    if dice.random() < 0.3:
        return f"{day}/{day + dice.randint(1, length) * DAY}"
    return label(day, dice.choice(GRAINS))


def _during(dice: Random, period: str, zone: str) -> datetime:
    first, end = span(period)
    day = first + dice.randrange((end - first).days) * DAY
    return midnight(day, zone) + timedelta(hours=dice.choice((0, 1, 12, 22)))


def _allowed(dice: Random, values: tuple[str | None, ...]) -> Allowed:
    if dice.random() < 0.5:
        return None
    return frozenset(dice.sample((*values, "pigeon"), dice.randint(1, 3)))
