from typing import Any

import pytest

from apps.audience.icp import draft, rule_condition
from apps.audience.models import IcpProfile, IcpStatus, IcpVersion
from apps.engine.conditions import All, Not, TraitIs, TraitOp
from apps.engine.conditions import Any as AnyOf
from apps.engine.refusals import ConditionError, Refusal
from apps.engine.sets import Space
from tests.world import opened

PRO = {"name": "plan", "op": "IN", "values": ["pro", "team"]}
LARGE = {"name": "company_size", "op": "AT_LEAST", "values": ["50"], "not": False}
RULE = [{"all": [PRO, LARGE]}]


def refused(rule: Any, traits: Any = None) -> tuple[str, str, str]:
    with pytest.raises(ConditionError) as caught:
        rule_condition(rule, traits)
    return caught.value.code, caught.value.field, caught.value.expected


def test_a_rule_is_any_of_its_groups_each_all_of_its_comparisons() -> None:
    plan, size = TraitIs("plan", TraitOp.IN, ("pro", "team")), TraitIs("company_size", TraitOp.AT_LEAST, ("50",))
    rule = [{"not": True, "all": [PRO, LARGE]}, {"all": [{**PRO, "not": True}]}]
    assert rule_condition(rule) == AnyOf((Not(All((plan, size))), All((Not(plan),))))


@pytest.mark.parametrize(
    ("rule", "field", "expected"),
    [
        ({}, "rule", "a list of 1 to 20 groups"),
        ([], "rule", "a list of 1 to 20 groups"),
        ([{"all": [PRO]}] * 21, "rule", "a list of 1 to 20 groups"),
        ([[PRO]], "rule[0]", "an object"),
        ([{"any": [PRO]}], "rule[0]", 'an object of "all" and, if need be, "not"'),
        ([{"all": [PRO], "or": 1}], "rule[0]", 'an object of "all" and, if need be, "not"'),
        ([{"all": []}], "rule[0].all", "a list of 1 to 20 comparisons"),
        ([{"all": [PRO] * 21}], "rule[0].all", "a list of 1 to 20 comparisons"),
        ([{"all": [PRO], "not": "yes"}], "rule[0].not", "true or false"),
        ([{"all": [PRO, "plan"]}], "rule[0].all[1]", "an object"),
        ([{"all": [PRO, {**PRO, "not": 1}]}], "rule[0].all[1].not", "true or false"),
        (
            [{"all": [{**PRO, "name": ""}]}],
            "rule[0].all[0].name",
            "the name of a trait, of at most 100 characters",
        ),
        ([{"all": [PRO]}, {"all": [{**LARGE, "values": []}]}], "rule[1].all[0].values", "one value"),
    ],
)
def test_a_rule_that_means_nothing_says_where(rule: Any, field: str, expected: str) -> None:
    assert refused(rule) == ("BAD_CONDITION", field, expected)


def test_an_operator_that_nobody_knows_is_named_by_its_path() -> None:
    rule = [{"all": [PRO, {**LARGE, "op": "MIN"}]}]
    assert refused(rule) == ("UNKNOWN_OPERATOR", "rule[0].all[1].op", "a comparison of traits")


def test_with_the_workspaces_traits_given_a_rule_keeps_to_them() -> None:
    known = {"plan": frozenset(Space)}
    assert refused(RULE, known) == ("UNKNOWN_TRAIT", "rule[0].all[1].name", "a trait of this workspace")
    expected = TraitIs("plan", TraitOp.IN, ("pro", "team"), frozenset(Space))
    assert rule_condition([{"all": [PRO]}], known) == AnyOf((All((expected,)),))


@pytest.fixture
def profile(db: None) -> IcpProfile:
    return IcpProfile.objects.create(workspace=opened().workspace, slug="mid-market", name="Mid-market")


def test_drafts_are_numbered_and_not_in_force(profile: IcpProfile) -> None:
    drafts = [draft(profile, RULE), draft(profile, RULE)]
    assert [(one.number, one.status, one.approved_at) for one in drafts] == [
        (1, "draft", None),
        (2, "draft", None),
    ]


def test_a_draft_that_means_nothing_is_not_kept(profile: IcpProfile) -> None:
    with pytest.raises(ConditionError):
        draft(profile, [])
    assert not IcpVersion.unscoped.exists()


def test_a_draft_may_be_changed_until_it_is_approved(profile: IcpProfile) -> None:
    version = draft(profile, RULE)
    version.rule = [{"all": [PRO]}]
    version.save()
    IcpVersion.unscoped.update(status=IcpStatus.APPROVED)
    version.rule = RULE
    with pytest.raises(Refusal, match="what was approved once never changes"):
        version.save()
    assert IcpVersion.unscoped.get().rule == [{"all": [PRO]}]
