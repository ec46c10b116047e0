from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from apps.audience.referrals import Attribution, Referrer, chosen

BOB, ALICE = 7, 3
SIGNED_UP = datetime(2026, 4, 10, 12, tzinfo=UTC)
MOMENT, WEEK = timedelta(microseconds=1), timedelta(days=7)


def said(after: timedelta, referrer: Referrer = "a-partner", key: int = 1, **facets: str) -> Attribution:
    return Attribution(SIGNED_UP + after, UUID(int=key), referrer, **facets)


def choose(*attributions: Attribution, rejected: frozenset[Referrer] = frozenset()) -> Attribution | None:
    return chosen(BOB, SIGNED_UP, attributions, rejected)


def test_the_last_until_the_sign_up_is_the_referral() -> None:
    early, last, after = said(-WEEK), said(timedelta(0)), said(MOMENT)
    assert choose(after, last, early) == last
    assert choose(early, after) == early


def test_without_one_it_is_the_first_less_than_a_week_after() -> None:
    first, later = said(MOMENT), said(WEEK - MOMENT)
    assert choose(later, first) == first
    assert choose(later, said(WEEK)) == later
    assert choose(said(WEEK)) is None


def test_of_two_of_one_instant_the_greater_key_is_the_later() -> None:
    lesser, greater = said(-WEEK, key=1), said(-WEEK, key=2)
    assert choose(greater, lesser) == choose(lesser, greater) == greater
    lesser, greater = said(MOMENT, key=1), said(MOMENT, key=2)
    assert choose(greater, lesser) == choose(lesser, greater) == lesser


def test_nobody_refers_themselves() -> None:
    assert choose(said(-WEEK, BOB)) is None
    # A partner may be called by the number that somebody has here.
    assert choose(said(-WEEK, str(BOB))) == said(-WEEK, "7")


@pytest.mark.parametrize(
    ("rejected", "referrer"), [({"a-partner"}, ALICE), ({ALICE}, "a-partner"), ({"alice"}, ALICE), ({None}, 0)]
)
def test_who_is_rejected_referred_nobody(rejected: set[Referrer], referrer: Referrer) -> None:
    found = choose(said(-WEEK, "a-partner"), said(-MOMENT, ALICE), rejected=frozenset(rejected))
    assert (found.referrer if found else 0) == referrer


def test_an_unknown_referrer_is_rejected_by_an_unknown_one_alone() -> None:
    unknown = said(-WEEK, None)
    assert choose(unknown, rejected=frozenset({"a-partner", ALICE})) == unknown
    assert choose(unknown, rejected=frozenset({None})) is None
