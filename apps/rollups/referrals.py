"""By what people signed up: rows, read off all that was said of them, that series of referrals are built from."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from datetime import datetime

from apps.audience.histories import Moments
from apps.audience.marking import LINKED, mark_keys
from apps.audience.models import ProductUser
from apps.audience.referrals import chosen
from apps.engine.periods import Grain, bucket_start
from apps.events import taxonomy
from apps.rollups import marking
from apps.rollups.build.content import Bucket
from apps.rollups.build.referrals import told
from apps.rollups.marking import Waiting
from apps.rollups.models import Referral
from apps.workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Signup:
    """One row: in this version of the meaning, the person signed up then, by such a referral."""

    version: int
    subject: int
    signed_up_at: datetime
    kind: str | None
    campaign: str | None
    source_channel: str | None
    link: str | None


def versions(workspace: Workspace) -> set[int]:
    """Those in which a series of referrals is current or building."""
    pairs = taxonomy.versions_of(workspace).pairs()
    return {version for series, version in pairs if series in taxonomy.OF_REFERRALS}


def standing(workspace: Workspace, version: int, opened: Moments) -> set[Signup]:
    """By what canonical users signed up, as everything committed by now says; `opened` are their moments."""
    signed_up = {
        ordinal: min(openings)
        for ordinal, moments in opened.items()
        if (openings := [moment.at for moment in moments if moment.is_opening])
    }
    if not signed_up:
        return set()
    said = told(workspace.pk, taxonomy.load(workspace.pk, version), list(signed_up))
    found = set()
    for ordinal, one in said.items():
        referral = chosen(ordinal, signed_up[ordinal], one.attributions, one.rejected)
        if referral:
            facets = referral.kind, referral.campaign, referral.source_channel
            found.add(Signup(version, ordinal, signed_up[ordinal], *facets, referral.link))
    return found


def replace(workspace: Workspace, subjects: Collection[int], wanted: Iterable[Signup]) -> set[Signup]:
    """Make the rows of these users say what is wanted, but for our own people; return what went and what came."""
    rows = Referral.objects.filter(workspace=workspace, subject__in=subjects, version__in=versions(workspace))
    fields = [field.name for field in dataclasses.fields(Signup)]
    stored = {Signup(*said): pk for pk, *said in rows.values_list("pk", *fields)}
    internal = ProductUser.objects.filter(workspace=workspace, is_internal=True, ordinal__in=subjects)
    ours = set(internal.values_list("ordinal", flat=True))
    new = {one for one in wanted if one.subject not in ours}
    gone, come = stored.keys() - new, new - stored.keys()
    if gone:
        rows.filter(pk__in=[stored[one] for one in gone]).delete()
    Referral.objects.bulk_create(Referral(workspace=workspace, **dataclasses.asdict(one)) for one in come)
    return gone | come


def mark(workspace: Workspace, changed: Set[Signup], since: datetime) -> None:
    """Mark when people signed up by referrals otherwise than before, and the messages that may have led to it."""
    pairs = taxonomy.versions_of(workspace).pairs()
    buckets = {
        Bucket(workspace.pk, taxonomy.REFERRED.name, one.version, Grain.HOUR, _hour(workspace.pk, one))
        for one in changed
        if (taxonomy.REFERRED.name, one.version) in pairs
    }
    marking.mark(dict.fromkeys(buckets, Waiting(1, since)))
    # Expanded when this is committed: a message that comes in at the same time may not be seen yet.
    mark_keys(workspace.pk, LINKED["link"], Counter(one.link for one in changed if one.link), since)


def _hour(workspace_id: int, one: Signup) -> datetime:
    return bucket_start(one.signed_up_at, Grain.HOUR, taxonomy.load(workspace_id, one.version).zone)
