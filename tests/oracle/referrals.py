"""Single messages of a random stream about referrals: messages that people send, prompts that they see, links.

And what is done with those prompts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from tests.oracle.drawn import SCOPES, Draw
from tests.oracle.links import LINKS, WINDOW, link
from tests.oracle.messages import INTERACTION, KINDS, MESSAGE, PROMPT, Raw, moment
from tests.oracle.moments import SHORTEST, midnight

LONGEST = "ß" * 100
SENT = (*[None] * 4, "sent", "sent", "delivered", "bounced")
MESSAGE_CHOICES: dict[str, Sequence[Any]] = {
    "message_customized": (True, True, False, False, None),
    "status": (*SENT, "draft", "cancelled", "scheduled", "failed", "new"),
    "channel": ("email", "email", "button", "sms", None),
    "source_channel": ("app", "app", "newsletter", "Straße", None),
    "template": ("spring", "spring", "summer", "say \"hi\", 'you'", LONGEST, "", None),
}
PROMPT_CHOICES: dict[str, Sequence[Any]] = {
    "prompt": ("invite-a-friend", "invite-a-friend", "after export", None),
    "placement": ("dashboard", "dashboard", "e-mail", "", None),
    "variant": ("a", "a", "b", None),
    "viewable": (True, True, None, None, False),
}
KIND_CHOICES: dict[str, Sequence[Any]] = {
    "kind": (*sorted(KINDS) * 2, "click", "click", "timeout", "Click", "hover ", "", None)
}
# How long after a prompt was shown something is done with it, or it is shown again.
SOON = (timedelta(0), SHORTEST, timedelta(minutes=1), timedelta(hours=5), timedelta(hours=20))
# Less than any clock is set by.
A_BIT = timedelta(minutes=20)
AT_LAST = (WINDOW - A_BIT, WINDOW - SHORTEST, WINDOW - SHORTEST, WINDOW)
TOO_LATE = (WINDOW, WINDOW + SHORTEST, WINDOW + A_BIT, timedelta(days=3), timedelta(days=20))
TOO_EARLY = (-SHORTEST, -SHORTEST, timedelta(minutes=-1), timedelta(days=-1))


@dataclass(frozen=True)
class Refer:
    """Draws what the people of one stream, and the visitors to it, do about referrals."""

    draw: Draw

    @property
    def dice(self) -> Random:
        return self.draw.dice

    def anything(self) -> Raw:
        """Something done by one of the people, or by somebody who may turn out to be one."""
        raw = self.dice.choices((self.message, self.prompt, self.social), (55, 38, 7))[0]()
        if self.dice.random() < 0.85:
            return raw
        visitor = self.dice.choice((*self.draw.visitors, self.draw.fresh("anonymous")))
        return self.draw.nobodys(raw) | {"anonymousId": visitor}

    def message(self) -> Raw:
        told = {"message_id": self.draw.fresh("r"), "recipients_count": self.dice.randrange(6)}
        return self.draw.track(MESSAGE, told | _some(self.dice, MESSAGE_CHOICES))

    def prompt(self) -> Raw:
        return self.draw.track(PROMPT, {"impression": self.draw.fresh("i")} | _some(self.dice, PROMPT_CHOICES))

    def social(self) -> Raw:
        """A share of the one defined kind that no stream else has."""
        raw, scope = self.draw.share(), self.dice.choice(SCOPES)
        told = {"share_type": "link", "channel": "social", "share_scope": scope}
        return raw | {"properties": raw["properties"] | told}


@dataclass(frozen=True)
class Interact:
    """Draws what is done with the prompts of one stream: with a few of them a lot, with most of them nothing."""

    draw: Draw
    prompts: Sequence[Raw]

    @property
    def dice(self) -> Random:
        return self.draw.dice

    def anything(self) -> Raw:
        """Something done with a prompt, or the prompt shown once more."""
        prompt = self.dice.choice(self.prompts)
        told = self._linked(prompt)
        if self.dice.random() < 0.15:
            return self._timed(self.draw.track(PROMPT, told | _some(self.dice, PROMPT_CHOICES)), prompt)
        raw = self.draw.track(INTERACTION, told | _some(self.dice, KIND_CHOICES))
        return self._timed(self._somebodys(raw, prompt), prompt)

    def _linked(self, prompt: Raw) -> Raw:
        """The link of a prompt by whatever name; or another one's as well, one of nothing, or none."""
        one, other = link(prompt), link(self.dice.choice(self.prompts))
        ways: tuple[Raw, ...] = (
            {"impression": one},
            {"impression": self.dice.choice((None, "")), self.dice.choice(LINKS[1:]): one},
            {"impression": one, "message_id": other},
            {"impression": other, "action_id": one},
            {"impression": "of nothing"},
            {},
        )
        return self.dice.choices(ways, (60, 15, 8, 7, 6, 4))[0]

    def _somebodys(self, raw: Raw, prompt: Raw) -> Raw:
        """Done by whoever was shown the prompt, by somebody else, or by a visitor who may turn out to be one."""
        way = self.dice.random()
        if way < 0.25:
            return raw
        if way < 0.5:
            visitor = self.dice.choice((*self.draw.visitors, self.draw.fresh("anonymous")))
            return self.draw.nobodys(raw) | {"anonymousId": visitor}
        same = {name: prompt[name] for name in ("userId", "anonymousId") if name in prompt}
        return self.draw.nobodys(raw) | same

    def _timed(self, raw: Raw, prompt: Raw) -> Raw:
        """Before or after the prompt, within the stream."""
        at, moments = moment(prompt)[0], self.draw.moments
        first = midnight(moments.first, moments.zone)
        delays = self.dice.choices((SOON, AT_LAST, TOO_LATE, TOO_EARLY), (40, 25, 20, 15))[0]
        possible = [at + delay for delay in delays if first <= at + delay <= moments.latest]
        return raw | {"timestamp": moments.write(self.dice.choice(possible or [at]))}


def _some(dice: Random, choices: dict[str, Sequence[Any]]) -> dict[str, Any]:
    """What is unknown is null or left out."""
    drawn = {name: dice.choice(values) for name, values in choices.items()}
    return {name: value for name, value in drawn.items() if value is not None or dice.random() < 0.5}
