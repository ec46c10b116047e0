"""Single messages of a random stream, as Segment's clients send them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from tests.oracle.moments import Moments
from tests.oracle.oracle import ACTIVITY, Raw

SHARE_TYPES = ("link", "link", "link", "invite", "export", None)
SCOPES = ("product", "product", "product", "product", "content", "referral", None)
CHANNELS = ("button", "button", "button", "email", "copy_link", None)
STATUSES = (*[None] * 8, "completed", "failed", "cancelled")
ERRORS = (*[None] * 8, False, True)
UNPLANNED = "Button Clicked"
SILENT = ("referral_prompt.shown", "membership.added", "trial.started", "subscription.changed", UNPLANNED)
OTHER_ACTIVITY = sorted(ACTIVITY - {"share.created"})


@dataclass(frozen=True)
class Draw:
    """Draws messages of the people of one stream. The first people do the most."""

    dice: Random
    moments: Moments
    people: Sequence[str | int]
    numbers: "count[int]"

    def anything(self) -> Raw:
        """A message of any kind, by anybody."""
        kinds = (self.share, self.activity, self.silent, self.call, self.identify, self.anonymous)
        return self.dice.choices(kinds, (40, 30, 8, 5, 4, 8))[0]()

    def share(self) -> Raw:
        said = {"action_id": self.fresh("a"), "recipients_count": self.dice.randrange(6)} | self.share_fields()
        return self.track("share.created", said)

    def share_fields(self) -> dict[str, Any]:
        drawn = {
            "share_type": self.dice.choice(SHARE_TYPES),
            "share_scope": self.dice.choice(SCOPES),
            "channel": self.dice.choice(CHANNELS),
            "status": self.dice.choice(STATUSES),
            "is_error": self.dice.choice(ERRORS),
        }
        # What is unknown is null or left out.
        return {name: value for name, value in drawn.items() if value is not None or self.dice.random() < 0.5}

    def activity(self) -> Raw:
        name = self.dice.choice(OTHER_ACTIVITY)
        said = {"channel": "email", "message_id": self.fresh("r")} if name == "referral_message.sent" else {}
        return self.track(name, said)

    def silent(self) -> Raw:
        return self.track(self.dice.choice(SILENT), {"plan": "pro"})

    def call(self) -> Raw:
        kind = self.dice.choice(("page", "screen", "group"))
        said = {"groupId": "acme", "traits": {"is_internal": True}} if kind == "group" else {"name": "Home"}
        return self.message(kind) | said

    def identify(self, **traits: object) -> Raw:
        return self.message("identify") | {"traits": traits or {"plan": self.dice.choice(("free", "pro"))}}

    def anonymous(self) -> Raw:
        raw = self.share() if self.dice.random() < 0.5 else self.activity()
        del raw["userId"]
        return raw | {"anonymousId": self.fresh("anonymous")}

    def track(self, event: str, properties: dict[str, Any]) -> Raw:
        return self.message("track") | {"event": event, "properties": properties}

    def message(self, kind: str) -> Raw:
        weights = [1 / (place + 3) for place in range(len(self.people))]
        return {
            "type": kind,
            "messageId": self.fresh("m"),
            "userId": self.dice.choices(self.people, weights)[0],
            "timestamp": self.moments.write(self.moments.draw()),
        }

    def fresh(self, letter: str) -> str:
        return f"{letter}-{next(self.numbers)}"
