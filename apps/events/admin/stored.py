"""What was stored, refused and imported: lists to look at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from apps.events import filters
from apps.events.models import Event, ImportRun, ReferralMessage, RejectedEvent, ShareEvent
from apps.events.rows import TEXT_COLUMNS
from apps.workspaces.desk import FilteredList, InWorkspace, ReadOnly
from apps.workspaces.exactjson import to_json

# As many corrections of one event are shown.
MOST = 50


def _lines(lines: Iterable[str]) -> str:
    return format_html("<pre>{}</pre>", "\n".join(lines))


class AnyEvent(InWorkspace, filters.EventFilter):
    pass


class AnyShareEvent(InWorkspace, filters.ShareEventFilter):
    pass


class AnyReferralMessage(InWorkspace, filters.ReferralMessageFilter):
    pass


class AnyRejectedEvent(InWorkspace, filters.RejectedEventFilter):
    pass


@admin.register(Event)
class EventAdmin(FilteredList):
    """Events, the latest stored first; within one workspace, by when they happened, as its index has them."""

    filterset_class = AnyEvent
    list_display: tuple[str, ...] = (
        "occurred_at",
        "workspace",
        "definition",
        "user",
        "account",
        "channel",
        "session",
    )
    list_select_related = ("workspace", "definition", "user", "account")
    fields = (
        "workspace", "definition", "occurred_at", "received_at", "user", "account", "anonymous_id", "session",
        "link", "referred", "referrer", *TEXT_COLUMNS, "is_error", "customized", "viewable", "said", "corrections",
        "message_key", "action_key", "corrects", "voids",
    )  # fmt: skip

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-occurred_at", "-pk") if request.GET.get("workspace") else ("-pk",)

    @admin.display(description="Properties")
    def said(self, event: Event) -> str:
        return _lines(f"{name}: {to_json(value)}" for name, value in sorted(event.properties.items()))

    @admin.display(description="Corrections, the last first")
    def corrections(self, event: Event) -> str:
        named = Event.unscoped.filter(
            workspace=event.workspace_id,
            corrects__in=[key for key in (event.message_key, event.action_key) if key],
        )
        said = named.select_related("definition").order_by("-occurred_at", "-message_key")[:MOST]
        return _lines(f"{one}: {to_json(one.properties)}" for one in said)


@admin.register(ShareEvent)
class ShareEventAdmin(EventAdmin):
    filterset_class = AnyShareEvent
    list_display = (
        "occurred_at", "workspace", "user", "account", "share_type", "share_scope", "channel", "object_type",
        "status", "is_error",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(definition__kind=ShareEvent.objects.kind)


@admin.register(ReferralMessage)
class ReferralMessageAdmin(EventAdmin):
    filterset_class = AnyReferralMessage
    list_display = (
        "occurred_at",
        "workspace",
        "user",
        "account",
        "source_channel",
        "channel",
        "template",
        "customized",
        "status",
        "link",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(definition__kind=ReferralMessage.objects.kind)


@admin.register(RejectedEvent)
class RejectedEventAdmin(FilteredList):
    filterset_class = AnyRejectedEvent
    list_display = ("received_at", "workspace", "code", "reason", "message_id")
    list_select_related = ("workspace",)
    fields = ("workspace", "received_at", "code", "reason", "message_id", "body")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnly):
    list_display = (
        "file",
        "workspace",
        "progress",
        "accepted",
        "duplicate",
        "rejected",
        "started_at",
        "finished_at",
    )
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    ordering = ("-pk",)

    @admin.display(description="Progress")
    def progress(self, run: ImportRun) -> str:
        return f"{run.position:,} read, {'done' if run.finished_at else 'to be continued'}"
