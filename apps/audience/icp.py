"""Ideal customer profiles: what a rule says, and its versions until one is approved (KPIS.md A10)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.audience.filters import Traits, trait_is
from apps.audience.models import IcpProfile, IcpVersion
from apps.engine.conditions import All, Condition, Not
from apps.engine.conditions import Any as AnyOf
from apps.engine.refusals import ConditionError

MOST = 20


def rule_condition(rule: Any, traits: Traits | None = None) -> Condition:
    """What a rule says: any of its groups, each all of its comparisons; with `traits` given, of these alone.

    Raises ConditionError, whose field is a path such as "rule[0].all[1].op".
    """
    groups = _some(rule, "rule", "groups")
    return AnyOf(tuple(_group(group, f"rule[{n}]", traits) for n, group in enumerate(groups)))


@transaction.atomic
def draft(profile: IcpProfile, rule: Any) -> IcpVersion:
    """The profile's next version, not in force yet. Raises ConditionError for a rule that means nothing."""
    rule_condition(rule)
    versions = IcpVersion.objects.filter(workspace=profile.workspace_id, profile=profile)
    # Whoever drafts at the same time waits here and then takes the number after.
    IcpProfile.objects.select_for_update(no_key=True).get(workspace=profile.workspace_id, pk=profile.pk)
    last = versions.aggregate(last=Max("number"))["last"] or 0
    return versions.create(workspace_id=profile.workspace_id, profile=profile, number=last + 1, rule=rule)


def _group(said: Any, path: str, traits: Traits | None) -> Condition:
    group, negated = _without_not(said, path)
    if group.keys() != {"all"}:
        raise ConditionError("BAD_CONDITION", path, 'an object of "all" and, if need be, "not"')
    some = _some(group["all"], f"{path}.all", "comparisons")
    parts = tuple(_comparison(one, f"{path}.all[{n}]", traits) for n, one in enumerate(some))
    return Not(All(parts)) if negated else All(parts)


def _comparison(said: Any, path: str, traits: Traits | None) -> Condition:
    comparison, negated = _without_not(said, path)
    part = trait_is(comparison, path, traits)
    return Not(part) if negated else part


def _without_not(said: Any, path: str) -> tuple[dict[str, Any], bool]:
    if not isinstance(said, dict):
        raise ConditionError("BAD_CONDITION", path, "an object")
    negated = said.get("not", False)
    if not isinstance(negated, bool):
        raise ConditionError("BAD_CONDITION", f"{path}.not", "true or false")
    return {name: value for name, value in said.items() if name != "not"}, negated


def _some(said: Any, path: str, what: str) -> list[Any]:
    if not isinstance(said, list) or not 1 <= len(said) <= MOST:
        raise ConditionError("BAD_CONDITION", path, f"a list of 1 to {MOST} {what}")
    return said
