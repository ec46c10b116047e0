"""Every setting, from typed environment variables. A senseless value stops the start and says why."""

import difflib
import logging
import os
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env
from psycopg import IsolationLevel

from kpiservice import embedded

T = TypeVar("T")

OUR_VARIABLES = {"KPISERVICE_VAR"}


def refuse_unknown_variables() -> None:
    for name in sorted(os.environ):
        if name.startswith("KPISERVICE_") and name not in OUR_VARIABLES:
            nearest = difflib.get_close_matches(name, OUR_VARIABLES, n=1, cutoff=0)[0]
            raise ImproperlyConfigured(f"{name}: no such setting; the nearest is {nearest}")


def typed(name: str, expected: str, parse: Callable[[str], T], default: T) -> T:
    """The variable's value as `parse` reads it, or the default where it is absent or empty.

    Raises ImproperlyConfigured with the variable's name and the expected form.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        return parse(text)
    except (ValueError, KeyError) as error:
        # The value is not repeated: it may hold a password.
        raise ImproperlyConfigured(f"{name}: expected {expected}") from error


def boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise ValueError(text)
    return number


def log_level(text: str) -> int:
    return logging.getLevelNamesMapping()[text.upper()]


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def database(text: str) -> dict[str, Any]:
    if urlsplit(text).scheme not in {"postgres", "postgresql"}:
        raise ValueError(text)
    parsed: dict[str, Any] = Env.db_url_config(text)
    if not parsed["NAME"]:
        raise ValueError(text)
    return parsed


def broker(text: str) -> str:
    if urlsplit(text).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError(text)
    return text


def celery_address(redis_url: str) -> str:
    """Celery's form of an address; it names a socket, and the database behind one, in words of its own."""
    return redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")


refuse_unknown_variables()

VAR = embedded.var_folder()
BASE_DIR = embedded.PROJECT_FOLDER

PORT = typed("PORT", "a port between 1 and 65535", port, 8000)
DEBUG = typed("DEBUG", "true or false", boolean, False)
# Shows the page of a made-up host of widgets; `make demo` sets it for its server.
DEMO = typed("DEMO", "true or false", boolean, False)
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = typed("ALLOWED_HOSTS", "host names with commas between", names, LOCAL_HOSTS)
CSRF_TRUSTED_ORIGINS: list[str] = typed("CSRF_TRUSTED_ORIGINS", "origins with commas between", names, [])

SECRET_KEY = os.environ.get("SECRET_KEY", "")
IS_ONE_MACHINE = DEBUG or not all(service.is_replaced for service in embedded.SERVICES)
if not SECRET_KEY and IS_ONE_MACHINE:
    SECRET_KEY = embedded.secret("secret_key")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY: expected the random text that all hosts share")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_filters",
    "strawberry.django",
    "kpiservice",
    "apps.workspaces",
    "apps.audience",
    "apps.events",
    "apps.rollups",
    "apps.kpis",
    "apps.privacy",
    "apps.api",
    "apps.widgets",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

ROOT_URLCONF = "kpiservice.urls"
WSGI_APPLICATION = "kpiservice.wsgi.application"

# How long a bucket of the past rests between two rebuilds, or a backfill would rebuild it each time.
OLD_BUCKET_PAUSE = typed("OLD_BUCKET_PAUSE", "seconds, such as 15", float, 15.0)
# How many stored bytes of rollups one process keeps at hand.
ROLLUP_CACHE_BYTES = typed("ROLLUP_CACHE_BYTES", "a number of bytes, such as 268435456", int, 256 * 1024 * 1024)

DATABASE_FORM = "postgresql://user:password@host:5432/name"
DATABASES = {"default": typed("DATABASE_URL", DATABASE_FORM, database, database(embedded.database_url()))}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)
# The worker loses events under any other: each of its statements must see what was committed before it.
DATABASES["default"]["OPTIONS"]["isolation_level"] = IsolationLevel.READ_COMMITTED
if typed("DATABASE_POOL", "true or false", boolean, False):
    # A request that finds no connection within three seconds is answered 503 rather than kept waiting.
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 10, "timeout": 3}
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BROKER_FORM = "redis://host:6379/0, rediss://host:6379/0 or unix:///path"
REDIS_URL = typed("REDIS_URL", BROKER_FORM, broker, embedded.redis_url())

# Redis carries hints only: a publisher gives up within a second, and the sweeper finds what was not hinted.
CELERY_BROKER_URL = celery_address(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 0.3, "socket_timeout": 0.5, "max_retries": 0}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "rollups.sweep", "schedule": 2.0, "options": {"expires": 10}},
    "prune": {"task": "rollups.prune", "schedule": 3600.0, "options": {"expires": 3600}},
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"

LOG_LEVEL = typed("LOG_LEVEL", "DEBUG, INFO, WARNING, ERROR or CRITICAL", log_level, logging.INFO)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "time={asctime}.{msecs:03.0f} level={levelname} logger={name} pid={process} {message}",
            "datefmt": "%Y-%m-%dT%H:%M:%S",
            "style": "{",
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would repeat each line in another form.
        "django": {"handlers": [], "propagate": True},
        # A sweep every two seconds is no news.
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
