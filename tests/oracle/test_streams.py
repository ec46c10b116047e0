"""200 random streams through the ingest door: whatever is asked, the product answers as the oracle does."""

import os
from datetime import UTC, datetime

import pytest

from tests.oracle.counting import KPIS
from tests.oracle.streams import stream
from tests.oracle.trial import Disagreement, judge

STREAMS = 200
FEWEST_ANSWERS = 4 * len(KPIS)
# The door takes what is 400 days old at most, so the streams end today, unless a failure is repeated.
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
NOW = datetime.fromisoformat(os.environ.get("STREAMS_NOW") or TODAY.isoformat())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(1, STREAMS + 1))
def test_every_answer_about_a_random_stream_is_the_oracles(seed: int) -> None:
    try:
        answers = judge(stream(seed, NOW), NOW)
    except Disagreement as disagreement:
        disagreement.add_note(
            f"again: STREAMS_NOW={NOW.isoformat()} pytest tests/oracle/test_streams.py -k '[{seed}]'"
        )
        raise
    assert answers >= FEWEST_ANSWERS
