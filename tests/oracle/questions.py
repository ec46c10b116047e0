"""Random questions about a stream: any KPI, period, restriction, condition, as-of day, zone and breakdown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from tests.oracle.counting import (
    BASIC,
    DIMENSIONS,
    KPIS,
    OF_LINKS,
    OF_REFERRALS,
    OF_SESSIONS,
    OF_SIGNUPS,
    RATES,
    carried,
    counts_events,
)
from tests.oracle.drawn import CHANNELS, SHARE_TYPES
from tests.oracle.moments import midnight
from tests.oracle.oracle import Allowed, Asked
from tests.oracle.periods import DAY, label, span, unit
from tests.oracle.streams import Stream
from tests.oracle.trees import NAMES, Trees
from tests.oracle.values import Values

GRAINS = ("day", "week", *["month"] * 5, "quarter", "quarter", "year")
# Zones that are whole hours apart the whole year round.
NEIGHBOURS = {
    "UTC": ("Europe/Berlin", "America/New_York"),
    "Europe/Berlin": ("UTC", "America/New_York"),
    "America/New_York": ("UTC", "America/Sao_Paulo"),
    "America/Sao_Paulo": ("UTC", "Europe/Berlin"),
}
# Entries are known by the workspace's days; those of another zone's are an error (KPIS.md G9).
ENTRIES = frozenset({"signups", "new_accounts"})
# The only KPI of accounts: all that is asked of them has to be asked of it, and there are few of them.
OF_ACCOUNTS = "new_accounts"
AS_OF = (None, None, "PERIOD_END", "PERIOD_START", "EVENT_DAY", "NOW")
BY_FACET = ("shareType", "channel")
OF_OBJECTS = ("objectType", "feature")
SHARE_KPIS = tuple(kpi for kpi in KPIS if kpi not in OF_SESSIONS and "object_type" in carried(kpi))
OF_PEOPLE = ("icp", "trait:plan", *NAMES)
FIRST = (1, 2, 3, 20)


@dataclass(frozen=True)
class Question:
    """What is asked, and what the answer is broken down by, if at all, into how many parts and the others.

    With `then_by` the parts are those by two dimensions at once.
    """

    asked: Asked
    by: str | None = None
    first: int = 20
    then_by: str | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the answer is broken down by, in order."""
        return tuple(one for one in (self.by, self.then_by) if one is not None)


def questions(stream: Stream, now: datetime) -> list[Question]:
    """Three or more for every KPI, at random restricted, months, and in which accounts people shared."""
    dice = Random(stream.seed)
    kpis = [kpi for kpi in BASIC for _ in range(6 if kpi == OF_ACCOUNTS else 3)]
    basic = [_any(dice, stream, kpi, now) for kpi in kpis] + [*_series(stream, now, BASIC)]
    newer = (_where_shared, _of_referrals, _of_links, _of_sessions, _of_objects, _of_signups)
    return [*basic, *(question for of in newer for question in of(stream, now))]


def months(stream: Stream) -> list[str]:
    first, found = stream.first, []
    while first < stream.end:
        found.append(label(first, "month"))
        first = unit(first, "month")[1]
    return found


def _series(stream: Stream, now: datetime, kpis: Iterable[str]) -> Iterator[Question]:
    for kpi in kpis:
        for month in months(stream):
            yield Question(Asked(kpi, month, now, stream.zone))


def _where_shared(stream: Stream, now: datetime) -> Iterator[Question]:
    """The accounts with a share of each kind: so few that every single one matters (KPIS.md G8)."""
    asked = Asked(OF_ACCOUNTS, stream.whole, now, stream.zone)
    for share_type in dict.fromkeys(SHARE_TYPES):
        yield Question(replace(asked, share_types=frozenset({share_type})), by="channel")


def _of_referrals(stream: Stream, now: datetime) -> Iterator[Question]:
    """By dice of their own: whatever else is asked is what it would be without them."""
    dice = Random(f"{stream.seed} messages")
    for kpi in OF_REFERRALS:
        yield from (_any(dice, stream, kpi, now) for _ in range(3))
        yield Question(Asked(kpi, stream.whole, now, stream.zone), dice.choice(_own(kpi)), dice.choice(FIRST))
    yield from _series(stream, now, sorted(RATES & set(OF_REFERRALS)))
    for kpi in ("icp_users_who_shared", "share_rate_among_icps"):
        yield Question(Asked(kpi, stream.whole, now, stream.zone), by="shareScope")


def _of_links(stream: Stream, now: datetime) -> Iterator[Question]:
    """By dice of their own as well, and few: what matters most are the days of prompts and what was done."""
    dice = Random(f"{stream.seed} interactions")
    for kpi in OF_LINKS:
        yield Question(Asked(kpi, stream.whole, now, stream.zone), "interactionKind", dice.choice(FIRST))
        yield Question(Asked(kpi, some_days(dice, stream), now, stream.zone), dice.choice(_own(kpi)))
        yield _any(dice, stream, kpi, now)


def _of_sessions(stream: Stream, now: datetime) -> Iterator[Question]:
    """By dice of their own as well: when sessions begin, how, and what is shared in them."""
    dice = Random(f"{stream.seed} sessions")
    for kpi in OF_SESSIONS:
        yield Question(Asked(kpi, stream.whole, now, stream.zone), dice.choice(_own(kpi)), dice.choice(FIRST))
        yield Question(Asked(kpi, some_days(dice, stream), now, stream.zone), dice.choice(_own(kpi)))
        yield from (_any(dice, stream, kpi, now) for _ in range(2))
    rates = sorted(RATES & set(OF_SESSIONS))
    for kpi in rates:
        asked = Asked(kpi, stream.whole, now, stream.zone, channels=some_values(dice, CHANNELS))
        yield Question(asked, dice.choice(("shareType", *OF_OBJECTS)))
    yield from _series(stream, now, rates)


def _of_objects(stream: Stream, now: datetime) -> Iterator[Question]:
    """What was shared, and from where, some through a few channels alone: by dice of their own as well."""
    dice = Random(f"{stream.seed} objects")
    for kpi in SHARE_KPIS:
        asked = Asked(kpi, stream.whole, now, stream.zone)
        if dice.random() < 0.3:
            asked = replace(asked, channels=some_values(dice, CHANNELS))
        yield Question(asked, dice.choice(OF_OBJECTS), dice.choice(FIRST))


def _of_signups(stream: Stream, now: datetime) -> Iterator[Question]:
    """By dice of their own as well: who was referred and how, and which messages led to that."""
    dice = Random(f"{stream.seed} signups")
    for kpi in OF_SIGNUPS:
        for by in _own(kpi):
            yield Question(Asked(kpi, stream.whole, now, stream.zone), by, dice.choice(FIRST))
        yield Question(Asked(kpi, some_days(dice, stream), now, stream.zone), dice.choice((*_own(kpi), *BY_FACET)))
        yield from (_any(dice, stream, kpi, now) for _ in range(2))
    yield from _series(stream, now, OF_SIGNUPS)


def _any(dice: Random, stream: Stream, kpi: str, now: datetime) -> Question:
    zone = dice.choice((stream.zone,) * 3 + (() if kpi in ENTRIES else NEIGHBOURS.get(stream.zone, ())))
    period = stream.whole if kpi == OF_ACCOUNTS else some_days(dice, stream)
    if dice.random() < 0.3:
        now = _during(dice, period, zone)
    asked = conditioned(dice, stream, Asked(kpi, period, now, zone))
    if dice.random() < (0.3 if kpi in BASIC and kpi != OF_ACCOUNTS else 0.5):
        asked = replace(asked, share_types=some_values(dice, SHARE_TYPES), channels=some_values(dice, CHANNELS))
    by = None if dice.random() < (0.5 if kpi in BASIC else 0.2) else dice.choice(_dimensions(stream, asked))
    return Question(asked, by, dice.choice(FIRST))


def _dimensions(stream: Stream, asked: Asked) -> tuple[str, ...]:
    """What the answer may be split by: a saved segment may ask for entries, by the workspace's days alone."""
    own = BY_FACET if asked.kpi in BASIC else _own(asked.kpi)
    if asked.zone == stream.zone:
        times = 4 if asked.kpi in (OF_ACCOUNTS, *OF_REFERRALS, *OF_LINKS, *OF_SESSIONS, *OF_SIGNUPS) else 0
        return (*own, *OF_PEOPLE, "segment", *own * times)
    return (*own, *OF_PEOPLE) if _is_free(stream, asked) else own


def _own(kpi: str) -> tuple[str, ...]:
    """The fields of the events that a KPI counts; the newest of shares are asked for by themselves."""
    newest = () if kpi in OF_SESSIONS else OF_OBJECTS
    return tuple(name for name, field in DIMENSIONS.items() if field in carried(kpi) and name not in newest)


def _is_free(stream: Stream, asked: Asked) -> bool:
    """Whether conditions may be asked: as of an event's day only by the workspace's days (KPIS.md G9)."""
    return asked.zone == stream.zone or not (counts_events(asked.kpi) or asked.as_of == "EVENT_DAY")


def conditioned(dice: Random, stream: Stream, asked: Asked) -> Asked:
    """Mostly with a condition; in another zone with one that is taken at one instant."""
    if dice.random() < 0.2 or not _is_free(stream, asked):
        return asked
    values, kpis = Values(dice, stream.first), _beside(asked.kpi)
    trees = Trees(values, stream.periods, sorted(stream.profiles), stream.saved, kpis)
    if asked.zone != stream.zone:
        as_of = dice.choice([as_of for as_of in AS_OF if as_of != "EVENT_DAY"])
        return replace(asked, segment=trees.plain(), as_of=as_of)
    return replace(asked, segment=trees.tree(), as_of=dice.choice(AS_OF))


def _beside(kpi: str) -> tuple[str, ...]:
    """The KPIs whose sides a KPI is asked with: what is newer than it leaves its questions what they were."""
    if kpi in BASIC:
        return tuple(BASIC)
    if kpi in OF_SIGNUPS:
        return tuple(KPIS)
    older = (*BASIC, *OF_REFERRALS)
    if kpi in OF_SESSIONS:
        return (*older, *OF_LINKS, *OF_SESSIONS)
    return (*older, *(OF_LINKS if kpi in OF_LINKS else ()))


def some_days(dice: Random, stream: Stream) -> str:
    """Days of a stream, some of which may be before or after it."""
    length = (stream.end - stream.first).days
    day = stream.first + dice.randrange(-1, length + 1) * DAY
    if dice.random() < 0.3:
        return f"{day}/{day + dice.randint(1, length) * DAY}"
    return label(day, dice.choice(GRAINS))


def _during(dice: Random, period: str, zone: str) -> datetime:
    first, end = span(period)
    day = first + dice.randrange((end - first).days) * DAY
    return midnight(day, zone) + timedelta(hours=dice.choice((0, 1, 12, 22)))


def some_values(dice: Random, values: tuple[str | None, ...]) -> Allowed:
    """A few values that a field may have, or none in particular."""
    if dice.random() < 0.4:
        return None
    return frozenset(dice.sample((*values, "pigeon"), dice.randint(1, 3)))
