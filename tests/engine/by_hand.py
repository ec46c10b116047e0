"""KPIs under conditions, decided person by person, day by day: a second reading of KPIS.md G4 and G9."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.engine.conditions import All, AsOf, Condition, Did, InIcp, KpiSide, Leaf, Not, SideName, TraitIs, TraitOp
from apps.engine.expressions import Question, answered_period
from apps.engine.sets import Space
from tests.engine.brute import KPIS, BruteFacts, Event

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
NEGATIONS = {
    TraitOp.NOT_EQUALS: TraitOp.EQUALS,
    TraitOp.NOT_IN: TraitOp.IN,
    TraitOp.IS_NOT_SET: TraitOp.IS_SET,
}
SIDES = {
    "total_active_users": ("active",),
    "users_who_shared": ("shared",),
    "share_actions": ("shares",),
    "product_sharing_rate": ("shared", "active"),
    "mau_rolling_30d": ("active",),
    "dau": ("active",),
    "identified_icp_users": ("open icp",),
    "total_icp_users_active": ("active icp",),
    "share_rate_among_icps": ("any share icp", "active icp"),
    "signups": ("signups",),
    "new_accounts": ("accounts",),
    "product_adoption_rate": ("active", "open or active"),
    "active_accounts": ("active accounts",),
    "total_sessions": ("sessions",),
    "product_sharing_rate_by_session": ("sessions shared in", "sessions"),
}
# The sides that count events, and the KPIs of them.
EVENTS = frozenset({"shares", "sessions", "sessions shared in"})
OF_EVENTS = frozenset(slug for slug, sides in SIDES.items() if EVENTS & set(sides))


@dataclass(frozen=True)
class Item:
    """Somebody counts, once more, because of something on `day`, unless they are not like this on `basis`."""

    who: int
    day: date
    basis: date
    told: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class Case:
    """Somebody who counts in a side, judged by a day, and what is told of the event, as often as it differs."""

    who: int
    space: Space
    day: date
    side: str
    told: Sequence[Mapping[str, str]]


Part = Callable[[Case], bool]
"""Whether somebody is in a part of a breakdown."""


@dataclass(frozen=True)
class ByHand:
    """The answers to one question about one KPI."""

    facts: BruteFacts
    slug: str
    question: Question

    @property
    def space(self) -> Space:
        return Space.ACCOUNT if "accounts" in self.slug else Space.USER

    @property
    def first(self) -> date:
        return answered_period(KPIS[self.slug], self.question).first

    @property
    def last(self) -> date:
        return answered_period(KPIS[self.slug], self.question).last

    def local(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.facts.zone)).date()

    @property
    def end(self) -> date:
        period = answered_period(KPIS[self.slug], self.question)
        return self.local(min(period.end - MOMENT, self.question.now))

    def sides(self, part: Part | None = None) -> list[Counter[int]]:
        """Who makes up each side, and how often; those of a rate's numerator are of its denominator."""
        cases = [[case for case in self.cases(side) if part is None or part(case)] for side in SIDES[self.slug]]
        return self.counted(cases)

    def counted(self, cases: Sequence[Sequence[Case]]) -> list[Counter[int]]:
        """Who makes up each side, and how often, of the cases of each."""
        counted = [Counter(case.who for case in some) for some in cases]
        if self.slug in OF_EVENTS:
            return counted
        sets = [set(some) for some in counted]
        return [Counter(some & sets[-1]) for some in sets]

    def cases(self, side: str) -> Iterator[Case]:
        """Everybody who counts in a side, as often as they do."""
        for item in self._items(side):
            case = Case(item.who, self.space, self._basis(item), side, item.told)
            if self._counts(case):
                yield case

    def _counts(self, case: Case) -> bool:
        segment = self.question.segment
        if self.space is Space.USER and case.who in self.facts.colleagues:
            return False
        if case.side.endswith("icp") and not self.matches(case.who, None, self.end):
            return False
        return segment is None or self.holds(segment, case.who, self.space, case.day)

    def _basis(self, item: Item) -> date:
        period = answered_period(KPIS[self.slug], self.question)
        fixed = {
            AsOf.PERIOD_END: self.end,
            AsOf.PERIOD_START: self.local(period.start - MOMENT),
            AsOf.NOW: self.local(self.question.now),
            AsOf.EVENT_DAY: item.day,
        }
        return fixed[self.question.as_of] if self.question.as_of else item.basis

    def _items(self, side: str) -> Iterator[Item]:
        for event in self.events():
            if told := self._told(event, side):
                who = event.account if side == "active accounts" else event.user
                day = self.facts.day(event)
                yield Item(who or 0, day, day if side in EVENTS else self.end, told)
        for stay in self.facts.stays:
            if "open" in side and stay.series == "user:open" and stay.holds(self.end):
                yield Item(stay.who, self.end, self.end)
            entered = {"signups": "user:registered", "accounts": "account:registered"}.get(side)
            if stay.series == entered and self.first <= stay.first <= self.last:
                yield Item(stay.who, stay.first, stay.first)

    def _told(self, event: Event, side: str) -> list[dict[str, str]]:
        """What a side counts an event for; nothing of an event that it does not count."""
        if "active" in side:
            is_of_side = event.is_activity and (side != "active accounts" or event.account is not None)
            return event.told() if is_of_side else []
        name = {"sessions": "session.started", "sessions shared in": "session.started"}.get(side, "share.created")
        if event.name != name or side in ("open", "open icp", "signups", "accounts"):
            return []
        is_any = side in ("sessions", "any share icp")
        return [told for told in event.told() if is_any or told.get("share_scope") == "product"]

    def events(self) -> list[Event]:
        period = answered_period(KPIS[self.slug], self.question)
        return [event for event in self.facts.events if period.start <= event.at < period.end]

    def holds(self, condition: Condition, who: int, space: Space, day: date) -> bool:
        """Whether a condition holds of a user or an account at a day's end."""
        if isinstance(condition, Not):
            return not self.holds(condition.part, who, space, day)
        if isinstance(condition, TraitIs | Did | InIcp | KpiSide):
            return self._leaf(condition, who, space, day)
        every = all if isinstance(condition, All) else any
        return every(self.holds(part, who, space, day) for part in condition.parts)

    def _leaf(self, leaf: Leaf, who: int, space: Space, day: date) -> bool:
        home = self._home(leaf, space)
        if home is space:
            return self._holds_at_home(leaf, who, space, day)
        pairs = self.facts.memberships(day)
        if space is Space.ACCOUNT:
            relatives = {user for user, account in pairs if account == who}
        else:
            relatives = {account for user, account in pairs if user == who}
        return any(self._holds_at_home(leaf, relative, home, day) for relative in relatives)

    def _home(self, leaf: Leaf, space: Space) -> Space:
        if isinstance(leaf, TraitIs) and Space.ACCOUNT in leaf.spaces:
            return space
        if isinstance(leaf, KpiSide) and "accounts" in leaf.kpi.slug:
            return Space.ACCOUNT
        return Space.USER

    def _holds_at_home(self, leaf: Leaf, who: int, space: Space, day: date) -> bool:
        if isinstance(leaf, TraitIs):
            return compares(leaf, self.facts.held(f"{space}:trait:{leaf.name}", who, day))
        if isinstance(leaf, InIcp):
            return self.matches(who, leaf.profile, day)
        if isinstance(leaf, Did):
            return self._did(leaf, who, day)
        return who in self._side(leaf)

    def matches(self, who: int, profile: str | None, day: date) -> bool:
        assert self.question.home
        profiles = self.question.home.profiles if profile is None else (profile,)
        return any(self.facts.held(f"user:icp:{slug}", who, day) for slug in profiles)

    def _did(self, leaf: Did, who: int, day: date) -> bool:
        first, last = (leaf.period.first, leaf.period.last) if leaf.period else (self.first, self.last)
        if leaf.days:
            first, last = day - (leaf.days - 1) * DAY, day
        done = [
            event
            for event in self.facts.events
            if (event.user, event.name) == (who, leaf.event)
            and first <= self.facts.day(event) <= last
            and all(event.facets.get(facet) in allowed for facet, allowed in leaf.where)
        ]
        return len(done) >= leaf.at_least

    def _side(self, leaf: KpiSide) -> set[int]:
        period = leaf.period or self.question.period
        asked = replace(self.question, period=period, segment=None, as_of=None, limits=())
        numerator, *denominator = ByHand(self.facts, leaf.kpi.slug, asked).sides()
        if leaf.side is SideName.NUMERATOR:
            return set(numerator)
        (whole,) = denominator
        return set(whole) if leaf.side is SideName.DENOMINATOR else whole.keys() - numerator.keys()


def compares(leaf: TraitIs, value: str | None) -> bool:
    """Whether a text in JSON, or a whole number, is what a comparison wants."""
    if leaf.op in NEGATIONS:
        return not compares(replace(leaf, op=NEGATIONS[leaf.op]), value)
    if value is None:
        return False
    text = value.strip('"')
    if leaf.op in (TraitOp.EQUALS, TraitOp.IN):
        return text in leaf.values
    if leaf.op is TraitOp.CONTAINS:
        return value[0] == '"' and leaf.values[0] in text
    if leaf.op is TraitOp.AT_LEAST:
        return value[0] != '"' and int(value) >= int(leaf.values[0])
    return True
