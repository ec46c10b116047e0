"""The stored buckets of a zone (DESIGN section 5): local hours within local days within local months."""

from datetime import datetime

from apps.engine.periods.calendar import Grain
from apps.engine.periods.errors import bad_period
from apps.engine.periods.zones import (
    DAY,
    HOUR_SECONDS,
    day_start,
    instant_at,
    local_day,
    offset,
    seconds,
    transition,
)


def bucket_start(instant: datetime, grain: Grain, zone: str) -> datetime:
    """The UTC instant at which the HOUR, DAY or MONTH bucket that holds an instant begins.

    An hour begins where the wall clock reads a full hour, or where the offset changes. Every day begins
    at one of the two, so hours nest in days, whatever the transition.
    """
    if grain is Grain.HOUR:
        return _hour_start(instant, zone)
    day = local_day(instant, zone)
    return day_start(day if _is_day(grain) else day.replace(day=1), zone)


def bucket_end(start: datetime, grain: Grain, zone: str) -> datetime:
    """The UTC instant at which the bucket that begins at `start` ends, and the next one begins."""
    if grain is Grain.HOUR:
        return _hour_end(start, zone)
    day = local_day(start, zone)
    return day_start(day + DAY if _is_day(grain) else (day.replace(day=1) + 31 * DAY).replace(day=1), zone)


def _is_day(grain: Grain) -> bool:
    if grain not in (Grain.DAY, Grain.MONTH):
        raise bad_period("grain", "HOUR, DAY or MONTH, the grains of stored buckets")
    return grain is Grain.DAY


def _hour_start(instant: datetime, zone: str) -> datetime:
    at = seconds(instant)
    ahead = offset(at, zone)
    full = at - (at + ahead) % HOUR_SECONDS
    changed = offset(full, zone) != ahead
    return instant_at(transition(full, at, zone) if changed else full)


def _hour_end(start: datetime, zone: str) -> datetime:
    at = seconds(start)
    ahead = offset(at, zone)
    full = at - (at + ahead) % HOUR_SECONDS + HOUR_SECONDS
    changed = offset(full, zone) != ahead
    return instant_at(transition(at, full, zone) if changed else full)
