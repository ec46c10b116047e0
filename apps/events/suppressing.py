"""Messages that name somebody who was erased, however malformed they are: nothing is kept of them (KPIS.md G7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from apps.audience import suppression
from apps.audience.models import ID_LENGTH
from apps.events.messages import Rejection

SUPPRESSED = Rejection("suppressed", "The message names somebody who was erased: nothing is kept of them.")

# What may surround an id in a line that could not be read.
BETWEEN = re.compile(r"""[\s",;:={}\[\]]+""")


def naming(workspace_id: int, messages: Mapping[int, object]) -> set[int]:
    """The places of the messages, decoded or a line's text, in which an erased id stands anywhere as a whole."""
    texts = {place: set(_texts(message)) for place, message in messages.items()}
    erased = suppression.suppressed(workspace_id, set[str]().union(*texts.values()))
    return {place for place, said in texts.items() if not said.isdisjoint(erased)}


def _texts(message: object) -> Iterator[str]:
    found = BETWEEN.split(message) if isinstance(message, str) else _strings(message)
    return (text for text in found if _may_be_an_id(text))


def _strings(message: object) -> Iterator[str]:
    # Not by recursion: a message may have been rejected for being nested too deep.
    waiting = [("", message)]
    while waiting:
        key, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one.items(), *(("", name) for name in one)]
        elif isinstance(one, list):
            waiting += [(key, part) for part in one]
        elif isinstance(one, str) or (isinstance(one, int) and key.endswith("Id")):
            yield str(one)


def _may_be_an_id(text: str) -> bool:
    """Half of a surrogate pair is in no id that was ever taken."""
    return 0 < len(text) <= ID_LENGTH and text.encode(errors="ignore").decode() == text
