"""The oracle against examples counted by hand, most of them those of KPIS.md's sheets."""

import ast
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracle.counting import ACTIVITY
from tests.oracle.examples import (
    LATER,
    ask,
    called,
    did,
    held,
    shared,
    visited,
    worked,
)
from tests.oracle.ledger import ACCEPTED, DUPLICATE, Ledger
from tests.oracle.oracle import Answer, Asked, Home, Oracle

FOLDER = Path(__file__).parent
# Those alone may know the product that ask it, and the tests.
OF_PRODUCT = {"doors", "judge", "putting", "trial"}
OWN = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem not in OF_PRODUCT and "test" not in file.stem)


def test_who_logs_in_or_only_shares_is_active_and_who_only_saw_a_prompt_is_not() -> None:
    raws = [did("alice", "session.started", f"2026-04-0{day}") for day in (1, 2)]
    raws += [shared("bob", "2026-04-03"), did("charlie", "referral_prompt.shown", "2026-04-03")]
    assert ask("total_active_users", raws).numerator == {"alice": 1, "bob": 1}
    assert ask("total_active_users", raws).value == 2


def test_three_shares_of_bob_and_one_of_erin_are_two_people_and_four_actions() -> None:
    raws = [shared("bob", "2026-04-01") for _ in range(3)] + [shared("erin", "2026-04-30")]
    assert ask("users_who_shared", raws) == Answer(Decimal(2), {"bob": 1, "erin": 1})
    assert ask("share_actions", raws) == Answer(Decimal(4), {"bob": 3, "erin": 1})


def test_1620_of_6000_active_users_are_27_percent() -> None:
    raws = [worked(f"user-{number}", "2026-04-15") for number in range(6_000)]
    raws += [shared(f"user-{number}", "2026-04-16") for number in range(1_620)]
    rate = ask("product_sharing_rate", raws)
    assert rate.denominator is not None
    assert (rate.value, len(rate.numerator), len(rate.denominator)) == (Decimal(27), 1_620, 6_000)


def test_a_rate_is_rounded_half_to_even_at_six_places() -> None:
    raws = [worked(f"user-{number}", "2026-04-15") for number in range(3)] + [shared("user-0", "2026-04-15")]
    assert ask("product_sharing_rate", raws).value == Decimal("33.333333")


def test_the_rate_of_nobody_is_undefined_and_counts_of_nobody_are_0() -> None:
    assert ask("product_sharing_rate", []) == Answer(None, {}, {})
    assert ask("share_actions", []) == Answer(Decimal(0), {})


def test_shares_that_failed_were_cancelled_or_are_errors_do_not_count_but_are_activity() -> None:
    raws = [
        shared("alice", "2026-04-01", status="failed"),
        shared("bob", "2026-04-01", status="cancelled"),
        shared("charlie", "2026-04-01", is_error=True),
        shared("dana", "2026-04-01", is_error=False, status="completed"),
    ]
    assert ask("users_who_shared", raws).numerator == {"dana": 1}
    assert ask("total_active_users", raws).value == 4


def test_content_and_referral_shares_and_those_without_a_scope_are_no_product_shares() -> None:
    raws = [shared("alice", "2026-04-01", share_scope=scope) for scope in ("content", "referral", None)]
    assert ask("users_who_shared", raws).value == 0
    assert ask("total_active_users", raws).value == 1


def test_alice_on_monday_and_tuesday_and_bob_on_tuesday_are_two_of_the_week() -> None:
    raws = [worked("alice", "2026-04-27"), worked("alice", "2026-04-28"), worked("bob", "2026-04-28")]
    assert ask("wau", raws, "2026-W18").value == 2
    assert [ask("dau", raws, day).value for day in ("2026-04-27", "2026-04-28", "2026-04-29")] == [1, 2, 0]


def test_the_thirty_days_hold_the_day_itself_and_the_29_before_it() -> None:
    raws = [worked("alice", "2026-03-31"), worked("bob", "2026-04-01"), worked("charlie", "2026-04-30")]
    raws += [worked("dana", "2026-05-01")]
    assert ask("mau_rolling_30d", raws, "2026-04-30").numerator == {"bob": 1, "charlie": 1}


def test_kpis_with_a_grain_of_their_own_answer_for_the_last_day_of_the_period() -> None:
    raws = [worked("alice", "2026-04-01"), worked("bob", "2026-04-27"), worked("charlie", "2026-04-30")]
    assert ask("dau", raws, "2026-04").numerator == {"charlie": 1}
    assert ask("wau", raws, "2026-04").numerator == {"bob": 1, "charlie": 1}
    assert ask("mau", raws, "2026-04-20/2026-05-01").value == 3
    assert ask("mau", raws, "2026-Q2").value == 0


def test_kpis_with_a_grain_of_their_own_answer_for_today_while_the_period_runs() -> None:
    oracle = Oracle(held([worked("alice", "2026-04-01"), worked("bob", "2026-04-15")]), Home("UTC"))
    then = datetime(2026, 4, 15, tzinfo=UTC)
    assert oracle.answer(Asked("dau", "2026-04", then, "UTC")).numerator == {"bob": 1}
    assert oracle.answer(Asked("mau", "2026", then, "UTC")).value == 2


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", "2026-04-30"), ("Asia/Kolkata", "2026-05-01"), ("America/New_York", "2026-04-30")]
)
def test_the_day_of_an_event_is_that_of_the_workspaces_zone(zone: str, day: str) -> None:
    assert ask("dau", [worked("alice", "2026-04-30T18:30:00Z")], day, zone).value == 1


def test_a_day_of_23_hours_ends_at_its_midnight() -> None:
    raws = [worked("alice", "2026-03-09T03:59:59Z"), worked("bob", "2026-03-09T04:00:00Z")]
    assert ask("dau", raws, "2026-03-08", "America/New_York").numerator == {"alice": 1}


def test_of_two_messages_with_one_id_the_first_to_arrive_counts_within_its_source() -> None:
    first, ledger = worked("alice", "2026-04-01"), Ledger()
    second = worked("bob", "2026-04-01") | {"messageId": first["messageId"]}
    assert [ledger.take(source, raw) for source, raw in (("web", first), ("web", second), ("app", second))] == [
        ACCEPTED,
        DUPLICATE,
        ACCEPTED,
    ]
    assert ledger.stored == [first | {"source": "web"}, second | {"source": "app"}]


def test_one_action_told_by_two_messages_is_one_share() -> None:
    ledger = held(
        [shared("alice", "2026-04-01", action_id="a"), did("bob", "share.retracted", "2026-04-02", action_id="a")]
    )
    assert ledger.take("web", shared("charlie", "2026-04-01", action_id="a")) == DUPLICATE
    oracle = Oracle(ledger, Home("UTC"))
    assert oracle.answer(Asked("share_actions", "2026-04", LATER, "UTC")).numerator == {"alice": 1}
    assert oracle.answer(Asked("total_active_users", "2026-04", LATER, "UTC")).numerator == {"alice": 1, "bob": 1}


def test_anonymous_visitors_are_nobody() -> None:
    assert ask("total_active_users", [visited("v", "2026-04-01")]).value == 0


def test_a_number_and_its_digits_are_one_person() -> None:
    assert (
        ask("total_active_users", [worked("17", "2026-04-01") | {"userId": 17}, worked("17", "2026-04-02")]).value
        == 1
    )


def test_colleagues_are_out_for_all_time_whoever_was_called_so_last_by_event_time() -> None:
    raws = [shared("alice", "2026-04-01"), shared("bob", "2026-04-01"), shared("charlie", "2026-04-01")]
    raws += [called("bob", "2026-05-01", is_internal=True), called("bob", "2026-05-02", plan="pro")]
    raws += [called("charlie", "2026-05-03", is_internal=False), called("charlie", "2026-05-02", is_internal=True)]
    assert ask("share_actions", raws).numerator == {"alice": 1, "charlie": 1}
    assert ask("total_active_users", raws).numerator == {"alice": 1, "charlie": 1}


FILTERED = [
    shared("alice", "2026-04-01", share_type="invite", channel="email"),
    shared("alice", "2026-04-01", share_type="link", channel="button"),
    shared("bob", "2026-04-02", share_scope="content", channel="email"),
    worked("charlie", "2026-04-03"),
]


def filtered(kpi: str, share_types: set[str | None] | None, channels: set[str | None] | None) -> Answer:
    types, senders = (None if allowed is None else frozenset(allowed) for allowed in (share_types, channels))
    return Oracle(held(FILTERED), Home("UTC")).answer(Asked(kpi, "2026-04", LATER, "UTC", types, senders))


def test_a_filter_restricts_the_sharers_and_leaves_the_active_whole() -> None:
    rate = filtered("product_sharing_rate", {"invite"}, None)
    assert (rate.value, rate.numerator) == (Decimal("33.333333"), {"alice": 1})
    assert filtered("product_sharing_rate", {"pigeon"}, None).value == 0


def test_a_filter_restricts_the_active_to_those_with_such_a_share_of_any_scope() -> None:
    assert filtered("total_active_users", None, {"email"}).numerator == {"alice": 1, "bob": 1}
    assert filtered("mau", {"link"}, {"button"}).numerator == {"alice": 1}


def test_one_share_has_to_meet_both_filters() -> None:
    assert filtered("users_who_shared", {"invite"}, {"button"}).value == 0
    assert filtered("total_active_users", {"invite"}, {"button"}).value == 0


def test_a_workspaces_own_list_says_what_is_activity_and_a_rate_stays_within_it() -> None:
    raws = [shared("alice", "2026-04-01"), shared("bob", "2026-04-01"), worked("bob", "2026-04-01")]
    oracle = Oracle(held(raws), Home("UTC", ACTIVITY - {"share.created"}))
    rate = oracle.answer(Asked("product_sharing_rate", "2026-04", LATER, "UTC"))
    assert rate == Answer(Decimal(100), {"bob": 1}, {"bob": 1})
    assert oracle.answer(Asked("users_who_shared", "2026-04", LATER, "UTC")).value == 2


@pytest.mark.parametrize("name", OWN)
def test_the_oracle_and_its_streams_import_nothing_of_the_product(name: str) -> None:
    tree = ast.walk(ast.parse((FOLDER / f"{name}.py").read_text()))
    modules = {part.module for part in tree if isinstance(part, ast.ImportFrom)}
    assert not {module for module in modules if module and module.split(".")[0] in ("apps", "kpiservice")}
