"""Finding KPIs in the catalogue."""

from __future__ import annotations

from apps.kpis.catalogue import Entry, entries


def search(stage: str | None = None, indicator: str | None = None, text: str | None = None) -> list[Entry]:
    """The KPIs that meet every condition given, by slug.

    `stage` is the first or the second stage; `text` occurs in the slug, the title or the definition.
    """
    wanted = (text or "").strip().casefold()
    return [
        entry
        for entry in entries().values()
        if stage in (None, entry.stage, entry.secondary_stage)
        and indicator in (None, entry.indicator)
        and wanted in f"{entry.slug}\n{entry.title}\n{entry.definition}".casefold()
    ]
