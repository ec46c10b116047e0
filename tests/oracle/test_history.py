from datetime import datetime
from itertools import pairwise

from tests.oracle.history import messages


def test_the_generated_history_has_the_size_and_the_disorder_of_the_real_one() -> None:
    raws = messages()
    times = [datetime.fromisoformat(raw["timestamp"]) for raw in raws]
    assert len(raws) == 66_155
    assert len({raw["userId"] for raw in raws}) == 896
    assert len({time.utcoffset() for time in times}) == 24
    assert len({f"{time:%Y-%m}" for time in times}) >= 160
    assert sum(later < earlier for earlier, later in pairwise(times)) >= 2_000


def test_the_generated_history_is_the_same_every_time() -> None:
    assert messages() == messages()
