"""ICP profiles: their rules are drafted as JSON, approved by name, and never changed after that."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from apps.audience import browse
from apps.audience.icp import draft, rule_condition
from apps.audience.models import IcpProfile, IcpStatus, IcpVersion
from apps.engine.refusals import Refusal
from apps.events import icp
from apps.kpis.wording import words
from apps.workspaces.desk import Desk

HELP = """Who matches: any of these groups, each all of its comparisons; both may be negated. In JSON, for example
[{"all": [{"name": "plan", "op": "IN", "values": ["pro", "team"]},
{"name": "seats", "op": "AT_LEAST", "values": ["50"]},
{"name": "role", "op": "EQUALS", "values": ["intern"], "not": true}]}].
A user's own trait comes first, then that of their primary account."""


def _in_words(version: IcpVersion) -> str:
    return words(rule_condition(version.rule))


class IcpVersionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses a rule that means nothing, or names a trait that nobody has had."""

    class Meta:
        model = IcpVersion
        fields = ("profile", "rule")
        help_texts: ClassVar = {"rule": HELP}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        profile = cleaned.get("profile") or (self.instance.profile if self.instance.pk else None)
        if profile and "rule" in cleaned:
            try:
                rule_condition(cleaned["rule"], browse.traits(profile.workspace_id))
            except Refusal as refusal:
                self.add_error("rule", ValidationError(str(refusal), refusal.code))
        return cleaned


@admin.register(IcpVersion)
class IcpVersionAdmin(Desk):
    """Drafts may be edited and deleted; what was approved once is only looked at."""

    form = IcpVersionForm
    actions = ("approve", "retire")
    list_display = ("profile", "number", "status", "says", "workspace", "approved_at", "approved_by", "retired_at")
    list_filter = ("workspace", "status")
    list_select_related = ("workspace", "profile")
    sortable_by = ()
    ordering = ("-pk",)
    new_fields = ("profile", "rule")
    fields = (*new_fields, "says", "number", "status", "created_at", "approved_at", "approved_by", "retired_at")
    fixed_fields = tuple(name for name in fields if name != "rule")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status == IcpStatus.DRAFT)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_draft = obj is not None and obj.status == IcpStatus.DRAFT
        return is_draft and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.pk = draft(obj.profile, obj.rule).pk
            obj.refresh_from_db()

    @admin.display(description="In words")
    def says(self, version: IcpVersion) -> str:
        return _in_words(version)

    @admin.action(description="Approve the selected drafts", permissions=("change",))
    def approve(self, request: HttpRequest, queryset: QuerySet[IcpVersion]) -> None:
        by = request.user.get_username()
        self._each(request, queryset, lambda version: icp.approve(version.workspace_id, version.pk, by))

    @admin.action(description="Retire the selected versions", permissions=("change",))
    def retire(self, request: HttpRequest, queryset: QuerySet[IcpVersion]) -> None:
        self._each(request, queryset, lambda version: icp.retire(version.workspace_id, version.pk))

    def _each(
        self, request: HttpRequest, chosen: QuerySet[IcpVersion], act: Callable[[IcpVersion], Collection[str]]
    ) -> None:
        for version in chosen.order_by("pk"):
            try:
                anew = act(version)
            except Refusal as refusal:
                messages.error(request, f"{version}: {refusal}")
                continue
            version.refresh_from_db()
            self.log_change(request, version, f"{version.status.title()}.")
            said = f" Being counted anew: {', '.join(sorted(anew))}. Until then, answers stay." if anew else ""
            messages.success(request, f"{version}.{said}")


class Versions(admin.TabularInline):  # type: ignore[type-arg]
    """A profile's versions, the newest first, to look at."""

    model = IcpVersion
    fields = readonly_fields = ("number", "status", "says", "approved_at", "approved_by", "retired_at")
    ordering = ("-number",)
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="In words")
    def says(self, version: IcpVersion) -> str:
        return _in_words(version)


@admin.register(IcpProfile)
class IcpProfileAdmin(Desk):
    """Profiles stay: receipts cite them. One that is not wanted any more has its version retired."""

    list_display = ("name", "slug", "workspace", "created_at")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("name", "slug")
    ordering = ("workspace", "slug")
    new_fields = ("workspace", "slug", "name", "description")
    fields = (*new_fields, "created_at")
    fixed_fields = ("workspace", "slug", "created_at")
    inlines = (Versions,)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
