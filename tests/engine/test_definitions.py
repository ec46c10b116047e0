from apps.engine.definitions import Ratio, Union, both, leaves, space_of, where
from apps.engine.sets import Space
from tests.engine.brute import ACTIVE, OPEN, SHARED


def test_equal_conditions_are_one_key_whatever_their_order() -> None:
    one = where({"share_type": ["invite", "link"], "channel": [None]})
    other = where({"channel": {None}, "share_type": ("link", "invite", "link")})
    assert one == other
    assert len({one, other}) == 1
    assert dict(one) == {"channel": frozenset({None}), "share_type": frozenset({"invite", "link"})}


def test_both_conditions_leave_the_values_that_both_allow() -> None:
    links = where({"share_type": ["link", "invite"], "share_scope": ["product"]})
    assert both(links, where({"share_type": ["link", "embed"], "channel": [None]})) == where(
        {"share_type": ["link"], "share_scope": ["product"], "channel": [None]}
    )
    assert both(links, ()) == both((), links) == links


def test_the_operands_of_a_ratio_are_its_leaves() -> None:
    assert leaves(Ratio(SHARED, ACTIVE)) == (SHARED, ACTIVE)
    assert leaves(ACTIVE) == (ACTIVE,)


def test_a_state_is_that_of_users_or_of_accounts() -> None:
    assert [space_of(state) for state in ("user:open", "user:trait:account", "account:trait:user")] == [
        Space.USER,
        Space.USER,
        Space.ACCOUNT,
    ]


def test_a_union_counts_what_its_parts_do() -> None:
    assert Union((OPEN, ACTIVE)).unit is Space.USER
