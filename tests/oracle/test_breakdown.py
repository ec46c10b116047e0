from datetime import UTC, datetime

from tests.oracle.breakdown import Key, Split, breakdown
from tests.oracle.conditions import TraitIs
from tests.oracle.examples import LATER, called, did, grouped, held, shared, worked
from tests.oracle.messages import Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle

PRO = TraitIs("plan", "EQUALS", ("pro",))
PROFILE = [{"not": False, "all": [{"name": "plan", "op": "IN", "values": ["pro"], "not": False}]}]
SHARES = [
    shared("alice", "2026-04-01", share_type="invite", channel="email"),
    shared("alice", "2026-04-01", share_type="link", channel="button"),
    shared("bob", "2026-04-02", share_scope="content", channel="email"),
    worked("charlie", "2026-04-03"),
]
PEOPLE = [
    called("alice", "2026-03-01", plan="pro", tags=["a", "b"]),
    called("bob", "2026-03-01", plan="free"),
    called("carla", "2026-04-02", plan="pro"),
    *(worked(user, "2026-04-01") for user in ("alice", "bob", "carla", "dana")),
]


def parts(kpi: str, raws: list[Raw], by: str, first: int = 20) -> dict[Key, Answer]:
    oracle = Oracle(held(raws), Home("UTC", profiles={"best": PROFILE}))
    return breakdown(oracle, Asked(kpi, "2026-04", LATER, "UTC"), Split(by, first, {"pros": PRO, "all pros": PRO}))


def people(kpi: str, raws: list[Raw], by: str, first: int = 20) -> dict[Key, set[str]]:
    return {key: set(part.numerator) for key, part in parts(kpi, raws, by, first).items()}


def test_a_breakdown_by_facet_splits_the_numerator_and_people_may_be_in_several_parts() -> None:
    found = parts("product_sharing_rate", [*SHARES, shared("bob", "2026-04-05", share_type=None)], "shareType")
    assert {key: (part.numerator, len(part.denominator or {})) for key, part in found.items()} == {
        "invite": ({"alice": 1}, 3),
        "link": ({"alice": 1}, 3),
        None: ({"bob": 1}, 3),
    }


def test_a_breakdown_of_the_active_is_by_the_shares_of_any_scope_that_they_made() -> None:
    assert people("total_active_users", SHARES, "channel") == {"email": {"alice", "bob"}, "button": {"alice"}}


def test_a_trait_parts_both_sides_and_whoever_has_none_is_unknown() -> None:
    found = parts("product_sharing_rate", [*PEOPLE, shared("bob", "2026-04-05")], "plan")
    assert {key: (set(part.numerator), set(part.denominator or {})) for key, part in found.items()} == {
        '"free"': ({"bob"}, {"bob"}),
        '"pro"': (set(), {"alice", "carla"}),
        None: (set(), {"dana"}),
    }


def test_a_list_is_one_value() -> None:
    assert people("mau", PEOPLE, "tags") == {'["a","b"]': {"alice"}, None: {"bob", "carla", "dana"}}


def test_shares_are_parted_by_what_their_senders_were_on_the_day() -> None:
    raws = [*PEOPLE, shared("carla", "2026-04-01"), shared("carla", "2026-04-02"), shared("carla", "2026-04-03")]
    found = parts("share_actions", raws, "plan")
    assert {key: part.value for key, part in found.items()} == {'"pro"': 2, None: 1}


def test_profiles_and_segments_may_overlap_and_whoever_is_in_none_is_a_part() -> None:
    rest = {None: {"bob", "dana"}}
    assert people("mau", PEOPLE, "icp") == {"best": {"alice", "carla"}} | rest
    assert people("mau", PEOPLE, "segment") == {"pros": {"alice", "carla"}, "all pros": {"alice", "carla"}} | rest


def test_a_trait_may_be_called_like_a_profile() -> None:
    raws = [*PEOPLE, called("bob", "2026-04-01", icp="yes")]
    assert people("mau", raws, "trait:icp") == {'"yes"': {"bob"}, None: {"alice", "carla", "dana"}}


def test_the_erased_are_a_part_of_their_own_and_belong_to_no_profile() -> None:
    ledger = held(PEOPLE)
    ledger.erase("alice", datetime(2026, 5, 1, tzinfo=UTC))
    oracle = Oracle(ledger, Home("UTC", profiles={"best": PROFILE}))
    asked = Asked("mau", "2026-04", LATER, "UTC")
    assert oracle.answer(asked).value == 4
    by_plan = breakdown(oracle, asked, Split("plan"))
    assert {key: part.value for key, part in by_plan.items()} == {'"pro"': 1, '"free"': 1, "(erased)": 1, None: 1}
    assert breakdown(oracle, asked, Split("icp"))["best"].numerator == {"carla": 1}


def test_beyond_the_first_all_others_are_one_part_together() -> None:
    raws = [called(f"user-{number}", "2026-04-01", plan=f"plan {number // 3}") for number in range(10)]
    raws += [worked(f"user-{number}", "2026-04-01") for number in range(10)]
    found = parts("mau", raws, "plan", first=2)
    assert {key: part.value for key, part in found.items()} == {'"plan 0"': 3, '"plan 1"': 3, "(other)": 4}
    found = parts("product_sharing_rate", SHARES, "shareType", first=1)
    assert {key: part.numerator for key, part in found.items()} == {
        "invite": {"alice": 1},
        "(other)": {"alice": 1},
    }


def test_accounts_are_parted_by_traits_of_their_own() -> None:
    raws = [grouped("alice", "acme", "2026-04-01", plan="team"), called("alice", "2026-04-01", plan="pro")]
    raws += [did("alice", "account.created", "2026-04-02", account=name) for name in ("acme", "ajax")]
    assert people("new_accounts", raws, "plan") == {'"team"': {"acme"}, None: {"ajax"}}
