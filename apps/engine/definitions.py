"""What a KPI is made of: the declaration language of KPIS.md section 3, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Self, TypeAlias

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


class Merge(StrEnum):
    """What the rows of a longer bucket are, given those of its parts."""

    UNION = "union"
    """Whoever is in any of them."""
    ADD = "add"
    """That, and how often each did it in all of them together."""
    LAST = "last"
    """Who stands there when the last of them ends: in a state one stays until one leaves."""


@dataclass(frozen=True, slots=True)
class Link:
    """What the events of a series may draw: later events of a kind that have the same `key`.

    They are no earlier than the event, and less than `within` later (KPIS.md G10); each has these facets.
    """

    kind: str
    key: str
    within: timedelta
    facets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """What the rollups of a name hold: whose ordinals, which event facets, and how their buckets merge.

    With a `link` the facets are those of the events and of what they drew, of which one alone must meet a
    condition on several. Events that drew nothing are there too: a condition on what is drawn leaves them out.
    `others` are further sets of facets, by each of which the same events are told apart in a series of its own;
    `raw_facets` are told by the events themselves alone.
    """

    name: str
    space: Space
    own_facets: tuple[str, ...] = ()
    merge: Merge = Merge.UNION
    link: Link | None = None
    others: tuple[tuple[str, ...], ...] = ()
    raw_facets: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it holds how often each did it."""
        return self.merge is Merge.ADD

    @property
    def facets(self) -> tuple[str, ...]:
        """The facets by which the events are told apart."""
        return self.own_facets + (self.link.facets if self.link else ())

    @property
    def all_facets(self) -> tuple[str, ...]:
        """The facets of the events, whether they are told apart by them here or in another series."""
        return tuple(dict.fromkeys((*self.own_facets, *(facet for facets in self.others for facet in facets))))

    def sets(self) -> tuple[Self, ...]:
        """This series, and one for each further set of facets."""
        others = [
            replace(self, name=f"{self.name}{BY}{facets[-1]}", own_facets=facets, others=())
            for facets in self.others
        ]
        return self, *others


Registry: TypeAlias = Mapping[str, Series]

OF_ACCOUNTS = "@account"
DRAWN = ">"
BY = "/"


def accounts_of(series: str) -> str:
    """The name of the series of the accounts that the events of a series are of (KPIS.md G8)."""
    return f"{series}{OF_ACCOUNTS}"


def drawing(kind: str, link: Link) -> str:
    """The name of the series of the events of a kind with what they drew."""
    return f"{kind}{DRAWN}{link.kind}"


def kind_of(series: str) -> str:
    """The kind of events that a series counts, by whoever they are of; of ACTIVITY, its own name."""
    return series.partition(DRAWN)[0].partition(BY)[0].removesuffix(OF_ACCOUNTS)


STATES = ("user:open", "user:registered", "account:open", "account:registered")
"""The states that KPIs count by: who stands in them, or enters them, on each local day."""


def space_of(state: str) -> Space:
    """Who stands in a state: users in "user:open" and "user:trait:plan", accounts in "account:open"."""
    return Space(state.partition(":")[0])


@dataclass(frozen=True, slots=True)
class InIcp:
    """Users who match an ICP profile, or, with None, any approved one."""

    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different users or accounts are in a series in the period; of a `population`, at its end."""

    unit: Space
    series: str
    where: Where = ()
    population: InIcp | None = None


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
class Balance:
    """How many users or accounts stand in a state at the end of the period (KPIS.md G14)."""

    unit: Space
    series: str
    population: InIcp | None = None


@dataclass(frozen=True, slots=True)
class Entries:
    """How many users or accounts enter a state in the period."""

    unit: Space
    series: str


@dataclass(frozen=True, slots=True)
class Union:
    """How many different users or accounts are in any of these."""

    parts: tuple[Distinct | Balance, ...]

    @property
    def unit(self) -> Space:
        """Who is counted."""
        return self.parts[0].unit


@dataclass(frozen=True, slots=True)
class Ratio:
    """scale * a / b. With `subset`, a is within b's people, or events, hence never above b (KPIS.md G4)."""

    a: Operand
    b: Operand
    scale: int = 100
    subset: bool = False


Operand: TypeAlias = Distinct | Count | Balance | Entries | Union
Leaf: TypeAlias = Operand | RollingDistinct
Expression: TypeAlias = Leaf | Ratio


@dataclass(frozen=True, slots=True)
class Kpi:
    """A KPI of the catalogue; one with a grain of its own always answers for one such unit (KPIS.md G1)."""

    slug: str
    version: int
    expression: Expression
    grain: Grain | None = None


def link_of(leaf: Leaf, registry: Registry) -> Link | None:
    """By what the events of an operand drew others, where it is about those that did."""
    if not isinstance(leaf, Distinct | Count | RollingDistinct):
        return None
    link = registry[leaf.series].link
    return link if link and {facet for facet, _ in leaf.where} & set(link.facets) else None


def leaves(expression: Expression) -> tuple[Leaf, ...]:
    """The operands in order: numerator and denominator of a ratio, else the expression itself."""
    return (expression.a, expression.b) if isinstance(expression, Ratio) else (expression,)
