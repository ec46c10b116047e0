"""The real PostgreSQL and Valkey for every test: the environment's, or else the embedded ones."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from kpiservice import embedded
from kpiservice.celery import app
from kpiservice.settings import celery_address
from tests.running import manage

embedded.start()

# WhiteNoise warns where nothing was collected yet, and a warning is an error here.
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# A password hash that resists guessing takes a second, and the tests make many users.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def broker_of_our_own() -> None:
    """A database of the broker for each test process: number 0 belongs to a demo that may be running."""
    number = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    settings.REDIS_URL = in_database(settings.REDIS_URL, number)
    app.conf.broker_url = celery_address(settings.REDIS_URL)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The database of these tests outlives no crash: no commit of it waits for the disk."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit TO off")
        cursor.execute("SET synchronous_commit TO off")


def in_database(redis_url: str, number: int) -> str:
    if redis_url.startswith("unix:"):
        return f"{redis_url.partition('?')[0]}?db={number}"
    return urlsplit(redis_url)._replace(path=f"/{number}").geturl()


@pytest.fixture
def service_environment(django_db_setup: None) -> dict[str, str]:
    """The environment of a process that shall use the database and the broker of these tests."""
    database = urlsplit(os.environ.get("DATABASE_URL") or embedded.database_url())
    return os.environ | {
        "DATABASE_URL": database._replace(path=f"/{connection.settings_dict['NAME']}").geturl(),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
    }


@pytest.fixture
def own_machine(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a machine of the test's own; all that was started on it is stopped in the end."""
    replaced = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    environment = {name: value for name, value in os.environ.items() if name not in replaced}
    environment["KPISERVICE_VAR"] = str(tmp_path / "var")
    manage(environment, "migrate", "-v", "0")
    yield environment
    manage(environment, "stop")
