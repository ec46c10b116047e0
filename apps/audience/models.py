"""The people and accounts of a workspace, and what was known of them when."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.timezone import now

from apps.engine.refusals import Refusal
from apps.engine.sets import Space
from apps.workspaces.exactjson import ExactJSONField
from apps.workspaces.scoping import WorkspaceRow

ID_LENGTH = 255
TRAIT_LENGTH = 100
ROLE_LENGTH = 100


class Subject(WorkspaceRow):
    """Abstract: somebody with an id of the sender's and an ordinal of ours.

    `counts_as` is the ordinal that their events, traits and memberships belong to: their own, or that of the
    last survivor in the chain of `merged_into` (KPIS.md G6).
    """

    external_id = models.CharField(max_length=ID_LENGTH)
    ordinal = models.BigIntegerField(editable=False)
    counts_as = models.BigIntegerField(editable=False)
    merged_at = models.DateTimeField(null=True, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)
    is_internal = models.BooleanField(
        default=False, help_text="One of our own: left out of every KPI, for all time."
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(WorkspaceRow.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint("workspace", "external_id", name="%(class)s_external_id"),
            models.UniqueConstraint("workspace", "ordinal", name="%(class)s_ordinal"),
        ]
        indexes = [
            models.Index("workspace", name="%(class)s_internal", condition=models.Q(is_internal=True)),
            models.Index("workspace", name="%(class)s_erased", condition=models.Q(erased_at__isnull=False)),
            models.Index("workspace", "counts_as", name="%(class)s_counts_as"),
        ]

    def __str__(self) -> str:
        return self.external_id


class ProductUser(Subject):
    """A person who uses the product."""

    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged", editable=False
    )

    class Meta(Subject.Meta):
        verbose_name = "user"


class Account(Subject):
    """An organisation that people use the product in."""

    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged", editable=False
    )


class Statement(WorkspaceRow):
    """Abstract: something that a message said, true from an instant on. Appended to, never edited.

    Of two statements of one instant the one with the greater message id is the later, whichever came in first.
    """

    valid_from = models.DateTimeField()
    message_id = models.CharField(max_length=ID_LENGTH, default="", db_collation="C")
    recorded_at = models.DateTimeField(default=now)

    class Meta(WorkspaceRow.Meta):
        abstract = True


class IdentityAlias(Statement):
    """An anonymous id turned out to be a user's: what it did belongs to that user (DESIGN section 4)."""

    anonymous_id = models.CharField(max_length=ID_LENGTH)
    user = models.ForeignKey(ProductUser, on_delete=models.CASCADE, related_name="aliases")

    class Meta(WorkspaceRow.Meta):
        indexes = [
            models.Index("workspace", "anonymous_id", "valid_from", "message_id", name="alias_by_anonymous_id")
        ]


class MembershipChange(Statement):
    """A user came to belong to an account, changed role there, or left. None leaves a field as it was.

    At any instant the primary membership is the one last said to be, or else the oldest (KPIS.md G8).
    """

    user = models.ForeignKey(ProductUser, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    is_member = models.BooleanField()
    role = models.CharField(max_length=ROLE_LENGTH, null=True)
    is_primary = models.BooleanField(null=True)


class TraitChange(Statement):
    """One dated value of one trait of a user or of an account; null unsets it."""

    user = models.ForeignKey(ProductUser, null=True, on_delete=models.CASCADE, related_name="traits")
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="traits")
    name = models.CharField(max_length=TRAIT_LENGTH)
    value = ExactJSONField(null=True)

    class Meta(WorkspaceRow.Meta):
        constraints = [
            models.CheckConstraint(
                name="trait_of_one_subject",
                condition=models.Q(user__isnull=False) ^ models.Q(account__isnull=False),
            )
        ]


class Trait(WorkspaceRow):
    """A trait that users or accounts of the workspace have had."""

    space = models.CharField(max_length=8, choices=[(space.value, space.name.title()) for space in Space])
    name = models.CharField(max_length=TRAIT_LENGTH)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("workspace", "space", "name", name="trait_name_once")]

    def __str__(self) -> str:
        return self.name


class TraitValue(WorkspaceRow):
    """One of the first thousand values of a trait, as JSON: those that rollups keep apart."""

    trait = models.ForeignKey(Trait, on_delete=models.CASCADE, related_name="values")
    value = models.TextField()

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("trait", "value", name="trait_value_once")]


class Segment(WorkspaceRow):
    """A saved condition on people or accounts, by name."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    condition = models.JSONField(help_text="As SegmentInput says it.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("workspace", "slug", name="segment_slug")]

    def __str__(self) -> str:
        return self.name


class IcpProfile(WorkspaceRow):
    """An ideal customer profile: who the product is made for (KPIS.md A10)."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("workspace", "slug", name="icp_profile_slug")]
        verbose_name = "ICP profile"

    def __str__(self) -> str:
        return self.name


class IcpStatus(models.TextChoices):
    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"


class IcpVersion(WorkspaceRow):
    """One version of a profile's rule: a draft may be edited, an approved or retired one never changes."""

    profile = models.ForeignKey(IcpProfile, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField(editable=False)
    status = models.CharField(max_length=8, choices=IcpStatus.choices, default=IcpStatus.DRAFT, editable=False)
    rule = models.JSONField(
        help_text='Any of these groups of conditions that all hold: [{"not": false, "all": '
        '[{"name": "plan", "op": "IN", "values": ["pro"], "not": false}]}].'
    )
    created_at = models.DateTimeField(default=now, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.CharField(max_length=150, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta(WorkspaceRow.Meta):
        constraints = [
            models.UniqueConstraint("profile", "number", name="icp_version_number"),
            models.UniqueConstraint(
                "profile", name="icp_one_approved", condition=models.Q(status=IcpStatus.APPROVED)
            ),
        ]
        verbose_name = "ICP version"

    def __str__(self) -> str:
        return f"{self.profile} {self.number} ({self.status})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raise Refusal for a version that is no draft any more."""
        if self.pk and not IcpVersion.unscoped.filter(pk=self.pk, status=IcpStatus.DRAFT).exists():
            raise Refusal("NOT_A_DRAFT", "version", "a draft: what was approved once never changes")
        super().save(*args, **kwargs)


class Suppression(WorkspaceRow):
    """An id of somebody erased, hashed with the secret key: what still comes in under it is not taken."""

    digest = models.BinaryField(max_length=32)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("workspace", "digest", name="suppression_once")]
