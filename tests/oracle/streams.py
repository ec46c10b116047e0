"""Random streams of messages: late, doubled, contradictory, anonymous, refused, over a change of clocks.

A stream follows from its seed and the day on which it ends at the latest, so that a failure can be repeated.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from tests.oracle.drawn import UNPLANNED, Draw
from tests.oracle.moments import SHORTEST, Moments, clock_changes, midnight
from tests.oracle.oracle import ACTIVITY, Raw
from tests.oracle.periods import DAY

MESSAGES = (300, 420)
PEOPLE = (35, 60)
CHANGING = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo")
STEADY = ("Asia/Kolkata", "Asia/Kathmandu", "UTC")
# Brazil's clocks changed for the last time in 2019.
LAST_DAYS = {"America/Sao_Paulo": date(2019, 1, 1)}
SOURCES = ("web", "server")


@dataclass(frozen=True)
class Sent:
    """A message as it is sent; `refusal` is the code of the reason for which it is not taken."""

    raw: Raw
    source: str
    refusal: str | None = None


@dataclass(frozen=True)
class Batch:
    """Messages of one source that are delivered together, and whether everything is rolled up after them."""

    sent: tuple[Sent, ...]
    settles: bool

    @property
    def source(self) -> str:
        return self.sent[0].source


@dataclass(frozen=True)
class Stream:
    """Batches in order of arrival, with events on the local days [first, end) of a zone.

    After the batch of the place `taught_after`, if there is one, `activity` is the workspace's list of
    what counts as activity, for all its history (KPIS.md G5, G18).
    """

    seed: int
    zone: str
    first: date
    end: date
    batches: tuple[Batch, ...]
    activity: frozenset[str]
    taught_after: int | None


def stream(seed: int, now: datetime) -> Stream:
    """The random stream of a seed, as of an instant that none of its events is later than."""
    dice = Random(seed)
    zone = dice.choice((*CHANGING, *CHANGING, *STEADY))
    first, end = _days(dice, zone, min(LAST_DAYS.get(zone, date.max), now.astimezone(ZoneInfo(zone)).date()))
    people: list[str | int] = [17, *(f"user-{number}" for number in range(1, dice.randint(*PEOPLE)))]
    latest = min(now, midnight(end, zone) - SHORTEST)
    draw = Draw(dice, Moments(zone, first, end, latest, dice), people, count(1))
    batches = tuple(_delivered(dice, _messages(draw)))
    if dice.random() < 0.6:
        return Stream(seed, zone, first, end, batches, ACTIVITY, None)
    return Stream(seed, zone, first, end, batches, _other_activity(dice), dice.randrange(len(batches)))


def _other_activity(dice: Random) -> frozenset[str]:
    """Some events less, so that one may share and not be active, and one more that nobody had planned."""
    return ACTIVITY - {"share.created", *dice.sample(sorted(ACTIVITY), 4)} | {UNPLANNED}


def _days(dice: Random, zone: str, last: date) -> tuple[date, date]:
    """40 to 100 days, [first, end), of the 380 up to `last`, around a change of clocks where there is one."""
    changes = clock_changes(zone, last - 320 * DAY, last - 20 * DAY)
    if not changes and zone in CHANGING:
        raise AssertionError(f"{zone} does not change its clocks in the year before {last}")
    middle = dice.choice(changes) if changes else last - dice.randrange(20, 320) * DAY
    return middle - dice.randint(20, 50) * DAY, min(middle + dice.randint(20, 50) * DAY, last + DAY)


def _messages(draw: Draw) -> list[Sent]:
    dice = draw.dice
    raws = [draw.activity() | {"userId": person} for person in draw.people]
    raws += [draw.anything() for _ in range(dice.randint(*MESSAGES) - len(raws))]
    for person in dice.sample(draw.people, 4):
        raws += [
            draw.identify(is_internal=dice.random() < 0.6) | {"userId": person} for _ in range(dice.randint(1, 3))
        ]
    sent = [Sent(raw, dice.choice(SOURCES)) for raw in raws]
    for _ in range(len(sent) // 6):
        sent.append(_again(draw, dice.choice(sent)))
    return sent + [_refused(draw, dice.choice(sent)) for _ in range(8)]


def _again(draw: Draw, sent: Sent) -> Sent:
    """A message with the id or the action id of another; from another source it is no duplicate."""
    other = draw.dice.choice((draw.share, draw.activity))()
    same_id = {"messageId": sent.raw["messageId"]}
    ways: list[Callable[[], Sent]] = [
        lambda: sent,
        lambda: replace(sent, raw=other | same_id),
        lambda: replace(sent, source=draw.dice.choice(SOURCES)),
    ]
    if action_id := sent.raw.get("properties", {}).get("action_id"):
        share = draw.share()
        same_action = share | {"properties": share["properties"] | {"action_id": action_id}}
        ways.append(lambda: replace(sent, raw=same_action))
    return draw.dice.choice(ways)()


def _refused(draw: Draw, sent: Sent) -> Sent:
    """A message that cannot be taken, some with the id of one that can: it must not stand in its way."""
    share = draw.share()
    nobody = {name: value for name, value in share.items() if name != "userId"}
    ways = {
        "wrong_type": share | {"properties": share["properties"] | {"share_type": 7}},
        "unknown_type": share | {"type": "shout"},
        "empty_event_name": share | {"event": " "},
        "no_identity": nobody,
        "reserved_id": share | {"userId": "null"},
        "bad_timestamp": share | {"timestamp": share["timestamp"].replace("Z", "+00:00")[:-6]},
        "in_the_future": share | {"timestamp": "2999-12-31T23:59:59Z"},
    }
    code = draw.dice.choice(sorted(ways))
    message_id = draw.dice.choice((sent.raw["messageId"], share["messageId"]))
    return Sent(ways[code] | {"messageId": message_id}, sent.source, code)


def _delivered(dice: Random, sent: list[Sent]) -> Iterator[Batch]:
    """A tenth comes a month late: when everything else is there and rolled up."""
    dice.shuffle(sent)
    late = len(sent) // 10
    punctual = _batches(dice, sent[late:])
    for place, some in enumerate(punctual, 1):
        yield Batch(some, settles=place == len(punctual) or dice.random() < 0.2)
    for some in _batches(dice, sent[:late]):
        yield Batch(some, settles=dice.random() < 0.2)


def _batches(dice: Random, sent: Sequence[Sent]) -> list[tuple[Sent, ...]]:
    batches = []
    for source in SOURCES:
        rest = tuple(one for one in sent if one.source == source)
        while rest:
            size = dice.choice((1, 10, 40, 80, 160))
            batches.append(rest[:size])
            rest = rest[size:]
    dice.shuffle(batches)
    return batches
