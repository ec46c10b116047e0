"""Zones with every kind of wall clock, and plain local-date arithmetic to compare with."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = [
    "UTC",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Europe/Dublin",
    "America/New_York",
    "America/Toronto",
]
SCANNED = datetime(1910, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
STEP = timedelta(days=5)


def wall(instant: datetime, zone: str) -> datetime:
    """What the clock on the wall reads."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def ahead(instant: datetime, zone: str) -> timedelta:
    """How much that is ahead of UTC."""
    return wall(instant, zone) - instant.replace(tzinfo=None)


@cache
def changes(zone: str) -> list[datetime]:
    """The first seconds of new offsets; of a zone without any, an instant."""
    first, end = SCANNED
    probes = [first + STEP * n for n in range((end - first) // STEP)]
    offsets = [ahead(probe, zone) for probe in probes]
    before = [probe for probe, old, new in zip(probes, offsets, offsets[1:], strict=False) if old != new]
    return [change_after(probe, zone) for probe in before] or [first]


def change_after(probe: datetime, zone: str) -> datetime:
    """The change of the offset within the STEP after a probe."""
    low, high = 0, STEP // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        same = ahead(probe + SECOND * middle, zone) == ahead(probe, zone)
        low, high = (middle, high) if same else (low, middle)
    return probe + SECOND * high


zones = st.sampled_from(ZONES)
days = st.dates(date(1910, 1, 1), date(2036, 12, 31))
around = st.timedeltas(-2 * HOUR, 2 * HOUR) | st.timedeltas(-30 * HOUR, 30 * HOUR)


@st.composite
def moments(draw: st.DrawFn) -> tuple[datetime, str]:
    """An instant and a zone, half of the time within a day or so of a change of its offset."""
    zone = draw(zones)
    if draw(st.booleans()):
        return draw(st.datetimes(datetime(1910, 1, 1), datetime(2036, 12, 31), timezones=st.just(UTC))), zone
    return draw(st.sampled_from(changes(zone))) + draw(around), zone
