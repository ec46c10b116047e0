"""The rollups' answers, and the KPIs', by looking at plain events and statements one by one."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from apps.engine.definitions import (
    Balance,
    Count,
    Distinct,
    Entries,
    InIcp,
    Kpi,
    Link,
    Merge,
    Ratio,
    Registry,
    RollingDistinct,
    Series,
    Union,
    Where,
    drawing,
    kind_of,
    where,
)
from apps.engine.expressions import OTHER, DidNeed, EntryNeed, Need, StateNeed
from apps.engine.facts import Told
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain
from apps.engine.sets import Holders, Members, Space

Allowed = Mapping[str, frozenset[str | None]]
ALICE, BOB, CHARLIE, DANA, ERIN = 1, 2, 3, 4, 5
HOOLI, INITECH = 1, 2
SHARE_FACETS = ("share_type", "share_scope", "channel")
SHARED_IN = Link("share.created", "session", timedelta(days=1), SHARE_FACETS)
SESSIONS = drawing("session.started", SHARED_IN)
SERIES = {
    "ACTIVITY": Series("ACTIVITY", Space.USER),
    "share.created": Series("share.created", Space.USER, SHARE_FACETS, merge=Merge.ADD),
    SESSIONS: Series(SESSIONS, Space.USER, ("platform",), merge=Merge.ADD, link=SHARED_IN),
    "ACTIVITY@account": Series("ACTIVITY@account", Space.ACCOUNT),
    "share.created@account": Series("share.created@account", Space.ACCOUNT, SHARE_FACETS),
}
PRODUCT = where({"share_scope": ["product"]})
ACTIVE = Distinct(Space.USER, "ACTIVITY")
SHARED = Distinct(Space.USER, "share.created", PRODUCT)
ACTIVE_ICP = Distinct(Space.USER, "ACTIVITY", population=InIcp())
SHARED_ICP = Distinct(Space.USER, "share.created", population=InIcp())
OPEN = Balance(Space.USER, "user:open")
KPIS = {
    kpi.slug: kpi
    for kpi in (
        Kpi("total_active_users", 1, ACTIVE),
        Kpi("users_who_shared", 1, SHARED),
        Kpi("share_actions", 1, Count("share.created", PRODUCT)),
        Kpi("product_sharing_rate", 1, Ratio(SHARED, ACTIVE, 100, subset=True)),
        Kpi("dau", 1, ACTIVE, Grain.DAY),
        Kpi("wau", 1, ACTIVE, Grain.WEEK),
        Kpi("mau", 1, ACTIVE, Grain.MONTH),
        Kpi("mau_rolling_30d", 1, RollingDistinct(Space.USER, "ACTIVITY", 30)),
        Kpi("identified_icp_users", 1, Balance(Space.USER, "user:open", InIcp())),
        Kpi("total_icp_users_active", 1, ACTIVE_ICP),
        Kpi("share_rate_among_icps", 1, Ratio(SHARED_ICP, ACTIVE_ICP, 100, subset=True)),
        Kpi("signups", 1, Entries(Space.USER, "user:registered")),
        Kpi("new_accounts", 1, Entries(Space.ACCOUNT, "account:registered")),
        Kpi("product_adoption_rate", 1, Ratio(ACTIVE, Union((OPEN, ACTIVE)), 100, subset=True)),
        Kpi("active_accounts", 1, Distinct(Space.ACCOUNT, "ACTIVITY@account")),
        Kpi("total_sessions", 1, Count(SESSIONS)),
        Kpi(
            "product_sharing_rate_by_session",
            1,
            Ratio(Count(SESSIONS, PRODUCT), Count(SESSIONS), 100, subset=True),
        ),
    )
}


@dataclass(frozen=True)
class Event:
    """Somebody did something, perhaps for an account; `drew` are the facets of each event that it drew."""

    user: int
    at: datetime
    name: str = "action.performed"
    is_activity: bool = True
    facets: Mapping[str, str] = field(default_factory=dict)
    account: int | None = None
    drew: Sequence[Mapping[str, str]] = ()

    def told(self) -> list[dict[str, str]]:
        """The facets, as often as these differ in what it drew."""
        return [{**self.facets, **one} for one in self.drew] or [dict(self.facets)]

    def values(self, facets: Sequence[str], condition: Where = ()) -> frozenset[tuple[str | None, ...]]:
        """What some facets are where a condition is met."""
        met = [told for told in self.told() if _holds(told, condition)]
        return frozenset(tuple(told.get(facet) for facet in facets) for told in met)

    def feeds(self, series: str) -> bool:
        """Whether it counts in a series."""
        kind, is_of_somebody = kind_of(series), self.account is not None or "@" not in series
        return is_of_somebody and (self.is_activity if kind == "ACTIVITY" else self.name == kind)

    def who(self, space: Space) -> int:
        """Whose event it is."""
        return self.user if space is Space.USER or self.account is None else self.account


def share(user: int, at: datetime, share_type: str = "link", scope: str = "product", **channel: str) -> Event:
    """Somebody shared something."""
    facets = {"share_type": share_type, "share_scope": scope, **channel}
    return Event(user, at, "share.created", facets=facets)


@dataclass(frozen=True)
class Stay:
    """From a local day's end on somebody, or an account, stood in a state with a value, until another day's."""

    series: str
    who: int
    first: date
    end: date | None = None
    value: str = "true"

    def holds(self, day: date) -> bool:
        return self.first <= day and (self.end is None or day < self.end)


def plan(user: int, value: str, first: date, end: date | None = None) -> Stay:
    """A user is on a plan."""
    return Stay("user:trait:plan", user, first, end, f'"{value}"')


def member(user: int, account: int, first: date, end: date | None = None) -> Stay:
    """A user belongs to an account."""
    return Stay("user:member", user, first, end, str(account))


@dataclass(frozen=True)
class BruteFacts:
    """`Facts` that look at every event and statement, and hold one column of numbers an event.

    The values of traits in `lumped` are not told apart.
    """

    events: Sequence[Event] = ()
    colleagues: frozenset[int] = frozenset()
    registry: Registry = field(default_factory=lambda: SERIES)
    stays: Sequence[Stay] = ()
    gone: frozenset[int] = frozenset()
    lumped: frozenset[str] = frozenset()
    zone: str = "UTC"

    def members(self, need: Need) -> Members:
        space = self.registry[need.series].space
        return Members.of(space, {event.who(space) for event in self._meeting(need)})

    def columns(self, need: Need) -> list[Numbers]:
        return [Numbers.of(Space.USER, {event.user: 1}) for event in self._meeting(need)]

    def told(self, need: Need, facets: Sequence[str]) -> list[Told]:
        space = self.registry[need.series].space
        return [
            (event.values(facets, need.where), Members.of(space, {who}), Numbers.of(space, {who: 1}))
            for event in self._meeting(need)
            for who in (event.who(space),)
        ]

    def state(self, need: StateNeed) -> dict[str, Members]:
        return self._by_value(need, lambda value: OTHER if value in self.lumped else value)

    def unlisted(self, need: StateNeed) -> dict[str, Members]:
        return {value: who for value, who in self._by_value(need, str).items() if value in self.lumped}

    def entered(self, need: EntryNeed) -> dict[date, Members]:
        days = defaultdict(set)
        for stay in self.stays:
            if stay.series == need.series and need.first <= stay.first <= need.last:
                days[stay.first].add(stay.who)
        return {day: Members.of(_space(need.series), who) for day, who in days.items()}

    def did(self, need: DidNeed) -> dict[date, Numbers]:
        times: dict[date, Counter[int]] = defaultdict(Counter)
        for event in self.events:
            day = self.day(event)
            if event.name == need.event and need.first <= day <= need.last and _meets(event, need.where):
                times[day][event.user] += 1
        return {day: Numbers.of(Space.USER, counts) for day, counts in times.items()}

    def lift(self, holders: Holders, to: Space, day: date) -> Members:
        pairs = self.memberships(day)
        if to is Space.ACCOUNT:
            return Members.of(to, {account for user, account in pairs if _is_among(holders, user)})
        return Members.of(to, {user for user, account in pairs if _is_among(holders, account)})

    def once(self, what: Hashable, needs: Sequence[StateNeed], find: Callable[[], Holders]) -> Holders:
        return find()

    def internal(self, space: Space) -> Members:
        return Members.of(space, self.colleagues if space == Space.USER else ())

    def erased(self) -> Members:
        return Members.of(Space.USER, self.gone)

    def day(self, event: Event) -> date:
        """The local day of an event."""
        return event.at.astimezone(ZoneInfo(self.zone)).date()

    def memberships(self, day: date) -> set[tuple[int, int]]:
        """Which user belongs to which account at a day's end."""
        return {(stay.who, int(stay.value)) for stay in self._standing("user:member", day)}

    def held(self, series: str, who: int, day: date) -> str | None:
        """The value of a state that somebody has at a day's end."""
        return next((stay.value for stay in self._standing(series, day) if stay.who == who), None)

    def _standing(self, series: str, day: date) -> Iterator[Stay]:
        return (stay for stay in self._by_series.get(series, ()) if stay.holds(day))

    @cached_property
    def _by_series(self) -> dict[str, list[Stay]]:
        found = defaultdict(list)
        for stay in self.stays:
            found[stay.series].append(stay)
        return dict(found)

    def _by_value(self, need: StateNeed, key: Callable[[str], str]) -> dict[str, Members]:
        holders = defaultdict(set)
        for stay in self._standing(need.series, need.day):
            holders[key(stay.value)].add(stay.who)
        return {value: Members.of(_space(need.series), who) for value, who in holders.items()}

    def _meeting(self, need: Need) -> list[Event]:
        return [
            event
            for event in self.events
            if event.feeds(need.series) and need.start <= event.at < need.end and _meets(event, need.where)
        ]


def _is_among(holders: Holders, ordinal: int) -> bool:
    return (ordinal in holders.members) is not holders.is_rest


def _space(series: str) -> Space:
    return Space.USER if series.startswith("user:") else Space.ACCOUNT


def _meets(event: Event, condition: Where) -> bool:
    return any(_holds(told, condition) for told in event.told())


def _holds(told: Mapping[str, str], condition: Where) -> bool:
    return all(told.get(facet) in allowed for facet, allowed in condition)


@dataclass(frozen=True)
class Tally:
    """The KPIs of customers' events on the local dates [first, end), in plain sets."""

    events: Sequence[Event]

    @classmethod
    def of(cls, facts: BruteFacts, zone: str, first: date, end: date) -> "Tally":
        clock = ZoneInfo(zone)
        return cls(
            [
                event
                for event in facts.events
                if first <= event.at.astimezone(clock).date() < end and event.user not in facts.colleagues
            ]
        )

    def active(self) -> set[int]:
        return {event.user for event in self.events if event.is_activity}

    def shares(self, allowed: Allowed, scope: str | None = "product") -> list[Event]:
        wanted = {**allowed, "share_scope": frozenset({scope})} if scope else allowed
        shares = [event for event in self.events if event.name == "share.created"]
        return [event for event in shares if all(event.facets.get(facet) in wanted[facet] for facet in wanted)]

    def sharers(self, allowed: Allowed, scope: str | None = "product") -> set[int]:
        return {event.user for event in self.shares(allowed, scope)}
