"""The corrections of the random streams are what they promise."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import pytest

from tests.oracle.corrections import CORRECTABLE, standing
from tests.oracle.counting import ACTIVITY
from tests.oracle.ledger import Key, keys
from tests.oracle.links import Links, session
from tests.oracle.messages import (
    CORRECTED,
    ERASED,
    INTERACTION,
    MESSAGE,
    PROMPT,
    RETRACTED,
    SHARE,
    START,
    VOIDED,
    Raw,
    is_valid,
    moment,
    said,
)
from tests.oracle.test_generators import NOW, SEEDS, Told, drawn, taken

FEW = SEEDS[:20]
WORDS = (CORRECTED, VOIDED, RETRACTED)


@dataclass(frozen=True)
class Held:
    """What a workspace holds after a stream, whose each message is, and what each is in the end."""

    told: list[Told]
    after: list[Raw | None]

    @cached_property
    def places(self) -> dict[Key, int]:
        """Where each message and each action is in the order of arrival."""
        return {name: place for place, (raw, _) in enumerate(self.told) for name in keys(raw["source"], raw)}

    def changed(self) -> Iterator[tuple[Raw, Raw]]:
        """Each event that is corrected, as it was told and as it is in the end."""
        both = zip(self.told, self.after, strict=True)
        return ((raw, after) for (raw, _), after in both if after is not None and after is not raw)

    def void(self) -> Iterator[Raw]:
        return (raw for (raw, _), after in zip(self.told, self.after, strict=True) if after is None)

    def aimed(self) -> Iterator[tuple[Told, Told | None]]:
        """Each correction, void and retraction with its target, if that came."""
        for word in self.told:
            if (name := target(word[0])) is not None:
                yield word, self.told[self.places[name]] if name in self.places else None


def target(raw: Raw) -> Key | None:
    """What a message corrects, voids or takes back, if anything."""
    if raw.get("event") in (CORRECTED, VOIDED):
        return "message", raw["source"], said(raw)["corrects"]
    if raw.get("event") == RETRACTED and "action_id" in said(raw):
        return "action", raw["source"], said(raw)["action_id"]
    return None


@cache
def held(seed: int) -> Held:
    ledger = taken(seed)[0]
    return Held(list(zip(ledger.stored, ledger.people(), strict=True)), standing(ledger.stored))


def sent(seed: int) -> Iterator[Raw]:
    return (one.raw for batch in drawn(seed).batches for one in batch.sent)


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_stream_events_are_corrected_and_voided(seed: int) -> None:
    one = held(seed)
    assert len(list(one.changed())) >= 10
    assert len({raw["event"] for raw in one.void()}) >= 4
    assert sum(after is None for _, after in one.aimed()) >= 3


def test_in_the_streams_every_column_of_each_event_is_corrected() -> None:
    found = Counter(
        (raw["event"], name)
        for seed in FEW
        for raw, after in held(seed).changed()
        for name in CORRECTABLE
        if said(raw).get(name) != said(after).get(name)
    )
    columns = {
        SHARE: ("share_type", "share_scope", "channel", "object_type", "feature", "is_error", "status"),
        MESSAGE: ("message_customized", "template", "channel", "source_channel", "status"),
        PROMPT: ("prompt", "placement", "variant", "viewable"),
        INTERACTION: ("kind",),
        START: ("platform", "source_channel"),
    }
    assert min(found[event, name] for event, names in columns.items() for name in names) >= 10


@pytest.mark.parametrize("event", [SHARE, MESSAGE, PROMPT, INTERACTION])
def test_in_the_streams_what_counts_is_corrected_to_what_does_not_and_back(event: str) -> None:
    pairs = [pair for seed in FEW for pair in held(seed).changed() if pair[0]["event"] == event]
    ways = Counter((is_valid(raw), is_valid(after)) for raw, after in pairs)
    assert min(ways[True, False], ways[False, True]) >= 5


def test_in_the_streams_everything_is_voided_that_may_be() -> None:
    voids = Counter(raw["event"] for seed in FEW for raw in held(seed).void())
    assert min(voids[event] for event in (SHARE, MESSAGE, PROMPT, INTERACTION, START)) >= 10
    assert min(voids[event] for event in ("user.signed_up", "user.deactivated", "account.created")) >= 5
    assert min(voids[event] for event in (RETRACTED, "action.performed")) >= 10
    assert ACTIVITY.isdisjoint({CORRECTED, VOIDED})


def test_in_the_streams_words_come_before_and_after_their_targets_by_anybody() -> None:
    pairs = [(held(seed), word, aim) for seed in FEW for word, aim in held(seed).aimed()]
    hit = [(one, word, aim) for one, word, aim in pairs if aim is not None]
    early = sum(one.told.index(word) < one.told.index(aim) for one, word, aim in hit[:400])
    assert 100 <= early <= 300
    people = [(word[1], aim[1]) for _, word, aim in hit]
    assert sum(by == of != ERASED for by, of in people) >= 100
    assert sum(by not in (of, None) for by, of in people) >= 100
    assert sum(by is None for by, _ in people) >= 50
    assert min(sum(pair[side] == ERASED != pair[1 - side] for pair in people) for side in (0, 1)) >= 20
    only = [word for _, word, _ in pairs if str(word[0].get("userId")).startswith("only")]
    assert len(only) >= 50


def test_in_the_streams_some_words_are_of_another_source_or_of_words_or_of_what_cannot_be_corrected() -> None:
    pairs = [(seed, word[0], aim) for seed in FEW for word, aim in held(seed).aimed()]
    other = {"web": "server", "server": "web"}
    elsewhere = [
        word
        for seed, word, aim in pairs
        if aim is None and ("message", other[word["source"]], said(word).get("corrects")) in held(seed).places
    ]
    assert len(elsewhere) >= 50
    aims = Counter(
        (word["event"], str(aim[0].get("event") or aim[0]["type"])) for _, word, aim in pairs if aim is not None
    )
    assert min(aims[word, aim] for word in (CORRECTED, VOIDED) for aim in (CORRECTED, VOIDED)) >= 10
    lasting = ("identify", "group", "alias", "membership.added", "membership.removed", "user.merged")
    assert min(aims[CORRECTED, one] + aims[VOIDED, one] for one in lasting) >= 5
    takes = Counter(said(word).get("is_error") for _, word, aim in pairs if aim and word["event"] == RETRACTED)
    assert min(takes[is_error] for is_error in (True, False, None)) >= 10
    mistakes = [aim[0] for _, word, aim in pairs if aim and word["event"] == VOIDED]
    assert sum(said(raw).get("is_error") is True for raw in mistakes if raw.get("event") == RETRACTED) >= 10


def test_in_the_streams_words_about_one_target_contradict_each_other_also_at_once() -> None:
    found = Counter[str]()
    for seed in FEW:
        by_target: dict[Key | None, list[Raw]] = {}
        for (word, _), aim in held(seed).aimed():
            if aim is not None:
                by_target.setdefault(next(iter(sorted(keys(aim[0]["source"], aim[0])))), []).append(word)
        for words in by_target.values():
            found.update(_quarrels(words))
    assert found["later"] >= 50
    assert found["at once"] >= 50
    assert found["with a retraction"] >= 10
    assert found["with a void"] >= 50


def _quarrels(words: list[Raw]) -> Iterator[str]:
    """How two words about one target contradict each other."""
    pairs = [(first, second) for place, first in enumerate(words) for second in words[:place]]
    for first, second in pairs:
        events = {first["event"], second["event"]}
        if VOIDED in events and len(events) == 2:
            yield "with a void"
        if VOIDED not in events and any(said(second).get(name, one) != one for name, one in _columns(first)):
            yield "with a retraction" if RETRACTED in events else ""
            yield "at once" if moment(first)[0] == moment(second)[0] else "later"


def _columns(word: Raw) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, value in said(word).items() if name in CORRECTABLE)


def test_in_the_streams_what_is_drawn_changes_by_what_is_corrected_and_void() -> None:
    changes, voids = Counter[str](), Counter[str]()
    for seed in FEW:
        one = held(seed)
        raw, after = Links(raw for raw, _ in one.told), Links(raw for raw in one.after if raw is not None)
        for (before, _), stands in zip(one.told, one.after, strict=True):
            if before.get("event") in (PROMPT, START) and stands is not None:
                changes[before["event"]] += len(raw.drawn(before)) != len(after.drawn(stands))
            if before.get("event") == START and stands is not None and session(before) is not None:
                changes["begins"] += raw.begins(before) != after.begins(stands)
            if before.get("event") in (PROMPT, START) and stands is None:
                voids[before["event"]] += bool(raw.drawn(before))
    assert min(changes[event] for event in (PROMPT, START)) >= 10
    assert changes["begins"] >= 5
    assert min(voids[event] for event in (PROMPT, START)) >= 5


def test_in_the_streams_words_are_sent_twice_otherwise_under_their_ids_and_without_a_target() -> None:
    words = [(seed, raw) for seed in FEW for raw in sent(seed) if raw.get("event") in WORDS]
    told = Counter((seed, raw["messageId"]) for seed, raw in words)
    different = {(seed, raw["messageId"], str(raw)) for seed, raw in words}
    assert sum(times > 1 for times in told.values()) >= 100
    assert len(different) - len(told) >= 50
    assert sum(raw["event"] != RETRACTED and said(raw).get("corrects") is None for _, raw in words) >= 20
    assert {fate for seed in FEW for fate in taken(seed)[1]} >= {"duplicate", "missing_property", "suppressed"}
    assert {moment(raw)[0] <= NOW for _, raw in words} == {True}
