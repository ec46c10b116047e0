"""What a workspace holds of the messages that it was sent, and what became of each of them.

A second reading of KPIS.md G6, G7, G8 and G19: nothing here comes from the product's code.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from tests.oracle.attributions import ABOUT, MESSAGES, PEOPLE, message_of
from tests.oracle.links import first_name, link, session
from tests.oracle.messages import (
    ERASED,
    Moment,
    Raw,
    account_of,
    alias_of,
    fault,
    merging,
    moment,
    people_of,
    said,
    texts,
    user_of,
)
from tests.oracle.places import Places

Key: TypeAlias = tuple[str, str, str]
"""By what a message of a source, or an action that one tells of, is known again."""

ACCEPTED, DUPLICATE, SUPPRESSED = "accepted", "duplicate", "suppressed"


def impression(raw: Raw) -> str | None:
    """What an event is linked with; one of a message has only that in common with others."""
    return None if raw.get("event") in MESSAGES else link(raw)


# By what events belong together, after a property that names it before any other.
NAMES: Mapping[str, Callable[[Raw], str | None]] = {
    "impression": impression,
    "session": session,
    "message": message_of,
}


@dataclass
class Groups:
    """Which ids are one person's or one account's: what each id was merged into (KPIS.md G6)."""

    into: dict[str, str] = field(default_factory=dict)

    def chain(self, one: str) -> Iterator[str]:
        """The id, what it was merged into, what that was merged into."""
        yield one
        while one in self.into:
            one = self.into[one]
            yield one

    def root(self, one: str) -> str:
        """The id that an id counts as."""
        *_, last = self.chain(one)
        return last

    def alike(self, one: str) -> set[str]:
        """All ids of a group."""
        return {other for other in {one, *self.into} if self.root(other) == self.root(one)} | {self.root(one)}

    def merge(self, loser: str, survivor: str) -> bool:
        """Whether the two are one now; not where the survivor was itself merged into the loser."""
        if loser in self.chain(survivor):
            return False
        if self.root(loser) != self.root(survivor):
            self.into[self.root(loser)] = self.root(survivor)
        return True


@dataclass
class Ledger:
    """The messages that a workspace holds, in order of arrival, each once: the first one wins (KPIS.md G19).

    Each is stored with its source.

    What somebody erased did is left as done by ERASED, since `erased_at`, in the account that it was done in
    by all that was stored then (KPIS.md G7, G8).
    """

    stored: list[Raw] = field(default_factory=list)
    users: Groups = field(default_factory=Groups)
    accounts: Groups = field(default_factory=Groups)
    erased_at: datetime | None = None
    was_internal: bool = False
    _known: set[Key] = field(default_factory=set)
    _suppressed: set[str] = field(default_factory=set)

    def take(self, source: str, raw: Raw, refusal: str | None = None) -> str:
        """ACCEPTED, DUPLICATE, or the code of why a message was not taken: `refusal` for what it is like."""
        fate = self._take(source, raw, refusal)
        # Nothing is kept of the erased, not even that they stood in a message that could not be taken.
        is_kept = fate in (ACCEPTED, DUPLICATE) or self._suppressed.isdisjoint(texts(raw))
        return fate if is_kept else SUPPRESSED

    def _take(self, source: str, raw: Raw, refusal: str | None) -> str:
        if self._suppressed & people_of(raw):
            # Somebody else at a machine that was theirs too.
            raw = {name: value for name, value in raw.items() if name != "anonymousId"}
            if user_of(raw) is None or self._suppressed & people_of(raw):
                return SUPPRESSED
        if code := refusal or fault(raw):
            return code
        named = keys(source, raw)
        if named & self._known:
            return DUPLICATE
        if not self._merged(raw):
            return "merge_cycle"
        self._known |= named
        self.stored.append(raw | {"source": source})
        return ACCEPTED

    def erase(self, user: str, at: datetime) -> None:
        """Forget who a person was, and what was said of them."""
        people = self.people()
        theirs = [person == self.users.root(user) for person in people]
        places = Places(zip(self.stored, people, strict=True), self.account)
        messages = [raw for raw, is_theirs in zip(self.stored, theirs, strict=True) if is_theirs]
        devices = self._devices(self.users.alike(user))
        self._suppressed |= self.users.alike(user) | devices
        self._suppressed |= {str(alias_of(raw)) for raw in messages if alias_of(raw)}
        self.erased_at, self.was_internal = at, self.users.root(user) in internal(self.stored, people)
        kept = [
            _unnamed(left, self.users.alike(user))
            for raw, is_theirs in zip(self.stored, theirs, strict=True)
            if (left := _left(_settled(raw, self.users.root(user), places)) if is_theirs else raw) is not None
        ]
        # What a machine of theirs did before anybody said whose it is counts for nobody, and is forgotten as well.
        nobodys = [raw for raw, person in zip(self.stored, people, strict=True) if person is None]
        messages += [raw for raw in nobodys if raw.get("anonymousId") in devices]
        others = {name: _others(messages, of, at) for name, of in NAMES.items()}
        self.stored = [_renamed(raw, others) for raw in kept]

    def account(self, raw: Raw) -> str | None:
        """The account that a message is about, or what it was merged into."""
        account = account_of(raw)
        return None if account is None else self.accounts.root(account)

    def _devices(self, users: set[str]) -> set[str]:
        """The anonymous ids in these users' messages that nobody else's have."""
        carried = [(str(raw["anonymousId"]), user_of(raw)) for raw in self.stored if "anonymousId" in raw]
        others = {visitor for visitor, user in carried if user is not None and user not in users}
        return {visitor for visitor, user in carried if user in users} - others

    def people(self) -> list[str | None]:
        """Whose each stored message is: its user's, or that of whom the visitor turned out to be, if anybody."""
        told = [raw for raw in self.stored if alias_of(raw) is not None]
        aliases = {str(alias_of(raw)): sorted(_claims(told, str(alias_of(raw)))) for raw in told}
        return [self._person(raw, aliases) for raw in self.stored]

    def _person(self, raw: Raw, aliases: Mapping[str, list[tuple[Moment, str]]]) -> str | None:
        """The latest alias at or before the message says who it was, or else the earliest (DESIGN section 4)."""
        if (user := user_of(raw)) is not None:
            return self.users.root(user)
        claims = aliases.get(str(raw.get("anonymousId")), [])
        before = [claim for claim in claims if claim[0][0] <= moment(raw)[0]]
        return self.users.root((before[-1:] or claims)[0][1]) if claims else None

    def _merged(self, raw: Raw) -> bool:
        """Whether a message can be believed that says that two are one."""
        merged = merging(raw)
        groups = self.accounts if raw.get("event") == "account.merged" else self.users
        return merged is None or groups.merge(*merged)


def internal(stored: Iterable[Raw], people: Iterable[str | None]) -> set[str]:
    """The users who were last said to be colleagues, by event time: the order of arrival changes nothing."""
    told = sorted(
        (moment(raw), str(person), raw["traits"]["is_internal"] is True)
        for raw, person in zip(stored, people, strict=True)
        if raw["type"] == "identify" and user_of(raw) is not None and "is_internal" in raw["traits"]
    )
    latest = {person: is_internal for _, person, is_internal in told}
    return {person for person, is_internal in latest.items() if is_internal}


def _claims(told: Iterable[Raw], visitor: str) -> Iterator[tuple[Moment, str]]:
    return ((moment(raw), str(user_of(raw))) for raw in told if alias_of(raw) == visitor)


def keys(source: str, raw: Raw) -> set[Key]:
    """By what a message is known again: two that have one in common are the same (KPIS.md G19)."""
    named = {("message", source, raw["messageId"])}
    action_id = said(raw).get("action_id")
    if raw.get("event") == "share.created" and action_id is not None:
        named.add(("action", source, str(action_id)))
    return named


def _settled(raw: Raw, user: str, places: Places) -> Raw:
    """A message of a user that names the account of its event, if there is one, by itself."""
    account = places.account_of_event(raw, user)
    if account is None or account_of(raw) is not None:
        return raw
    return raw | {"context": raw.get("context", {}) | {"groupId": account}}


def _others(messages: Iterable[Raw], of: Callable[[Raw], str | None], at: datetime) -> dict[str, str]:
    """For each name that messages have for what they belong to another one, which leads to nobody."""
    named = sorted({name for raw in messages if (name := of(raw)) is not None})
    return {name: f"{at} {place}" for place, name in enumerate(named)}


def _renamed(raw: Raw, others: Mapping[str, Mapping[str, str]]) -> Raw:
    """A message that belongs to the same things, by other names if something of somebody erased does."""
    own = {name: str(of(raw)) for name, of in NAMES.items() if of(raw) in others[name]}
    if not own:
        return raw
    told = {name: others[name][one] for name, one in own.items()}
    if "message" in own:
        told[MESSAGES[raw["event"]]] = told.pop("message")
    return raw | {"properties": said(raw) | told}


def _unnamed(raw: Raw, ids: set[str]) -> Raw:
    """A message that says of whom it calls by one of these ids what it said, but not any more who it was."""
    if raw.get("event") not in ABOUT:
        return raw
    theirs = {name: ERASED for name in PEOPLE if first_name([said(raw).get(name)]) in ids}
    return raw | {"properties": said(raw) | theirs}


def _left(raw: Raw) -> Raw | None:
    """What is left of a message of somebody erased: what an account is like, and that somebody did a thing."""
    if raw["type"] in ("identify", "alias"):
        return None
    kept = {name: value for name, value in raw.items() if name not in ("anonymousId", "userId")}
    return kept if raw["type"] == "group" else kept | {"userId": ERASED}
