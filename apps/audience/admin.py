"""People and accounts in the admin: who they are, what is known of them, and whether they are our own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.utils.functional import cached_property

from apps.audience import groups, marking
from apps.audience.identity import SPACES
from apps.audience.models import Account, MembershipChange, ProductUser, TraitChange
from apps.engine.sets import Space
from apps.workspaces.desk import Desk
from apps.workspaces.exactjson import to_json

SHOWN = 100


class Newest(BaseInlineFormSet):  # type: ignore[type-arg]
    """The newest hundred: an account may have thousands of people, and a person years of history."""

    @cached_property
    def _newest(self) -> QuerySet[Any]:
        return super().get_queryset()[:SHOWN]

    def get_queryset(self) -> QuerySet[Any]:
        return self._newest


class History(admin.TabularInline):  # type: ignore[type-arg]
    """Dated rows of a subject, to look at."""

    formset = Newest
    ordering = ("-valid_from", "-pk")
    can_delete = False

    class Media:
        css = {"all": ("workspaces/admin.css",)}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Traits(History):
    model = TraitChange
    verbose_name_plural = f"traits (the newest {SHOWN} values)"
    fields = readonly_fields = ("name", "shown", "valid_from", "recorded_at")

    @admin.display(description="Value")
    def shown(self, change: TraitChange) -> str:
        return to_json(change.value)


class Memberships(History):
    model = MembershipChange
    verbose_name_plural = f"memberships (the newest {SHOWN})"

    def get_queryset(self, request: HttpRequest) -> QuerySet[MembershipChange]:
        return super().get_queryset(request).select_related("user", "account")


class AccountsOfUser(Memberships):
    fields = ("account", "is_member", "role", "is_primary", "valid_from")


class UsersOfAccount(Memberships):
    fields = ("user", "is_member", "role", "is_primary", "valid_from")


class SubjectAdmin(Desk):
    """People and accounts come from events; what a person decides is whether they are our own (KPIS.md G7)."""

    list_display = ("external_id", "workspace", "ordinal", "merged_into", "is_internal", "created_at")
    list_filter = ("workspace", "is_internal")
    list_select_related = ("workspace", "merged_into")
    sortable_by = ()
    ordering = ("-pk",)
    # Whole ids only: a search within them would read every row.
    search_fields = ("external_id__exact",)
    search_help_text = "The whole id, as the sender writes it."
    fixed_fields = (
        *("external_id", "workspace", "ordinal", "counts_as", "merged_into", "merged_at"),
        *("erased_at", "created_at"),
    )
    fields = ("is_internal", *fixed_fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """Ids that count as one are our own together, at once; the worker then asks what their trait says."""
        super().save_model(request, obj, form, change)
        if "is_internal" in form.changed_data:
            space = SPACES[type(obj)]
            groups.flag_internal(obj.workspace_id, space, {obj.counts_as: obj.is_internal})
            if space is Space.USER:
                marking.mark_moved(obj.workspace_id, {obj.counts_as})
            marking.mark(obj.workspace_id, type(obj), [obj.pk])


@admin.register(ProductUser)
class ProductUserAdmin(SubjectAdmin):
    inlines = (Traits, AccountsOfUser)


@admin.register(Account)
class AccountAdmin(SubjectAdmin):
    inlines = (Traits, UsersOfAccount)
