from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.audience.models import Segment, Trait
from apps.engine.conditions import All, Condition, Did, InIcp, KpiSide, Not, SideName, TraitIs, TraitOp
from apps.engine.conditions import Any as AnyOf
from apps.engine.periods import parse_month
from apps.engine.refusals import Refusal
from apps.engine.sets import Space
from apps.kpis.catalogue import find
from apps.kpis.conditions import Reader
from apps.workspaces.models import Workspace
from tests.events.test_icp import approved, profile, switch
from tests.world import NOW, opened

pytestmark = pytest.mark.django_db

PRO = {"trait": {"name": "plan", "op": "EQUALS", "values": ["pro"]}}
IS_PRO = TraitIs("plan", TraitOp.EQUALS, ("pro",), frozenset(Space))
SHARED = {"did": {"event": "share.created"}}


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    Trait.objects.create(workspace=workspace, space=Space.ACCOUNT, name="plan")
    return workspace


def save(workspace: Workspace, **conditions: Any) -> None:
    for slug, condition in conditions.items():
        Segment.objects.create(workspace=workspace, slug=slug, name=slug, condition=condition)


def read(workspace: Workspace, said: Any) -> Condition:
    return Reader(workspace, NOW).read(said)


def refused(workspace: Workspace, said: Any) -> tuple[str, str, str, tuple[str, ...]]:
    with pytest.raises(Refusal) as caught:
        read(workspace, said)
    return caught.value.code, caught.value.field, caught.value.expected, caught.value.nearest


def test_a_tree_is_read_part_by_part(acme: Workspace) -> None:
    said = {"all": [PRO, {"any": [SHARED, {"not": PRO}]}]}
    assert read(acme, said) == All((IS_PRO, AnyOf((Did("share.created"), Not(IS_PRO)))))


def test_a_deed_may_have_a_period_of_the_workspaces_zone(acme: Workspace) -> None:
    said = {"did": {"event": "share.created", "period": {"month": "2026-03"}}}
    assert read(acme, said) == Did("share.created", period=parse_month("2026-03", "UTC"))


def test_a_side_of_a_kpi_is_read_with_the_kpi(acme: Workspace) -> None:
    rate = find("product_sharing_rate").kpi
    said = {"kpi": "product_sharing_rate", "side": "REMAINDER"}
    assert read(acme, {"kpiSide": said}) == KpiSide(rate, SideName.REMAINDER)
    march = parse_month("2026-03", "UTC")
    assert read(acme, {"kpiSide": {**said, "period": {"month": "2026-03"}}}) == KpiSide(
        rate, SideName.REMAINDER, march
    )


def test_a_profile_that_is_in_force_can_be_named(acme: Workspace) -> None:
    approved(profile(acme))
    assert refused(acme, {"icp": "mid-market"})[0] == "UNKNOWN_ICP"
    switch(acme)
    assert read(acme, {"icp": "mid-market"}) == InIcp("mid-market")


def test_a_saved_segment_is_put_in_where_it_is_named(acme: Workspace) -> None:
    save(acme, sharers=SHARED, pros={"all": [PRO, {"segment": "sharers"}]})
    assert read(acme, {"not": {"segment": "pros"}}) == Not(All((IS_PRO, Did("share.created"))))


def test_another_workspaces_names_are_unknown(acme: Workspace) -> None:
    save(acme, pros=PRO)
    other = opened("other").workspace
    assert refused(other, PRO)[:2] == ("UNKNOWN_TRAIT", "where.trait.name")
    assert refused(other, {"segment": "pros"})[:2] == ("UNKNOWN_SEGMENT", "where.segment")


def test_a_refusal_within_a_saved_segment_says_in_which(acme: Workspace) -> None:
    save(acme, pros={"all": [PRO, {"icp": "gone"}]})
    found = refused(acme, {"any": [PRO, {"segment": "pros"}]})
    assert found[:2] == ("UNKNOWN_ICP", "where.any[1].segment(pros).all[1].icp")


def test_segments_that_are_part_of_each_other_are_refused_with_the_chain(acme: Workspace) -> None:
    save(acme, a={"segment": "b"}, b={"not": {"segment": "c"}}, c={"any": [{"segment": "a"}]})
    code, field, expected, _ = refused(acme, {"segment": "a"})
    assert (code, expected) == ("SEGMENT_CYCLE", "no segment that is part of itself: a → b → c → a")
    assert field == "where.segment(a).segment(b).not.segment(c).any[0].segment"


def test_what_is_said_twice_is_no_cycle(acme: Workspace) -> None:
    save(acme, pros=PRO)
    assert read(acme, {"all": [{"segment": "pros"}, {"segment": "pros"}]}) == All((IS_PRO, IS_PRO))


@pytest.mark.parametrize(
    ("said", "code", "field", "nearest"),
    [
        ({}, "BAD_CONDITION", "where", ()),
        ("pro", "BAD_CONDITION", "where", ()),
        ({**PRO, **SHARED}, "BAD_CONDITION", "where", ()),
        ({"trate": {}}, "BAD_CONDITION", "where", ("trait",)),
        ({"all": []}, "BAD_CONDITION", "where.all", ()),
        ({"any": PRO}, "BAD_CONDITION", "where.any", ()),
        ({"not": [PRO]}, "BAD_CONDITION", "where.not", ()),
        ({"trait": {"name": "plam", "op": "IS_SET"}}, "UNKNOWN_TRAIT", "where.trait.name", ("plan",)),
        (
            {"all": [{"did": {"event": "share.create"}}]},
            "UNKNOWN_EVENT",
            "where.all[0].did.event",
            ("share.created", "share.retracted"),
        ),
        ({"icp": "mid"}, "UNKNOWN_ICP", "where.icp", ()),
        ({"icp": ["mid"]}, "UNKNOWN_ICP", "where.icp", ()),
        ({"segment": None}, "UNKNOWN_SEGMENT", "where.segment", ()),
        ({"kpiSide": {"kpi": "dau"}}, "BAD_CONDITION", "where.kpiSide", ()),
        (
            {"kpiSide": {"kpi": "product_sharing", "side": "NUMERATOR"}},
            "UNKNOWN_KPI",
            "where.kpiSide.kpi",
            ("product_sharing_rate", "product_sharing_rate_by_session", "product_adoption_rate"),
        ),
        (
            {"kpiSide": {"kpi": "referral_conversions", "side": "NUMERATOR"}},
            "REQUIRES_BILLING",
            "where.kpiSide.kpi",
            (),
        ),
        ({"kpiSide": {"kpi": "dau", "side": "TOP"}}, "BAD_CONDITION", "where.kpiSide.side", ()),
        ({"kpiSide": {"kpi": "dau", "side": "DENOMINATOR"}}, "NO_DENOMINATOR", "where.kpiSide.side", ()),
        ({"did": {"event": "share.created", "period": {"month": "4"}}}, "BAD_PERIOD", "where.did.month", ()),
        ({"did": {"event": "share.created", "period": {}}}, "BAD_PERIOD", "where.did.period", ()),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_path(
    acme: Workspace, said: Any, code: str, field: str, nearest: tuple[str, ...]
) -> None:
    found = refused(acme, said)
    assert (found[0], found[1], found[3]) == (code, field, nearest)


def nested(depth: int) -> Any:
    return {"not": nested(depth - 1)} if depth else PRO


def test_a_condition_is_at_most_twelve_deep(acme: Workspace) -> None:
    read(acme, nested(12))
    assert refused(acme, nested(13))[0] == "SEGMENT_TOO_LARGE"


def test_a_condition_has_at_most_two_hundred_parts(acme: Workspace) -> None:
    read(acme, {"any": [PRO] * 199})
    expected = "at most 200 conditions, 12 deep, with saved segments written out"
    assert refused(acme, {"any": [PRO] * 200}) == ("SEGMENT_TOO_LARGE", "where.any[199]", expected, ())


def test_saved_segments_do_not_multiply_without_end(acme: Workspace) -> None:
    tenfold = {f"s{n}": {"any": [{"segment": f"s{n + 1}"}] * 100} for n in range(9)}
    save(acme, **tenfold, s9=PRO)
    assert refused(acme, {"segment": "s0"})[0] == "SEGMENT_TOO_LARGE"


def test_what_is_named_is_looked_up_once(
    acme: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    save(acme, pros=PRO)
    reader = Reader(acme, NOW)
    with django_assert_num_queries(3):
        reader.read({"all": [PRO, PRO, SHARED, SHARED, {"segment": "pros"}, {"segment": "pros"}]})
        reader.read(PRO)
