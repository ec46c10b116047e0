"""Single messages of a random stream about what people do, as Segment's clients send them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from tests.oracle.counting import ACTIVITY
from tests.oracle.messages import Raw
from tests.oracle.moments import Moments

SHARE_TYPES = ("link", "link", "link", "invite", "export", None)
SCOPES = ("product", "product", "product", "product", "content", "referral", None)
CHANNELS = ("button", "button", "button", "email", "copy_link", None)
STATUSES = (*[None] * 8, "completed", "failed", "cancelled")
ERRORS = (*[None] * 8, False, True)
ACCOUNTS: tuple[str | int, ...] = ("acme", "ajax", "initech", "umbrella", 7, "acme inc")
UNPLANNED = "Button Clicked"
SILENT = ("referral_prompt.shown", "trial.started", "subscription.changed", UNPLANNED)
OTHER_ACTIVITY = sorted(ACTIVITY - {"share.created", "user.signed_up"})


@dataclass(frozen=True)
class Draw:
    """Draws what the people of one stream, and the visitors to it, do. The first people do the most."""

    dice: Random
    moments: Moments
    people: Sequence[str | int]
    visitors: Sequence[str]
    numbers: "count[int]"
    told: list[str] = field(default_factory=list)

    def deed(self) -> Raw:
        """Something that somebody does."""
        kinds = (self.share, self.activity, self.silent, self.call, self.visit, self.stranger)
        return self.dice.choices(kinds, (40, 28, 6, 3, 12, 4))[0]()

    def share(self) -> Raw:
        said = {"action_id": self.fresh("a"), "recipients_count": self.dice.randrange(6)} | self.share_fields()
        raw = self.track("share.created", said)
        # Where no account is given, it is where its user belongs.
        return raw | {"context": {"groupId": self.dice.choice(ACCOUNTS)}} if self.dice.random() < 0.25 else raw

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
        device = {"anonymousId": self.dice.choice(self.visitors)} if self.dice.random() < 0.05 else {}
        return self.track(name, said) | device

    def silent(self) -> Raw:
        return self.track(self.dice.choice(SILENT), {"plan": "pro"})

    def call(self) -> Raw:
        return self.message(self.dice.choice(("page", "screen"))) | {"name": "Home"}

    def visit(self) -> Raw:
        """Something done by somebody who may turn out to be one of the people."""
        raw = self.dice.choice((self.share, self.activity, self.signup))()
        return self.nobodys(raw) | {"anonymousId": self.dice.choice(self.visitors)}

    def stranger(self) -> Raw:
        raw = self.dice.choice((self.share, self.activity))()
        return self.nobodys(raw) | {"anonymousId": self.fresh("anonymous")}

    def signup(self) -> Raw:
        return self.track("user.signed_up", {"channel": "git"})

    def track(self, event: str, properties: dict[str, Any]) -> Raw:
        return self.message("track") | {"event": event, "properties": properties}

    def message(self, kind: str) -> Raw:
        weights = [1 / (place + 3) for place in range(len(self.people))]
        return {
            "type": kind,
            "messageId": self.fresh("m"),
            "userId": self.dice.choices(self.people, weights)[0],
            "timestamp": self._when(),
        }

    def nobodys(self, raw: Raw) -> Raw:
        return {name: value for name, value in raw.items() if name != "userId"}

    def fresh(self, letter: str) -> str:
        return f"{letter}-{next(self.numbers)}"

    def _when(self) -> str:
        """Any time, or the very instant of something else."""
        if self.told and self.dice.random() < 0.08:
            return self.dice.choice(self.told)
        self.told.append(self.moments.write(self.moments.draw()))
        return self.told[-1]
