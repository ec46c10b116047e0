"""Which version of an ICP profile is in force: published together with the taxonomy (KPIS.md G18)."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.timezone import now

from apps.audience.icp import rule_condition
from apps.audience.models import IcpStatus, IcpVersion
from apps.engine.refusals import Refusal
from apps.events import taxonomy


@transaction.atomic
def approve(workspace_id: int, version_id: int, by: str) -> Collection[str]:
    """Put a draft in the place of the profile's approved version, if it has one; return what is counted anew.

    Until that is done, answers know the version before. Raises Refusal for a version that is no draft, and
    ConditionError for a rule that means nothing.
    """
    taxonomy.editor_lock(workspace_id)
    version = _found(workspace_id, version_id)
    if version.status != IcpStatus.DRAFT:
        raise Refusal("NOT_A_DRAFT", "version", "a draft")
    rule_condition(version.rule)
    versions = IcpVersion.objects.filter(workspace=workspace_id, profile=version.profile_id)
    versions.filter(status=IcpStatus.APPROVED).update(status=IcpStatus.RETIRED, retired_at=now())
    versions.filter(pk=version_id).update(status=IcpStatus.APPROVED, approved_at=now(), approved_by=by)
    return taxonomy.publish(workspace_id)


@transaction.atomic
def retire(workspace_id: int, version_id: int) -> Collection[str]:
    """Take an approved version out of force, which leaves its profile with none; return what is counted anew.

    Raises Refusal for a version that is not approved.
    """
    taxonomy.editor_lock(workspace_id)
    if _found(workspace_id, version_id).status != IcpStatus.APPROVED:
        raise Refusal("NOT_APPROVED", "version", "an approved one")
    IcpVersion.objects.filter(workspace=workspace_id, pk=version_id).update(
        status=IcpStatus.RETIRED, retired_at=now()
    )
    return taxonomy.publish(workspace_id)


def _found(workspace_id: int, version_id: int) -> IcpVersion:
    return IcpVersion.objects.select_for_update().get(workspace=workspace_id, pk=version_id)
