"""Single messages of a random stream that correct, void or take back others, whether these come or not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.batches import SOURCES, Sent
from tests.oracle.drawn import CHANNELS, SCOPES, SHARE_TYPES
from tests.oracle.following import Follow
from tests.oracle.links import link, session
from tests.oracle.messages import (
    CORRECTED,
    INTERACTION,
    MERGES,
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
from tests.oracle.referrals import KIND_CHOICES, MESSAGE_CHOICES, PROMPT_CHOICES
from tests.oracle.visits import OBJECT_CHOICES, START_CHOICES

SHARE_CHOICES: dict[str, Sequence[Any]] = {
    "share_type": SHARE_TYPES,
    "share_scope": SCOPES,
    "channel": CHANNELS,
    "status": ("completed", "completed", "failed", "cancelled", None),
    "is_error": (True, True, False, False, None),
}
# What a correction of an event may say.
CHOICES: Mapping[str, dict[str, Sequence[Any]]] = {
    SHARE: SHARE_CHOICES | OBJECT_CHOICES,
    MESSAGE: MESSAGE_CHOICES,
    PROMPT: PROMPT_CHOICES,
    INTERACTION: KIND_CHOICES,
    START: START_CHOICES,
}
EVERYTHING = {name: values for choices in CHOICES.values() for name, values in choices.items()}
SIGNUP, CLOSING, CREATED = "user.signed_up", "user.deactivated", "account.created"
WORK = ("action.performed", "feature.used", "session.ended", "survey.responded", RETRACTED)
# How many targets a stream has of each event, and how many of ten words about one are voids.
TARGETS = {
    SHARE: (16, 2),
    MESSAGE: (8, 2),
    PROMPT: (7, 2),
    INTERACTION: (7, 2),
    START: (8, 5),
    SIGNUP: (3, 8),
    CLOSING: (2, 9),
    CREATED: (1, 8),
    **dict.fromkeys(WORK, (1, 8)),
}
# What makes one count that did not.
MENDED: Mapping[str, Raw] = {
    SHARE: {"is_error": False, "status": "completed"},
    MESSAGE: {"status": "delivered"},
    PROMPT: {"viewable": True},
    INTERACTION: {"kind": "expand"},
}
# What can be neither corrected nor voided.
LASTING = ("identify", "group", "alias", "membership.added", "membership.removed", *MERGES)


@dataclass(frozen=True)
class Correct(Follow):
    """Draws corrections of what is `sent` in one stream, some of them by somebody who is `erased`."""

    sent: Sequence[Sent]
    erased: str

    def everything(self) -> list[Sent]:
        """About each of some targets a few words, some of them again; words about words; some without effect."""
        words = [word for event, (times, _) in TARGETS.items() for word in self._of(event, times)]
        words += [
            self._word(target, 5) for event in self.dice.sample(LASTING, 5) for target in self._sample(event, 1)
        ]
        words += [self._word(word, 5) for word in self.dice.sample(words, 6)]
        mistakes = [word for word in words if word.raw["event"] == RETRACTED and said(word.raw).get("is_error")]
        words += [self._word(word, 8) for word in self.dice.sample(mistakes, min(2, len(mistakes)))]
        words += [self._pointing(word, self.draw.fresh("of nothing")) for word in self._others(words, 3)]
        pointless = [self._pointing(word, None) for word in self._others(words, 2)]
        return [*words, *map(self._again, self.dice.sample(words, len(words) // 8)), *pointless]

    def _of(self, event: str, times: int) -> Iterator[Sent]:
        """Words about some events of a name: most often one, or some that contradict each other."""
        for target in self._sample(event, times):
            first = self._word(target, TARGETS[event][1])
            yield first
            names = [name for name in said(first.raw) if name in EVERYTHING]
            name = self.dice.choice(names or sorted(CHOICES.get(event, EVERYTHING)))
            for _ in range(self.dice.choices((0, 1, 2), (6, 3, 1))[0]):
                yield self._contrary(self._word(target, 1), first, name)

    def _contrary(self, word: Sent, first: Sent, name: str) -> Sent:
        """A word that has something to say of a property that others speak of, often of the same instant."""
        raw = word.raw
        if raw["event"] == CORRECTED and name in EVERYTHING:
            raw = raw | {"properties": said(raw) | {name: self.dice.choice(EVERYTHING[name])}}
        if self.dice.random() < 0.5:
            raw = raw | {"timestamp": self.draw.moments.write(moment(first.raw)[0])}
        return replace(word, raw=raw)

    def _word(self, target: Sent, voids: int) -> Sent:
        """A void, a correction, or, of a share, that it was taken back; sometimes from another source."""
        source = target.source if self.dice.random() < 0.93 else self.dice.choice(SOURCES)
        if self.dice.random() < voids / 10:
            word = self.draw.track(VOIDED, {"corrects": target.raw["messageId"]})
        elif "action_id" in said(target.raw) and self.dice.random() < 0.3:
            told = self.dice.choice(({"is_error": True}, {"is_error": True}, {"is_error": False}, {}))
            word = self.draw.track(RETRACTED, {"action_id": said(target.raw)["action_id"]} | told)
        else:
            word = self.draw.track(CORRECTED, {"corrects": target.raw["messageId"]} | self._news(target.raw))
            if self.dice.random() < 0.15:
                return Sent(self._whole(word, target.raw), source)
        return Sent(self._by(word, target.raw), source)

    def _news(self, target: Raw) -> Raw:
        """A few properties of the target, or of anything; null ones, and empty texts, are no news."""
        of_target = CHOICES.get(str(target.get("event")), EVERYTHING)
        choices = of_target if self.dice.random() < 0.9 else EVERYTHING
        names = self.dice.sample(sorted(choices), self.dice.randint(1, min(3, len(choices))))
        mended = MENDED.get(str(target.get("event")), {}) if not self._counts(target) else {}
        kept = mended if self.dice.random() < 0.7 else {}
        return {name: self.dice.choice(choices[name]) for name in names} | kept

    def _whole(self, word: Raw, target: Raw) -> Raw:
        """All that the target said, with the news, and another session and impression, by the first of the people.

        These are never erased, so that what their words name stays as it is.
        """
        other = self.dice.choice(self.sent).raw
        named = {"session": session(other), "impression": link(other)} if self.dice.random() < 0.7 else {}
        told = said(target) | named | said(word)
        return self.draw.nobodys(word) | {"userId": self.draw.people[0], "properties": told}

    def _by(self, word: Raw, target: Raw) -> Raw:
        """By whoever did the target, by anybody, by somebody who is erased, or who does nothing else."""
        way = self.dice.random()
        if way < 0.12:
            return word | {"userId": self.erased if way < 0.07 else self.draw.fresh("only")}
        return self.somebodys(word, target)

    def _others(self, words: Sequence[Sent], times: int) -> list[Sent]:
        return [self._word(word, 5) for word in self.dice.sample(words, times)]

    def _pointing(self, word: Sent, corrects: str | None) -> Sent:
        told = {"corrects": corrects} if self.dice.random() < 0.5 or corrects else {}
        rest = {name: value for name, value in said(word.raw).items() if name != "corrects"}
        return replace(word, raw=word.raw | {"properties": rest | told})

    def _again(self, word: Sent) -> Sent:
        """The same once more, something else under its id, or the same from any source."""
        other = self._word(self._sample(SHARE, 1)[0], 3).raw | {"messageId": word.raw["messageId"]}
        ways = (word, replace(word, raw=other), replace(word, source=self.dice.choice(SOURCES)))
        return self.dice.choice(ways)

    def _sample(self, event: str, times: int) -> list[Sent]:
        """Some events of a name, or messages of a type.

        A third of them are events that others are linked with, and a third such as do not count.
        """
        some = [one for one in self.sent if event in (one.raw.get("event"), one.raw["type"])]
        names = Counter(name for one in self.sent if (name := _named(one.raw)))
        linked = [one for one in some if names[_named(one.raw)] > 1]
        idle = [one for one in some if not self._counts(one.raw)]
        thirds = (self.dice.sample(few, min(times // 3, len(few))) for few in (linked, idle))
        chosen = [one for third in thirds for one in third]
        return chosen + self.dice.sample(some, min(times - len(chosen), len(some)))

    def _counts(self, raw: Raw) -> bool:
        return raw["type"] != "track" or is_valid(raw)


def _named(raw: Raw) -> str:
    """By what prompts, or starts, and what they draw belong together; empty where by nothing."""
    if raw.get("event") in (PROMPT, INTERACTION):
        return link(raw) or ""
    return session(raw) or "" if raw.get("event") in (START, SHARE) else ""
