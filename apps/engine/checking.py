"""Whether a KPI's definition can be evaluated: checked once, when it is read."""

from apps.engine.definitions import (
    STATES,
    Balance,
    Count,
    Distinct,
    Entries,
    Kpi,
    Leaf,
    Operand,
    Ratio,
    Registry,
    RollingDistinct,
    Union,
    both,
    leaves,
    space_of,
)


class DefinitionError(ValueError):
    """A KPI that cannot be evaluated: the `field` at fault and what was `expected` of it."""

    code = "BAD_DEFINITION"

    def __init__(self, slug: str, field: str, expected: str) -> None:
        super().__init__(f"{slug}: {field}: expected {expected}")
        self.field = field
        self.expected = expected


def check(kpi: Kpi, registry: Registry) -> None:
    """DefinitionError unless the KPI can be evaluated from these series and the states."""
    if isinstance(kpi.expression, Ratio):
        _check_ratio(kpi.slug, kpi.expression)
    for leaf in leaves(kpi.expression):
        _check_leaf(kpi.slug, leaf, registry)


def _check_ratio(slug: str, ratio: Ratio) -> None:
    if ratio.scale not in (1, 100):
        raise DefinitionError(slug, "scale", "1 or 100")
    if ratio.subset and not _can_be_part(ratio.a, ratio.b):
        raise DefinitionError(slug, "subset", "false, or two sets of one unit, or events and some of them")


def _can_be_part(part: Operand, whole: Operand) -> bool:
    if isinstance(part, Count) and isinstance(whole, Count):
        return part.series == whole.series and both(part.where, whole.where) == part.where
    return part.unit == whole.unit and not isinstance(part, Count) and not isinstance(whole, Count)


def _check_leaf(slug: str, leaf: Leaf, registry: Registry) -> None:
    if isinstance(leaf, Union):
        _check_union(slug, leaf, registry)
    elif isinstance(leaf, Balance | Entries):
        _check_state(slug, leaf)
    else:
        _check_series(slug, leaf, registry)


def _check_union(slug: str, union: Union, registry: Registry) -> None:
    if not union.parts or len({part.unit for part in union.parts}) > 1:
        raise DefinitionError(slug, "union", "sets of one unit")
    for part in union.parts:
        _check_leaf(slug, part, registry)


def _check_state(slug: str, leaf: Balance | Entries) -> None:
    if leaf.series not in STATES:
        raise DefinitionError(slug, "series", f"one of {', '.join(STATES)}")
    if leaf.unit != space_of(leaf.series):
        raise DefinitionError(slug, "unit", f"{space_of(leaf.series)}, who stand in {leaf.series}")


def _check_series(slug: str, leaf: Distinct | Count | RollingDistinct, registry: Registry) -> None:
    series = registry.get(leaf.series)
    if series is None:
        raise DefinitionError(slug, "series", f"one of {', '.join(sorted(registry))}")
    if leaf.unit != series.space:
        raise DefinitionError(slug, "unit", f"{series.space}, which {series.name} holds")
    if isinstance(leaf, Count) and not series.counts:
        raise DefinitionError(slug, "series", f"a series with counts; {series.name} has none")
    if isinstance(leaf, RollingDistinct) and leaf.days < 1:
        raise DefinitionError(slug, "days", "at least 1")
    if not {facet for facet, _ in leaf.where} <= {*series.facets, *series.raw_facets}:
        raise DefinitionError(slug, "where", f"facets of {series.name}: {', '.join(series.facets)}")
