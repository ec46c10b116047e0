"""Saved segments: conditions under names of their own."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from apps.audience import browse, filters
from apps.audience.models import Segment
from apps.engine.conditions import Condition
from apps.engine.refusals import ConditionError
from apps.kpis.conditions import Place, Reader
from apps.workspaces.models import Workspace

SLUG, LONGEST_NAME = re.compile(r"[\w-]{1,60}", re.ASCII), 200


@transaction.atomic
def define(workspace: Workspace, slug: str, name: str, said: Any) -> Segment:
    """Save a condition under a slug, in the place of the one that it may have had. Raises ConditionError."""
    if not SLUG.fullmatch(slug):
        raise ConditionError("BAD_SLUG", "slug", "1 to 60 letters, digits, hyphens and underscores")
    if not 1 <= len(name) <= LONGEST_NAME or not filters.is_storable(name):
        raise ConditionError("BAD_NAME", "name", f"a text of 1 to {LONGEST_NAME} characters")
    check(workspace, slug, said)
    saved, _ = Segment.objects.update_or_create(
        workspace=workspace, slug=slug, defaults={"name": name, "condition": said}
    )
    return saved


def check(workspace: Workspace, slug: str, said: Any) -> Condition:
    """What a segment of this slug would mean. Raises ConditionError where it cannot be saved.

    Until the transaction is over nobody else saves one: two that name each other are refused as well.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    return Reader(workspace, now()).read(said, Place(chain=(slug,)))


def naming(segment: Segment) -> list[Segment]:
    """The saved segments that another one is a part of."""
    others = browse.segments(segment.workspace_id)
    return [other for other in others if segment.slug in named(other.condition)]


def named(said: Any) -> set[str]:
    """The saved segments that a condition names itself."""
    if isinstance(said, list):
        return {slug for part in said for slug in named(part)}
    if not isinstance(said, dict):
        return set()
    parts = {slug for kind in ("all", "any", "not") for slug in named(said.get(kind))}
    return parts | ({said["segment"]} if "segment" in said else set())
