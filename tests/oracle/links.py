"""What events drew: a prompt what was done with it, a session what was shared in it, by a name they both give."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from tests.oracle.messages import INTERACTION, PROMPT, SHARE, START, Raw, fields, is_valid, key, moment, said

Fields: TypeAlias = Mapping[str, str | None]

# The properties that name what an event is linked with, and its session: the first that names anything does.
LINKS = ("impression", "message_id", "message", "action_id")
SESSIONS = ("session", "session_id")
LONGEST = 255
# KPIS.md G10, G20: 1 d of elapsed time, without its last instant.
WINDOW = timedelta(hours=24)


def link(raw: Raw) -> str | None:
    """What an event is linked with, if anything."""
    return first_name(said(raw).get(name) for name in LINKS)


def session(raw: Raw) -> str | None:
    """The session that an event names, if any; where no property does, the client's context may."""
    return first_name([*(said(raw).get(name) for name in SESSIONS), raw.get("context", {}).get("sessionId")])


# The events that draw others, those others, and by what both are named.
TIES: Mapping[str, tuple[str, Callable[[Raw], str | None]]] = {
    PROMPT: (INTERACTION, link),
    START: (SHARE, session),
}


class Links:
    """What is drawn in all messages, whoever's they are: nobody has to be known for one to count."""

    def __init__(self, raws: Iterable[Raw]) -> None:
        self._drawn: dict[tuple[str, str], list[tuple[datetime, Fields]]] = defaultdict(list)
        self._begun: dict[str, tuple[datetime, bytes]] = {}
        self._shown: dict[str | None, list[datetime]] = defaultdict(list)
        for raw in raws:
            self._note(raw)

    def drawn(self, raw: Raw) -> Sequence[Fields]:
        """The fields of each thing that an event drew, from its instant on."""
        event, at = raw["event"], moment(raw)[0]
        if event not in TIES or (named := TIES[event][1](raw)) is None:
            return []
        drawn = self._drawn.get((TIES[event][0], named), [])
        return [told for then, told in drawn if at <= then < at + WINDOW]

    def begins(self, raw: Raw) -> bool:
        """Whether an event is not just another start of a session that had begun."""
        named = session(raw)
        return raw["event"] != START or named is None or self._begun[named] == place(raw)

    def is_stray(self, raw: Raw) -> bool:
        """Whether it is a share in no session, or done with a prompt that was not shown in the day before."""
        if raw["event"] == SHARE:
            return session(raw) is None
        at, shown = moment(raw)[0], self._shown.get(link(raw), [])
        return raw["event"] == INTERACTION and not any(then <= at < then + WINDOW for then in shown)

    def _note(self, raw: Raw) -> None:
        if raw.get("event") == PROMPT and is_valid(raw) and link(raw) is not None:
            self._shown[link(raw)].append(moment(raw)[0])
        for drawn, name in TIES.values():
            if raw.get("event") == drawn and _is_drawn(raw) and (named := name(raw)) is not None:
                self._drawn[drawn, named].append((moment(raw)[0], fields(raw)))
        if raw.get("event") == START and (named := session(raw)) is not None:
            self._begun[named] = min(place(raw), self._begun.get(named, place(raw)))


def first_name(said: Iterable[object]) -> str | None:
    """The first that is a text which can name something."""
    return next((one for one in said if isinstance(one, str) and 0 < len(one) <= LONGEST), None)


def place(raw: Raw) -> tuple[datetime, bytes]:
    """What tells which of two events comes first; of two of one instant that is as good as chance."""
    return moment(raw)[0], key(raw)


def _is_drawn(raw: Raw) -> bool:
    """Whether an event counts for what drew it: of shares only those of the product."""
    return is_valid(raw) and (raw["event"] != SHARE or said(raw).get("share_scope") == "product")
