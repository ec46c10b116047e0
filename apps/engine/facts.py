"""What the engine asks of whoever has loaded the rollups."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from apps.engine.conditions import TraitIs
from apps.engine.definitions import Registry
from apps.engine.expressions import DidNeed, EntryNeed, Need, StateNeed
from apps.engine.numbers import Numbers
from apps.engine.sets import Members, Space


class Facts(Protocol):
    """What the rollups say of needs that are loaded, or that narrow the condition of one that is."""

    @property
    def registry(self) -> Registry:
        """The series that there are."""

    def members(self, need: Need) -> Members:
        """Everybody in the need's rows."""

    def columns(self, need: Need) -> Sequence[Numbers]:
        """The numbers of the need's rows; a key may be in several, and then its numbers add up."""

    def values(self, need: Need, facet: str) -> set[str | None]:
        """The values of a facet that occur in the need's rows; None for rows without one."""

    def state(self, need: StateNeed) -> Mapping[str, Members]:
        """Who held which value, by its JSON text; under OTHER those whose values are not told apart."""

    def having(self, comparison: TraitIs, need: StateNeed) -> Members:
        """Whoever's value meets a comparison that is not negated, as `traits.having` finds it."""

    def entered(self, need: EntryNeed) -> Mapping[date, Members]:
        """Who entered the state, by local day."""

    def did(self, need: DidNeed) -> Mapping[date, Numbers]:
        """How often users did it, by local day."""

    def lift(self, members: Members, to: Space, day: date) -> Members:
        """The accounts that any of these users belongs to at a day's end, or the users of these accounts."""

    def internal(self, space: Space) -> Members:
        """Whoever is excluded everywhere and for all time (KPIS.md G7)."""

    def erased(self) -> Members:
        """The people of whom nothing is known any more (KPIS.md G7)."""
