"""What events mean: unplanned ones are mapped here, and every change of meaning restates the KPIs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest

from apps.events import taxonomy
from apps.events.forms import EventDefinitionForm
from apps.events.models import Event, EventDefinition
from apps.workspaces.desk import Desk


def publish(request: HttpRequest, workspace_id: int) -> None:
    """Put what was edited in force, and say what is counted anew."""
    changed = sorted(taxonomy.publish(workspace_id))
    if changed:
        text = f"Being counted anew: {', '.join(changed)}. Until that is done, KPIs answer as before."
        messages.info(request, text)


class Meanings(Desk):
    """Rows that say what events mean: without those that are deleted, the rest is put in force."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Any]) -> None:
        doomed = sorted(queryset, key=lambda one: one.workspace_id)
        workspaces = sorted({one.workspace_id for one in doomed})
        for workspace_id in workspaces:
            taxonomy.editor_lock(workspace_id)
        for one in doomed:
            one.delete()
        for workspace_id in workspaces:
            publish(request, workspace_id)


@admin.register(EventDefinition)
class EventDefinitionAdmin(Meanings):
    """Unplanned events come first. To save one is to plan it, whether it then means something or nothing."""

    form = EventDefinitionForm
    list_display = ("name", "workspace", "is_planned", "kind", "is_activity", "first_seen")
    list_filter = ("is_planned", "is_activity", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("name", "kind")
    ordering = ("is_planned", "workspace", "name")
    new_fields = ("workspace", "name", "kind", "is_activity", "constants", "columns", "types", "description")
    fields = (*new_fields, "first_seen")
    fixed_fields = ("workspace", "name", "first_seen")

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        taxonomy.editor_lock(obj.workspace_id)
        is_news = not obj.is_planned or not change
        obj.is_planned = True
        obj.save(update_fields=[*form.changed_data, "is_planned"] if change else None)
        if is_news or set(taxonomy.MEANING) & set(form.changed_data):
            publish(request, obj.workspace_id)

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """What would go, and what keeps it; Django's own look would read every event of the name."""
        doomed = list(objs)
        kept = [
            f"{definition}: events of this name are stored" for definition in doomed if _has_events(definition)
        ]
        return [str(one) for one in doomed], {"event definitions": len(doomed)}, set(), kept


def _has_events(definition: EventDefinition) -> bool:
    return Event.objects.filter(workspace=definition.workspace_id, definition=definition).exists()
