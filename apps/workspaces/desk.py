"""What all of our admin pages share: nothing is counted needlessly, and no URL asks what no page offers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.functional import cached_property
from django_filters import FilterSet, ModelChoiceFilter

from apps.workspaces.models import Workspace

LISTED = 10_000
Names = tuple[str, ...]
# What Django's own list filters put behind the name of a field.
LOOKUPS = ("", "__exact", "__id__exact", "__isnull")


class NewestPages(Paginator):  # type: ignore[type-arg]
    """The first 10,000 rows: nobody pages further by hand, and counting millions takes seconds."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows[:LISTED].count()


class CutChangeList(ChangeList):
    """A list that says when it is cut."""

    @property
    def is_cut(self) -> bool:
        """Whether there may be more rows than are listed."""
        return self.result_count >= LISTED


class Desk(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin page for a model of ours.

    `new_fields` are asked for when a row is added; `fixed_fields` cannot be changed after that.
    """

    new_fields: ClassVar[Names] = ()
    fixed_fields: ClassVar[Names] = ()
    change_list_template = "workspaces/list.html"
    paginator = NewestPages
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CutChangeList]:
        return CutChangeList

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else self.new_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Names:
        return self.fixed_fields if obj else ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what a list filter of this page asks: Django would let every column be probed."""
        offered = [name for name in self.list_filter if isinstance(name, str)]
        return lookup in {name + suffix for name in offered for suffix in LOOKUPS}

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """Save what the form changed and nothing else: the rest may have moved since it was read."""
        obj.save(update_fields=form.changed_data if change else None)


class ReadOnly(Desk):
    """Rows to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class InWorkspace(FilterSet):  # type: ignore[misc]
    """The one filter that only those may have who see every workspace."""

    workspace = ModelChoiceFilter(queryset=Workspace.objects.all(), to_field_name="slug")


class FilteredChangeList(CutChangeList):
    """A list whose URL parameters are those of a FilterSet: a bad value is a form error, an unknown name a 400."""

    filterset: FilterSet

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        given = super().get_filters_params(params)
        unknown = sorted(given.keys() - self._filterset_class.base_filters.keys())
        if unknown:
            raise DisallowedModelAdminLookup(f"Filtering by {', '.join(unknown)} not allowed")
        return {}

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        queryset = super().get_queryset(request, exclude_parameters)
        self.filterset = self._filterset_class(request.GET, queryset)
        return self.filterset.qs if self.filterset.is_valid() else queryset.none()

    @property
    def _filterset_class(self) -> type[FilterSet]:
        desk: FilteredList = self.model_admin  # type: ignore[assignment]
        return desk.filterset_class


class FilteredList(ReadOnly):
    """Rows to look at, found by the FilterSet of `filterset_class`."""

    filterset_class: ClassVar[type[FilterSet]]
    change_list_template = "workspaces/filtered_list.html"
    # A sort by a column without an index would read the whole table.
    sortable_by = ()
    ordering = ("-pk",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return FilteredChangeList
