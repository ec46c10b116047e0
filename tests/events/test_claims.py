"""What a message says of people and accounts, and which messages cannot be meant."""

from __future__ import annotations

from typing import Any

import pytest

from apps.events.claims import Belongs, Claims, Pair, claims
from apps.events.messages import Rejection, Terms, parse
from tests.people import accounts_merged, alias, group, identify, merged, unnamed
from tests.world import NOW, act, track

AT = "2026-04-10T12:00:00"
MEANT = "the message id of the event that is meant"


def said(message: dict[str, Any], kind: str | None = None) -> Claims:
    parsed = parse(message, Terms(now=NOW))
    own = parsed.name if parsed.type == "track" else ""
    return claims(parsed, own if kind is None else kind)


def code_of(message: dict[str, Any], kind: str | None = None) -> str:
    with pytest.raises(Rejection) as rejected:
        said(message, kind)
    return rejected.value.code


def test_what_somebody_did_says_nothing_but_where() -> None:
    assert said(act("alice", AT)) == Claims(None)
    assert said({**act("alice", AT, account="hooli"), "context": {"groupId": "initech"}}) == Claims("initech")
    assert said(act("alice", AT, account="hooli")) == Claims(None)


def test_an_identify_call_gives_traits_and_tells_who_a_visitor_was() -> None:
    assert said(identify("alice", anonymous="visitor", plan="pro")) == Claims(
        None, user_traits={"plan": "pro"}, anonymous_id="visitor"
    )
    assert said(unnamed(identify("", plan="pro"), "visitor")) == Claims(None)


def test_a_group_call_gives_an_account_traits_and_a_member() -> None:
    assert said(group("alice", "initech", size=9)) == Claims(
        "initech", account_traits={"size": 9}, membership=Belongs(is_member=True)
    )
    assert said(group(None, "initech", size=9)) == Claims("initech", account_traits={"size": 9})


def test_an_alias_call_merges_the_previous_id_which_may_be_a_visitors() -> None:
    assert said(alias("alice", "visitor")) == Claims(None, users=Pair("visitor", "alice"), anonymous_id="visitor")


def test_merges_name_who_is_left() -> None:
    assert said(merged("al", "alice")) == Claims(None, users=Pair("al", "alice"))
    assert said(merged("7", 8)) == Claims(None, users=Pair("7", "8"))
    assert said(accounts_merged(7, "initech")) == Claims("7", accounts=Pair("7", "initech"))
    in_context = {**track("account.merged", "alice", AT, into="hooli"), "context": {"groupId": "initech"}}
    assert said(in_context) == Claims("initech", accounts=Pair("initech", "hooli"))


@pytest.mark.parametrize(
    ("event", "properties", "membership"),
    [
        ("membership.added", {}, Belongs(True)),
        ("membership.added", {"role": "admin", "is_primary": True}, Belongs(True, "admin", True)),
        ("membership.added", {"role": None, "is_primary": None}, Belongs(True)),
        ("membership.role_changed", {"role": "editor"}, Belongs(True, "editor")),
        ("membership.removed", {"role": "editor"}, Belongs(False)),
    ],
)
def test_memberships_begin_change_and_end(event: str, properties: dict[str, Any], membership: Belongs) -> None:
    message = track(event, "alice", AT, account="initech", **properties)
    assert said(message) == Claims("initech", membership=membership)


def test_a_word_on_a_profile_is_a_trait_of_its_name() -> None:
    assert said(track("icp.matched", "alice", AT, profile="gold")) == Claims(None, user_traits={"icp:gold": True})
    assert said(track("icp.unmatched", "alice", AT, profile="gold")) == Claims(
        None, user_traits={"icp:gold": False}
    )


def test_a_kind_decides_whatever_the_event_is_called() -> None:
    message = track("People joined", "al", AT, into="alice")
    assert said(message, "user.merged") == Claims(None, users=Pair("al", "alice"))
    assert said(message, "") == Claims(None)


@pytest.mark.parametrize(
    "message",
    [
        track("user.merged", "al", AT),
        unnamed(track("user.merged", "", AT, into="alice"), "visitor"),
        track("account.merged", "alice", AT, into="hooli"),
        track("account.merged", "alice", AT, account="initech"),
        track("account.created", "alice", AT),
        track("membership.added", "alice", AT),
        unnamed(track("membership.added", "", AT, account="initech"), "visitor"),
        unnamed(track("membership.removed", "", AT, account="initech"), "visitor"),
        track("icp.matched", "alice", AT),
        track("icp.matched", "alice", AT, profile=""),
        unnamed(track("icp.unmatched", "", AT, profile="gold"), "visitor"),
        {**alias("alice", "visitor"), "previousId": None},
        unnamed(alias("", "al"), "visitor"),
    ],
)
def test_who_or_what_is_missing_is_said(message: dict[str, Any]) -> None:
    assert code_of(message) == "missing_property"


@pytest.mark.parametrize("name", ["user.unmerged", "account.unmerged"])
def test_what_is_one_stays_one(name: str) -> None:
    assert code_of(track(name, "alice", AT, account="initech")) == "cannot_unmerge"
    assert code_of(track("Split up", "alice", AT, account="initech"), name) == "cannot_unmerge"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"into": "null"}, "reserved_id"),
        ({"into": ["alice"]}, "bad_id"),
        ({"into": "x" * 256}, "too_long"),
    ],
)
def test_an_id_in_a_property_is_an_id_like_any(properties: dict[str, Any], code: str) -> None:
    assert code_of(track("user.merged", "al", AT, **properties)) == code


@pytest.mark.parametrize(
    "properties", [{"role": 7}, {"role": ""}, {"role": "x" * 101}, {"is_primary": "yes"}, {"is_primary": 1}]
)
def test_a_role_is_a_text_and_primary_is_yes_or_no(properties: dict[str, Any]) -> None:
    assert code_of(track("membership.added", "alice", AT, account="initech", **properties)) == "wrong_type"


def test_a_rejection_says_what_is_missing() -> None:
    with pytest.raises(
        Rejection, match=r"^`into` of user\.merged is missing: it names the id that all is counted as\.$"
    ):
        said(track("user.merged", "al", AT))


def test_a_correction_and_a_void_name_another_message() -> None:
    assert said(track("event.corrected", "alice", AT, corrects="m-1", channel="x")) == Claims(None, corrects="m-1")
    assert said(track("Undone", "alice", AT, corrects="m-1"), "event.voided") == Claims(
        None, corrects="m-1", voids=True
    )


@pytest.mark.parametrize("kind", ["event.corrected", "event.voided"])
@pytest.mark.parametrize(
    ("corrects", "code", "expected"),
    [
        (None, "missing_property", f"missing: it names {MEANT}."),
        (7, "wrong_type", f"a text of 1 to 255 characters, {MEANT}, not 7."),
        ("", "wrong_type", f'a text of 1 to 255 characters, {MEANT}, not "".'),
    ],
)
def test_what_corrects_nothing_is_refused(kind: str, corrects: object, code: str, expected: str) -> None:
    with pytest.raises(Rejection) as refused:
        said(track(kind, "alice", AT, corrects=corrects))
    assert (refused.value.code, str(refused.value)) == (code, f"`corrects` of {kind} is {expected}")
    assert code_of(track(kind, "alice", AT, corrects="m" * 256)) == "wrong_type"


def test_whom_a_referral_names_is_a_user() -> None:
    message = track("referral.attributed", "alice", AT, referred_user="bob", referrer="a-partner")
    assert said(message) == Claims(None, referred="bob", referrer="a-partner")
    # It may yet be mapped to one.
    assert said(message, "").referred == "bob"
    assert said(message, "action.performed").referred is None


@pytest.mark.parametrize("named", ["", "b" * 256, 7, None, ["bob"]])
def test_what_is_no_id_names_nobody(named: object) -> None:
    assert said(track("referral.rejected", "alice", AT, referred_user=named, referrer=named)) == Claims(None)
