from datetime import date

import pytest

from tests.oracle.conditions import Value
from tests.oracle.examples import accounts_merged, called, did, grouped, held, merged, placed
from tests.oracle.messages import Raw
from tests.oracle.people import ACCOUNT, USER, People
from tests.oracle.traits import Traits

PRO = {"name": "plan", "op": "EQUALS", "values": ["pro"], "not": False}
NOT_PRO = PRO | {"not": True}
ADMIN = {"name": "role", "op": "IN", "values": ["admin", "owner"], "not": False}


def traits(*raws: Raw, zone: str = "UTC", rule: list[Raw] | None = None) -> Traits:
    return Traits(People(held(raws), zone), {"best": rule} if rule else {})


def plan(some: Traits, day: int, user: str = "alice") -> Value:
    return some.values(USER, "plan", date(2026, 4, day)).get(user)


def matching(rule: list[Raw], *raws: Raw, day: int = 30) -> set[str]:
    return traits(*raws, rule=rule).matching("best", date(2026, 4, day))


def test_the_value_of_a_local_day_is_the_last_one_within_it() -> None:
    raws = [
        called("alice", f"2026-04-02T{hour}:00:00Z", plan=plan) for hour, plan in (("21", "pro"), ("09", "free"))
    ]
    raws += [called("alice", "2026-04-02T22:00:00Z", plan="team")]
    assert [plan(traits(*raws), day) for day in (1, 2, 3)] == [None, "team", "team"]
    assert [plan(traits(*raws, zone="Europe/Berlin"), day) for day in (1, 2, 3)] == [None, "pro", "team"]


def test_of_two_values_of_one_instant_the_greater_message_id_counts() -> None:
    one, other = called("alice", "2026-04-02", plan="pro"), called("alice", "2026-04-02", plan="free")
    assert plan(traits(other, one), 2) == "free"


def test_what_another_id_said_later_counts_for_the_person() -> None:
    raws = [
        called("alice", "2026-04-02", plan="free"),
        called("al", "2026-04-03", plan="pro"),
        merged("al", "alice"),
    ]
    assert [plan(traits(*raws), day) for day in (2, 3)] == ["free", "pro"]


def test_an_account_hands_down_what_its_people_do_not_have() -> None:
    raws = [grouped("alice", "acme", "2026-04-02", plan="team"), called("bob", "2026-04-01", plan="free")]
    raws += [grouped("bob", "acme", "2026-04-02"), called("alice", "2026-04-04", plan="pro")]
    raws += [called("alice", "2026-04-05", plan=None)]
    assert [plan(traits(*raws), day) for day in (1, 2, 3, 4, 5)] == [None, "team", "team", "pro", "team"]
    assert plan(traits(*raws), 5, "bob") == "free"


def test_what_is_handed_down_is_the_primary_accounts_of_the_day() -> None:
    raws = [
        grouped("alice", "acme", "2026-04-01", plan="team"),
        grouped("alice", "ajax", "2026-04-02", plan="pro"),
    ]
    raws += [placed("alice", "ajax", "2026-04-03", is_primary=True)]
    raws += [
        placed("alice", "ajax", "2026-04-05", change="removed"),
        grouped(None, "acme", "2026-04-06", plan=None),
    ]
    assert [plan(traits(*raws), day) for day in (2, 3, 4, 5, 6)] == ["team", "pro", "pro", "team", None]


def test_what_merged_accounts_said_is_one_history() -> None:
    raws = [
        grouped("alice", "acme", "2026-04-01", plan="team"),
        grouped(None, "acme inc", "2026-04-03", plan="pro"),
    ]
    some = traits(*raws, accounts_merged("acme", "acme inc"))
    assert [plan(some, day) for day in (1, 3)] == ["team", "pro"]
    assert some.values(ACCOUNT, "plan", date(2026, 4, 2)) == {"acme inc": "team"}


def test_a_role_is_ones_own_or_the_memberships_or_the_accounts() -> None:
    raws = [
        grouped("alice", "acme", "2026-04-01", role="customer"),
        placed("alice", "acme", "2026-04-02", role="admin"),
    ]
    raws += [called("alice", "2026-04-03", role="boss"), called("alice", "2026-04-04", role=None)]
    some = traits(*raws)
    roles = [some.values(USER, "role", date(2026, 4, day)).get("alice") for day in (1, 2, 3, 4)]
    assert roles == ["customer", "admin", "boss", "admin"]


def test_a_rule_is_any_of_its_groups_and_each_all_of_its_conditions() -> None:
    raws = [called("alice", "2026-04-01", plan="pro", role="admin"), called("bob", "2026-04-01", plan="pro")]
    raws += [called("carla", "2026-04-01", role="owner")]
    assert matching([{"not": False, "all": [PRO, ADMIN]}], *raws) == {"alice"}
    assert matching([{"not": False, "all": [PRO]}, {"not": False, "all": [ADMIN]}], *raws) == {
        "alice",
        "bob",
        "carla",
    }
    assert matching([{"not": True, "all": [PRO, ADMIN]}], *raws) == {"bob", "carla"}


def test_who_is_not_known_yet_matches_nothing_not_even_a_negation() -> None:
    rule = [{"not": False, "all": [NOT_PRO]}]
    raws = [called("alice", "2026-04-02", plan="pro"), did("bob", "session.started", "2026-04-01")]
    raws += [called("carla", "2026-04-03", role="owner")]
    assert matching(rule, *raws, day=2) == set()
    assert matching(rule, *raws, day=3) == {"carla"}


def test_a_word_by_hand_beats_the_rule_from_its_day_on() -> None:
    raws = [called("alice", "2026-04-01", plan="pro"), did("alice", "icp.unmatched", "2026-04-03", profile="best")]
    raws += [did("bob", "icp.matched", "2026-04-02", profile="best"), called("alice", "2026-04-05", plan="pro")]
    raws += [did("carla", "icp.matched", "2026-04-02", profile="other")]
    rule = [{"not": False, "all": [PRO]}]
    assert [matching(rule, *raws, day=day) for day in (1, 2, 3, 5)] == [
        {"alice"},
        {"alice", "bob"},
        {"bob"},
        {"bob"},
    ]


def test_a_trait_is_known_in_the_spaces_in_which_it_was_ever_told() -> None:
    some = traits(called("alice", "2026-04-01", plan="pro"), grouped(None, "acme", "2026-04-01", size=5))
    known = [(space, name) for space in (USER, ACCOUNT) for name in ("plan", "size") if some.has(space, name)]
    assert known == [(USER, "plan"), (ACCOUNT, "size")]


@pytest.mark.parametrize("value", [[1, "two"], {"a": 1}, 0, "", False])
def test_any_json_is_a_value(value: object) -> None:
    assert plan(traits(called("alice", "2026-04-01", plan=value)), 1) == value
