"""What is put into a random stream by dice of its own: whatever else is drawn is what it would be without it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random

from tests.oracle.attributions import PEOPLE, message_of
from tests.oracle.batches import SOURCES, Batch, Erasure, Sent, among
from tests.oracle.correcting import Correct
from tests.oracle.drawn import Draw
from tests.oracle.ledger import Groups, Ledger
from tests.oracle.links import WINDOW, first_name, session
from tests.oracle.messages import PROMPT, SHARE, SIGNUP, VOIDED, Raw, alias_of, moment, said
from tests.oracle.moments import Moments, changes_within
from tests.oracle.newcomers import Attribute, Invite, Join
from tests.oracle.referrals import Interact, Refer
from tests.oracle.visits import Begin, Visit, share_choices

REFERRALS = (65, 80)
INTERACTIONS = (45, 60)
PROMPTS = 15
STARTS = (26, 34)
SESSIONS = 14
VISITS = (55, 70)
JOINS = (28, 34)
INVITES = (22, 26)
ATTRIBUTIONS = (75, 90)
# How many of each source are voided in the end: what opens somebody, and what others draw.
VOIDS = {SIGNUP: 2, SHARE: 3}


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


def correcting(seed: int, draw: Draw, batches: Sequence[Batch], erased: str) -> tuple[Batch, ...]:
    """The batches with corrections, voids and retractions of what is in them put in, before or after it."""
    own = _apart(f"{seed} corrections", draw)
    sent = [one for batch in batches for one in batch.sent if one.refusal is None]
    return among(own.dice, batches, Correct(own, sent, erased).everything())


def attributing(seed: int, draw: Draw, batches: Sequence[Batch], erasure: Erasure) -> tuple[Batch, ...]:
    """The batches with signups put in, what may have led to them, and who is said to have referred whom."""
    own = _apart(f"{seed} attributions", draw)
    before = [sent.raw for batch in batches for sent in batch.sent]
    colleagues = [
        str(raw["userId"]) for raw in before if "is_internal" in raw.get("traits", {}) and "userId" in raw
    ]
    join = Join(own, erasure.user, colleagues)
    joined = among(own.dice, batches, _sent(own.dice, join.anything, JOINS))
    raws = [sent.raw for batch in joined for sent in batch.sent]
    signups = [raw for raw in raws if raw.get("event") == SIGNUP]
    prompts = [raw for raw in raws if raw.get("event") == PROMPT]
    messages = sorted({name for raw in raws if (name := message_of(raw)) is not None})
    recognised = [raw for raw in raws if raw["type"] == "identify" and alias_of(raw) is not None]
    # Of those of one id the earliest, as that is when whoever it is signs up.
    firsts = {raw.get("userId", raw.get("anonymousId")): raw for raw in sorted(signups, key=moment, reverse=True)}
    invite = Invite(own, [*firsts.values()], prompts, erasure.user)
    sent = list(_sent(own.dice, invite.anything, INVITES))
    users, ids = _users(joined), {*map(str, own.people), *join.newcomers}

    def alike(one: str) -> list[str]:
        return sorted({one, *users.alike(one) & ids})

    attribute = Attribute(own, invite, signups, messages, recognised, alike)
    sent += _sent(own.dice, attribute.anything, ATTRIBUTIONS)
    sent += [Sent(_mistyped(own.dice, attribute), own.dice.choice(SOURCES), "wrong_type") for _ in range(2)]
    return tuple(_forgetting(among(own.dice, joined, sent), erasure))


def concluding(seed: int, draw: Draw, batches: Sequence[Batch]) -> tuple[Batch, ...]:
    """The batches, and voids of a few of their events once all are rolled up: nothing comes after these."""
    own, last = _apart(f"{seed} last words", draw), list[Batch]()
    taken = [one for batch in batches for one in batch.sent if one.refusal is None]
    for source in SOURCES:
        sent = [one for one in taken if one.source == source]
        chosen = [raw for event, times in VOIDS.items() for raw in _drawn(own.dice, sent, event, times)]
        voids = [own.track(VOIDED, {"corrects": raw["messageId"]}) | {"userId": own.people[0]} for raw in chosen]
        last.append(Batch(tuple(Sent(void, source) for void in voids), settles=False))
    return (*batches[:-1], replace(batches[-1], settles=True), *last)


def _drawn(dice: Random, sent: Sequence[Sent], event: str, times: int) -> list[Raw]:
    some = [one.raw for one in sent if one.raw.get("event") == event]
    return dice.sample(some, min(times, len(some)))


def _mistyped(dice: Random, attribute: Attribute) -> Raw:
    raw = attribute.anything()
    return raw | {"properties": said(raw) | {dice.choice(PEOPLE): dice.choice((17, True, ["somebody"]))}}


def _users(batches: Iterable[Batch]) -> Groups:
    """Which ids turn out to be one person's."""
    ledger = Ledger()
    for batch in batches:
        for sent in batch.sent:
            ledger.take(sent.source, sent.raw, sent.refusal)
    return ledger.users


def _forgetting(batches: Sequence[Batch], erasure: Erasure) -> Iterator[Batch]:
    """Without what calls somebody erased a referrer from then on: it says nothing that anybody can know."""
    gone = _users(batches[: erasure.after + 1]).alike(erasure.user)
    for place, batch in enumerate(batches):
        kept = [one for one in batch.sent if first_name([said(one.raw).get("referrer")]) not in gone]
        yield replace(batch, sent=tuple(kept)) if place > erasure.after else batch


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
