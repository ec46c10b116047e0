"""How the messages of a random stream are delivered: in batches of a source, some late."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.oracle.messages import Raw

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
class Erasure:
    """After the batch of a place somebody is erased."""

    after: int
    user: str


def delivered(dice: Random, sent: list[Sent]) -> Iterator[Batch]:
    """A tenth comes a month late: when everything else is there and rolled up."""
    dice.shuffle(sent)
    late = len(sent) // 10
    punctual = _batches(dice, sent[late:])
    for place, some in enumerate(punctual, 1):
        yield Batch(some, settles=place == len(punctual) or dice.random() < 0.06)
    for some in _batches(dice, sent[:late]):
        yield Batch(some, settles=dice.random() < 0.06)


def among(dice: Random, batches: Sequence[Batch], more: Iterable[Sent]) -> tuple[Batch, ...]:
    """The batches with more put in anywhere, punctual or late."""
    filled = [list(batch.sent) for batch in batches]
    for sent in more:
        some = dice.choice([one for one in filled if one[0].source == sent.source])
        some.insert(dice.randint(0, len(some)), sent)
    return tuple(replace(batch, sent=tuple(some)) for batch, some in zip(batches, filled, strict=True))


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
