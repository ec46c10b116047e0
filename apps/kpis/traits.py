"""The values that people and accounts have now: what can be filtered and broken down by."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cached_property

import simplejson

from apps.engine.expressions import OTHER, StateNeed
from apps.engine.periods import local_day
from apps.engine.sets import Space
from apps.events.taxonomy import zone_of
from apps.rollups import store
from apps.rollups.store import StoredFacts
from apps.workspaces.models import Workspace


class Values:
    """Who has which value of some traits today; read when first looked at, in two statements for all of them."""

    def __init__(self, workspace: Workspace, names: Collection[str], now: datetime) -> None:
        self._workspace, self._names = workspace, names
        self._today = local_day(now, zone_of(workspace))

    def counts(self, name: str, space: Space) -> list[tuple[str, int]]:
        """How many users or accounts have each value, as JSON, the most frequent first; our own are left out."""
        holders = self._facts.state(self._need(name, space)).items()
        internal = self._facts.internal(space)
        counts = [(value, len(members - internal)) for value, members in holders]
        return sorted(((value, n) for value, n in counts if n), key=lambda one: (-one[1], one[0]))

    @cached_property
    def _facts(self) -> StoredFacts:
        return store.load(self._workspace, [self._need(name, space) for name in self._names for space in Space])

    def _need(self, name: str, space: Space) -> StateNeed:
        return StateNeed(f"{space}:trait:{name}", self._today)


def text(value: str) -> str:
    """A value as TraitCondition takes it: a text as it is, anything else as JSON."""
    if value == OTHER:
        return value
    read = simplejson.loads(value, use_decimal=True)
    return read if isinstance(read, str) else value
