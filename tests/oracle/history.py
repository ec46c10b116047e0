"""Thirteen years of a busy project as Segment messages, out of order: what the real file is like, where it is not.

The same messages on every machine: they follow from the seed alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from tests.oracle.messages import Raw

SEED = 13
MESSAGES = 66_155
PEOPLE = 896
BEGIN, END = datetime(2013, 3, 28, tzinfo=UTC), datetime(2026, 8, 22, tzinfo=UTC)
# Minutes ahead of UTC: as many as the real file has.
OFFSETS = (*range(-600, 720, 60), 210, 330)
SHARED = (
    {"share_type": "link", "share_scope": "product", "channel": "button"},
    {"share_type": "link", "share_scope": "product", "channel": "button"},
    {"share_type": "invite", "share_scope": "product", "channel": "email"},
    {"share_type": "export", "share_scope": "content", "channel": "social"},
    {"share_type": "embed", "share_scope": "product", "is_error": True},
)


@dataclass(frozen=True)
class Person:
    """Somebody who came at `since` and writes times in a zone of a fixed offset."""

    name: str
    since: datetime
    clock: timezone


def messages() -> list[Raw]:
    """The messages in order of arrival: by time, but for one in thirty, which comes up to two months late."""
    dice = Random(SEED)
    people = [_person(dice, number) for number in range(PEOPLE)]
    told = [message for person in people for message in _introduction(person)]
    while len(told) < MESSAGES:
        told += _burst(dice, people, len(told))
    return [raw for _, raw in sorted(told[:MESSAGES], key=lambda one: one[0] + _delay(dice))]


def _person(dice: Random, number: int) -> Person:
    since = BEGIN + (END - BEGIN) * (number / PEOPLE)
    return Person(f"person-{number}", since, timezone(timedelta(minutes=OFFSETS[number % len(OFFSETS)])))


def _introduction(person: Person) -> Iterator[tuple[datetime, Raw]]:
    yield _message(person, person.since, "i", {"type": "identify", "traits": {"role": "human"}})
    yield _message(person, person.since, "g", {"type": "group", "groupId": "a-1", "traits": {"plan": "free"}})
    yield _message(person, person.since, "s", _track("user.signed_up", {"channel": "git"}))


def _burst(dice: Random, people: list[Person], number: int) -> Iterator[tuple[datetime, Raw]]:
    """Somebody, most often one of the first, does a few things within a quarter of an hour."""
    person = people[int(PEOPLE * dice.random() ** 3)]
    at = person.since + (END - person.since) * dice.random()
    for step in range(dice.randint(1, 6)):
        letter = f"{number}-{step}"
        yield _message(person, at, letter, dice.choices((_action(), _share(dice, letter), _mail()), (7, 2, 1))[0])
        at += timedelta(milliseconds=dice.randrange(150_000))


def _action() -> Raw:
    return _track("action.performed", {"action_type": "commit"})


def _share(dice: Random, letter: str) -> Raw:
    return _track("share.created", {"action_id": f"a-{letter}"} | dice.choice(SHARED))


def _mail() -> Raw:
    return _track("referral_message.sent", {"message_customized": False, "channel": "email"})


def _track(event: str, properties: Raw) -> Raw:
    return {"type": "track", "event": event, "properties": properties}


def _message(person: Person, at: datetime, letter: str, said: Raw) -> tuple[datetime, Raw]:
    told = {"messageId": f"{person.name}-{letter}", "userId": person.name, "timestamp": _written(person, at)}
    return at, told | said


def _written(person: Person, at: datetime) -> str:
    return at.astimezone(person.clock).isoformat()


def _delay(dice: Random) -> timedelta:
    return timedelta(days=60) * dice.random() if dice.random() < 1 / 30 else timedelta(0)
