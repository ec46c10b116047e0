"""The local days of the workspace at whose ends conditions are taken (KPIS.md G9)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from apps.engine.conditions import AsOf
from apps.engine.definitions import Count, Entries, Leaf
from apps.engine.expressions import Question
from apps.engine.periods import Period, PeriodError, day_start, days_later, local_day

MOST_DAYS = 3_660
MOMENT = timedelta(microseconds=1)
BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Basis:
    """Days of a workspace: the last of a period that is not to come, the one before the period, and today."""

    end: date
    before: date
    today: date

    def day(self, as_of: AsOf) -> date:
        """The day of a condition that is taken once; what has no other day of its own stands at the end."""
        days = {AsOf.PERIOD_START: self.before, AsOf.NOW: self.today}
        return days.get(as_of, self.end)


def basis(period: Period, question: Question) -> Basis:
    """The workspace's days that hold a period's last instant, the last one before it, and `now`."""
    zone = question.workspace.zone
    end = local_day(min(_before(period.end), question.now), zone)
    return Basis(end, local_day(_before(period.start), zone), local_day(question.now, zone))


def own_as_of(leaf: Leaf) -> AsOf:
    """By which day those in an operand are judged: their own, where events or entries are counted."""
    return AsOf.EVENT_DAY if isinstance(leaf, Count | Entries) else AsOf.PERIOD_END


def as_of(leaf: Leaf, question: Question) -> AsOf:
    """By which day a question wants those in an operand judged."""
    return question.as_of or own_as_of(leaf)


def local_days(period: Period, zone: str) -> list[date]:
    """Each local day of a period that there was, at most MOST_DAYS. PeriodError for more, or for another zone."""
    check_zone(period, zone)
    check_length(period.first, period.last)
    days = [days_later(period.first, n) for n in range((period.last - period.first).days + 1)]
    return [day for day in days if day_start(day, zone) < day_start(days_later(day, 1), zone)]


def check_length(first: date, last: date) -> None:
    """PeriodError TOO_MANY_DAYS for more than MOST_DAYS from the first day to the last."""
    if (last - first).days >= MOST_DAYS:
        expected = f"at most {MOST_DAYS:,} days where people are judged, or what they did is counted, day by day"
        raise PeriodError("TOO_MANY_DAYS", "period", expected)


def check_zone(period: Period, zone: str) -> None:
    """PeriodError TIMEZONE_NOT_ALIGNED unless the period's days are those of the zone."""
    if period.zone != zone:
        expected = f"{zone}: what depends on the day of an event or an entry is known by that zone's days"
        raise PeriodError("TIMEZONE_NOT_ALIGNED", "timezone", expected)


def _before(instant: datetime) -> datetime:
    return max(instant, BEGINNING + MOMENT) - MOMENT
