"""A workspace by its short name, for commands."""

from __future__ import annotations

import difflib

from apps.workspaces.models import Workspace


class UnknownWorkspace(LookupError):
    """No workspace has this short name; the text names the nearest."""


def named(slug: str) -> Workspace:
    """The workspace of this short name. Raises UnknownWorkspace."""
    found = Workspace.objects.filter(slug=slug).first()
    if found is None:
        slugs = list(Workspace.objects.order_by("slug").values_list("slug", flat=True))
        nearest = difflib.get_close_matches(slug, slugs, cutoff=0) or [
            "none: `manage.py workspace create` opens one"
        ]
        raise UnknownWorkspace(f"there is no workspace {slug}; the nearest is {', '.join(nearest)}")
    return found
