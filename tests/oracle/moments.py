"""When things happen in a random stream: at midnights, at month ends, while clocks change, and at any time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.oracle.periods import DAY, days

BUSY_HOURS = 12
SHORTEST = timedelta(microseconds=1)
HALF_HOUR = timedelta(minutes=30)
WRITTEN_IN = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


@dataclass(frozen=True)
class Moments:
    """Instants within the local days [first, end) of a zone, none later than `latest`."""

    zone: str
    first: date
    end: date
    latest: datetime
    dice: Random
    busy: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.busy.extend(self._anytime() for _ in range(BUSY_HOURS))

    def draw(self) -> datetime:
        """An instant; half of them share a few busy hours, so that people do a thing more than once in one."""
        kinds = (self._busy, self._anytime, self._midnight, self._month_end, self._clock_change)
        return min(self.dice.choices(kinds, (10, 4, 3, 2, 2))[0](), self.latest)

    def before(self, instant: datetime) -> datetime:
        """The instant, or one shortly before it."""
        earlier = instant - self.dice.choice((timedelta(0), SHORTEST, timedelta(hours=3)))
        return max(earlier, midnight(self.first, self.zone))

    def write(self, instant: datetime) -> str:
        """The instant as some client writes it: in any zone, with or without Z."""
        zone = self.dice.choice(WRITTEN_IN)
        return instant.astimezone(ZoneInfo(zone)).isoformat().replace("+00:00", self.dice.choice(("Z", "+00:00")))

    def _busy(self) -> datetime:
        return self.dice.choice(self.busy) + timedelta(seconds=self.dice.randrange(3_600))

    def _anytime(self) -> datetime:
        microseconds = self.dice.randrange(1, (self.end - self.first) // SHORTEST)
        return midnight(self.first, self.zone) + timedelta(microseconds=microseconds)

    def _midnight(self) -> datetime:
        return self._edge(list(days(self.first, self.end)))

    def _month_end(self) -> datetime:
        firsts = [day for day in days(self.first + DAY, self.end) if day.day == 1]
        return self._edge(firsts or [self.first])

    def _clock_change(self) -> datetime:
        changes = clock_changes(self.zone, self.first, self.end) or [self.first + DAY]
        noon = datetime.combine(self.dice.choice(changes), time(12), UTC)
        return noon - self.dice.randrange(49) * HALF_HOUR - self.dice.choice((timedelta(0), SHORTEST))

    def _edge(self, mornings: Sequence[date]) -> datetime:
        before = self.dice.choice((timedelta(0), timedelta(0), SHORTEST, timedelta(minutes=20)))
        return max(midnight(self.dice.choice(mornings), self.zone) - before, midnight(self.first, self.zone))


def midnight(day: date, zone: str) -> datetime:
    """The instant of a local midnight, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def clock_changes(zone: str, first: date, end: date) -> list[date]:
    """The days at whose noon, UTC, the zone's clock is set otherwise than at the noon before."""
    clock = ZoneInfo(zone)

    def ahead(day: date) -> timedelta | None:
        return datetime.combine(day, time(12), UTC).astimezone(clock).utcoffset()

    return [day for day in days(first, end) if ahead(day) != ahead(day - DAY)]


def changes_within(length: timedelta, instant: datetime, zone: str) -> bool:
    """Whether the zone's clock is set otherwise so long after an instant."""
    clock = ZoneInfo(zone)
    return instant.astimezone(clock).utcoffset() != (instant + length).astimezone(clock).utcoffset()
