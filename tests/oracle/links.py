"""Which referral prompts drew an interaction: a prompt and what was done with it name the same impression."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.oracle.messages import INTERACTION, KINDS, PROMPT, Raw, moment, said

# The properties that name what an event is linked with: the first that names anything does.
LINKS = ("impression", "message_id", "message", "action_id")
LONGEST = 255
# KPIS.md G10, G20: 1 d of elapsed time, without its last instant.
WINDOW = timedelta(hours=24)


def link(raw: Raw) -> str | None:
    """What an event is linked with, if anything."""
    named = (said(raw).get(name) for name in LINKS)
    return next((one for one in named if isinstance(one, str) and 0 < len(one) <= LONGEST), None)


def kind(raw: Raw) -> str | None:
    """What somebody did with a prompt, if anything."""
    told = said(raw).get("kind")
    return told if isinstance(told, str) and told in KINDS else None


class Links:
    """The interactions in all messages, whoever's they are: nobody has to be known for one to count."""

    def __init__(self, raws: Iterable[Raw]) -> None:
        self._done: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for raw in raws:
            named, does = link(raw), kind(raw)
            if raw.get("event") == INTERACTION and named is not None and does is not None:
                self._done[named].append((moment(raw)[0], does))

    def drawn(self, raw: Raw) -> frozenset[str]:
        """The kinds of what was done with a prompt from the instant on at which an event shows it."""
        named, at = link(raw), moment(raw)[0]
        if raw.get("event") != PROMPT or named is None:
            return frozenset()
        return frozenset(does for then, does in self._done.get(named, ()) if at <= then < at + WINDOW)
