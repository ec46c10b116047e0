"""Ingest answers whatever the broker does, so publishing gives up quickly, in any thread."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import redis
from celery import current_app
from kombu.exceptions import OperationalError

from kpiservice import embedded
from kpiservice.celery import app
from kpiservice.settings import celery_address


@pytest.fixture
def valkey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[psutil.Process]:
    """A Valkey of the test's own, to suspend and to kill."""
    monkeypatch.setenv("KPISERVICE_VAR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://not.needed/here")
    monkeypatch.delenv("REDIS_URL", raising=False)
    embedded.start()
    process = embedded.VALKEY.process()
    assert process is not None
    yield process
    embedded.stop()


def publish() -> None:
    with app.connection_for_write(celery_address(embedded.redis_url())) as connection:
        app.send_task("rollups.sweep", connection=connection)


def seconds_until_refused() -> float:
    begun = time.monotonic()
    with pytest.raises(OperationalError):
        publish()
    return time.monotonic() - begun


def test_a_task_reaches_the_queue(valkey: psutil.Process) -> None:
    publish()

    with redis.Redis.from_url(embedded.redis_url()) as client:
        assert client.llen("celery") == 1


def test_a_shared_task_belongs_to_this_application_in_any_thread() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: current_app.main).result() == "kpiservice"


def test_a_suspended_broker_is_given_up_within_two_seconds(valkey: psutil.Process) -> None:
    valkey.suspend()

    assert seconds_until_refused() < 2


def test_a_killed_broker_is_given_up_within_two_seconds(valkey: psutil.Process) -> None:
    valkey.kill()

    assert seconds_until_refused() < 2
