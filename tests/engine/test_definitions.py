import pytest

from apps.engine.definitions import (
    Count,
    DefinitionError,
    Distinct,
    Expression,
    Kpi,
    Ratio,
    RollingDistinct,
    both,
    check,
    leaves,
    where,
)
from apps.engine.sets import Space
from tests.engine.brute import ACTIVE, KPIS, PRODUCT, SERIES, SHARED


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


@pytest.mark.parametrize("slug", KPIS)
def test_the_catalogue_can_be_evaluated(slug: str) -> None:
    check(KPIS[slug], SERIES)


@pytest.mark.parametrize(
    ("expression", "field", "expected"),
    [
        (Distinct(Space.USER, "share.made"), "series", "one of ACTIVITY, share.created"),
        (Distinct(Space.ACCOUNT, "ACTIVITY"), "unit", "user, which ACTIVITY holds"),
        (Count("ACTIVITY"), "series", "a series with counts; ACTIVITY has none"),
        (Distinct(Space.USER, "ACTIVITY", PRODUCT), "where", "facets of ACTIVITY: "),
        (RollingDistinct(Space.USER, "ACTIVITY", 0), "days", "at least 1"),
        (Ratio(SHARED, ACTIVE, 1_000), "scale", "1 or 100"),
        (
            Ratio(Count("share.created"), ACTIVE, subset=True),
            "subset",
            "false, or two distinct operands of one unit",
        ),
        (Ratio(ACTIVE, Count("ACTIVITY")), "series", "a series with counts; ACTIVITY has none"),
    ],
)
def test_a_definition_that_cannot_be_evaluated_is_refused(
    expression: Expression, field: str, expected: str
) -> None:
    with pytest.raises(DefinitionError, match=f"wrong_kpi: {field}") as refused:
        check(Kpi("wrong_kpi", 1, expression), SERIES)
    assert (refused.value.code, refused.value.field) == ("BAD_DEFINITION", field)
    assert refused.value.expected == expected
