"""Single messages of a random stream about referrals: messages that people send, prompts that they see, links."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.oracle.drawn import SCOPES, Draw
from tests.oracle.messages import MESSAGE, PROMPT, Raw

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
        return self.draw.track(MESSAGE, told | self._some(MESSAGE_CHOICES))

    def prompt(self) -> Raw:
        return self.draw.track(PROMPT, {"impression": self.draw.fresh("i")} | self._some(PROMPT_CHOICES))

    def social(self) -> Raw:
        """A share of the one defined kind that no stream else has."""
        raw, scope = self.draw.share(), self.dice.choice(SCOPES)
        told = {"share_type": "link", "channel": "social", "share_scope": scope}
        return raw | {"properties": raw["properties"] | told}

    def _some(self, choices: dict[str, Sequence[Any]]) -> dict[str, Any]:
        """What is unknown is null or left out."""
        drawn = {name: self.dice.choice(values) for name, values in choices.items()}
        return {name: value for name, value in drawn.items() if value is not None or self.dice.random() < 0.5}
