"""Random streams of messages: late, doubled, contradictory, anonymous, refused, over a change of clocks.

People in them are merged, recognised, moved, described and erased.

A stream follows from its seed and the day on which it ends at the latest, so that a failure can be repeated.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from tests.oracle.additions import attributing, concluding, correcting, interacting, referring, visiting
from tests.oracle.batches import SOURCES, Batch, Erasure, Sent, delivered
from tests.oracle.conditions import Saved
from tests.oracle.counting import ACTIVITY
from tests.oracle.described import PROFILES, Describe
from tests.oracle.drawn import UNPLANNED, Draw
from tests.oracle.ledger import Ledger
from tests.oracle.messages import Raw, user_of
from tests.oracle.moments import SHORTEST, Moments, clock_changes, midnight
from tests.oracle.periods import DAY, label
from tests.oracle.trees import Trees
from tests.oracle.values import Values

MESSAGES = (300, 400)
DEEDS_IN_TEN = 5
PEOPLE = (35, 50)
VISITORS = 8
CHANGING = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo")
STEADY = ("Asia/Kolkata", "Asia/Kathmandu", "UTC")
# Brazil's clocks changed for the last time in 2019.
LAST_DAYS = {"America/Sao_Paulo": date(2019, 1, 1)}


@dataclass(frozen=True)
class Approval:
    """After the batch of a place, or before all of them, a rule is the one of an ICP profile."""

    after: int | None
    slug: str
    rule: list[Raw]


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
    erasure: Erasure
    approvals: tuple[Approval, ...]
    saved: tuple[Saved, ...]
    periods: tuple[str, ...]

    @property
    def whole(self) -> str:
        """The period of all its days."""
        return f"{self.first}/{self.end}"

    @property
    def profiles(self) -> dict[str, list[Raw]]:
        """The rules in force in the end: a later one replaces the profile's one before."""
        return {approval.slug: approval.rule for approval in self.approvals}


def stream(seed: int, now: datetime) -> Stream:
    """The random stream of a seed, as of an instant that none of its events is later than."""
    dice = Random(seed)
    zone = dice.choice((*CHANGING, *CHANGING, *STEADY))
    first, end = _days(dice, zone, min(LAST_DAYS.get(zone, date.max), now.astimezone(ZoneInfo(zone)).date()))
    people: list[str | int] = [17, *(f"user-{number}" for number in range(1, dice.randint(*PEOPLE)))]
    latest = min(now, midnight(end, zone) - SHORTEST)
    visitors = [f"visitor-{number}" for number in range(VISITORS)]
    draw = Draw(dice, Moments(zone, first, end, latest, dice), people, visitors, count(1))
    describe = Describe(draw, Values(dice, first))
    erasure, batches = _erased(dice, tuple(delivered(dice, _messages(describe))))
    filled = visiting(seed, draw, interacting(seed, draw, referring(seed, draw, batches)), erasure.user)
    corrected = correcting(seed, draw, filled, erasure.user)
    is_taught = dice.random() < 0.4
    trees = Trees(describe.values, _periods(dice, first, end), PROFILES[: dice.randint(2, 3)])
    return Stream(
        seed=seed,
        zone=zone,
        first=first,
        end=end,
        batches=concluding(seed, draw, attributing(seed, draw, corrected, erasure)),
        activity=_other_activity(dice) if is_taught else ACTIVITY,
        taught_after=dice.randrange(len(batches)) if is_taught else None,
        erasure=erasure,
        approvals=tuple(_approvals(trees, len(batches))),
        saved=tuple(Saved(slug, trees.tree(2)) for slug in ("one", "other")),
        periods=trees.periods,
    )


def _approvals(trees: Trees, batches: int) -> Iterator[Approval]:
    """Each profile is approved at the start or in between, one of them once more with another rule."""
    dice = trees.dice
    places = sorted(dice.choice((-1, dice.randrange(batches))) for _ in (*trees.profiles, 0))
    for place, slug in zip(places, (*trees.profiles, trees.profiles[0]), strict=True):
        yield Approval(None if place < 0 else place, slug, trees.rule())


def _periods(dice: Random, first: date, end: date) -> tuple[str, ...]:
    """A month, a week and a day of a stream."""
    days = (end - first).days
    return tuple(label(first + dice.randrange(days) * DAY, grain) for grain in ("month", "week", "day"))


def _erased(dice: Random, batches: tuple[Batch, ...]) -> tuple[Erasure, tuple[Batch, ...]]:
    """Somebody who has done a few things, if need be unrecognised, is erased; their messages are sent again."""
    place, ledger = len(batches) // 2, Ledger()
    sent = [sent for batch in batches[: place + 1] for sent in batch.sent if sent.refusal is None]
    for one in sent:
        ledger.take(one.source, one.raw)
    told = list(zip(ledger.stored, ledger.people(), strict=True))
    deeds = Counter(str(person) for raw, person in told if raw["type"] == "track" and person)
    visitors = {person for raw, person in told if raw["type"] == "track" and user_of(raw) is None}
    # The first of the people stays: every trait was told of them.
    likely = [person for person, _ in deeds.most_common(12) if person != "17"]
    user = dice.choice([person for person in likely if person in visitors] or likely)
    theirs = [one for one in sent if user_of(one.raw) == user and one.source == SOURCES[0]]
    again = [Batch(tuple(theirs), settles=False)] if theirs else []
    return Erasure(place, user), (*batches[: place + 2], *again, *batches[place + 2 :])


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


def _messages(describe: Describe) -> list[Sent]:
    draw, dice = describe.draw, describe.dice
    raws = [draw.activity() | {"userId": person} for person in draw.people]
    raws += [*describe.basics(), *describe.merges(), *describe.recognitions(), *describe.moves()]
    raws += describe.without_a_point()
    kinds = [draw.deed] * DEEDS_IN_TEN + [describe.anything] * (10 - DEEDS_IN_TEN)
    raws += [dice.choice(kinds)() for _ in range(dice.randint(*MESSAGES) - len(raws))]
    for person in dice.sample(draw.people, 4):
        raws += [
            describe.identify(is_internal=dice.random() < 0.6) | {"userId": person}
            for _ in range(dice.randint(1, 3))
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
