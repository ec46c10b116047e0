"""Single messages of a random stream about who signs up, what invites them, and who is said to refer them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.oracle.attributions import LATEST, PEOPLE, WITHIN
from tests.oracle.following import A_BIT, Follow, some
from tests.oracle.links import LONGEST, first_name
from tests.oracle.messages import ATTRIBUTED, REJECTED, SENT, Raw, moment, said, user_of
from tests.oracle.moments import SHORTEST
from tests.oracle.referrals import LONGEST as LONGEST_TEXT
from tests.oracle.referrals import Refer

TOUCH_CHOICES: dict[str, Sequence[Any]] = {
    "kind": ("teammate_invite", "teammate_invite", "link", "message", "partner", "say \"hi\", 'you'", "", None),
    "campaign": ("spring", "spring", "Straße", LONGEST_TEXT, "", None),
    "source_channel": ("app", "app", "newsletter", "", None),
}
PARTNERS = ("partner.example", "partner.example", "Partner.example", "ß" * LONGEST)
NAMELESS = (None, "", "ß" * (LONGEST + 1))
AT_ONCE = (timedelta(0),)
# How long after a signup, or before it, something is said of who referred somebody.
BEFORE = (-SHORTEST, timedelta(hours=-1), timedelta(days=-3), timedelta(days=-20), timedelta(days=-40))
AFTER = (SHORTEST, timedelta(hours=1), timedelta(days=3), timedelta(days=6))
AT_LAST = (LATEST - A_BIT, LATEST - SHORTEST, LATEST - SHORTEST)
TOO_LATE = (LATEST, LATEST, LATEST + SHORTEST, LATEST + A_BIT, timedelta(days=20))
# How long before a signup, or after it, a message is sent that may have led to it.
INVITED = (timedelta(0), -SHORTEST, timedelta(days=-1), timedelta(days=-12), timedelta(days=-25))
INVITED_FIRST = (A_BIT - WITHIN, SHORTEST - WITHIN, SHORTEST - WITHIN)
TOO_OLD = (-WITHIN, -WITHIN, -WITHIN - SHORTEST, -WITHIN - A_BIT)
TOO_NEW = (SHORTEST, timedelta(hours=1), timedelta(days=9))


@dataclass(frozen=True)
class Join(Follow):
    """Draws who signs up: newcomers, people, visitors and somebody who is erased; some turn out to be one."""

    erased: str
    colleagues: Sequence[str]
    newcomers: list[str] = field(default_factory=list)

    def anything(self) -> Raw:
        way, raw = self.dice.random(), self.draw.signup()
        if self.newcomers and way < 0.2:
            loser, *_ = self.dice.sample(self.newcomers, 1)
            into = self.dice.choice((*self.newcomers, *map(str, self.draw.people)))
            return self.draw.track("user.merged", {"into": into}) | {"userId": loser}
        if self.newcomers and way < 0.28:
            return raw | {"userId": self.dice.choice(self.newcomers)}
        if way < 0.7:
            self.newcomers.append(self.draw.fresh("newcomer"))
            return raw | {"userId": self.newcomers[-1]}
        if way < 0.84:
            return raw if way < 0.77 else raw | {"userId": self.dice.choice(self.colleagues)}
        return self.visitors(raw) if way < 0.94 else raw | {"userId": self.erased}


@dataclass(frozen=True)
class Invite(Follow):
    """Draws messages sent long or shortly before somebody signs up.

    `invited` are their ids by that of the signup, `senders` the users who sent them.
    """

    signups: Sequence[Raw]
    prompts: Sequence[Raw]
    erased: str
    invited: dict[str, list[str]] = field(default_factory=dict)
    senders: dict[str, str] = field(default_factory=dict)

    def anything(self) -> Raw:
        """A message, sometimes with the id of another one, or one that a prompt led to."""
        # Of two signups the later one, so that there is more often a time long before it.
        signup = max((self.dice.choice(self.signups) for _ in range(2)), key=moment)
        raw = Refer(self.draw).message()
        told = said(raw)
        if self.dice.random() < 0.7:
            told["status"] = self.dice.choice(SENT)
        if self.invited and self.dice.random() < 0.12:
            told["message_id"] = self.dice.choice(self.dice.choice([*self.invited.values()]))
        if self.dice.random() < 0.25:
            told["impression"] = said(self.dice.choice(self.prompts)).get("impression")
        self.invited.setdefault(signup["messageId"], []).append(told["message_id"])
        delays = self.dice.choices((INVITED, INVITED_FIRST, TOO_OLD, TOO_NEW), (40, 26, 24, 10))[0]
        raw = self._sent(self.delayed(raw | {"properties": told}, signup, delays), signup)
        if (sender := user_of(raw)) is not None:
            self.senders[told["message_id"]] = sender
        return raw

    def _sent(self, raw: Raw, signup: Raw) -> Raw:
        """By anybody, now and then by a visitor, whoever signs up or somebody who is erased."""
        way = self.dice.random()
        if way < 0.15:
            return self.visitors(raw)
        if way < 0.25:
            return self.draw.nobodys(raw) | _doer(signup)
        return raw if way < 0.85 else raw | {"userId": self.erased}


@dataclass(frozen=True)
class Attribute(Follow):
    """Draws by whom the people of `signups` are said to be referred, and what of that is taken back.

    `messages` are ids of messages, `recognised` are the calls that say who a visitor is, and `alike` tells under
    which ids somebody may be known in the end.
    """

    invite: Invite
    signups: Sequence[Raw]
    messages: Sequence[str]
    recognised: Sequence[Raw]
    alike: Callable[[str], Sequence[str]]
    touches: list[Raw] = field(default_factory=list)

    def anything(self) -> Raw:
        if self.touches and self.dice.random() < 0.2:
            return self._taken_back(self.dice.choice(self.touches))
        self.touches.append(self._touch(ATTRIBUTED))
        return self.touches[-1]

    def _touch(self, event: str) -> Raw:
        """Somebody is said to be referred, mostly somebody who signs up, about when they do so."""
        invited = [raw for raw in self.signups if raw["messageId"] in self.invite.invited]
        signup = self.dice.choice(invited if self.dice.random() < 0.5 else self.signups)
        raw = self.draw.track(event, some(self.dice, TOUCH_CHOICES) | self._message(signup))
        ways = (BEFORE, AT_ONCE, AFTER, AT_LAST, TOO_LATE)
        raw = self.delayed(raw, signup, self.dice.choices(ways, (38, 12, 26, 12, 12))[0])
        way = self.dice.random()
        if way < 0.45:
            return self._own(raw, signup)
        whom = {"referred_user": self._any_id(user_of(signup) or self._somebody())}
        if way < 0.8:
            by = {"referrer": self.dice.choice((*NAMELESS, self._referrer(signup)))} if way < 0.52 else {}
            sender = self.invite.senders.get(str(said(raw).get("message")))
            who = sender if sender and self.dice.random() < 0.6 else self._advocate()
            return _with(raw | {"userId": who}, whom | by)
        if way < 0.9:
            return self._by_machine(raw, whom)
        by = self._given(self._referrer(signup))
        return _with(self.visitors(raw) if way < 0.95 else raw, whom | by)

    def _by_machine(self, raw: Raw, whom: Raw) -> Raw:
        """By nobody but a visitor who is recognised, perhaps as whom it is of."""
        known = self.dice.choice(self.recognised)
        raw = self.draw.nobodys(raw) | {"anonymousId": known["anonymousId"]}
        return _with(raw, {"referred_user": str(known["userId"])} if self.dice.random() < 0.3 else whom)

    def _own(self, raw: Raw, signup: Raw) -> Raw:
        """An event of whoever signs up."""
        whom = {"referred_user": self.dice.choice(NAMELESS)} if self.dice.random() < 0.2 else {}
        return _with(self.draw.nobodys(raw) | _doer(signup), whom | self._given(self._referrer(signup)))

    def _taken_back(self, touch: Raw) -> Raw:
        """A touch is rejected, or another one of the same person, or something else entirely."""
        way = self.dice.random()
        if way < 0.1:
            return self._touch(REJECTED)
        told = {name: self._any_id(who) for name in PEOPLE if isinstance(who := said(touch).get(name), str)}
        raw = self.draw.nobodys(self.draw.track(REJECTED, {})) | _doer(touch)
        if way < 0.6:
            return _with(raw, told)
        if way < 0.85:
            return _with(raw, told | {"referrer": self.dice.choice(self._others(touch))})
        if "referred_user" in told:
            # No user has so long an id as may stand in a property.
            return self.draw.nobodys(raw) | {"userId": first_name([told["referred_user"]]) or self._somebody()}
        return raw

    def _others(self, touch: Raw) -> Sequence[str]:
        """Whoever may be taken for the referrer of a touch and is not, or is without being named."""
        visitor, named = touch.get("anonymousId"), said(touch).get("referrer")
        found = [str(raw["userId"]) for raw in self.recognised if raw["anonymousId"] == visitor]
        return (found if not named else [named.swapcase()]) or [self._advocate(), self._somebody()]

    def _message(self, signup: Raw) -> Raw:
        """One that was sent to whoever signs up, any other one, one of nothing, or none."""
        sent = self.invite.invited.get(signup["messageId"], [])
        way = self.dice.random()
        if sent and way < 0.75:
            return {"message": self.dice.choice(sent)}
        if way < 0.3:
            return {"message": self.dice.choice((*self.messages, "of nothing"))}
        return {"message": self.dice.choice(NAMELESS)} if way < 0.85 else {}

    def _referrer(self, signup: Raw) -> str | None:
        """Somebody, mostly one of a few, a partner, whoever signs up, somebody who is erased, or nobody."""
        own = self._any_id(user_of(signup) or self._somebody())
        drawn = (self._advocate(), self.dice.choice(PARTNERS), own, self.invite.erased, self.dice.choice(NAMELESS))
        return self.dice.choices(drawn, (50, 14, 16, 5, 15))[0]

    def _given(self, referrer: str | None) -> Raw:
        return {} if referrer is None and self.dice.random() < 0.5 else {"referrer": referrer}

    def _advocate(self) -> str:
        """One of the few who refer most."""
        return self._any_id(str(self.dice.choice(self.draw.people[:4])))

    def _somebody(self) -> str:
        return str(self.dice.choice((*self.draw.people, "never seen")))

    def _any_id(self, one: str) -> str:
        """The same person, now and then by another id."""
        others = [other for other in self.alike(one) if other != one]
        return self.dice.choice(others) if others and self.dice.random() < 0.5 else one


def _doer(raw: Raw) -> Raw:
    """Whose an event is, by name."""
    return {name: raw[name] for name in ("userId", "anonymousId") if name in raw}


def _with(raw: Raw, told: Raw) -> Raw:
    return raw | {"properties": said(raw) | told}
