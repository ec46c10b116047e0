"""Workspaces: opened here and not beside their keys, because to open one is to give it a taxonomy."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from apps.events import taxonomy
from apps.events.admin.definitions import publish
from apps.events.opening import open_workspace
from apps.workspaces.admin import show_once
from apps.workspaces.desk import Desk
from apps.workspaces.models import Workspace


@admin.register(Workspace)
class WorkspaceAdmin(Desk):
    """To change the zone is to count everything anew, in other hours."""

    list_display = ("name", "slug", "timezone", "reporting_currency", "is_suspended", "created_at")
    search_fields = ("name", "slug")

    new_fields = ("slug", "name", "timezone", "reporting_currency")
    fields = (*new_fields, "is_suspended", "created_at")
    fixed_fields = ("slug", "created_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # It would take millions of rows along; a workspace is suspended instead.
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        if not change:
            opened = open_workspace(obj)
            show_once(request, "The read key", opened.read_key)
            show_once(request, "The ingest key", opened.ingest_key)
            show_once(request, "The admin key", opened.admin_key)
            return
        taxonomy.editor_lock(obj.pk)
        super().save_model(request, obj, form, change)
        if "timezone" in form.changed_data:
            publish(request, obj.pk)
