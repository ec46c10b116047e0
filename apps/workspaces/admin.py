"""The keys of workspaces in the admin: made, shown, revoked, never deleted."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.timezone import now

from apps.workspaces.desk import Desk
from apps.workspaces.models import ApiKey, EmbedKey


def show_once(request: HttpRequest, name: str, secret: str) -> None:
    """Show a new secret on the next page, and never again."""
    text = format_html("{}: <code>{}</code> Copy it now: it is not shown again.", name, secret)
    messages.warning(request, text)


class KeyAdmin(Desk):
    """Keys are revoked and kept, so that it stays known who could do what."""

    actions = ("revoke",)
    list_filter: ClassVar[tuple[str, ...]] = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("name",)
    ordering = ("-pk",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Revoke the selected %(verbose_name_plural)s", permissions=("change",))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        keys = list(queryset.filter(revoked_at__isnull=True))
        for key in keys:
            key.revoked_at = now()
            key.save(update_fields=["revoked_at"])
            self.log_change(request, key, "Revoked.")
        messages.success(request, f"Revoked: {len(keys)}. Whoever uses one is refused from now on.")


@admin.register(ApiKey)
class ApiKeyAdmin(KeyAdmin):
    list_display = ("name", "workspace", "scope", "source", "hint", "in_force", "expires_at", "revoked_at")
    list_filter = ("workspace", "scope")

    new_fields = ("workspace", "name", "scope", "source", "expires_at")
    fields = (*new_fields, "hint", "created_at", "revoked_at")
    # The source is part of what makes a message id unique: another one would count messages twice.
    fixed_fields = ("workspace", "scope", "source", "hint", "created_at", "revoked_at")

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            show_once(request, f"The key {obj.name}", obj.issue())

    @admin.display(description="In force", boolean=True)
    def in_force(self, key: ApiKey) -> bool:
        return key.is_valid(now())


@admin.register(EmbedKey)
class EmbedKeyAdmin(KeyAdmin):
    list_display = ("name", "workspace", "kid", "created_at", "revoked_at")

    new_fields = ("workspace", "name")
    fields = (*new_fields, "kid", "created_at", "revoked_at")
    fixed_fields = ("workspace", "kid", "secret", "created_at", "revoked_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        return (*fields, "secret") if obj and request.user.is_superuser else fields

    @admin.display(description="Secret")
    def secret(self, key: EmbedKey) -> str:
        return format_html("<code>{}</code>", key.secret)
