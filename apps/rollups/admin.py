"""Rollups in the admin: their rows to look at, and how they are doing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods
from django_filters import BooleanFilter, ChoiceFilter, NumberFilter

from apps.engine.sets import Members
from apps.events.taxonomy import SERIES
from apps.rollups.health import health, try_again
from apps.rollups.models import Rollup
from apps.rollups.queue import GRAINS
from apps.workspaces.desk import FilteredList, InWorkspace


class RollupFilter(InWorkspace):
    """What the list of rollup rows can be filtered by."""

    series = ChoiceFilter(choices=[(name, name) for name in SERIES])
    grain = ChoiceFilter(choices=[(grain.value, grain.value) for grain in GRAINS])
    version = NumberFilter()
    is_closed = BooleanFilter("closed_xid", "isnull", exclude=True, label="Closed")


@admin.register(Rollup)
class RollupAdmin(FilteredList):
    filterset_class = RollupFilter
    change_list_template = "rollups/rollup_list.html"
    list_display = (
        "series", "version", "told_apart", "grain", "start", "people", "workspace", "opened_at", "closed_at",
    )  # fmt: skip
    list_select_related = ("workspace",)
    list_per_page = 50
    fields = (
        "workspace", "series", "version", "facets", "grain", "start", "people", "checksum", "opened_xid",
        "opened_at", "closed_xid", "closed_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("numbers")

    @admin.display(description="Facets")
    def told_apart(self, row: Rollup) -> str:
        return ", ".join(f"{facet}: {row.facets.get(facet) or '–'}" for facet in SERIES[row.series].facets)

    @admin.display(description="Members")
    def people(self, row: Rollup) -> str:
        try:
            return f"{len(Members.load(SERIES[row.series].space, bytes(row.members))):,}"
        except ValueError:
            return "damaged"

    def get_urls(self) -> list[URLPattern]:
        page = require_http_methods(["GET", "POST"])(self.health)
        return [path("health/", self.admin_site.admin_view(page), name="rollups_health"), *super().get_urls()]

    def health(self, request: HttpRequest) -> HttpResponse:
        """What waits, what fails and what is being built anew; a POST tries what failed again now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._try_again(request)
        context = {**self.admin_site.each_context(request), "title": "Rollup health", "opts": self.opts}
        may_try_again = request.user.has_perm("rollups.change_bucketfailure")
        return TemplateResponse(
            request, "rollups/health.html", context | {"health": health(), "may_try_again": may_try_again}
        )

    def _try_again(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("rollups.change_bucketfailure"):
            raise PermissionDenied
        messages.success(request, f"Tried again now: {try_again()}.")
        return redirect("admin:rollups_health")
