"""How an answer differs from that of another period."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from apps.engine.expressions import Question
from apps.engine.parts import ByTrait, EventFacet
from apps.engine.periods import between, parse_day, parse_month, parse_week
from apps.engine.refusals import Refusal
from apps.kpis.catalogue import find
from apps.kpis.changes import Before, Change, To, change
from apps.kpis.evaluate import Asked, breakdown
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.world import act, ask, deliver, identify, opened, share

pytestmark = pytest.mark.django_db

APRIL, MARCH, FEBRUARY = (parse_month(f"2026-{month}", "UTC") for month in ("04", "03", "02"))
RATE = "product_sharing_rate"
LATER = datetime(2026, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def acme() -> Workspace:
    """Ten are active in April 2025; eighty in March 2026, 48 of them share; seventy in April, of whom 56 do."""
    workspace = opened().workspace
    deliver(
        workspace,
        *(act(f"early-{n}", "2025-04-20T09:00:00") for n in range(10)),
        *(act(f"march-{n}", "2026-03-10T09:00:00") for n in range(32)),
        *(share(f"march-{n}", "2026-03-20T09:00:00") for n in range(32, 80)),
        *(act(f"april-{n}", "2026-04-10T09:00:00") for n in range(14)),
        *(share(f"april-{n}", "2026-04-12T09:00:00") for n in range(14, 70)),
        *(identify(f"march-{n}", "2026-03-01T09:00:00", plan="free") for n in range(80)),
        *(identify(f"april-{n}", "2026-04-01T09:00:00", plan="pro") for n in range(70)),
    )
    queue.settle(workspace.pk)
    return workspace


def told(workspace: Workspace, slug: str = RATE, to: To = Before.PERIOD, now: datetime = LATER) -> Change:
    found = change(workspace, ask(workspace, slug, APRIL, now), to)
    assert found is not None
    return found


def values(found: Change) -> list[Decimal | None]:
    return [found.current.answer.value, found.previous.answer.value]


def differences(found: Change) -> list[Decimal | None]:
    return [found.absolute, found.relative]


def periods(found: Change) -> tuple[str, str]:
    return found.current.answer.period.label, found.previous.answer.period.label


def test_a_rate_is_compared_with_that_of_the_month_before(acme: Workspace) -> None:
    found = told(acme)
    assert periods(found) == ("2026-04", "2026-03")
    assert values(found) == [80, 60]
    assert differences(found) == [20, Decimal("33.333333")]
    # Newcombe's published example of 56 of 70 and 48 of 80.
    bounds = found.interval(0.95)
    assert bounds is not None
    assert [f"{bound:.2f}" for bound in bounds] == ["5.24", "33.39"]
    assert found.p_value == Decimal("0.008045")
    assert (found.is_significant(0.95), found.is_significant(0.999)) == (True, False)


def test_a_number_is_compared_but_was_no_sample(acme: Workspace) -> None:
    found = told(acme, "total_active_users")
    assert differences(found) == [-10, Decimal("-12.5")]
    assert (found.p_value, found.interval(0.95), found.is_significant(0.95)) == (None, None, None)


def test_a_year_before_nobody_shared(acme: Workspace) -> None:
    found = told(acme, to=Before.YEAR)
    assert periods(found) == ("2026-04", "2025-04")
    assert differences(found) == [80, None]


def test_a_period_that_is_named_is_taken_as_it_is(acme: Workspace) -> None:
    found = told(
        acme, "total_active_users", to=parse_day("2026-03-10", "UTC"), now=datetime(2026, 4, 20, tzinfo=UTC)
    )
    assert periods(found) == ("2026-04", "2026-03-10")
    assert values(found) == [70, 32]
    assert not found.current.is_complete


def test_a_difference_is_exact_to_the_last_place(acme: Workspace) -> None:
    deliver(
        acme, *(act(f"late-{n}", "2026-05-04T09:00:00") for n in range(2)), share("late-2", "2026-05-04T09:00:00")
    )
    deliver(acme, act("later-0", "2026-05-11T09:00:00"), share("later-1", "2026-05-11T09:00:00"))
    deliver(acme, share("later-2", "2026-05-11T09:00:00"))
    queue.settle(acme.pk)
    found = change(acme, ask(acme, RATE, parse_week("2026-W19", "UTC")), parse_week("2026-W20", "UTC"))
    assert found is not None
    # 33.333333 less 66.666667 would be -33.333334, and -50.000001 percent of it.
    assert differences(found) == [Decimal("-33.333333"), -50]


def test_what_had_no_value_has_no_difference(acme: Workspace) -> None:
    found = told(acme, to=FEBRUARY)
    assert found.previous.answer.value is None
    assert (found.absolute, found.relative, found.p_value) == (None, None, None)
    assert found.interval(0.95) is None


def test_of_a_running_month_the_days_that_are_over_are_compared(acme: Workspace) -> None:
    found = told(acme, "total_active_users", now=datetime(2026, 4, 12, 12, tzinfo=UTC))
    # What happened on 12 April so far is left out, as the days after 11 March are.
    assert periods(found) == ("2026-04-01/2026-04-12", "2026-03-01/2026-03-12")
    assert values(found) == [14, 32]


def test_of_a_month_with_fewer_days_all_are_compared(acme: Workspace) -> None:
    found = change(acme, ask(acme, RATE, MARCH, datetime(2026, 3, 31, 12, tzinfo=UTC)), Before.PERIOD)
    assert found is not None
    assert periods(found) == ("2026-03-01/2026-03-31", "2026-02")


@pytest.mark.parametrize(
    ("slug", "now"),
    [
        (RATE, datetime(2026, 4, 1, 23, tzinfo=UTC)),
        (RATE, datetime(2026, 3, 1, tzinfo=UTC)),
        ("mau", datetime(2026, 4, 12, tzinfo=UTC)),
    ],
)
def test_nothing_is_compared_before_a_day_is_over_or_of_a_running_unit(
    acme: Workspace, slug: str, now: datetime
) -> None:
    assert change(acme, ask(acme, slug, APRIL, now), Before.PERIOD) is None


@pytest.mark.parametrize(
    ("slug", "now", "current", "previous"),
    [
        ("dau", LATER, "2026-04-30", "2026-04-29"),
        ("mau", LATER, "2026-04", "2026-03"),
        ("wau", LATER, "2026-W18", "2026-W17"),
        ("mau_rolling_30d", LATER, "2026-04-01/2026-05-01", "2026-03-02/2026-04-01"),
        # A window that ended yesterday, and the one before it.
        (
            "mau_rolling_30d",
            datetime(2026, 4, 12, 12, tzinfo=UTC),
            "2026-03-13/2026-04-12",
            "2026-02-11/2026-03-13",
        ),
    ],
)
def test_a_unit_or_window_of_the_kpi_is_compared_with_the_one_before(
    acme: Workspace, slug: str, now: datetime, current: str, previous: str
) -> None:
    assert periods(told(acme, slug, now=now)) == (current, previous)


def test_parts_of_an_answer_are_compared_with_the_same_parts(acme: Workspace) -> None:
    asked = Asked(find("users_who_shared"), Question(between(date(2026, 3, 1), date(2026, 5, 1), "UTC"), LATER))
    rows = breakdown(acme, Asked(asked.entry, asked.question, ByTrait("plan")), 20)
    found = {row.asked.part.key: change(acme, row, MARCH) for row in rows if row.asked.part}
    assert {key: values(one) for key, one in found.items() if one} == {'"pro"': [56, 0], '"free"': [48, 48]}
    links = breakdown(acme, Asked(asked.entry, asked.question, EventFacet("share_type")), 20)
    (invited,) = (change(acme, row, parse_week("2026-W12", "UTC")) for row in links)
    assert invited is not None
    assert values(invited) == [104, 48]


def test_the_others_of_a_breakdown_are_others_each_time(acme: Workspace) -> None:
    asked = Asked(find("users_who_shared"), Question(between(date(2026, 3, 1), date(2026, 5, 1), "UTC"), LATER))
    _, others = breakdown(acme, Asked(asked.entry, asked.question, ByTrait("plan")), 1)
    assert change(acme, others, MARCH) is None


def test_a_level_beyond_reason_is_refused_even_where_nothing_is_to_be_told(acme: Workspace) -> None:
    for ask_for in (told(acme, "signups").interval, told(acme, "signups").is_significant):
        with pytest.raises(Refusal) as refused:
            ask_for(0.4)
        assert refused.value.code == "BAD_LEVEL"
