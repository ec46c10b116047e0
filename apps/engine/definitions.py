"""What a KPI is made of: the declaration language of KPIS.md section 3, as frozen values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from apps.engine.periods import Grain
from apps.engine.sets import Space

Where: TypeAlias = tuple[tuple[str, frozenset[str | None]], ...]
"""Allowed values by facet, sorted by facet; None allows events without one. `dict(where)` is a mapping."""


def where(allowed: Mapping[str, Iterable[str | None]]) -> Where:
    """The condition that every one of these facets has one of its allowed values."""
    return tuple((facet, frozenset(allowed[facet])) for facet in sorted(allowed))


def both(one: Where, other: Where) -> Where:
    """The condition that holds where both do."""
    allowed = dict(one)
    for facet, values in other:
        allowed[facet] = allowed.get(facet, values) & values
    return where(allowed)


@dataclass(frozen=True, slots=True)
class Series:
    """What the rollups of a name hold: whose ordinals, which event facets, and whether how often as well."""

    name: str
    space: Space
    facets: tuple[str, ...] = ()
    counts: bool = False


Registry: TypeAlias = Mapping[str, Series]


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different users or accounts are in a series in the period."""

    unit: Space
    series: str
    where: Where = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many events of a series there are in the period."""

    series: str
    where: Where = ()
    space: Space = Space.USER

    @property
    def unit(self) -> Space:
        """Whose events are counted."""
        return self.space


@dataclass(frozen=True, slots=True)
class RollingDistinct:
    """How many different users or accounts are in a series in the last `days` local days."""

    unit: Space
    series: str
    days: int
    where: Where = ()


@dataclass(frozen=True, slots=True)
class Ratio:
    """scale * a / b. With `subset`, a is counted within b's people, hence never above b (KPIS.md G4)."""

    a: Distinct | Count
    b: Distinct | Count
    scale: int = 100
    subset: bool = False


Leaf: TypeAlias = Distinct | Count | RollingDistinct
Expression: TypeAlias = Leaf | Ratio


@dataclass(frozen=True, slots=True)
class Kpi:
    """A KPI of the catalogue; one with a grain of its own always answers for one such unit (KPIS.md G1)."""

    slug: str
    version: int
    expression: Expression
    grain: Grain | None = None


class DefinitionError(ValueError):
    """A KPI that cannot be evaluated: the `field` at fault and what was `expected` of it."""

    code = "BAD_DEFINITION"

    def __init__(self, slug: str, field: str, expected: str) -> None:
        super().__init__(f"{slug}: {field}: expected {expected}")
        self.field = field
        self.expected = expected


def leaves(expression: Expression) -> tuple[Leaf, ...]:
    """The operands in order: numerator and denominator of a ratio, else the expression itself."""
    return (expression.a, expression.b) if isinstance(expression, Ratio) else (expression,)


def check(kpi: Kpi, registry: Registry) -> None:
    """DefinitionError unless the KPI can be evaluated from these series."""
    if isinstance(kpi.expression, Ratio):
        _check_ratio(kpi.slug, kpi.expression)
    for leaf in leaves(kpi.expression):
        _check_leaf(kpi.slug, leaf, registry)


def _check_ratio(slug: str, ratio: Ratio) -> None:
    if ratio.scale not in (1, 100):
        raise DefinitionError(slug, "scale", "1 or 100")
    sets = isinstance(ratio.a, Distinct) and isinstance(ratio.b, Distinct)
    if ratio.subset and not (sets and ratio.a.unit == ratio.b.unit):
        raise DefinitionError(slug, "subset", "false, or two distinct operands of one unit")


def _check_leaf(slug: str, leaf: Leaf, registry: Registry) -> None:
    series = registry.get(leaf.series)
    if series is None:
        raise DefinitionError(slug, "series", f"one of {', '.join(sorted(registry))}")
    if leaf.unit != series.space:
        raise DefinitionError(slug, "unit", f"{series.space}, which {series.name} holds")
    if isinstance(leaf, Count) and not series.counts:
        raise DefinitionError(slug, "series", f"a series with counts; {series.name} has none")
    if isinstance(leaf, RollingDistinct) and leaf.days < 1:
        raise DefinitionError(slug, "days", "at least 1")
    if not {facet for facet, _ in leaf.where} <= set(series.facets):
        raise DefinitionError(slug, "where", f"facets of {series.name}: {', '.join(series.facets)}")
