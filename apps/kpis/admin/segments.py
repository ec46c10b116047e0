"""Saved segments: conditions as JSON, checked as those of queries are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.audience.models import Segment
from apps.engine.refusals import Refusal
from apps.kpis.segments import check, naming
from apps.workspaces.desk import Desk

HELP = """As a query's `where`, in JSON: one of all, any, not, trait, icp, segment, did, kpiSide. For example
{"all": [{"trait": {"name": "plan", "op": "IN", "values": ["pro", "team"]}},
{"did": {"event": "share.created", "atLeast": 3, "lastDays": 30}}, {"not": {"icp": "mid-market"}}]}"""


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses a condition that means nothing, or would make the segment part of itself."""

    class Meta:
        model = Segment
        fields = ("workspace", "slug", "name", "condition")
        help_texts: ClassVar = {"condition": HELP}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        workspace = cleaned.get("workspace") or (self.instance.workspace if self.instance.pk else None)
        if workspace and "condition" in cleaned:
            try:
                check(workspace, cleaned.get("slug") or self.instance.slug, cleaned["condition"])
            except Refusal as refusal:
                self.add_error("condition", ValidationError(str(refusal), refusal.code))
        return cleaned


@admin.register(Segment)
class SegmentAdmin(Desk):
    form = SegmentForm
    list_display = ("name", "slug", "workspace", "created_at")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("name", "slug")
    ordering = ("workspace", "slug")
    new_fields = ("workspace", "slug", "name", "condition")
    fields = (*new_fields, "created_at")
    fixed_fields = ("workspace", "slug", "created_at")

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """What would go, and what keeps it: segments that are part of others stay."""
        doomed = list(objs)
        kept = [
            f"{segment} is part of {other}"
            for segment in doomed
            for other in naming(segment)
            if other not in doomed
        ]
        return [str(one) for one in doomed], {"segments": len(doomed)}, set(), kept
