from datetime import UTC, datetime

import pytest

from tests.oracle.examples import (
    accounts_merged,
    aliased,
    called,
    did,
    grouped,
    held,
    merged,
    message,
    placed,
    recognised,
    shared,
    visited,
    worked,
)
from tests.oracle.ledger import ACCEPTED, DUPLICATE, Ledger
from tests.oracle.messages import ERASED, Raw

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def fates(*raws: Raw) -> list[str]:
    ledger = Ledger()
    return [ledger.take("web", raw) for raw in raws]


def test_a_merge_back_is_refused_and_a_merge_again_is_not() -> None:
    assert fates(merged("al", "alice"), merged("alice", "al"), merged("al", "alice")) == [
        ACCEPTED,
        "merge_cycle",
        ACCEPTED,
    ]


def test_nobody_is_merged_into_themselves() -> None:
    assert fates(merged("alice", "alice"), aliased("bob", "bob", "2026-05-01")) == ["merge_cycle", "merge_cycle"]


def test_a_chain_may_not_be_closed_but_two_of_one_group_may_be_merged_again() -> None:
    chain = [merged("a", "b"), merged("b", "c")]
    assert fates(*chain, merged("c", "a"))[-1] == "merge_cycle"
    assert fates(*chain, merged("a", "c"))[-1] == ACCEPTED
    assert fates(*chain, merged("b", "a"))[-1] == "merge_cycle"


def test_two_who_were_merged_into_a_third_may_be_merged_and_nothing_happens() -> None:
    ledger = held([merged("a", "c"), merged("b", "c"), merged("a", "b")])
    assert {ledger.users.root(one) for one in "abc"} == {"c"}


def test_the_survivor_of_a_merged_id_is_the_root_of_its_new_survivor() -> None:
    ledger = held([merged("a", "b"), merged("a", "c"), merged("c", "d")])
    assert ledger.users.alike("b") == {"a", "b", "c", "d"}
    assert ledger.users.root("a") == "d"


def test_a_refused_merge_is_not_stored_and_may_be_told_again_under_its_id() -> None:
    ledger, cycle = held([merged("al", "alice")]), merged("alice", "al")
    assert [ledger.take("web", cycle) for _ in range(2)] == ["merge_cycle", "merge_cycle"]
    assert ledger.take("web", worked("bob", "2026-04-01") | {"messageId": cycle["messageId"]}) == ACCEPTED


def test_a_message_that_is_known_merges_nobody() -> None:
    first = worked("alice", "2026-04-01")
    ledger = held([first])
    assert ledger.take("web", merged("al", "alice") | {"messageId": first["messageId"]}) == DUPLICATE
    assert ledger.users.root("al") == "al"


def test_accounts_are_merged_apart_from_users() -> None:
    ledger = held([accounts_merged("acme", "ajax"), merged("ajax", "acme")])
    assert (ledger.accounts.root("acme"), ledger.users.root("ajax")) == ("ajax", "acme")
    assert ledger.take("web", accounts_merged("ajax", "acme")) == "merge_cycle"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (did("alice", "user.merged", "2026-04-01"), "missing_property"),
        (did("alice", "account.merged", "2026-04-01", into="acme"), "missing_property"),
        (did("alice", "account.merged", "2026-04-01", account="acme"), "missing_property"),
        (did("alice", "account.created", "2026-04-01"), "missing_property"),
        (did("alice", "membership.added", "2026-04-01", role="admin"), "missing_property"),
        (did("alice", "icp.matched", "2026-04-01"), "missing_property"),
        (did("alice", "user.unmerged", "2026-04-01", into="al"), "cannot_unmerge"),
        (did("alice", "account.unmerged", "2026-04-01"), "cannot_unmerge"),
    ],
)
def test_what_lacks_its_point_is_refused(raw: Raw, code: str) -> None:
    assert fates(raw) == [code]


def test_the_account_may_be_that_of_the_context_and_a_number() -> None:
    created = did("alice", "account.created", "2026-04-01") | {"context": {"groupId": 7}}
    assert fates(created, did("alice", "account.created", "2026-04-01", account=7)) == [ACCEPTED, ACCEPTED]


def test_of_somebody_erased_only_the_deeds_are_left_of_all_their_ids() -> None:
    raws = [called("alice", "2026-04-01", plan="pro"), worked("al", "2026-04-02"), merged("al", "alice")]
    raws += [visited("v", "2026-04-03"), recognised("v", "al", "2026-04-04"), worked("bob", "2026-04-05")]
    ledger = held(raws)
    ledger.erase("al", NOW)
    assert [(raw["event"], raw.get("userId")) for raw in ledger.stored] == [
        ("action.performed", ERASED),
        ("user.merged", ERASED),
        ("action.performed", ERASED),
        ("action.performed", "bob"),
    ]
    assert "al" not in str(ledger.stored[:1])


def test_what_names_somebody_erased_under_any_id_is_suppressed() -> None:
    ledger = held([merged("al", "alice"), recognised("v", "al", "2026-04-04"), merged("b", "bob")])
    ledger.erase("alice", NOW)
    late = [worked("al", "2026-04-02"), visited("v", "2026-04-02"), merged("carla", "alice")]
    late += [aliased("al", "carla", "2026-04-02"), visited("al", "2026-04-02")]
    assert {ledger.take("web", raw) for raw in late} == {"suppressed"}
    others = [merged("bob", "carla"), recognised("v", "carla", "2026-04-02")]
    assert [ledger.take("web", raw) for raw in others] == [ACCEPTED, ACCEPTED]


def test_an_anonymous_id_that_only_the_erased_had_leads_to_them_even_if_nobody_said_so() -> None:
    raws = [worked("alice", "2026-04-01") | {"anonymousId": visitor} for visitor in ("phone", "library")]
    ledger = held([*raws, worked("bob", "2026-04-01") | {"anonymousId": "library"}])
    ledger.erase("alice", NOW)
    fates = [ledger.take("web", visited(visitor, "2026-04-02")) for visitor in ("phone", "library")]
    assert fates == ["suppressed", ACCEPTED]


def test_what_is_wrong_with_a_message_matters_only_if_it_names_nobody_erased() -> None:
    ledger = held([worked("alice", "2026-04-01")])
    ledger.erase("alice", NOW)
    assert ledger.take("web", did("alice", "user.merged", "2026-04-02")) == "suppressed"
    assert ledger.take("web", did("bob", "user.unmerged", "2026-04-02", into="alice")) == "suppressed"
    assert [ledger.take("web", worked(user, "2026-04-02"), "bad_timestamp") for user in ("alice", "bob")] == [
        "suppressed",
        "bad_timestamp",
    ]


def test_a_retry_of_the_erased_is_suppressed_and_no_duplicate() -> None:
    share = shared("alice", "2026-04-01")
    ledger = held([share])
    ledger.erase("alice", NOW)
    assert [ledger.take(source, share) for source in ("web", "server")] == ["suppressed", "suppressed"]


def test_a_visit_of_a_shared_browser_stays_with_whom_it_was_of() -> None:
    raws = [recognised("v", "alice", "2026-04-01"), recognised("v", "bob", "2026-04-03")]
    ledger = held([*raws, visited("v", "2026-04-02"), visited("v", "2026-04-04")])
    ledger.erase("alice", NOW)
    assert ledger.people() == ["bob", ERASED, "bob"]


def test_what_the_erased_said_of_an_account_stays_and_that_they_were_in_it_does_not() -> None:
    ledger = held([grouped("alice", "acme", "2026-04-01", plan="pro"), placed("alice", "ajax", "2026-04-01")])
    ledger.erase("alice", NOW)
    assert ledger.people() == [None, ERASED]
    assert ledger.stored[0]["traits"] == {"plan": "pro"}


def test_a_message_without_a_user_may_be_anything_but_nobodys_alias() -> None:
    nameless = message("identify", "2026-04-01", anonymousId="v", traits={"plan": "pro"})
    assert held([nameless, visited("v", "2026-04-01")]).people() == [None, None]
