import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from apps.engine.answers import Answer, remainder
from apps.engine.definitions import Count, Kpi, Ratio, where
from apps.engine.evaluate import evaluate
from apps.engine.expressions import Question
from apps.engine.numbers import Numbers
from apps.engine.periods import Period, between, parse_day, parse_month, parse_week
from apps.engine.sets import Space
from tests.engine.brute import (
    ACTIVE,
    ALICE,
    BOB,
    CHARLIE,
    DANA,
    ERIN,
    KPIS,
    SHARED,
    Allowed,
    BruteFacts,
    Event,
    Tally,
    share,
)

APRIL = parse_month("2026-04", "UTC")
LATER = datetime(2026, 6, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FILTERED: list[Allowed] = [
    {},
    {"share_type": frozenset({"link", "embed"})},
    {"channel": frozenset({"email", None}), "share_type": frozenset({"link"})},
]


def on(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 4, day, hour, tzinfo=UTC)


def ask(slug: str, facts: BruteFacts, period: Period = APRIL) -> Answer:
    return evaluate(KPIS[slug], Question(period, LATER), facts)


def test_who_logs_in_or_shares_is_active_and_who_only_sees_a_prompt_is_not() -> None:
    prompt = Event(CHARLIE, on(3), "referral_prompt.shown", is_activity=False)
    facts = BruteFacts([Event(ALICE, on(1)), Event(ALICE, on(2)), share(BOB, on(2)), prompt])
    answer = ask("total_active_users", facts)
    assert answer.value == 2
    assert answer.numerator.members is not None
    assert list(answer.numerator.members) == [ALICE, BOB]
    assert answer.denominator is None


def test_three_shares_of_bob_and_one_of_erin_are_two_users_and_four_actions() -> None:
    facts = BruteFacts([share(BOB, on(1)), share(BOB, on(2)), share(BOB, on(3)), share(ERIN, on(4))])
    assert ask("users_who_shared", facts).value == 2
    actions = ask("share_actions", facts)
    assert actions.value == 4
    assert actions.numerator.members is None
    assert actions.numerator.contributors().items(None, 10) == [(BOB, 3), (ERIN, 1)]


def test_1620_of_6000_active_users_shared() -> None:
    facts = BruteFacts([share(user, on(1)) if user <= 1_620 else Event(user, on(1)) for user in range(1, 6_001)])
    rate = ask("product_sharing_rate", facts)
    assert str(rate.value) == "27"
    assert rate.denominator is not None
    assert (rate.numerator.amount, rate.denominator.amount, rate.dropped_numerator) == (1_620, 6_000, 0)
    assert len(remainder(rate)) == 4_380
    assert remainder(rate).page(None, 2) == [1_621, 1_622]


def test_nobody_active_is_undefined_and_not_zero() -> None:
    rate = ask("product_sharing_rate", BruteFacts([]))
    assert rate.value is None
    assert rate.denominator is not None
    assert (rate.numerator.amount, rate.denominator.amount) == (0, 0)
    assert ask("total_active_users", BruteFacts([])).value == 0
    assert ask("share_actions", BruteFacts([])).value == 0


def test_active_on_monday_and_tuesday_is_one_user_of_the_week() -> None:
    facts = BruteFacts([Event(ALICE, on(27)), Event(ALICE, on(28)), Event(BOB, on(28))])
    assert ask("wau", facts, parse_week("2026-W18", "UTC")).value == 2
    assert ask("dau", facts, parse_day("2026-04-27", "UTC")).value == 1
    assert ask("dau", facts, parse_day("2026-04-28", "UTC")).value == 2


def test_dau_of_a_month_is_that_of_its_last_day() -> None:
    facts = BruteFacts([Event(ALICE, on(29)), Event(BOB, on(30))])
    answer = ask("dau", facts)
    assert (str(answer.value), answer.period.label) == ("1", "2026-04-30")


def test_thirty_days_include_the_day_and_not_the_one_before_them() -> None:
    before = Event(CHARLIE, on(1) - DAY)
    facts = BruteFacts([before, Event(ALICE, on(1, 0)), Event(BOB, on(30, 23)), Event(DANA, on(30) + DAY)])
    answer = ask("mau_rolling_30d", facts, parse_day("2026-04-30", "UTC"))
    assert (str(answer.value), answer.period.label) == ("2", "2026-04-01/2026-05-01")


def test_a_day_of_23_hours_ends_at_its_midnight() -> None:
    zone = "America/New_York"
    late = datetime(2026, 3, 9, 3, 59, tzinfo=UTC)
    facts = BruteFacts([Event(ALICE, late), Event(BOB, late + timedelta(minutes=1))])
    assert ask("dau", facts, parse_day("2026-03-08", zone)).value == 1


def test_colleagues_are_nowhere() -> None:
    facts = BruteFacts([share(ALICE, on(1)), share(BOB, on(1)), share(BOB, on(2))], colleagues=frozenset({BOB}))
    rate = ask("product_sharing_rate", facts)
    assert rate.denominator is not None
    assert (rate.numerator.amount, rate.denominator.amount) == (1, 1)
    assert ask("share_actions", facts).numerator.contributors().items(None, 10) == [(ALICE, 1)]


def test_sharers_who_are_not_active_are_dropped_from_a_subset_ratio_and_counted() -> None:
    silent = Event(BOB, on(2), "share.created", is_activity=False, facets={"share_scope": "product"})
    facts = BruteFacts([share(ALICE, on(1)), silent])
    rate = ask("product_sharing_rate", facts)
    assert (rate.value, rate.numerator.amount, rate.dropped_numerator) == (Decimal(100), 1, 1)
    loose = evaluate(Kpi("loose", 1, Ratio(SHARED, ACTIVE)), Question(APRIL, LATER), facts)
    assert (loose.value, loose.numerator.amount, loose.dropped_numerator) == (Decimal(200), 2, 0)


def test_a_share_type_restricts_the_sharers_and_leaves_the_active_whole() -> None:
    facts = BruteFacts([share(ALICE, on(1), "link"), share(BOB, on(1), "invite"), Event(CHARLIE, on(1))])
    question = Question(APRIL, LATER, limits=where({"share_type": {"link"}}))
    rate = evaluate(KPIS["product_sharing_rate"], question, facts)
    assert rate.denominator is not None
    assert (rate.numerator.amount, rate.denominator.amount) == (1, 3)


def test_a_channel_restricts_active_users_to_those_who_shared_through_it() -> None:
    content = share(BOB, on(2), "link", "content", channel="email")
    other = share(CHARLIE, on(2), channel="in_app")
    facts = BruteFacts([Event(ALICE, on(1)), content, other])
    question = Question(APRIL, LATER, limits=where({"channel": {"email"}}))
    active = evaluate(KPIS["total_active_users"], question, facts)
    assert active.numerator.members is not None
    assert list(active.numerator.members) == [BOB]


def test_one_share_has_to_meet_both_filters() -> None:
    facts = BruteFacts(
        [share(ALICE, on(1), "link", channel="email"), share(ALICE, on(1), "invite", channel="in_app")]
    )
    question = Question(APRIL, LATER, limits=where({"share_type": {"link"}, "channel": {"in_app"}}))
    assert evaluate(KPIS["total_active_users"], question, facts).value == 0
    assert evaluate(KPIS["users_who_shared"], question, facts).value == 0


def test_shares_per_active_user_is_a_ratio_of_a_count() -> None:
    kpi = Kpi("shares_per_user", 1, Ratio(Count("share.created"), ACTIVE, scale=1))
    facts = BruteFacts([share(ALICE, on(1)), share(ALICE, on(2)), share(BOB, on(2)), Event(CHARLIE, on(3))])
    answer = evaluate(kpi, Question(APRIL, LATER), facts)
    assert (answer.value, answer.numerator.amount) == (Decimal(1), 3)


def test_accounts_and_users_do_not_mix() -> None:
    class Accounts(BruteFacts):
        def columns(self, need: object) -> list[Numbers]:
            return [Numbers.of(Space.ACCOUNT, {ALICE: 1})]

    with pytest.raises(TypeError, match="cannot mix"):
        evaluate(KPIS["share_actions"], Question(APRIL, LATER), Accounts([]))


def test_a_rate_of_events_counts_each_of_them_and_splits_both_sides() -> None:
    facts = BruteFacts(
        [
            *(share(ALICE, on(day), "link") for day in (1, 2, 3)),
            share(ALICE, on(4), "invite"),
            share(BOB, on(4), "link", "content"),
        ]
    )
    products, shares = Count("share.created", where({"share_scope": {"product"}})), Count("share.created")
    kpi = Kpi("product_shares", 1, Ratio(products, shares, subset=True))
    whole = evaluate(kpi, Question(APRIL, LATER), facts)
    assert whole.denominator is not None
    assert (whole.numerator.amount, whole.denominator.amount, whole.dropped_numerator) == (4, 5, 0)
    assert whole.value == 80
    assert whole.numerator.contributors().items(None, 9) == [(ALICE, 4)]
    links = evaluate(kpi, Question(APRIL, LATER, limits=where({"share_type": {"link"}})), facts)
    assert links.denominator is not None
    assert (links.numerator.amount, links.denominator.amount) == (3, 4)
    assert links.value == 75


def stream(dice: random.Random) -> BruteFacts:
    """Three months of shares and other events of thirty people, a tenth of them colleagues."""
    events = []
    for _ in range(400):
        user, at = dice.randrange(30), datetime(2026, 2, 25, tzinfo=UTC) + dice.random() * 90 * DAY
        shared = dice.random() < 0.4
        channel = {"channel": dice.choice(["email", "in_app"])} if dice.random() < 0.7 else {}
        made = share(
            user, at, dice.choice(["link", "invite", "embed"]), dice.choice(["product", "content"]), **channel
        )
        events.append(made if shared else Event(user, at, is_activity=dice.random() < 0.8))
    return BruteFacts(events, colleagues=frozenset({3, 7, 11}))


@pytest.mark.parametrize("seed", range(40))
def test_every_kpi_equals_a_count_of_the_events_one_by_one(seed: int) -> None:
    dice = random.Random(seed)
    facts, zone = (
        stream(dice),
        dice.choice(["UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"]),
    )
    first = date(2026, 3, 1) + dice.randrange(60) * DAY
    period = between(first, first + dice.randint(1, 20) * DAY, zone)
    for allowed in FILTERED:
        compare(facts, period, allowed)


def compare(facts: BruteFacts, period: Period, allowed: Allowed) -> None:
    question = Question(period, LATER, where(allowed))

    def value(slug: str) -> Decimal | None:
        return evaluate(KPIS[slug], question, facts).value

    def tally(first: date, end: date) -> Tally:
        return Tally.of(facts, period.zone, first, end)

    def active(first: date, end: date) -> int:
        told = tally(first, end)
        return len(told.active() & told.sharers(allowed, scope=None) if allowed else told.active())

    last, end = period.last, period.last + DAY
    monday, month = last - last.weekday() * DAY, last.replace(day=1)
    whole = tally(period.first, end)
    sharers = whole.sharers(allowed) & whole.active()
    assert value("total_active_users") == active(period.first, end)
    assert value("users_who_shared") == len(whole.sharers(allowed))
    assert value("share_actions") == len(whole.shares(allowed))
    assert value("product_sharing_rate") == percent(len(sharers), len(whole.active()))
    assert value("dau") == active(last, end)
    assert value("wau") == active(monday, monday + 7 * DAY)
    assert value("mau") == active(month, (month + 31 * DAY).replace(day=1))
    assert value("mau_rolling_30d") == active(end - 30 * DAY, end)


def percent(part: int, whole: int) -> Decimal | None:
    return Decimal(round(Fraction(part * 10**8, whole))) / 10**6 if whole else None
