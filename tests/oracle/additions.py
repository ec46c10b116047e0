"""What is put into a random stream by dice of its own: whatever else is drawn is what it would be without it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from tests.oracle.batches import SOURCES, Batch, Sent, among
from tests.oracle.drawn import Draw
from tests.oracle.links import WINDOW, session
from tests.oracle.messages import PROMPT, SHARE, Raw, moment, said
from tests.oracle.moments import Moments, changes_within
from tests.oracle.referrals import Interact, Refer
from tests.oracle.visits import Begin, Visit, share_choices

REFERRALS = (65, 80)
INTERACTIONS = (45, 60)
PROMPTS = 15
STARTS = (26, 34)
SESSIONS = 14
VISITS = (55, 70)


def referring(seed: int, draw: Draw, batches: Sequence[Batch]) -> tuple[Batch, ...]:
    """The batches with messages and prompts put in, and shares of a kind that there is none of."""
    own = _apart(f"{seed} messages", draw)
    return among(own.dice, batches, _sent(own.dice, Refer(own).anything, REFERRALS))


def interacting(seed: int, draw: Draw, batches: Sequence[Batch]) -> tuple[Batch, ...]:
    """The batches with what is done with some of their prompts put in, before or after these."""
    own = _apart(f"{seed} interactions", draw)
    prompts = [sent.raw for batch in batches for sent in batch.sent if sent.raw.get("event") == PROMPT]
    interact = Interact(own, [*own.dice.sample(prompts, min(PROMPTS, len(prompts))), *_eves(prompts, draw)])
    return among(own.dice, batches, _sent(own.dice, interact.anything, INTERACTIONS))


def visiting(seed: int, draw: Draw, batches: Sequence[Batch], erased: str) -> tuple[Batch, ...]:
    """The batches with sessions put in and what is done in them, some of it by somebody who is erased.

    What was shared already is of an object and from a feature, and some of it was shared in one of these sessions.
    """
    own = _apart(f"{seed} sessions", draw)
    starts = list(_sent(own.dice, Begin(own, erased).anything, STARTS))
    named = [sent.raw for sent in starts if session(sent.raw) is not None]
    theirs = [raw for raw in named if raw.get("userId") == erased]
    busy = own.dice.sample(named, min(SESSIONS, len(named)))
    visit = Visit(own, erased, [*busy, *_eves(named, draw), *theirs])
    shared = [replace(batch, sent=tuple(_shared(seed, sent, named) for sent in batch.sent)) for batch in batches]
    return among(own.dice, shared, [*starts, *_sent(own.dice, visit.anything, VISITS)])


def _shared(seed: int, sent: Sent, starts: Sequence[Raw]) -> Sent:
    """The same, if a share with more properties; one that is sent again has the same ones again."""
    if sent.raw.get("event") != SHARE:
        return sent
    dice = Random(f"{seed} {sent.raw['messageId']}")
    more = share_choices(dice)
    if dice.random() < 0.15:
        more["session"] = session(dice.choice(starts))
    return replace(sent, raw=sent.raw | {"properties": said(sent.raw) | more})


def _eves(raws: Sequence[Raw], draw: Draw) -> list[Raw]:
    """Those in whose time to draw anything the clocks are set."""
    return [raw for raw in raws if changes_within(WINDOW, moment(raw)[0], draw.moments.zone)]


def _apart(name: str, draw: Draw) -> Draw:
    """Dice of its own for what goes by a name."""
    dice, moments = Random(name), draw.moments
    own = Moments(moments.zone, moments.first, moments.end, moments.latest, dice)
    return replace(draw, dice=dice, moments=own, told=[*draw.told])


def _sent(dice: Random, anything: Callable[[], Raw], times: tuple[int, int]) -> Iterator[Sent]:
    """Some are sent again, or something else with their id."""
    sent = [Sent(anything(), dice.choice(SOURCES)) for _ in range(dice.randint(*times))]
    yield from sent
    for one in dice.sample(sent, len(sent) // 8):
        other = anything() | {"messageId": one.raw["messageId"]}
        yield dice.choice((one, replace(one, raw=other), replace(one, source=dice.choice(SOURCES))))
