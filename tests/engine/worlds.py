"""Worlds of a dozen people, and questions about them, as the property tests of conditions draw them."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random

from hypothesis import strategies as st

from apps.engine.conditions import All, Any, AsOf, Did, InIcp, KpiSide, Not, SideName, TraitIs, TraitOp
from apps.engine.definitions import Ratio, where
from apps.engine.expressions import Home, Question
from apps.engine.periods import between, parse_day, parse_month
from apps.engine.sets import Space
from tests.engine.brute import KPIS, BruteFacts, Event, Stay, member
from tests.engine.by_hand import DAY, OF_EVENTS, SIDES

FIRST = date(2026, 3, 1)
PEOPLE, ACCOUNTS, DAYS = 12, 4, 60
VALUES = {"plan": ('"free"', '"pro"', '"team"'), "seats": ("5", "50", "500"), "tier": ('"gold"', '"tin"')}
PROFILES = ("small", "large")
BOTH = frozenset(Space)
TRAITS = (
    TraitIs("plan", TraitOp.EQUALS, ("pro",), BOTH),
    TraitIs("plan", TraitOp.NOT_IN, ("pro", "team"), BOTH),
    TraitIs("plan", TraitOp.IS_SET, (), BOTH),
    TraitIs("tier", TraitOp.NOT_EQUALS, ("gold",)),
    TraitIs("tier", TraitOp.CONTAINS, ("i",)),
    TraitIs("tier", TraitOp.IS_NOT_SET),
    TraitIs("seats", TraitOp.AT_LEAST, ("50",), BOTH),
    TraitIs("seats", TraitOp.IN, ("5", "500"), BOTH),
)
DEEDS = (
    Did("share.created"),
    Did("share.created", 2, where=where({"share_type": ["link", "embed"]})),
    Did("action.performed", 2, days=7),
    Did("share.created", days=1),
    Did("action.performed", 3, period=parse_month("2026-03", "UTC")),
)


@cache
def world(seed: int) -> BruteFacts:
    """Two months of twelve people in four accounts, of whom one is a colleague and one was erased."""
    dice = Random(seed)
    people, accounts = range(PEOPLE), range(ACCOUNTS)
    stays = [stay for who in people for name in VALUES for stay in _stays(dice, f"user:trait:{name}", who)]
    stays += [
        stay
        for who in accounts
        for name in ("plan", "seats")
        for stay in _stays(dice, f"account:trait:{name}", who)
    ]
    stays += [stay for slug in PROFILES for who in people for stay in _stays(dice, f"user:icp:{slug}", who)[:1]]
    stays += [member(who, dice.choice(accounts), *_stretch(dice)) for who in people for _ in range(2)]
    for series, group in (("user", people), ("account", accounts)):
        stays += [Stay(f"{series}:open", who, *_stretch(dice)) for who in group]
        stays += [Stay(f"{series}:registered", who, _day(dice)) for who in group]
    events = [_event(dice) for _ in range(90)] + [_session(dice) for _ in range(20)]
    return BruteFacts(events, frozenset({3}), stays=stays, gone=frozenset({7}), lumped=frozenset({'"pro"', "500"}))


def _stays(dice: Random, series: str, who: int) -> list[Stay]:
    """Two values, one after the other, with or without a gap, or none at all."""
    first, second, third, fourth = sorted(dice.sample(range(-20, DAYS), 4))
    name = series.rpartition(":")[2]
    one, other = (dice.choice(VALUES.get(name, ("true",))) for _ in range(2))
    stays = [
        Stay(series, who, FIRST + first * DAY, FIRST + second * DAY, one),
        Stay(series, who, FIRST + dice.choice((second, third)) * DAY, FIRST + fourth * DAY, other),
    ]
    return dice.sample(stays, dice.randrange(3))


def _stretch(dice: Random) -> tuple[date, date | None]:
    first = _day(dice)
    return first, first + dice.randrange(1, 30) * DAY if dice.random() < 0.5 else None


def _day(dice: Random) -> date:
    return FIRST + dice.randrange(DAYS) * DAY


def _event(dice: Random) -> Event:
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=dice.randrange(24 * DAYS))
    account = dice.choice((None, *range(ACCOUNTS)))
    if dice.random() < 0.5:
        return Event(dice.randrange(PEOPLE), at, is_activity=dice.random() < 0.8, account=account)
    return Event(dice.randrange(PEOPLE), at, "share.created", facets=_shared(dice), account=account)


def _shared(dice: Random) -> dict[str, str]:
    channel = dice.choice(("email", "social", None))
    return {
        "share_type": dice.choice(("link", "invite", "embed")),
        "share_scope": dice.choice(("product", "content")),
        **({"channel": channel} if channel else {}),
    }


def _session(dice: Random) -> Event:
    """Somebody began a session, in which there were a few shares or none."""
    at = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(hours=dice.randrange(24 * 30))
    platform = dice.choice(({"platform": "web"}, {"platform": "ios"}, {}))
    drew = [_shared(dice) for _ in range(dice.randrange(4))]
    return Event(dice.randrange(PEOPLE), at, "session.started", facets=platform, drew=drew)


def _sides() -> list[KpiSide]:
    april = parse_month("2026-04", "UTC")
    return [
        KpiSide(KPIS[slug], side, period)
        for slug in SIDES
        for side in SideName
        for period in (None, april)
        if side is SideName.NUMERATOR or (isinstance(KPIS[slug].expression, Ratio) and slug not in OF_EVENTS)
    ]


leaves = st.sampled_from([*TRAITS, *DEEDS, *_sides(), InIcp(), InIcp("small"), InIcp("large")])
conditions = st.recursive(
    leaves,
    lambda parts: (
        st.builds(Not, parts)
        | st.builds(All, st.lists(parts, max_size=3).map(tuple))
        | st.builds(Any, st.lists(parts, max_size=3).map(tuple))
    ),
    max_leaves=5,
)
periods = st.sampled_from(
    [
        parse_month("2026-03", "UTC"),
        parse_month("2026-04", "UTC"),
        parse_day("2026-04-10", "UTC"),
        between(date(2026, 3, 20), date(2026, 4, 15), "UTC"),
        parse_month("2026-07", "UTC"),
    ]
)
instants = st.sampled_from([datetime(2026, 4, 12, 9, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)])
questions = st.builds(
    Question,
    periods,
    instants,
    home=st.just(Home("UTC", PROFILES)),
    segment=st.none() | conditions,
    as_of=st.none() | st.sampled_from(AsOf),
)
slugs = st.sampled_from(sorted(SIDES))
worlds = st.integers(0, 5).map(world)
