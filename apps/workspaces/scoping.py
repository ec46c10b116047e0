"""Querysets that refuse to run without a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from django.db import models
from django.db.models.lookups import Exact, In
from django.db.models.sql.where import AND

Row = TypeVar("Row", bound=models.Model)


class WorkspaceRequired(RuntimeError):
    """A query over tenants' rows named no workspace."""


class ScopedQuerySet(models.QuerySet[Row]):
    """A queryset that raises WorkspaceRequired when it runs without a filter on `workspace`.

    The filter may come from `filter(workspace=…)`, `get(workspace=…)` or a related manager; it counts
    only where every row must satisfy it (ANDed at the top, not negated).
    """

    def _require_workspace(self) -> None:
        where = self.query.where
        scoped = where.connector == AND and not where.negated and any(map(_names_workspace, where.children))
        if not scoped and not self.query.is_empty():
            raise WorkspaceRequired(
                f"{self.model.__name__}.objects needs a workspace: add .filter(workspace=…), "
                f"or use {self.model.__name__}.unscoped where every tenant is meant."
            )

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._require_workspace()
        super()._fetch_all()

    def iterator(self, chunk_size: int | None = None) -> Iterator[Row]:
        self._require_workspace()
        return super().iterator(chunk_size)

    def count(self) -> int:
        self._require_workspace()
        return super().count()

    def exists(self) -> bool:
        self._require_workspace()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._require_workspace()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self._require_workspace()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._require_workspace()
        return super().delete()


def _names_workspace(condition: Any) -> bool:
    if isinstance(condition, Exact | In):
        target = getattr(condition.lhs, "target", None)
        return getattr(target, "name", None) == "workspace"
    return (
        getattr(condition, "connector", None) == AND
        and not condition.negated
        and any(map(_names_workspace, condition.children))
    )


ScopedManager = models.Manager.from_queryset(ScopedQuerySet)


class WorkspaceRow(models.Model):
    """Abstract: a row that belongs to one workspace.

    `objects` is scoped and raises; `unscoped` is for the admin and for housekeeping over all tenants.
    """

    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, db_index=False)

    objects = ScopedManager()
    unscoped = models.Manager()

    class Meta:
        abstract = True
        # Django's own machinery (admin, unique checks, foreign keys) asks across tenants by primary key.
        default_manager_name = "unscoped"
        base_manager_name = "unscoped"
