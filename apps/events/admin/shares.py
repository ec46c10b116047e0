"""The ways of sharing, and through which channel each is a defined share event."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from apps.events import taxonomy
from apps.events.admin.definitions import Meanings, publish
from apps.events.models import ShareKind, ShareType


class ChannelsOnce(BaseInlineFormSet):  # type: ignore[type-arg]
    """Django checks such a constraint row by row, not among the rows of a form."""

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form not in self.deleted_forms]
        channels = Counter(form.cleaned_data.get("channel") for form in kept)
        twice = [channel for channel, times in channels.items() if channel and times > 1]
        if twice:
            raise ValidationError(f"{twice[0]} is there twice: expected each channel once.", "CHANNEL_TWICE")


class ShareKinds(admin.TabularInline):  # type: ignore[type-arg]
    model = ShareKind
    formset = ChannelsOnce
    fields = ("channel", "is_defined")
    extra = 1


@admin.register(ShareType)
class ShareTypeAdmin(Meanings):
    list_display = ("name", "slug", "workspace")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    fields = new_fields = ("workspace", "slug", "name")
    fixed_fields = ("workspace",)
    inlines = (ShareKinds,)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        taxonomy.editor_lock(obj.workspace_id)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        # What is published while something is being counted anew begins that again: not for another name.
        if "slug" in form.changed_data or any(formset.has_changed() for formset in formsets):
            publish(request, form.instance.workspace_id)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for kind in formset.save(commit=False):
            kind.workspace = form.instance.workspace
            kind.save()
        for kind in formset.deleted_objects:
            kind.delete()
