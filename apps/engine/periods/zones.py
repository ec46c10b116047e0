"""Wall clocks: where local days begin, and where a zone's offset changes.

Arithmetic is in whole seconds since 1970 UTC, which cannot overflow. Wall clocks may be off by any
number of seconds, skip a day (Pacific/Apia) or show yesterday once more after midnight (America/St_Johns).
"""

from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from apps.engine.periods.errors import PeriodError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
HOUR_SECONDS, DAY_SECONDS = 3_600, 86_400
FIRST_SECOND = (datetime.min.replace(tzinfo=UTC) - EPOCH) // SECOND
LAST_SECOND = (datetime.max.replace(tzinfo=UTC) - EPOCH) // SECOND
# "localtime" is whatever the machine is set to, "Factory" is no place.
NO_ZONES = {"localtime", "Factory"}


@lru_cache(maxsize=1024)
def zone_info(zone: str) -> ZoneInfo:
    """The zone of an IANA name; PeriodError UNKNOWN_TIMEZONE with the nearest names for any other text."""
    if zone in _names():
        return ZoneInfo(zone)
    raise PeriodError("UNKNOWN_TIMEZONE", "timezone", "an IANA time zone name", _nearest(zone))


def seconds(instant: datetime) -> int:
    """Whole seconds since 1970 UTC of an aware datetime, rounded down."""
    return (instant - EPOCH) // SECOND


def instant_at(at: int) -> datetime:
    """The UTC datetime of seconds since 1970; the first one that there is for any before it."""
    return EPOCH + timedelta(seconds=max(at, FIRST_SECOND))


def offset(at: int, zone: str) -> int:
    """Seconds by which the zone's wall clock is ahead of UTC at an instant."""
    # Two days from either end of time, where no zone changes its offset, every wall clock can be read.
    readable = min(max(at, FIRST_SECOND + 2 * DAY_SECONDS), LAST_SECOND - 2 * DAY_SECONDS)
    return _ahead(instant_at(readable).astimezone(zone_info(zone)))


def transition(low: int, high: int, zone: str) -> int:
    """The first second in (low, high] with another offset than at `low`, given that `high` has one."""
    before = offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(middle, zone) == before else (low, middle)
    return high


@lru_cache(maxsize=2**16)
def day_start(day: date, zone: str) -> datetime:
    """The UTC instant at which a local day begins (KPIS.md G1).

    It is the first instant at which the wall clock reads that midnight or later: the first of two
    midnights, and where the clock jumps over midnight, the jump. A day jumped over wholly is empty: it
    begins when the next one does. A day that began before 0001-01-01 UTC begins then.
    """
    midnight = (day - EPOCH.date()) // DAY * DAY_SECONDS
    before, after = (_ahead(datetime.combine(day, time(fold=fold), zone_info(zone))) for fold in (0, 1))
    if before < after:
        return instant_at(transition(midnight - after, midnight - before, zone))
    return instant_at(midnight - before)


def local_day(instant: datetime, zone: str) -> date:
    """The local day that holds an instant: the last one to have begun at or before it.

    Where clocks go back over a midnight the wall shows the old date again, but the new day has begun.
    """
    at = seconds(instant)
    since_epoch = max(at + offset(at, zone), FIRST_SECOND) // DAY_SECONDS
    day = EPOCH.date() + timedelta(days=since_epoch)
    while day_start(day + DAY, zone) <= instant:
        day += DAY
    return day


def _ahead(wall: datetime) -> int:
    return (wall.utcoffset() or timedelta()) // SECOND


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - NO_ZONES)


def _nearest(text: str) -> tuple[str, ...]:
    by_key = {name.lower(): name for name in sorted(_names())}
    close = get_close_matches(text[:64].lower().replace(" ", "_"), by_key, n=3)
    return tuple(by_key[key] for key in close)
