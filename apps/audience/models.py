"""The people and accounts of a workspace, and what was known of them when."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from apps.workspaces.exactjson import ExactJSONField
from apps.workspaces.scoping import WorkspaceRow

ID_LENGTH = 255


class Subject(WorkspaceRow):
    """Abstract: somebody with an id of the sender's and an ordinal of ours."""

    external_id = models.CharField(max_length=ID_LENGTH)
    ordinal = models.BigIntegerField(editable=False)
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
        ]

    def __str__(self) -> str:
        return self.external_id


class ProductUser(Subject):
    """A person who uses the product."""

    class Meta(Subject.Meta):
        verbose_name = "user"


class Account(Subject):
    """An organisation that people use the product in."""


class Membership(WorkspaceRow):
    """A user belongs to an account. The first account seen is the primary one (KPIS.md G8)."""

    user = models.ForeignKey(ProductUser, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=100, blank=True)
    is_primary = models.BooleanField(default=False)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta(WorkspaceRow.Meta):
        constraints = [models.UniqueConstraint("user", "account", name="membership_once")]


class TraitChange(WorkspaceRow):
    """One dated value of one trait of a user or of an account. History is appended to, never edited."""

    user = models.ForeignKey(ProductUser, null=True, on_delete=models.CASCADE, related_name="traits")
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="traits")
    name = models.CharField(max_length=100)
    value = ExactJSONField(null=True)
    valid_from = models.DateTimeField()
    recorded_at = models.DateTimeField(default=now)

    class Meta(WorkspaceRow.Meta):
        constraints = [
            models.CheckConstraint(
                name="trait_of_one_subject",
                condition=models.Q(user__isnull=False) ^ models.Q(account__isnull=False),
            )
        ]
        indexes = [models.Index("workspace", "name", "valid_from", name="trait_by_name")]
