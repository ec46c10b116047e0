"""What the engine asks of whoever has loaded the rollups."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol, TypeAlias

from apps.engine.definitions import Registry
from apps.engine.expressions import DidNeed, EntryNeed, Need, StateNeed
from apps.engine.numbers import Numbers
from apps.engine.sets import Holders, Members, Space

Told: TypeAlias = tuple[frozenset[tuple[str | None, ...]], Members, Numbers | None]
"""What some facets are in a row, in order, as often as they differ; who is in it, and how often."""


class Facts(Protocol):
    """What the rollups say of needs that are loaded, or that narrow the condition of one that is."""

    @property
    def registry(self) -> Registry:
        """The series that there are."""

    def members(self, need: Need) -> Members:
        """Everybody in the need's rows."""

    def columns(self, need: Need) -> Sequence[Numbers]:
        """The numbers of the need's rows; a key may be in several, and then its numbers add up."""

    def told(self, need: Need, facets: Sequence[str]) -> Iterable[Told]:
        """The need's rows by what facets are in them where its condition is met; None for a facet not given."""

    def state(self, need: StateNeed) -> Mapping[str, Members]:
        """Who held which value, by its JSON text; under OTHER those whose values are not told apart."""

    def unlisted(self, need: StateNeed) -> Mapping[str, Members]:
        """Those under OTHER by their values; asked only where a comparison needs them."""

    def entered(self, need: EntryNeed) -> Mapping[date, Members]:
        """Who entered the state, by local day."""

    def did(self, need: DidNeed) -> Mapping[date, Numbers]:
        """How often users did it, by local day."""

    def lift(self, holders: Holders, to: Space, day: date) -> Members:
        """The accounts that any of these users belongs to at a day's end, or the users of these accounts."""

    def once(self, what: Hashable, needs: Sequence[StateNeed], find: Callable[[], Holders]) -> Holders:
        """What `find` finds in these states and in nothing else; it is asked where one of them has changed."""

    def internal(self, space: Space) -> Members:
        """Whoever is excluded everywhere and for all time (KPIS.md G7)."""

    def erased(self) -> Members:
        """The people of whom nothing is known any more (KPIS.md G7)."""
