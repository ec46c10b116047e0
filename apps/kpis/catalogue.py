"""The catalogue: one YAML file a KPI, read once, checked when it is read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from apps.engine.definitions import Count, Distinct, Expression, Kpi, Ratio, RollingDistinct, check, where
from apps.engine.periods import Grain
from apps.engine.sets import Space
from apps.events.taxonomy import SERIES

FOLDER = Path(__file__).parent / "catalogue"


class UnknownKpi(LookupError):
    """No KPI has this slug; `nearest` are the slugs most like it."""

    def __init__(self, slug: str, nearest: list[str]) -> None:
        super().__init__(f"There is no KPI {slug!r}.")
        self.slug, self.nearest = slug, nearest


@dataclass(frozen=True, slots=True)
class Entry:
    """A KPI as people read it, with the definition that the engine evaluates."""

    kpi: Kpi
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
    def slug(self) -> str:
        return self.kpi.slug


@cache
def entries() -> Mapping[str, Entry]:
    """Every KPI by slug, in order of slug."""
    declared = [yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))]
    by_slug = {texts["slug"]: texts for texts in declared}
    return {slug: _entry(texts, by_slug) for slug, texts in by_slug.items()}


def find(slug: str) -> Entry:
    """The KPI of this slug. Raises UnknownKpi."""
    entry = entries().get(slug)
    if entry is None:
        raise UnknownKpi(slug, difflib.get_close_matches(slug.lower(), entries(), n=3, cutoff=0.4))
    return entry


def _entry(texts: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]) -> Entry:
    grain = Grain(texts["grain"]) if "grain" in texts else None
    kpi = Kpi(texts["slug"], texts["version"], _expression(texts["value"], declared), grain)
    check(kpi, SERIES)
    texted = {field: texts[field] for field in Entry.__slots__ if field not in ("kpi", "secondary_stage")}
    return Entry(kpi=kpi, secondary_stage=texts.get("secondary_stage"), **texted)


def _expression(value: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]) -> Expression:
    condition = where(value.get("where", {}))
    if "ratio" in value:
        a, b = (_operand(declared[slug]["value"], declared) for slug in value["ratio"])
        return Ratio(a, b, value["scale"], value["subset"])
    if "count" in value:
        return Count(value["count"], condition)
    if "rolling_distinct" in value:
        return RollingDistinct(Space(value["rolling_distinct"]), value["series"], value["days"], condition)
    return Distinct(Space(value["distinct"]), value["series"], condition)


def _operand(value: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]) -> Distinct | Count:
    operand = _expression(value, declared)
    if not isinstance(operand, Distinct | Count):
        raise TypeError("a side of a ratio is a distinct or a count")
    return operand
