"""Periods as people write them, turned into local dates: the oracle's own reading of KPIS.md G1."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

DAY = timedelta(days=1)
OWN_GRAIN = {"dau": "day", "wau": "week", "mau": "month"}
ROLLING_DAYS = {"mau_rolling_30d": 30}


def span(period: str) -> tuple[date, date]:
    """The first local day and the first one after, of a text such as 2026-W18 or 2026-04-01/2026-04-15."""
    if "/" in period:
        first, end = period.split("/")
        return date.fromisoformat(first), date.fromisoformat(end)
    if week := re.fullmatch(r"(\d+)-W(\d+)", period):
        return unit(date.fromisocalendar(int(week[1]), int(week[2]), 1), "week")
    if quarter := re.fullmatch(r"(\d+)-Q(\d)", period):
        return unit(date(int(quarter[1]), int(quarter[2]) * 3, 1), "quarter")
    grain = {4: "year", 7: "month", 10: "day"}[len(period)]
    return unit(date.fromisoformat(period + "-01-01"[: 10 - len(period)]), grain)


def unit(day: date, grain: str) -> tuple[date, date]:
    """The calendar unit that holds a day, as its first day and the first one after."""
    if grain == "day":
        return day, day + DAY
    if grain == "week":
        monday = day - day.weekday() * DAY
        return monday, monday + 7 * DAY
    first = day.replace(day=1)
    while grain == "quarter" and first.month not in (1, 4, 7, 10):
        first = (first - DAY).replace(day=1)
    if grain == "year":
        first = first.replace(month=1)
    end = first
    for _ in range({"month": 1, "quarter": 3, "year": 12}[grain]):
        end = (end + 31 * DAY).replace(day=1)
    return first, end


def label(day: date, grain: str) -> str:
    """What people call the calendar unit that holds a day."""
    year, week, _ = day.isocalendar()
    return {
        "day": f"{day}",
        "week": f"{year}-W{week:02}",
        "month": f"{day:%Y-%m}",
        "quarter": f"{day.year}-Q{(day.month - 1) // 3 + 1}",
        "year": f"{day.year}",
    }[grain]


def answered(kpi: str, period: str, today: date) -> list[date]:
    """The local days that a KPI answers for: its own day, week, month or window where it has one (KPIS.md G1)."""
    first, end = span(period)
    last = today if first <= today < end else end - DAY
    if kpi in ROLLING_DAYS:
        first, end = last - (ROLLING_DAYS[kpi] - 1) * DAY, last + DAY
    elif kpi in OWN_GRAIN:
        first, end = unit(last, OWN_GRAIN[kpi])
    return list(days(first, end))


def days(first: date, end: date) -> Iterator[date]:
    """Every day from the first one up to but without the end."""
    while first < end:
        yield first
        first += DAY
