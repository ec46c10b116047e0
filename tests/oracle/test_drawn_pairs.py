"""Prompts with what they drew, and sessions with what was shared in them, by two dimensions, counted by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.oracle import test_links, test_sessions
from tests.oracle.breakdown import Key, Split
from tests.oracle.examples import LATER, acted, held, shared
from tests.oracle.messages import Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle
from tests.oracle.pairs import OTHERS, Pair, pairs
from tests.oracle.test_links import BY_IMPRESSION
from tests.oracle.test_sessions import ALL, NOON, TOTAL

BY_VIEWER, BY_SESSION = test_links.RATE, test_sessions.RATE
EVERYTHING = {
    BY_IMPRESSION: test_links.EVERYTHING,
    BY_VIEWER: test_links.EVERYTHING,
    BY_SESSION: test_sessions.EVERYTHING,
    TOTAL: test_sessions.EVERYTHING,
}


def split(kpi: str, both: str, *more: Raw, first: int = 20, erased: str | None = None) -> dict[Pair, Answer]:
    """An answer about everything and more by two dimensions, as one writes them: "platform channel"."""
    ledger = held([*EVERYTHING[kpi], *more])
    if erased is not None:
        ledger.erase(erased, datetime(2026, 6, 1, tzinfo=UTC))
    one, then = (Split(by, first) for by in both.split())
    return pairs(Oracle(ledger, Home("UTC")), Asked(kpi, "2026-04", LATER, "UTC"), one, then)


def sizes(found: Mapping[Pair, Answer]) -> list[tuple[Key, Key, int, int]]:
    """The amounts of both sides, row by row."""
    return [
        (*pair, sum(one.numerator.values()), sum((one.denominator or {}).values())) for pair, one in found.items()
    ]


def test_a_kind_parts_what_drew_it_and_a_variant_all_prompts_even_where_none_drew_it() -> None:
    by_impression = [("accept", "a", 1, 3), ("click", "a", 1, 3), ("dismiss", "a", 1, 3)]
    by_impression += [("accept", "b", 0, 1), ("click", "b", 0, 1), ("dismiss", "b", 0, 1)]
    assert sizes(split(BY_IMPRESSION, "interactionKind variant")) == by_impression
    assert sizes(split(BY_VIEWER, "interactionKind variant")) == by_impression
    # Alice accepted one of variant a, and saw one of variant b.
    assert split(BY_VIEWER, "variant interactionKind")["b", "accept"] == Answer(Decimal(0), {}, {"alice": 1})
    assert [row[:2] for row in sizes(split(BY_IMPRESSION, "interactionKind prompt"))] == [
        ("accept", "invite"),
        ("click", "invite"),
        ("dismiss", "gift"),
        ("accept", "gift"),
        ("click", "gift"),
        ("dismiss", "invite"),
    ]


def test_of_the_others_a_prompt_counts_once_however_many_kinds_it_drew() -> None:
    more = (acted("alice", NOON, "one", "hover"), acted("alice", NOON, "one", "expand"))
    whole = {"alice": 2, "bob": 1, "carla": 1}
    rest = Answer(Decimal(50), {"alice": 1, "carla": 1}, whole)
    assert split(BY_IMPRESSION, "interactionKind variant", *more, first=1)[OTHERS] == rest
    assert split(BY_IMPRESSION, "interactionKind variant", *more, first=5)[OTHERS] == Answer(
        Decimal(0), {}, {"alice": 1}
    )
    assert split(BY_IMPRESSION, "prompt interactionKind", first=3)[OTHERS] == Answer(Decimal(0), {}, whole)


def test_prompts_are_parted_by_what_they_drew_and_by_what_their_viewers_shared() -> None:
    more = (shared("alice", NOON, share_type="link"), shared("bob", NOON, share_type="invite"))
    assert sizes(split(BY_IMPRESSION, "interactionKind shareType", *more)) == [
        ("accept", "link", 1, 2),
        ("click", "link", 1, 2),
        ("accept", "invite", 0, 1),
        ("click", "invite", 0, 1),
        ("dismiss", "invite", 0, 1),
        ("dismiss", "link", 0, 2),
    ]


def test_one_share_in_a_session_has_both_and_the_sessions_stay_whole() -> None:
    assert split(BY_SESSION, "shareType channel") == {
        ("invite", "email"): Answer(Decimal(25), {"alice": 1}, ALL),
        ("link", "button"): Answer(Decimal(25), {"alice": 1}, ALL),
        ("link", None): Answer(Decimal(25), {"carla": 1}, ALL),
    }
    assert sizes(split(BY_SESSION, "objectType feature")) == [
        ("doc", None, 1, 4),
        ("report", None, 1, 4),
        (None, "menu", 1, 4),
    ]


def test_of_the_others_a_session_counts_once_whatever_was_shared_in_it() -> None:
    both = Answer(Decimal(50), {"alice": 1, "carla": 1}, ALL)
    assert split(BY_SESSION, "shareType channel", first=1)[OTHERS] == both
    assert split(BY_SESSION, "shareType channel", first=0) == {OTHERS: both}


def test_where_a_session_began_parts_both_sides_and_what_was_shared_in_it_one() -> None:
    assert sizes(split(BY_SESSION, "platform shareType")) == [
        ("web", "invite", 1, 2),
        ("web", "link", 1, 2),
        (None, "link", 1, 1),
        ("ios", "invite", 0, 1),
        ("ios", "link", 0, 1),
        (None, "invite", 0, 1),
    ]
    found = split(BY_SESSION, "platform shareType", first=1)
    assert found[OTHERS] == Answer(Decimal(50), {"alice": 1, "carla": 1}, ALL)
    found = split(BY_SESSION, "platform shareType", first=3)
    assert found[OTHERS] == Answer(Decimal(0), {}, {"alice": 1, "carla": 1})


def test_sessions_are_parted_by_how_they_began_and_by_what_whoever_began_them_shared_anywhere() -> None:
    assert sizes(split(TOTAL, "platform sourceChannel")) == [
        ("ios", None, 1, 0),
        ("web", "mail", 1, 0),
        ("web", None, 1, 0),
        (None, "mail", 1, 0),
    ]
    by_share = [("ios", "invite", 1, 0), ("ios", "link", 1, 0), ("web", "invite", 1, 0), ("web", "link", 1, 0)]
    assert sizes(split(TOTAL, "platform shareType")) == by_share
    assert split(TOTAL, "platform shareType", first=0) == {OTHERS: Answer(Decimal(2), {"alice": 2})}


@pytest.mark.parametrize("kpi", [BY_IMPRESSION, BY_VIEWER, BY_SESSION])
def test_what_the_erased_drew_stays_in_its_pairs(kpi: str) -> None:
    both = "shareType channel" if kpi == BY_SESSION else "interactionKind variant"
    assert sizes(split(kpi, both, erased="alice")) == sizes(split(kpi, both))
    assert sizes(split(kpi, both, first=1, erased="dana")) == sizes(split(kpi, both, first=1))
