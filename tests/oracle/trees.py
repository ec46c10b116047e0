"""Random conditions and ICP rules."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.oracle.conditions import (
    All,
    Condition,
    Did,
    InIcp,
    KpiSide,
    Leaf,
    Not,
    Saved,
    Some,
    TraitIs,
    Where,
    written,
)
from tests.oracle.counting import BASIC, RATES, counts_events
from tests.oracle.messages import Raw
from tests.oracle.values import OF_ACCOUNTS, OF_USERS, SINCE, Values

DEEPEST = 3
NAMES = sorted({*OF_USERS, *OF_ACCOUNTS})
OF_ONE = ("EQUALS", "NOT_EQUALS", "CONTAINS", "STARTS_WITH")
OF_SCALES = ("AT_LEAST", "AT_MOST", "BETWEEN")
OF_NONE = ("IS_SET", "IS_NOT_SET")
SCALED = ("seats", SINCE)
EVENTS = ("share.created", "share.created", "action.performed", "session.started", "referral_message.sent")


@dataclass(frozen=True)
class Trees:
    """Draws conditions; `periods` have events in them, `profiles` are approved, people are in sides of `kpis`."""

    values: Values
    periods: tuple[str, ...]
    profiles: Sequence[str]
    saved: Sequence[Saved] = ()
    kpis: Collection[str] = tuple(BASIC)

    @property
    def dice(self) -> Random:
        return self.values.dice

    def tree(self, depth: int = DEEPEST) -> Condition:
        """A condition of at most this depth."""
        if depth <= 1 or self.dice.random() < 0.4:
            return self.leaf()
        kind = self.dice.choice((All, Some, Some, Not))
        if kind is Not:
            return Not(self.tree(depth - 1))
        parts = tuple(self.tree(depth - 1) for _ in range(self.dice.randint(1, 3)))
        return All(parts) if kind is All else Some(parts)

    def plain(self) -> Condition:
        """A condition that means the same by the days of any zone."""
        return self.dice.choice((All, Some))((self.trait(), Not(self.dice.choice((self.trait, self.icp))())))

    def leaf(self) -> Leaf | Saved:
        kinds: list[Callable[[], Leaf | Saved]] = [self.trait, self.did, self.side, self.icp, self.segment]
        return self.dice.choices(kinds, (4, 2, 2, 1, 1 if self.saved else 0))[0]()

    def trait(self) -> TraitIs:
        name = self.dice.choice((*NAMES, *SCALED))
        ops = [*OF_ONE, "IN", "NOT_IN", *OF_NONE, *(OF_SCALES * 4 if name in SCALED else ())]
        op = self.dice.choice(ops)
        return TraitIs(name, op, self._values(name, op))

    def did(self) -> Did:
        event, times = self.dice.choice(EVENTS), self.dice.choice((1, 1, 2, 3))
        where: Where = ()
        if event == "share.created" and self.dice.random() < 0.4:
            where = (("channel", frozenset({"button", "pigeon"})), ("share_type", frozenset({"link", "invite"})))
        if self.dice.random() < 0.5:
            return Did(event, times, days=self.dice.choice((1, 7, 30)), where=where)
        return Did(event, times, period=self._period(), where=where)

    def side(self) -> KpiSide:
        kpi = self.dice.choice([*self.kpis, *sorted(RATES.intersection(self.kpis)) * 4])
        sides = ["NUMERATOR", *(["DENOMINATOR"] if kpi in RATES else [])]
        # Of events somebody may have done some that are in the numerator and some that are not.
        sides += ["REMAINDER"] if kpi in RATES and not counts_events(kpi) else []
        return KpiSide(kpi, self.dice.choice(sides), self._period())

    def icp(self) -> InIcp:
        return InIcp(self.dice.choice(self.profiles))

    def segment(self) -> Saved:
        return self.dice.choice(self.saved)

    def rule(self) -> list[Raw]:
        """A rule of one or two groups of one or two comparisons."""
        return [
            {"not": self.dice.random() < 0.2, "all": [self._comparison() for _ in range(self.dice.randint(1, 2))]}
            for _ in range(self.dice.randint(1, 2))
        ]

    def _comparison(self) -> Raw:
        leaf = self.trait()
        return {"name": leaf.name, "op": leaf.op, "values": list(leaf.values), "not": self.dice.random() < 0.2}

    def _period(self) -> str | None:
        return self.dice.choice((None, *self.periods))

    def _values(self, name: str, op: str) -> tuple[str, ...]:
        if op in OF_NONE:
            return ()
        if op in OF_SCALES:
            bounds = self._bounds(name)
            return bounds if op == "BETWEEN" else bounds[:1]
        return tuple(self._text(name) for _ in range(self.dice.randint(1, 3) if op in ("IN", "NOT_IN") else 1))

    def _bounds(self, name: str) -> tuple[str, ...]:
        """Numbers, dates or instants: the kind of the trait more often than another one."""
        kind = (
            self.dice.choice(("number", "number", "date"))
            if name == "seats"
            else self.dice.choice(("date", "instant"))
        )
        if kind == "number":
            return tuple(sorted(self.dice.sample(("1", "2.5", "5", "10.0"), 2), key=float))
        days = sorted(self.values.day() for _ in range(2))
        return tuple(days if kind == "date" else [f"{day}T22:00:00+00:00" for day in days])

    def _text(self, name: str) -> str:
        """A value as somebody asks for it, or a part of one."""
        value: Any = self.values.of(name)
        if isinstance(value, list):
            return self.dice.choice([written(value), *(str(one) for one in value)])
        text = value if isinstance(value, str) else written(value)
        return self.dice.choice((text, text, text, text.upper(), text[:2]))
