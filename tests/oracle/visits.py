"""Single messages of a random stream about sessions: their starts, also second ones, and what is done in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from tests.oracle.following import TOO_EARLY, Follow, some
from tests.oracle.links import LONGEST, session
from tests.oracle.messages import START, Raw, said
from tests.oracle.moments import SHORTEST

LONGEST_TEXT = "ß" * 100
START_CHOICES: dict[str, Sequence[Any]] = {
    "platform": ("web", "web", "web", "ios", "Straße", LONGEST_TEXT, "", None),
    "source_channel": ("app", "app", "newsletter", "", None),
}
OBJECT_CHOICES: dict[str, Sequence[Any]] = {
    "object_type": ("doc", "doc", "report", "say \"hi\", 'you'", "", None),
    "feature": ("menu", "menu", "editor", LONGEST_TEXT, "", None),
}
# How long after a start, or before it, the session is started once more.
ANEW = (
    *TOO_EARLY,
    timedelta(hours=-5),
    timedelta(0),
    timedelta(0),
    SHORTEST,
    timedelta(hours=1),
    timedelta(days=1),
)
VALID = {"share_scope": "product", "status": "completed", "is_error": False}


@dataclass(frozen=True)
class Begin(Follow):
    """Draws the starts of sessions, some of them of somebody who is erased."""

    erased: str

    def anything(self) -> Raw:
        """A session begun by one of the people, or by somebody who may turn out to be one."""
        raw = self.begun(self._named())
        way = self.dice.random()
        if way < 0.16:
            return raw | {"userId": self.erased}
        return raw if way < 0.82 else self.visitors(raw)

    def begun(self, named: Raw) -> Raw:
        return self.within(self.draw.track(START, some(self.dice, START_CHOICES)), named)

    def within(self, raw: Raw, named: Raw) -> Raw:
        """An event that names its session in its properties, or, by `sessionId`, in its context."""
        told = {name: value for name, value in named.items() if name != "sessionId"}
        context = {name: value for name, value in named.items() if name == "sessionId"}
        where = {"context": raw.get("context", {}) | context} if context else {}
        return raw | {"properties": said(raw) | told} | where

    def _named(self) -> Raw:
        """A session by a name of its own, as long as may be, by whatever property; or by none."""
        one = self.draw.fresh("s")
        one = one.ljust(LONGEST, "ß") if self.dice.random() < 0.1 else one
        ways: tuple[Raw, ...] = ({"session": one}, {"session_id": one}, {"sessionId": one}, {})
        return self.dice.choices(ways, (50, 15, 20, 15))[0]


@dataclass(frozen=True)
class Visit(Begin):
    """Draws what is done in sessions that have begun: in a few of them a lot, in most of them nothing."""

    starts: Sequence[Raw]

    def anything(self) -> Raw:
        """Something shared or done in a session, or the session started once more."""
        start = self.dice.choice(self.starts)
        named = self._belonging(start)
        way = self.dice.random()
        if way < 0.28:
            return self.delayed(self.somebodys(self.begun(named), start), start, ANEW)
        raw = self.within(self._share() if way < 0.92 else self.draw.track("action.performed", {}), named)
        is_theirs = self.dice.random() < 0.05
        return self.timed(raw | {"userId": self.erased} if is_theirs else self.somebodys(raw, start), start)

    def _belonging(self, start: Raw) -> Raw:
        """The session of a start by whatever name; or another one's as well, one of nothing, or none."""
        one, other = session(start), session(self.dice.choice(self.starts))
        ways: tuple[Raw, ...] = (
            {"session": one},
            {"session_id": one},
            {"sessionId": one, "session": self.dice.choice((None, ""))},
            {"session": one, "session_id": other, "sessionId": other},
            {"session_id": other, "sessionId": one},
            {"session": "of nothing"},
            {},
        )
        return self.dice.choices(ways, (50, 12, 12, 8, 8, 5, 5))[0]

    def _share(self) -> Raw:
        raw = self.draw.share()
        valid = VALID if self.dice.random() < 0.6 else {}
        return raw | {"properties": said(raw) | valid | share_choices(self.dice)}


def share_choices(dice: Random) -> dict[str, Any]:
    """What is shared, and from where."""
    return some(dice, OBJECT_CHOICES)
