"""Whom somebody referred, and which message led to which signup (KPIS.md B, G6, G10)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.oracle.links import Fields, first_name, place
from tests.oracle.messages import ATTRIBUTED, MESSAGE, REJECTED, SIGNUP, Raw, fields, moment, said

ABOUT = (ATTRIBUTED, REJECTED)
# The properties that name people: whom a referral is of, and who made it.
PEOPLE = ("referred_user", "referrer")
# By what referrals are told apart; prompts draw things of a kind too.
FACETS = ("referral_kind", "campaign", "source_channel")
# The property by which an event names a message, its own or the one that led to it.
MESSAGES = {MESSAGE: "message_id", ATTRIBUTED: "message"}
# How long after a signup it may still be attributed, and how long a message leads to signups: of neither the
# last instant (KPIS.md B, G10, G20).
LATEST, WITHIN = timedelta(days=7), timedelta(days=30)


def message_of(raw: Raw) -> str | None:
    """The id of the referral message that an event is, or that it says was the reason."""
    return first_name([said(raw).get(MESSAGES[raw["event"]])]) if raw.get("event") in MESSAGES else None


@dataclass(frozen=True)
class Touch:
    """What an event says of a referral, or that it was none: whom it is of, and who made it, if that is known."""

    referred: str
    referrer: str | None
    raw: Raw

    @property
    def at(self) -> datetime:
        return moment(self.raw)[0]


class Referrals:
    """The referral of whoever signed up: `told` are messages and whose each is, `root` tells who has an id."""

    def __init__(
        self, told: Iterable[tuple[Raw, str | None]], root: Callable[[str], str], outside: Set[str] = frozenset()
    ) -> None:
        # Our own people are outside everywhere: no message led to them (KPIS.md G7).
        self._outside = outside
        self._root = root
        self.signups: dict[str, Raw] = {}
        self.touches: dict[str, list[Touch]] = defaultdict(list)
        self.rejected: dict[str, set[str | None]] = defaultdict(set)
        for raw, person in sorted(told, key=lambda one: place(one[0])):
            self._note(raw, person)
        self._led = self._leading()

    def of(self, person: str) -> Touch | None:
        """The last valid touch up to somebody's first signup, or else the first one after it."""
        if person not in self.signups:
            return None
        signup = moment(self.signups[person])[0]
        valid = [touch for touch in self.touches[person] if self.is_valid(touch)]
        before = [touch for touch in valid if touch.at <= signup]
        after = [touch for touch in valid if signup < touch.at < signup + LATEST]
        return next(iter([*before[-1:], *after]), None)

    def drawn(self, raw: Raw, person: str) -> Sequence[Fields]:
        """The referral of somebody's first signup; those of all the signups that a message led to."""
        if raw["event"] == SIGNUP and raw is self.signups[person]:
            touch = self.of(person)
            return [] if touch is None else [_fields(touch)]
        at = moment(raw)[0]
        led = self._led.get(message_of(raw), []) if raw["event"] == MESSAGE else []
        return [_fields(touch) for signup, touch in led if at <= signup < at + WITHIN]

    def _note(self, raw: Raw, person: str | None) -> None:
        if raw.get("event") == SIGNUP and person is not None:
            self.signups.setdefault(person, raw)
        if raw.get("event") in ABOUT and (touch := self.touch(raw, person)) is not None:
            if raw["event"] == ATTRIBUTED:
                self.touches[touch.referred].append(touch)
            else:
                self.rejected[touch.referred].add(touch.referrer)

    def touch(self, raw: Raw, person: str | None) -> Touch | None:
        """Of whomever an event names, by whomever it names; whose it is is the one of both that it does not."""
        names = (first_name([said(raw).get(name)]) for name in PEOPLE)
        referred, referrer = (None if name is None else self._root(name) for name in names)
        if referred is None:
            return None if person is None else Touch(person, referrer, raw)
        return Touch(referred, referrer or person, raw)

    def is_valid(self, touch: Touch) -> bool:
        """Nobody refers themselves; what is rejected is so of a referrer, or of all."""
        return touch.referrer != touch.referred and self.rejected[touch.referred].isdisjoint(
            {touch.referrer, None}
        )

    def _leading(self) -> Mapping[str | None, list[tuple[datetime, Touch]]]:
        """When who signed up by which message."""
        led: dict[str | None, list[tuple[datetime, Touch]]] = defaultdict(list)
        for person, signup in self.signups.items():
            touch = None if person in self._outside else self.of(person)
            if touch is not None and (message := message_of(touch.raw)) is not None:
                led[message].append((moment(signup)[0], touch))
        return led


def _fields(touch: Touch) -> Fields:
    told = fields(touch.raw)
    return {name: told[name.removeprefix("referral_")] for name in FACETS}
