"""The one table of rollups: what, when, who and how much."""

from __future__ import annotations

from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import MD5, Cast, Now

from apps.audience.models import ID_LENGTH
from apps.events.models import FACET_LENGTH
from apps.workspaces.models import SERIES_LENGTH
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
    series = models.CharField(max_length=SERIES_LENGTH)
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
                *("workspace", "series", "version", "grain", "start"),
                # Hashed: what many shares in a session were told apart by is longer than an index takes.
                MD5(Cast("facets", models.TextField())),
                name="rollup_one_open",
                condition=models.Q(closed_xid__isnull=True),
            )
        ]
        indexes = [models.Index("closed_at", name="rollup_closed", condition=models.Q(closed_at__isnull=False))]


class BucketFailure(WorkspaceRow):
    """A bucket or a subject whose build failed: counted outside the transaction that rolled back, tried later."""

    series = models.CharField(max_length=SERIES_LENGTH)
    version = models.IntegerField()
    grain = models.CharField(max_length=5, default="")
    start = models.DateTimeField(null=True)
    subject = models.BigIntegerField(null=True)
    attempts = models.IntegerField(default=0)
    error = models.TextField()
    next_try_at = models.DateTimeField()

    class Meta(WorkspaceRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=("workspace", "series", "version", "grain", "start", "subject"),
                name="bucket_failure_once",
                nulls_distinct=False,
            )
        ]


class Restatement(WorkspaceRow):
    """A day of a series that says something else since `at`, though it had long been over then."""

    id = models.BigAutoField(primary_key=True)
    series = models.CharField(max_length=SERIES_LENGTH)
    version = models.IntegerField()
    start = models.DateTimeField(help_text="The UTC instant at which the local day begins.")
    at = models.DateTimeField()

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("workspace", "series", "version", "start", name="restatement_once")]


class StateRow(WorkspaceRow):
    """A stretch of local days at whose ends a user or an account stood in a state: a trait's value, open, a match.

    Resolved from the subject's whole history under the subject's lock: merges are followed and the traits of
    accounts handed down to their members (KPIS.md G6, G8, G9). The stretches of a state do not overlap, but
    for memberships, of which somebody may have several.
    """

    id = models.BigAutoField(primary_key=True)
    series = models.CharField(max_length=SERIES_LENGTH)
    version = models.IntegerField()
    subject = models.BigIntegerField(help_text="The ordinal of the user or account.")
    value = models.TextField(help_text="As JSON.")
    first_day = models.DateField()
    end_day = models.DateField(null=True, help_text="The first day at whose end it did not hold any more.")

    class Meta(WorkspaceRow.Meta):
        indexes = [
            models.Index("workspace", "version", "series", "first_day", name="state_begun"),
            models.Index(
                "workspace",
                "version",
                "series",
                "end_day",
                name="state_ended",
                condition=models.Q(end_day__isnull=False),
            ),
            models.Index("workspace", "subject", "version", "series", name="state_of_subject"),
        ]


class PrimaryAccount(WorkspaceRow):
    """From one instant until another a user's primary account: what the user did then without naming one is its.

    Folded from the user's whole history like state rows, but to the instant (KPIS.md G8).
    """

    id = models.BigAutoField(primary_key=True)
    subject = models.BigIntegerField(help_text="The ordinal of the user.")
    account = models.BigIntegerField(help_text="The ordinal of the account.")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta(WorkspaceRow.Meta):
        indexes = [models.Index("workspace", "subject", "since", name="primary_of_subject")]


class Referral(WorkspaceRow):
    """The one referral by which a person signed up, read off all that was said of it (KPIS.md B).

    Its series are built from here, as of events: `version` is that of such a series. Our own people have none.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.IntegerField()
    subject = models.BigIntegerField(help_text="The ordinal of the user.")
    signed_up_at = models.DateTimeField()
    kind = models.CharField(max_length=FACET_LENGTH, null=True)
    campaign = models.CharField(max_length=FACET_LENGTH, null=True)
    source_channel = models.CharField(max_length=FACET_LENGTH, null=True)
    link = models.CharField(max_length=ID_LENGTH, null=True, help_text="The message that led to it.")

    class Meta(WorkspaceRow.Meta):
        constraints = [
            models.UniqueConstraint("workspace", "version", "subject", name="referral_of_subject"),
        ]
        indexes = [
            models.Index("workspace", "version", "signed_up_at", name="referral_by_time"),
            models.Index(
                "link", "workspace", "version", name="referral_by_link", condition=models.Q(link__isnull=False)
            ),
        ]
