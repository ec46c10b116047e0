"""Each case is a fresh process, because settings are read once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from psycopg import IsolationLevel

from kpiservice import embedded
from kpiservice.settings import celery_address

READ = """
import json, sys
from django.conf import settings
print(json.dumps([getattr(settings, name) for name in sys.argv[1:]], default=str))
"""
ELSEWHERE = {
    "DATABASE_URL": "postgresql://ada:pw@db:5433/kpi?sslmode=require",
    "REDIS_URL": "redis://cache:6380/2",
}


@pytest.fixture
def clean(tmp_path: Path) -> dict[str, str]:
    """An environment that says nothing but where to write."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return kept | {"DJANGO_SETTINGS_MODULE": "kpiservice.settings", "KPISERVICE_VAR": str(tmp_path)}


def run(environment: dict[str, str], *names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", READ, *names]
    return subprocess.run(
        command, check=False, env=environment, cwd=embedded.PROJECT_FOLDER, capture_output=True, text=True
    )


def read(environment: dict[str, str], *names: str) -> list[Any]:
    finished = run(environment, *names)
    assert finished.returncode == 0, finished.stderr
    values: list[Any] = json.loads(finished.stdout)
    return values


def refusal(environment: dict[str, str]) -> str:
    finished = run(environment, "PORT")
    assert finished.returncode == 1
    kind, _, message = finished.stderr.strip().splitlines()[-1].partition(": ")
    assert kind == "django.core.exceptions.ImproperlyConfigured"
    return message


def test_nothing_set_means_the_embedded_services(clean: dict[str, str], tmp_path: Path) -> None:
    names = ["PORT", "DEBUG", "ALLOWED_HOSTS", "REDIS_URL", "TIME_ZONE", "STATIC_ROOT"]
    database, key, *rest = read(clean, "DATABASES", "SECRET_KEY", *names)

    assert database["default"]["OPTIONS"]["host"] == str(tmp_path / "postgres")
    assert key == (tmp_path / "secret_key").read_text()
    assert rest == [
        8000,
        False,
        ["localhost", "127.0.0.1", "[::1]"],
        f"unix://{tmp_path}/valkey/valkey.sock",
        "UTC",
        str(tmp_path / "static"),
    ]


def test_addresses_replace_the_embedded_services(clean: dict[str, str], tmp_path: Path) -> None:
    databases, redis_url, broker_url = read(
        clean | ELSEWHERE | {"SECRET_KEY": "shared"}, "DATABASES", "REDIS_URL", "CELERY_BROKER_URL"
    )

    default = databases["default"]
    assert [default[name] for name in ("HOST", "PORT", "USER", "NAME")] == ["db", 5433, "ada", "kpi"]
    committed = IsolationLevel.READ_COMMITTED
    assert default["OPTIONS"] == {"sslmode": "require", "connect_timeout": 3, "isolation_level": committed}
    assert redis_url == broker_url == "redis://cache:6380/2"
    assert list(tmp_path.iterdir()) == []


def test_only_the_web_pools_its_connections(clean: dict[str, str]) -> None:
    (without,) = read(clean, "DATABASES")
    (pooled,) = read(clean | {"DATABASE_POOL": "true"}, "DATABASES")

    assert "pool" not in without["default"]["OPTIONS"]
    assert pooled["default"]["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 10, "timeout": 3}
    assert "CONN_MAX_AGE" not in pooled["default"]


def test_a_key_is_required_where_several_hosts_may_share_the_services(clean: dict[str, str]) -> None:
    assert refusal(clean | ELSEWHERE) == "SECRET_KEY: expected the random text that all hosts share"
    assert read(clean | ELSEWHERE | {"DEBUG": "true"}, "DEBUG") == [True]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("KPISERVICE_VRA", "/srv", "KPISERVICE_VRA: no such setting; the nearest is KPISERVICE_VAR"),
        ("PORT", "http", "PORT: expected a port between 1 and 65535"),
        ("PORT", "0", "PORT: expected a port between 1 and 65535"),
        ("PORT", "65536", "PORT: expected a port between 1 and 65535"),
        ("DEBUG", "maybe", "DEBUG: expected true or false"),
        ("DATABASE_POOL", "2", "DATABASE_POOL: expected true or false"),
        ("OLD_BUCKET_PAUSE", "soon", "OLD_BUCKET_PAUSE: expected seconds, such as 15"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: expected DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("DATABASE_URL", "mysql://h/d", "DATABASE_URL: expected postgresql://user:password@host:5432/name"),
        (
            "DATABASE_URL",
            "postgresql://h",
            "DATABASE_URL: expected postgresql://user:password@host:5432/name",
        ),
        (
            "DATABASE_URL",
            "postgresql://h:x/d",
            "DATABASE_URL: expected postgresql://user:password@host:5432/name",
        ),
        (
            "REDIS_URL",
            "amqp://h",
            "REDIS_URL: expected redis://host:6379/0, rediss://host:6379/0 or unix:///path",
        ),
    ],
)
def test_nonsense_stops_the_start(clean: dict[str, str], name: str, value: str, message: str) -> None:
    assert refusal(clean | {name: value}) == message


def test_a_database_address_in_a_refusal_does_not_give_its_password_away(clean: dict[str, str]) -> None:
    assert "hunter2" not in refusal(clean | {"DATABASE_URL": "mysql://ada:hunter2@h/d"})


def test_celery_hears_of_the_same_socket_and_database() -> None:
    assert celery_address("unix:///run/valkey.sock?db=3") == "redis+socket:///run/valkey.sock?virtual_host=3"
    assert celery_address("redis://cache:6379/3") == "redis://cache:6379/3"
