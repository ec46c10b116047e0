"""The one table of rollups: what, when, who and how much."""

from __future__ import annotations

from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from apps.workspaces.scoping import WorkspaceRow


class XidField(models.Field):  # type: ignore[type-arg]
    """PostgreSQL's 64-bit transaction id."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class StoredBytes(models.BinaryField):  # type: ignore[type-arg]
    """Bytes that PostgreSQL must not try to compress: roaring bitmaps do not."""

    def db_type(self, connection: object) -> str:
        return "bytea STORAGE EXTERNAL"


class Rollup(WorkspaceRow):
    """One immutable row: these people (`members`) did this, so much each (`numbers`), in this bucket.

    A rebuild that finds other content closes the open row and inserts a new one; at most one row of a
    bucket and its facets is open.
    """

    id = models.BigAutoField(primary_key=True)
    series = models.CharField(max_length=100)
    version = models.IntegerField()
    facets = models.JSONField(default=dict)
    grain = models.CharField(max_length=5)
    start = models.DateTimeField(help_text="The UTC instant at which the local bucket begins.")
    members = StoredBytes()
    numbers = StoredBytes(null=True)
    checksum = models.UUIDField(help_text="BLAKE2b of members and numbers.")
    opened_xid = XidField(db_default=RawSQL("pg_current_xact_id()", ()))
    closed_xid = XidField(null=True)
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)

    class Meta(WorkspaceRow.Meta):
        constraints = [
            models.UniqueConstraint(
                "workspace",
                "series",
                "version",
                "grain",
                "start",
                "facets",
                name="rollup_one_open",
                condition=models.Q(closed_xid__isnull=True),
            )
        ]
        indexes = [models.Index("closed_at", name="rollup_closed", condition=models.Q(closed_at__isnull=False))]


class BucketFailure(WorkspaceRow):
    """A bucket whose build failed: counted outside the transaction that rolled back, tried again later."""

    series = models.CharField(max_length=100)
    version = models.IntegerField()
    grain = models.CharField(max_length=5)
    start = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    error = models.TextField()
    next_try_at = models.DateTimeField()

    class Meta(WorkspaceRow.Meta):
        constraints = [
            models.UniqueConstraint("workspace", "series", "version", "grain", "start", name="bucket_failure_once")
        ]
