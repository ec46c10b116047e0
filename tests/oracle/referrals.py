"""Single messages of a random stream about referrals: messages that people send, prompts that they see, links.

And what is done with those prompts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.oracle.drawn import SCOPES, Draw
from tests.oracle.following import Follow, some
from tests.oracle.links import LINKS, link
from tests.oracle.messages import INTERACTION, KINDS, MESSAGE, PROMPT, Raw

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
        return self.draw.track(MESSAGE, told | some(self.dice, MESSAGE_CHOICES))

    def prompt(self) -> Raw:
        return self.draw.track(PROMPT, {"impression": self.draw.fresh("i")} | some(self.dice, PROMPT_CHOICES))

    def social(self) -> Raw:
        """A share of the one defined kind that no stream else has."""
        raw, scope = self.draw.share(), self.dice.choice(SCOPES)
        told = {"share_type": "link", "channel": "social", "share_scope": scope}
        return raw | {"properties": raw["properties"] | told}


@dataclass(frozen=True)
class Interact(Follow):
    """Draws what is done with the prompts of one stream: with a few of them a lot, with most of them nothing."""

    prompts: Sequence[Raw]

    def anything(self) -> Raw:
        """Something done with a prompt, or the prompt shown once more."""
        prompt = self.dice.choice(self.prompts)
        told = self._linked(prompt)
        if self.dice.random() < 0.15:
            return self.timed(self.draw.track(PROMPT, told | some(self.dice, PROMPT_CHOICES)), prompt)
        raw = self.draw.track(INTERACTION, told | some(self.dice, KIND_CHOICES))
        return self.timed(self.somebodys(raw, prompt), prompt)

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
