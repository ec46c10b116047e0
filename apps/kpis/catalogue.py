"""The catalogue: one YAML file a KPI, read once, checked when it is read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from apps.engine.checking import check
from apps.engine.definitions import Expression, Kpi
from apps.engine.periods import Grain
from apps.engine.refusals import Refusal
from apps.events.taxonomy import REGISTRY
from apps.kpis.declarations import BadDeclaration, Reader

FOLDER = Path(__file__).parent / "catalogue"


# What is not taken yet, and the code of whatever requires it.
REQUIRED = {"billing": "REQUIRES_BILLING"}


class UnknownKpi(LookupError):
    """No KPI has this slug; `nearest` are the slugs most like it."""

    def __init__(self, slug: str, nearest: list[str]) -> None:
        super().__init__(f"There is no KPI {slug!r}.")
        self.slug, self.nearest = slug, nearest


class Unanswerable(Refusal):
    """A KPI that requires data which is not taken yet; `text` says so to whoever looks at it."""

    def __init__(self, slug: str, requires: str) -> None:
        super().__init__(REQUIRED[requires], "slug", f"a KPI that requires no {requires} data")
        self.text = f"{slug} requires {requires} data, which is not taken yet."


@dataclass(frozen=True, slots=True)
class Entry:
    """A KPI as people read it, with the definition that the engine evaluates.

    One that `requires` what this service does not take yet has no such definition. `quality` has by name what its
    data-quality counters count.
    """

    slug: str
    version: int
    defined: Kpi | None
    quality: Mapping[str, Kpi]
    requires: str | None
    title: str
    definition: str
    formula: str
    unit: str
    better: str
    stage: str
    secondary_stage: str | None
    indicator: str
    indicator_source: str
    example: str

    @property
    def kpi(self) -> Kpi:
        """What the engine evaluates. Raises Unanswerable, such as REQUIRES_BILLING."""
        if self.defined is None:
            raise Unanswerable(self.slug, str(self.requires))
        return self.defined


READ = {"slug", "version", "defined", "quality", "requires"}
TEXTS = tuple(field for field in Entry.__slots__ if field not in READ)
FIELDS = {"slug", "version", "grain", "value", "quality", "requires", *TEXTS}


@cache
def entries() -> Mapping[str, Entry]:
    """Every KPI by slug, in order of slug."""
    declared = [yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))]
    reader = Reader({texts["slug"]: texts["value"] for texts in declared if "value" in texts})
    return {texts["slug"]: _entry(texts, reader) for texts in declared}


def answered() -> Mapping[str, Entry]:
    """Those that can be answered, by slug, in order of slug."""
    return {slug: entry for slug, entry in entries().items() if entry.defined}


def find(slug: str) -> Entry:
    """The KPI of this slug. Raises UnknownKpi."""
    entry = entries().get(slug)
    if entry is None:
        raise UnknownKpi(slug, difflib.get_close_matches(slug.lower(), entries(), n=3, cutoff=0.4))
    return entry


def _entry(texts: Mapping[str, Any], reader: Reader) -> Entry:
    if unknown := texts.keys() - FIELDS:
        raise BadDeclaration(
            f"{texts['slug']}: {', '.join(sorted(unknown))}: expected {', '.join(sorted(FIELDS))}"
        )
    requires = texts.get("requires")
    if ("value" in texts) == (requires in REQUIRED):
        raise BadDeclaration(f"{texts['slug']}: expected a value, or that it requires {' or '.join(REQUIRED)}")
    return Entry(
        slug=texts["slug"],
        version=texts["version"],
        defined=None if requires else _kpi(texts, reader.expression(texts["value"])),
        quality={name: _kpi(texts, one) for name, one in reader.counters(texts.get("quality", {})).items()},
        requires=requires,
        secondary_stage=texts.get("secondary_stage"),
        **{field: texts[field] for field in TEXTS if field != "secondary_stage"},
    )


def _kpi(texts: Mapping[str, Any], expression: Expression) -> Kpi:
    grain = Grain(texts["grain"]) if "grain" in texts else None
    kpi = Kpi(texts["slug"], texts["version"], expression, grain)
    check(kpi, REGISTRY)
    return kpi
