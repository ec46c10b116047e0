import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from redis import Redis

from apps.rollups import hints


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has not hinted yet."""
    monkeypatch.setattr(hints, "PACE", hints.Pace())


@pytest.fixture
def broker() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushdb()
        yield broker
        broker.flushdb()


def test_a_hint_is_one_message_to_the_workers(broker: Redis) -> None:
    hints.hint()
    assert broker.llen("celery") == 1
    assert b"rollups.sweep" in broker.lrange("celery", 0, 0)[0]


def test_many_hints_at_once_are_one(broker: Redis) -> None:
    for _ in range(100):
        hints.hint()
    assert broker.llen("celery") == 1
    time.sleep(hints.REST)
    hints.hint()
    assert broker.llen("celery") == 2
