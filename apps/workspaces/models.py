"""A workspace is one tenant: its people, its events, its zone, its keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.timezone import now

from apps.engine.periods import PeriodError, zone_info
from apps.engine.sets import Space
from apps.workspaces.scoping import WorkspaceRow

SERIES_LENGTH = 150


def validate_zone(name: str) -> None:
    """Raise ValidationError unless `name` is an IANA time zone."""
    try:
        zone_info(name)
    except PeriodError as error:
        nearest = f" The nearest: {', '.join(error.nearest)}." if error.nearest else ""
        raise ValidationError(f"“{name}” is no IANA time zone.{nearest}", code=error.code) from error


class Workspace(models.Model):
    """One tenant. `versions` maps each series to the taxonomy version that is current, or being built."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    reporting_currency = models.CharField(
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", "Three capital letters, ISO 4217.")],
    )
    is_suspended = models.BooleanField(default=False, help_text="Refuses ingest and queries; keeps everything.")
    versions = models.JSONField(default=dict, editable=False)
    erasures = models.IntegerField(
        default=0, editable=False, help_text="How often rows were rewritten in place: part of every cache key."
    )
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return self.name


class Ordinals(WorkspaceRow):
    """The next free ordinal of a space: dense, never reused, its row lock hands them out one caller at a time."""

    space = models.CharField(max_length=8, choices=[(space.value, space.name.title()) for space in Space])
    next = models.BigIntegerField(default=0)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("workspace", "space", name="ordinals_one_per_space")]


class Scope(models.TextChoices):
    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


class ApiKey(WorkspaceRow):
    """A bearer key, stored as its SHA-256: 160 random bits need no slow hash."""

    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=8, choices=Scope.choices)
    source = models.CharField(
        max_length=50,
        default="default",
        help_text="The sending system. A message id is unique within its source.",
    )
    hint = models.CharField(max_length=24, editable=False, help_text="The key's first characters.")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(WorkspaceRow.Meta):
        indexes = [models.Index("workspace", name="api_key_workspace")]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.scope}, {self.hint}…)"

    def issue(self) -> str:
        """Give this unsaved key its secret, save it, and return the secret: the only time it is seen."""
        secret = f"kpi_{self.scope}_{secrets.token_urlsafe(24)}"
        self.hint, self.digest = secret[:16], ApiKey.digest_of(secret)
        self.save()
        return secret

    @staticmethod
    def digest_of(secret: str) -> bytes:
        return hashlib.sha256(secret.encode(errors="replace")).digest()

    def is_valid(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def new_kid() -> str:
    return secrets.token_hex(8)


class EmbedKey(WorkspaceRow):
    """What a host's back end signs embed tokens with. The secret follows from SECRET_KEY and is not stored."""

    name = models.CharField(max_length=100)
    kid = models.CharField(max_length=16, unique=True, default=new_kid, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(WorkspaceRow.Meta):
        indexes = [models.Index("workspace", name="embed_key_workspace")]

    def __str__(self) -> str:
        return f"{self.name} ({self.kid})"

    @property
    def secret(self) -> str:
        return hmac.new(settings.SECRET_KEY.encode(), f"embed:{self.kid}".encode(), hashlib.sha256).hexdigest()


class Marker(WorkspaceRow):
    """ "This changed": appended by whoever changes it, deleted by the worker that rebuilds it.

    What changed is a bucket (`start`), a user or an account (`subject`, its ordinal), or something whose
    reach only a later transaction can see (`key`, of family "cause"), which the worker expands into the others.
    There is no unique key on purpose: a marker that is there already may belong to a transaction that the
    worker has not seen, and dropping ours would lose our event (RELIABILITY section 2).
    """

    family = models.CharField(max_length=8)
    series = models.CharField(max_length=SERIES_LENGTH)
    version = models.IntegerField(default=0)
    grain = models.CharField(max_length=5, default="")
    start = models.DateTimeField(null=True)
    subject = models.BigIntegerField(null=True)
    key = models.CharField(max_length=255, default="")
    events = models.IntegerField(default=0, help_text="How many new events wait behind this marker.")
    since = models.DateTimeField(db_default=Now(), help_text="When the change came in.")

    class Meta(WorkspaceRow.Meta):
        indexes = [
            models.Index(
                "workspace", "grain", models.F("start").desc(), "series", "version", name="marker_bucket"
            ),
            models.Index(
                "workspace",
                "family",
                "series",
                "subject",
                name="marker_subject",
                condition=models.Q(start__isnull=True),
            ),
        ]
