"""What happened: one narrow table of events, and the taxonomy that says what they mean."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from apps.audience.models import ID_LENGTH, Account, ProductUser
from apps.workspaces.exactjson import ExactJSONField
from apps.workspaces.scoping import ScopedQuerySet, WorkspaceRow

NAME_LENGTH = 200
FACET_LENGTH = 200


class EventDefinition(WorkspaceRow):
    """What an event of this name means. An unplanned one was seen but means nothing yet."""

    name = models.CharField(max_length=NAME_LENGTH)
    kind = models.CharField(
        max_length=100,
        blank=True,
        help_text="The standard event that it is, such as share.created.",
    )
    is_activity = models.BooleanField(default=False, help_text="Whoever does it is active.")
    is_planned = models.BooleanField(default=True)
    description = models.TextField(blank=True)
    constants = models.JSONField(
        default=dict, blank=True, help_text='Fixed values of columns, such as {"share_type": "invite"}.'
    )
    columns = models.JSONField(
        default=dict,
        blank=True,
        help_text='Columns read from other properties, such as {"channel": "medium"}.',
    )
    types = models.JSONField(
        default=dict,
        blank=True,
        help_text='Types that properties must have, such as {"recipients_count": "integer"}.',
    )
    first_seen = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("workspace", "name", name="event_definition_name")]

    def __str__(self) -> str:
        return self.name


class TaxonomyVersion(WorkspaceRow):
    """The meaning of every event, and the zone of the buckets, frozen. A series' version is one of these."""

    version = models.IntegerField()
    zone = models.CharField(max_length=64)
    definitions = models.JSONField(help_text="By definition id: name, kind, is_activity, constants, columns.")
    icp = models.JSONField(default=dict, help_text="By slug of an ICP profile: its rule and the rule's number.")
    share_kinds = models.JSONField(
        default=list, help_text="Share type and channel of each of the defined share events."
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("workspace", "version", name="taxonomy_version")]


class ShareType(WorkspaceRow):
    """A way of sharing that people filter and break down by."""

    slug = models.CharField(max_length=FACET_LENGTH)
    name = models.CharField(max_length=200)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("workspace", "slug", name="share_type_slug")]

    def __str__(self) -> str:
        return self.name


class ShareKind(WorkspaceRow):
    """A share type through a channel, and whether it counts among the defined share events (KPIS.md A8)."""

    share_type = models.ForeignKey(ShareType, on_delete=models.CASCADE, related_name="kinds")
    channel = models.CharField(max_length=FACET_LENGTH)
    is_defined = models.BooleanField(default=True)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("share_type", "channel", name="share_kind_once")]

    def __str__(self) -> str:
        return f"{self.share_type} · {self.channel}"


class Event(WorkspaceRow):
    """One message of a sender, as it was sent: its meaning is looked up when it is counted, so it can change.

    Typed columns hold the properties of the same name; everything else stays in `properties`.
    """

    id = models.BigAutoField(primary_key=True)
    definition = models.ForeignKey(EventDefinition, on_delete=models.PROTECT, db_index=False)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    source = models.CharField(max_length=50, help_text="The sending system.")
    message_key = models.UUIDField(help_text="The source and the message id, hashed to 16 bytes.")
    action_key = models.UUIDField(null=True, help_text="Of a share: the source and its action id, hashed.")
    corrects = models.UUIDField(
        null=True, help_text="Of a correction: the key of the message, or of the action, that it names."
    )
    voids = models.BooleanField(null=True, help_text="Of a correction: whether what it names never happened.")
    body_digest = models.BigIntegerField(help_text="Tells a message sent twice from two messages with one id.")
    user = models.ForeignKey(ProductUser, null=True, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, db_index=False)
    referred = models.ForeignKey(
        ProductUser,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Whom a referral is of, where the event names somebody beside its user.",
    )
    referrer = models.CharField(
        max_length=ID_LENGTH, null=True, help_text="The id of whoever referred them: a user, or a partner."
    )
    anonymous_id = models.CharField(max_length=ID_LENGTH, null=True)
    session = models.CharField(max_length=ID_LENGTH, null=True)
    link = models.CharField(
        max_length=ID_LENGTH, null=True, help_text="The message, impression or action it names."
    )
    share_type = models.CharField(max_length=FACET_LENGTH, null=True)
    share_scope = models.CharField(max_length=FACET_LENGTH, null=True)
    channel = models.CharField(max_length=FACET_LENGTH, null=True)
    source_channel = models.CharField(max_length=FACET_LENGTH, null=True)
    object_type = models.CharField(max_length=FACET_LENGTH, null=True)
    feature = models.CharField(max_length=FACET_LENGTH, null=True)
    template = models.CharField(max_length=FACET_LENGTH, null=True)
    prompt = models.CharField(max_length=FACET_LENGTH, null=True)
    placement = models.CharField(max_length=FACET_LENGTH, null=True)
    variant = models.CharField(max_length=FACET_LENGTH, null=True)
    platform = models.CharField(max_length=FACET_LENGTH, null=True)
    kind = models.CharField(
        max_length=FACET_LENGTH, null=True, help_text="Of an interaction, such as click, or of a referral."
    )
    campaign = models.CharField(max_length=FACET_LENGTH, null=True)
    status = models.CharField(max_length=FACET_LENGTH, null=True)
    is_error = models.BooleanField(null=True)
    customized = models.BooleanField(null=True)
    viewable = models.BooleanField(null=True)
    properties = ExactJSONField(default=dict)

    class Meta(WorkspaceRow.Meta):
        constraints = [
            # The key comes first: led by the workspace, a planner without statistics took them for its time index.
            models.UniqueConstraint("message_key", "workspace", name="event_message_once"),
            models.UniqueConstraint(
                "action_key",
                "workspace",
                name="event_action_once",
                condition=models.Q(action_key__isnull=False),
            ),
        ]
        indexes = [
            models.Index("workspace", "occurred_at", name="event_by_time"),
            models.Index("definition", "occurred_at", name="event_by_definition"),
            models.Index("user", "occurred_at", name="event_by_user", condition=models.Q(user__isnull=False)),
            models.Index(
                "account", "occurred_at", name="event_by_account", condition=models.Q(account__isnull=False)
            ),
            models.Index(
                "link",
                "workspace",
                "definition",
                "occurred_at",
                name="event_by_link",
                condition=models.Q(link__isnull=False),
            ),
            models.Index("session", name="event_by_session", condition=models.Q(session__isnull=False)),
            models.Index("referred", name="event_by_referred", condition=models.Q(referred__isnull=False)),
            models.Index(
                "referrer", "workspace", name="event_by_referrer", condition=models.Q(referrer__isnull=False)
            ),
            models.Index(
                "workspace", "corrects", name="event_by_correction", condition=models.Q(corrects__isnull=False)
            ),
            models.Index(
                "workspace",
                "anonymous_id",
                "occurred_at",
                name="event_by_anonymous_id",
                condition=models.Q(user__isnull=True, anonymous_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.definition} at {self.occurred_at:%Y-%m-%d %H:%M:%S}"


class OfKind(models.Manager[Event]):
    """The events whose definition is of one kind, of every tenant: for the admin."""

    def __init__(self, kind: str = "") -> None:
        super().__init__()
        self.kind = kind

    def get_queryset(self) -> models.QuerySet[Event]:
        return super().get_queryset().filter(definition__kind=self.kind)


class ScopedOfKind(OfKind):
    """The same, of one workspace."""

    def get_queryset(self) -> models.QuerySet[Event]:
        return ScopedQuerySet(self.model, using=self._db).filter(definition__kind=self.kind)


class ShareEvent(Event):
    """Somebody shared something."""

    objects = ScopedOfKind("share.created")  # type: ignore[misc,assignment]
    unscoped = OfKind("share.created")  # type: ignore[misc,assignment]

    class Meta:
        proxy = True
        default_manager_name = "unscoped"


class ReferralMessage(Event):
    """Somebody sent a referral message."""

    objects = ScopedOfKind("referral_message.sent")  # type: ignore[misc,assignment]
    unscoped = OfKind("referral_message.sent")  # type: ignore[misc,assignment]

    class Meta:
        proxy = True
        default_manager_name = "unscoped"


class RejectedEvent(WorkspaceRow):
    """A message that could not be taken, kept with the reason: nothing is lost."""

    received_at = models.DateTimeField()
    code = models.CharField(max_length=40)
    reason = models.TextField()
    message_id = models.CharField(max_length=ID_LENGTH, blank=True)
    body = models.TextField(help_text="The message as it came, cut at 32 KB, NUL and surrogates escaped.")

    class Meta(WorkspaceRow.Meta):
        indexes = [models.Index("workspace", "received_at", name="rejected_by_time")]

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


class ImportRun(WorkspaceRow):
    """How far the import of a file has come; moves in the transaction that stores the messages."""

    fingerprint = models.CharField(max_length=64, help_text="Of the file's content, so that a copy resumes too.")
    file = models.CharField(max_length=255)
    position = models.BigIntegerField(default=0, help_text="Messages read so far.")
    accepted = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    rejects_size = models.BigIntegerField(default=0, help_text="Bytes of the side file that belong to `position`.")
    started_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)

    class Meta(WorkspaceRow.Meta):
        indexes = [models.Index("workspace", "fingerprint", name="import_by_file")]
