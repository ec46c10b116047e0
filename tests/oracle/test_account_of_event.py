"""In which account a share counts, and which accounts a question about shares is restricted to (KPIS.md G8)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.oracle.breakdown import Key, Split, breakdown
from tests.oracle.examples import (
    LATER,
    accounts_merged,
    aliased,
    ask,
    called,
    did,
    grouped,
    held,
    merged,
    placed,
    recognised,
    shared,
    visited,
)
from tests.oracle.ledger import Ledger
from tests.oracle.messages import ERASED, Raw, account_of
from tests.oracle.oracle import Asked, Home, Oracle

NAMES = ("acme", "ajax", "initech")
CREATED = [did("admin", "account.created", "2026-04-03", account=name) for name in NAMES]
ERASED_AT = datetime(2026, 6, 1, tzinfo=UTC)
OF_LINKS: dict[str, Any] = {"share_types": frozenset({"link"})}


def within(raw: Raw, account: str | int) -> Raw:
    """A message that gives the account of its event."""
    return raw | {"context": {"groupId": account}}


def with_links(*raws: Raw) -> set[str]:
    """The accounts created in April that have a link shared in April."""
    return set(ask("new_accounts", [*CREATED, *raws], **OF_LINKS).numerator)


def with_links_of(ledger: Ledger, share_type: str = "link") -> set[str]:
    asked = Asked("new_accounts", "2026-04", LATER, "UTC", share_types=frozenset({share_type}))
    return set(Oracle(ledger, Home("UTC")).answer(asked).numerator)


def accounts_of(*raws: Raw) -> list[str | None]:
    """The accounts of the shares among some messages."""
    return [deed.account for deed in Oracle(held(raws), Home("UTC")).deeds if deed.event == "share.created"]


def test_a_share_counts_in_the_account_that_it_names_and_not_where_its_user_belongs() -> None:
    assert with_links(grouped("alice", "ajax", "2026-04-01"), within(shared("alice", "2026-04-05"), "acme")) == {
        "acme"
    }


def test_a_share_that_names_no_account_counts_in_the_primary_one_of_its_user() -> None:
    raws = [grouped("alice", "acme", "2026-04-01"), placed("alice", "ajax", "2026-04-02", is_primary=True)]
    assert with_links(*raws, shared("alice", "2026-04-05")) == {"ajax"}
    assert with_links(*raws[:1], grouped("alice", "ajax", "2026-04-02"), shared("alice", "2026-04-05")) == {"acme"}


@pytest.mark.parametrize(
    ("at", "account"),
    [
        ("2026-04-05T08:59:59.999999Z", "acme"),
        ("2026-04-05T09:00:00Z", "ajax"),
        ("2026-04-05T11:00:00+02:00", "ajax"),
        ("2026-04-05T17:59:59.999999Z", "ajax"),
        ("2026-04-05T18:00:00Z", "acme"),
    ],
)
def test_of_somebody_who_moves_within_a_day_the_instant_of_the_share_decides(at: str, account: str) -> None:
    raws = [
        placed("alice", "acme", "2026-04-01", is_primary=True),
        placed("alice", "ajax", "2026-04-05T09:00:00Z", is_primary=True),
        placed("alice", "ajax", "2026-04-05T18:00:00Z", change="removed"),
    ]
    # The id of the share is less than those of the moves, or greater: that changes nothing.
    for share in (shared("alice", at) | {"messageId": "a"}, shared("alice", at) | {"messageId": "z"}):
        assert accounts_of(*raws, share) == [account]
        assert accounts_of(share, *reversed(raws)) == [account]
        assert with_links(*raws, share) == {account}


def test_where_nobody_belonged_yet_or_any_more_the_share_counts_for_its_user_alone() -> None:
    raws = [grouped("alice", "acme", "2026-04-05"), placed("alice", "acme", "2026-04-07", change="removed")]
    raws += [shared("alice", "2026-04-04"), shared("alice", "2026-04-08"), shared("bob", "2026-04-06")]
    assert accounts_of(*raws) == [None, None, None]
    assert with_links(*raws) == set()
    assert ask("share_actions", raws, **OF_LINKS).numerator == {"alice": 2, "bob": 1}
    assert with_links(*raws, shared("alice", "2026-04-06")) == {"acme"}


def test_where_people_belong_at_the_end_of_the_period_changes_nothing() -> None:
    raws = [grouped("alice", "acme", "2026-04-01"), shared("alice", "2026-04-05")]
    raws += [placed("alice", "acme", "2026-04-10", change="removed"), grouped("alice", "ajax", "2026-04-10")]
    assert with_links(*raws) == {"acme"}


def test_shares_that_failed_or_are_of_other_days_or_kinds_restrict_to_no_account() -> None:
    raws = [within(shared("alice", "2026-04-05", status="failed"), "acme")]
    raws += [within(shared("alice", "2026-05-01"), "ajax"), within(shared("alice", "2026-03-31"), "ajax")]
    raws += [within(shared("alice", "2026-04-05", share_type="invite"), "initech")]
    assert with_links(*raws) == set()
    assert with_links(*raws, within(shared("alice", "2026-04-05", share_scope="content"), "acme")) == {"acme"}


def test_a_share_counts_in_what_its_account_was_merged_into_whether_it_named_it_or_not() -> None:
    raws = [within(shared("alice", "2026-04-05"), "acme inc"), accounts_merged("acme inc", "acme")]
    assert accounts_of(*raws) == ["acme"]
    raws += [grouped("bob", "ajax inc", "2026-04-01"), shared("bob", "2026-04-05")]
    raws += [accounts_merged("ajax inc", "ajax corp"), accounts_merged("ajax corp", "ajax")]
    assert with_links(*raws) == {"acme", "ajax"}


def test_of_merged_users_all_that_was_said_of_any_of_their_ids_decides() -> None:
    raws = [shared("al", "2026-04-05"), placed("alice", "acme", "2026-04-01", is_primary=True)]
    assert with_links(*raws) == set()
    assert with_links(*raws, merged("al", "alice")) == {"acme"}
    assert with_links(*raws, grouped("al", "ajax", "2026-03-01"), merged("al", "alice")) == {"acme"}
    raws += [placed("al", "ajax", "2026-04-04", is_primary=True), merged("al", "alice")]
    assert with_links(*raws, shared("alice", "2026-04-03T12:00:00Z")) == {"acme", "ajax"}


def test_a_visit_counts_in_the_account_of_whoever_it_was_once_that_is_known() -> None:
    share = visited("v", "2026-04-05", "share.created") | {"properties": {"share_type": "link"}}
    raws = [grouped("alice", "acme", "2026-04-01"), share]
    assert with_links(*raws) == set()
    assert with_links(*raws, recognised("v", "alice", "2026-05-01")) == {"acme"}
    assert with_links(*raws, aliased("v", "alice", "2026-05-01")) == {"acme"}


def test_what_nobody_known_shared_counts_in_no_account_even_if_it_names_one() -> None:
    share = visited("v", "2026-04-05", "share.created") | {"properties": {"share_type": "link"}}
    assert with_links(within(share, "acme")) == set()
    assert with_links(within(share, "acme"), recognised("v", "alice", "2026-05-01")) == {"acme"}


def test_what_a_colleague_shared_counts_in_no_account_and_our_own_accounts_never_count() -> None:
    raws = [within(shared("alice", "2026-04-05"), "acme"), grouped("bob", "ajax", "2026-04-01")]
    raws += [shared("bob", "2026-04-05"), within(shared("carla", "2026-04-05"), "initech")]
    assert with_links(*raws) == {"acme", "ajax", "initech"}
    raws += [called(user, "2026-05-01", is_internal=True) for user in ("alice", "bob")]
    assert with_links(*raws) == {"initech"}
    assert with_links(*raws, within(shared("dana", "2026-04-06"), "acme")) == {"acme", "initech"}
    assert with_links(*raws, grouped(None, "initech", "2026-05-01", is_internal=True)) == set()


def test_the_shares_of_the_erased_stay_in_the_accounts_that_they_were_made_in() -> None:
    raws = [grouped("alice", "acme", "2026-04-01"), shared("alice", "2026-04-05", share_type="invite")]
    raws += [placed("alice", "ajax", "2026-04-06", is_primary=True), shared("alice", "2026-04-07")]
    raws += [within(shared("alice", "2026-04-08", share_type="export"), "initech")]
    ledger = held([*CREATED, *raws])
    ledger.erase("alice", ERASED_AT)
    of_types = {share_type: with_links_of(ledger, share_type) for share_type in ("invite", "link", "export")}
    assert of_types == {"invite": {"acme"}, "link": {"ajax"}, "export": {"initech"}}
    assert Oracle(ledger, Home("UTC")).people.lifted({ERASED}, "account", LATER.date()) == set()


def test_what_the_erased_shared_before_they_belonged_anywhere_stays_without_an_account() -> None:
    ledger = held([*CREATED, shared("alice", "2026-04-05"), grouped("alice", "acme", "2026-04-06")])
    ledger.erase("alice", ERASED_AT)
    assert with_links_of(ledger) == set()


def test_the_account_of_an_erased_persons_visit_is_settled_under_all_ids_of_theirs() -> None:
    share = visited("v", "2026-04-05", "share.created") | {"properties": {"share_type": "link"}}
    ledger = held([*CREATED, share, recognised("v", "al", "2026-05-01"), merged("al", "alice")])
    assert ledger.take("web", grouped("alice", "acme", "2026-04-01")) == "accepted"
    ledger.erase("al", ERASED_AT)
    assert with_links_of(ledger) == {"acme"}


def test_accounts_merged_after_an_erasure_are_one_and_what_is_said_later_of_the_erased_is_not_heard() -> None:
    ledger = held([*CREATED, shared("alice", "2026-04-05"), grouped("alice", "acme inc", "2026-04-01")])
    ledger.erase("alice", ERASED_AT)
    assert ledger.take("web", placed("alice", "ajax", "2026-04-02", is_primary=True)) == "suppressed"
    assert with_links_of(ledger) == set()
    assert ledger.take("web", accounts_merged("acme inc", "acme")) == "accepted"
    assert with_links_of(ledger) == {"acme"}


def test_the_shares_of_a_colleague_count_in_no_account_after_their_erasure_either() -> None:
    raws = [called("alice", "2026-04-01", is_internal=True), grouped("alice", "acme", "2026-04-01")]
    ledger = held([*CREATED, *raws, shared("alice", "2026-04-05")])
    ledger.erase("alice", ERASED_AT)
    assert with_links_of(ledger) == set()


def test_an_erasure_leaves_the_account_that_an_event_names_and_settles_nobody_elses() -> None:
    own, others = within(shared("alice", "2026-04-05"), 7), shared("bob", "2026-04-05")
    belonging = [grouped(user, "acme", "2026-04-01") for user in ("alice", "bob")]
    ledger = held([own, others, *belonging])
    ledger.erase("alice", ERASED_AT)
    assert [account_of(raw) for raw in ledger.stored] == ["7", None, "acme", "acme"]
    assert ledger.stored[0]["context"] == {"groupId": 7}


SHARES = [
    grouped("alice", "acme", "2026-04-01"),
    shared("alice", "2026-04-05", channel="email"),
    placed("alice", "ajax", "2026-04-06", is_primary=True),
    shared("alice", "2026-04-07", channel="button"),
    within(shared("alice", "2026-04-08", channel="button", share_type="invite"), "initech"),
    within(shared("bob", "2026-04-08", channel=None), "initech"),
    shared("bob", "2026-04-08", channel="copy_link"),
]


def by_channel(asked: Asked) -> dict[Key, set[str]]:
    parts = breakdown(Oracle(held([*CREATED, *SHARES]), Home("UTC")), asked, Split("channel"))
    return {key: set(part.numerator) for key, part in parts.items()}


def test_the_accounts_by_channel_are_those_with_a_share_of_it() -> None:
    asked = Asked("new_accounts", "2026-04", LATER, "UTC")
    assert by_channel(asked) == {"button": {"ajax", "initech"}, "email": {"acme"}, None: {"initech"}}
    links = Asked("new_accounts", "2026-04", LATER, "UTC", **OF_LINKS)
    assert by_channel(links) == {"button": {"ajax"}, "email": {"acme"}, None: {"initech"}}
    buttons = links.only("channel", {"button"})
    assert by_channel(buttons) == {"button": {"ajax"}}
