from datetime import timedelta

import pytest

from apps.engine.checking import DefinitionError, check
from apps.engine.definitions import (
    Balance,
    Count,
    Distinct,
    Entries,
    Expression,
    Kpi,
    Link,
    Merge,
    Ratio,
    RollingDistinct,
    Series,
    Union,
    both,
    drawing,
    leaves,
    link_of,
    where,
)
from apps.engine.plan import facets_of
from apps.engine.sets import Space
from tests.engine.brute import ACTIVE, KPIS, OPEN, PRODUCT, SERIES, SHARED


@pytest.mark.parametrize("slug", KPIS)
def test_the_catalogue_can_be_evaluated(slug: str) -> None:
    check(KPIS[slug], SERIES)


LINKS = where({"share_type": {"link"}})
PHONES = where({"device": {"phone"}})


def test_events_and_some_of_them_make_a_rate_that_is_never_above_a_hundred() -> None:
    part = Count("share.created", both(LINKS, PRODUCT))
    check(Kpi("links", 1, Ratio(part, Count("share.created", PRODUCT), subset=True)), SERIES)
    check(Kpi("links", 1, Ratio(part, Count("share.created"), subset=True)), SERIES)


def test_events_that_drew_something_are_some_of_the_events() -> None:
    link = Link("share.opened", "link", timedelta(days=1), ("device",))
    opened = Series(drawing("share.created", link), Space.USER, ("share_type",), merge=Merge.ADD, link=link)
    registry = {**SERIES, opened.name: opened}
    kpi = Kpi("phones", 1, Ratio(Count(opened.name, PHONES), Count(opened.name), subset=True))
    check(kpi, registry)
    assert [link_of(leaf, registry) for leaf in leaves(kpi.expression)] == [link, None]
    assert facets_of(kpi, registry) == {"share_type", "device"}
    with pytest.raises(DefinitionError, match="subset"):
        check(Kpi("made", 1, Ratio(Count(opened.name, PHONES), Count("share.created"), subset=True)), registry)


@pytest.mark.parametrize(
    ("expression", "field", "expected"),
    [
        (
            Distinct(Space.USER, "share.made"),
            "series",
            "one of ACTIVITY, ACTIVITY@account, session.started>share.created",
        ),
        (Distinct(Space.ACCOUNT, "ACTIVITY"), "unit", "user, which ACTIVITY holds"),
        (Count("ACTIVITY"), "series", "a series with counts; ACTIVITY has none"),
        (Distinct(Space.USER, "ACTIVITY", PRODUCT), "where", "facets of ACTIVITY: "),
        (RollingDistinct(Space.USER, "ACTIVITY", 0), "days", "at least 1"),
        (Ratio(SHARED, ACTIVE, 1_000), "scale", "1 or 100"),
        (
            Ratio(Count("share.created"), ACTIVE, subset=True),
            "subset",
            "false, or two sets of one unit",
        ),
        (
            Ratio(ACTIVE, Balance(Space.ACCOUNT, "account:open"), subset=True),
            "subset",
            "false, or two sets of one unit",
        ),
        # Shares of a type are no part of the shares of a scope.
        (
            Ratio(Count("share.created", LINKS), Count("share.created", PRODUCT), subset=True),
            "subset",
            "false, or two sets of one unit, or events and some of them",
        ),
        (Balance(Space.USER, "user:happy"), "series", "one of user:open, user:registered, "),
        (Balance(Space.ACCOUNT, "user:open"), "unit", "user, who stand in user:open"),
        (Entries(Space.USER, "account:registered"), "unit", "account, who stand in account:registered"),
        (Union(()), "union", "sets of one unit"),
        (Union((OPEN, Balance(Space.ACCOUNT, "account:open"))), "union", "sets of one unit"),
        (
            Union((OPEN, Distinct(Space.USER, "user:open"))),
            "series",
            "one of ACTIVITY, ACTIVITY@account, session.started>share.created",
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
    assert refused.value.expected.startswith(expected)
