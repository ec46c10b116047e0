"""Random questions about a stream by two dimensions at once, by dice of their own: others stay what they are."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from datetime import datetime
from random import Random

from tests.oracle.counting import (
    CARRIED,
    DIMENSIONS,
    FILTERS,
    KPIS,
    OF_LINKS,
    OF_REFERRALS,
    carried,
    counts_events,
)
from tests.oracle.drawn import CHANNELS, SHARE_TYPES
from tests.oracle.messages import SHARE
from tests.oracle.oracle import Asked
from tests.oracle.questions import (
    AS_OF,
    ENTRIES,
    NEIGHBOURS,
    OF_ACCOUNTS,
    SHARE_KPIS,
    Question,
    conditioned,
    some_days,
    some_values,
)
from tests.oracle.streams import Stream
from tests.oracle.trees import NAMES

OF_GROUPS = ("icp", "segment")
BY_SESSION = "product_sharing_rate_by_session"
# What has no fields of its own is parted by the shares of whoever counts.
WITHOUT_FIELDS = tuple(kpi for kpi in KPIS if not carried(kpi))
# What people do on several days.
ON_DAYS = ("total_active_users", "users_who_shared", "product_sharing_rate", "icp_users_who_shared")
OF_EVENTS = tuple(kpi for kpi in KPIS if counts_events(kpi))
# There are many pairs: what matters most is what all but a few of them are together.
FIRST = (1, 1, 2, 3, 5, 40)


def pairings(stream: Stream, now: datetime) -> list[Question]:
    """By two fields, by a field and what people are, and by two things that people are."""
    dice = Random(f"{stream.seed} pairs")
    return [*_unrestricted(dice, stream, now), *_restricted(dice, stream, now)]


def _unrestricted(dice: Random, stream: Stream, now: datetime) -> Iterator[Question]:
    """By groups that overlap, by what is shared in one session, by traits that change from day to day.

    About all events of a stream: among some of them too little of that occurs.
    """
    drawn = [name for name, field in DIMENSIONS.items() if field in CARRIED[SHARE] and name != "shareScope"]
    of_groups, of_shares, of_traits = (dice.sample(some, 2) for some in (OF_GROUPS, drawn, NAMES))
    for kpi, (by, then_by), as_of, first in (
        (dice.choice(OF_EVENTS), of_groups, None, (1, 2)),
        (BY_SESSION, of_shares, None, FIRST),
        (dice.choice(ON_DAYS), of_traits, "EVENT_DAY", FIRST),
    ):
        asked = Asked(kpi, stream.whole, now, stream.zone, as_of=as_of)
        yield Question(asked, by, dice.choice(first), then_by)


def _restricted(dice: Random, stream: Stream, now: datetime) -> Iterator[Question]:
    """By anything, of all or of some."""
    for kpi, both in _drawn(dice):
        by, then_by = dice.sample(both, 2)
        asked = _somehow(dice, stream, Asked(kpi, stream.whole, now, stream.zone), {by, then_by})
        yield Question(asked, by, dice.choice(FIRST), then_by)


def _drawn(dice: Random) -> Iterator[tuple[str, Sequence[str]]]:
    """The KPIs and their two dimensions."""
    of_shares, of_messages, of_links = map(dice.choice, (SHARE_KPIS, tuple(OF_REFERRALS), tuple(OF_LINKS)))
    for kpi in (dice.choice((of_shares, of_messages)), BY_SESSION, dice.choice(WITHOUT_FIELDS)):
        yield kpi, dice.sample(_fields(kpi), 2)
    others = [name for name in _fields(of_links) if name != "interactionKind"]
    yield of_links, ("interactionKind", dice.choice(others))
    for kpi in dice.sample((of_shares, of_messages, of_links, BY_SESSION, OF_ACCOUNTS), 3):
        yield kpi, (dice.choice(_fields(kpi)), dice.choice((*OF_GROUPS * 3, *NAMES)))
    yield dice.choice(tuple(KPIS)), (dice.choice(NAMES), dice.choice(OF_GROUPS))


def _fields(kpi: str) -> list[str]:
    """The fields of whatever a KPI counts, or of the shares of whoever counts."""
    return [name for name, field in DIMENSIONS.items() if field in carried(kpi) | FILTERS]


def _somehow(dice: Random, stream: Stream, asked: Asked, both: Set[str]) -> Asked:
    """Of all days or some; some with a condition, filters, as of another day or, by fields, in another zone."""
    if dice.random() < 0.25:
        asked = replace(asked, period=some_days(dice, stream))
    if both <= DIMENSIONS.keys() and asked.kpi not in ENTRIES and dice.random() < 0.25:
        asked = replace(asked, zone=dice.choice(NEIGHBOURS.get(stream.zone, (stream.zone,))))
    if dice.random() < 0.25:
        asked = conditioned(dice, stream, asked)
    elif dice.random() < 0.4 and asked.zone == stream.zone:
        asked = replace(asked, as_of=dice.choice(AS_OF))
    if dice.random() < 0.3:
        asked = replace(asked, share_types=some_values(dice, SHARE_TYPES), channels=some_values(dice, CHANNELS))
    return asked
