"""How the rows of a series merge across buckets is declared with it (DESIGN section 2)."""

from apps.engine.definitions import STATES, Merge
from apps.events.taxonomy import SERIES
from apps.rollups.build.content import merge_of


def test_every_series_declares_how_its_buckets_merge() -> None:
    declared = {merge: {name for name in SERIES if merge_of(name) is merge} for merge in Merge}
    sets = {"ACTIVITY", "share.created@account", "user.referred"}
    assert declared == {Merge.UNION: sets, Merge.ADD: SERIES.keys() - sets, Merge.LAST: set()}
    assert {"share.created", "session.started>share.created"} <= declared[Merge.ADD]
    assert {merge_of(state) for state in (*STATES, "user:trait:plan", "user:icp:mid-market")} == {Merge.LAST}
