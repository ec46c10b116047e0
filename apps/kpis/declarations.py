"""The language of the catalogue's `value`: what a KPI is made of, as YAML says it (KPIS.md section 3).

    {distinct: user, series: share.created, where: {share_scope: [product]}, population: icp}
    {rolling_distinct: user, series: ACTIVITY, days: 30}
    {count: share.created, where: {share_scope: [product]}}
    {balance: user, state: user:open, population: icp}
    {entries: user, state: user:registered}
    {ratio: [users_who_shared, total_active_users], scale: 100, subset: true}

The sides of a ratio are KPIs by slug, or values themselves, or a {union: [...]} of such. Beside it `quality` says,
by the names of counters, which of the events behind the KPI are doubtful:

    {unknown_count: {count: referral_message.sent, where: {customized: [null]}}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from apps.engine.definitions import (
    Balance,
    Count,
    Distinct,
    Entries,
    Expression,
    InIcp,
    Operand,
    Ratio,
    RollingDistinct,
    Union,
    where,
)
from apps.engine.sets import Space

Said: TypeAlias = Mapping[str, Any]


class BadDeclaration(ValueError):
    """A `value` of the catalogue that says nothing."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads values; `declared` are all KPIs' own by slug, which others may name."""

    declared: Mapping[str, Said]

    def expression(self, said: Said) -> Expression:
        """What a value means. Raises BadDeclaration."""
        kind = next(iter(said), "")
        if kind not in KINDS:
            raise BadDeclaration(f"{dict(said)}: expected one of {', '.join(KINDS)} first")
        read, fields = KINDS[kind]
        if unknown := said.keys() - {kind, *fields}:
            raise BadDeclaration(f"{kind}: {', '.join(sorted(unknown))}: expected {' or '.join(fields)}")
        try:
            return read(self, said)
        except (KeyError, ValueError) as error:
            raise BadDeclaration(f"{dict(said)}: {error!r}") from error

    def counters(self, said: Said) -> Mapping[str, Count]:
        """What each counter counts. Raises BadDeclaration."""
        if unknown := said.keys() - COUNTERS:
            raise BadDeclaration(f"quality: {', '.join(sorted(unknown))}: expected {' or '.join(COUNTERS)}")
        return {name: self._counter(name, value) for name, value in said.items()}

    def distinct(self, said: Said) -> Distinct:
        return Distinct(Space(said["distinct"]), said["series"], _where(said), _population(said))

    def rolling_distinct(self, said: Said) -> RollingDistinct:
        return RollingDistinct(Space(said["rolling_distinct"]), said["series"], said["days"], _where(said))

    def count(self, said: Said) -> Count:
        return Count(said["count"], _where(said))

    def balance(self, said: Said) -> Balance:
        return Balance(Space(said["balance"]), said["state"], _population(said))

    def entries(self, said: Said) -> Entries:
        return Entries(Space(said["entries"]), said["state"])

    def ratio(self, said: Said) -> Ratio:
        a, b = map(self._operand, said["ratio"])
        return Ratio(a, b, said["scale"], said["subset"])

    def union(self, said: Said) -> Union:
        return Union(tuple(map(self._part, said["union"])))

    def _counter(self, name: str, said: Said) -> Count:
        expression = self.expression(said)
        if not isinstance(expression, Count):
            raise BadDeclaration(f"quality: {name}: expected a count")
        return expression

    def _operand(self, said: str | Said) -> Operand:
        operand = self._named(said)
        if not isinstance(operand, Operand):
            raise BadDeclaration(f"{said}: expected no ratio and no window of its own as a side of a ratio")
        return operand

    def _part(self, said: str | Said) -> Distinct | Balance:
        part = self._named(said)
        if not isinstance(part, Distinct | Balance):
            raise BadDeclaration(f"{said}: expected a distinct or a balance as a part of a union")
        return part

    def _named(self, said: str | Said) -> Expression:
        return self.expression(self.declared[said] if isinstance(said, str) else said)


KINDS: Mapping[str, tuple[Callable[[Reader, Said], Expression], tuple[str, ...]]] = {
    "distinct": (Reader.distinct, ("series", "where", "population")),
    "rolling_distinct": (Reader.rolling_distinct, ("series", "days", "where")),
    "count": (Reader.count, ("where",)),
    "balance": (Reader.balance, ("state", "population")),
    "entries": (Reader.entries, ("state",)),
    "ratio": (Reader.ratio, ("scale", "subset")),
    "union": (Reader.union, ()),
}
# The data-quality counters of KPIS.md section 2 that are counts of events.
COUNTERS = ("unknown_count", "unsessioned_shares", "unlinked_interactions")
POPULATIONS = {"icp": InIcp()}


def _where(said: Said) -> Any:
    return where(said.get("where", {}))


def _population(said: Said) -> InIcp | None:
    return POPULATIONS[said["population"]] if "population" in said else None
