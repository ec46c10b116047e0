"""Time as KPIs see it: zones, calendar periods, and the stored buckets that make them up."""

from apps.engine.periods.buckets import bucket_end, bucket_start
from apps.engine.periods.calendar import (
    Grain,
    Period,
    between,
    containing,
    days_later,
    elapsed_fraction,
    first_days,
    is_complete,
    last,
    previous,
    so_far,
    split,
    year_before,
)
from apps.engine.periods.cover import Span, cover
from apps.engine.periods.errors import PeriodError
from apps.engine.periods.parse import parse_day, parse_month, parse_quarter, parse_week, parse_year
from apps.engine.periods.zones import day_start, local_day, zone_info

__all__ = [
    "Grain",
    "Period",
    "PeriodError",
    "Span",
    "between",
    "bucket_end",
    "bucket_start",
    "containing",
    "cover",
    "day_start",
    "days_later",
    "elapsed_fraction",
    "first_days",
    "is_complete",
    "last",
    "local_day",
    "parse_day",
    "parse_month",
    "parse_quarter",
    "parse_week",
    "parse_year",
    "previous",
    "so_far",
    "split",
    "year_before",
    "zone_info",
]
