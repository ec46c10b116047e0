"""The rollups' answers, and the KPIs', by counting plain events one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from apps.engine.definitions import Count, Distinct, Kpi, Ratio, Registry, RollingDistinct, Series, where
from apps.engine.expressions import Need
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain
from apps.engine.sets import Members, Space

Allowed = Mapping[str, frozenset[str | None]]
ALICE, BOB, CHARLIE, DANA, ERIN = 1, 2, 3, 4, 5
SERIES = {
    "ACTIVITY": Series("ACTIVITY", Space.USER),
    "share.created": Series("share.created", Space.USER, ("share_type", "share_scope", "channel"), counts=True),
}
PRODUCT = where({"share_scope": ["product"]})
ACTIVE = Distinct(Space.USER, "ACTIVITY")
SHARED = Distinct(Space.USER, "share.created", PRODUCT)
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
    )
}


@dataclass(frozen=True)
class Event:
    """Somebody did something."""

    user: int
    at: datetime
    name: str = "action.performed"
    is_activity: bool = True
    facets: Mapping[str, str] = field(default_factory=dict)

    def feeds(self, series: str) -> bool:
        """Whether it counts in a series."""
        return self.is_activity if series == "ACTIVITY" else self.name == series


def share(user: int, at: datetime, share_type: str = "link", scope: str = "product", **channel: str) -> Event:
    """Somebody shared something."""
    facets = {"share_type": share_type, "share_scope": scope, **channel}
    return Event(user, at, "share.created", facets=facets)


@dataclass(frozen=True)
class BruteFacts:
    """`Facts` that look at every event, and hold one column of numbers an event."""

    events: Sequence[Event]
    colleagues: frozenset[int] = frozenset()
    registry: Registry = field(default_factory=lambda: SERIES)

    def members(self, need: Need) -> Members:
        return Members.of(Space.USER, {event.user for event in self._meeting(need)})

    def columns(self, need: Need) -> list[Numbers]:
        return [Numbers.of(Space.USER, {event.user: 1}) for event in self._meeting(need)]

    def values(self, need: Need, facet: str) -> set[str | None]:
        return {event.facets.get(facet) for event in self._meeting(need)}

    def internal(self, space: Space) -> Members:
        return Members.of(space, self.colleagues if space == Space.USER else ())

    def _meeting(self, need: Need) -> list[Event]:
        return [
            event
            for event in self.events
            if event.feeds(need.series)
            and need.start <= event.at < need.end
            and all(event.facets.get(facet) in allowed for facet, allowed in need.where)
        ]


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
