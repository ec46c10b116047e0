"""What stored messages say once they are corrected and voided (KPIS.md A, G19): a second reading."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tests.oracle.ledger import Key, keys
from tests.oracle.messages import CORRECTED, MERGES, RETRACTED, TEXTS, VOIDED, Raw, key, moment, said

TRUTHS = ("is_error", "message_customized", "viewable")
CORRECTABLE = (*TEXTS, "status", *TRUTHS)
# What is said of people and accounts is told anew, not corrected; what corrects something stays as it was said.
LASTING = (CORRECTED, VOIDED, *MERGES)
OF_PEOPLE = ("membership.", "icp.")


def standing(stored: Sequence[Raw]) -> list[Raw | None]:
    """Each message as it counts; None where it never happened."""
    void = {_target(raw) for raw in stored if raw.get("event") == VOIDED}
    words = _words(stored)
    return [_standing(raw, void, words) if _may_change(raw) else raw for raw in stored]


def _standing(raw: Raw, void: set[Key], words: dict[Key, list[Raw]]) -> Raw | None:
    named = keys(raw["source"], raw)
    if not named.isdisjoint(void):
        return None
    told = (word for name in named for word in words.get(name, ()))
    news = {name: value for word in sorted(told, key=_order) for name, value in _news(word).items()}
    return raw | {"properties": said(raw) | news} if news else raw


def _words(stored: Iterable[Raw]) -> dict[Key, list[Raw]]:
    """The corrections of each message, and the retractions of each action that say that it was a mistake."""
    words = defaultdict(list)
    for raw in stored:
        if raw.get("event") == CORRECTED:
            words[_target(raw)].append(raw)
        if raw.get("event") == RETRACTED and said(raw).get("is_error") is True:
            words["action", raw["source"], str(said(raw)["action_id"])].append(raw)
    return words


def _news(word: Raw) -> Raw:
    """What a correction has to say; what is unknown, or an empty text, is nothing."""
    if word["event"] == RETRACTED:
        return {"is_error": True}
    told = {name: said(word).get(name) for name in CORRECTABLE}
    return {
        name: value
        for name, value in told.items()
        if isinstance(value, bool if name in TRUTHS else str) and value != ""
    }


def _target(word: Raw) -> Key:
    """The message that a correction or a void is about: one of its own source."""
    return "message", word["source"], said(word)["corrects"]


def _order(word: Raw) -> tuple[object, bytes]:
    """Of two corrections of one instant the one of the greater key is the later one."""
    return moment(word)[0], key(word)


def _may_change(raw: Raw) -> bool:
    event = str(raw.get("event"))
    return raw["type"] == "track" and event not in LASTING and not event.startswith(OF_PEOPLE)
