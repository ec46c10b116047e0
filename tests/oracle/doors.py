"""The ways into the product, as its users know them: a batch goes in, what became of it comes out."""

import json
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from django.test import Client
from django.utils.timezone import now

from apps.audience.icp import draft
from apps.audience.models import IcpProfile
from apps.events import icp, ingest, taxonomy
from apps.events.ingest import Delivery
from apps.events.messages import Terms
from apps.events.models import EventDefinition
from apps.kpis import segments
from apps.privacy import erase as erasure
from apps.workspaces.models import ApiKey, Scope, Workspace
from tests.oracle.batches import SOURCES, Batch
from tests.oracle.conditions import Saved
from tests.oracle.messages import Raw
from tests.oracle.putting import segment_input


@dataclass(frozen=True)
class Fate:
    """What became of a batch: how many messages were new and how many not, and the others' codes by place."""

    accepted: int
    duplicate: int
    refused: dict[int, str] = field(default_factory=dict)


Door: TypeAlias = Callable[[Batch], Fate]


def http(workspace: Workspace) -> Door:
    """POST /v1/batch, with a key for each source."""
    keys = {source: _key(workspace, source) for source in SOURCES}

    def deliver(batch: Batch) -> Fate:
        body = json.dumps({"batch": [sent.raw for sent in batch.sent]})
        user = b64encode(f"{keys[batch.source]}:".encode()).decode()
        headers = {"Authorization": f"Basic {user}", "Host": "localhost"}
        response = Client().post("/v1/batch", body, content_type="application/json", headers=headers)
        if response.status_code != 200:
            raise RuntimeError(f"/v1/batch answered {response.status_code}: {response.content.decode()}")
        said = response.json()
        refused = {one["index"]: one["code"] for one in said["rejected"]}
        return Fate(said["accepted"], said["duplicate"], refused)

    return deliver


def history(workspace: Workspace) -> Door:
    """The use case below every door, on the terms of an import: events of any age."""

    def deliver(batch: Batch) -> Fate:
        raws = [sent.raw for sent in batch.sent]
        outcome = ingest.store(Delivery(workspace.pk, batch.source, raws, Terms(now())))
        return Fate(outcome.accepted, outcome.duplicate, {one.index: one.code for one in outcome.rejected})

    return deliver


def teach(workspace: Workspace, activity: Collection[str]) -> None:
    """Make these events, and no others, what counts as activity."""
    for name in activity:
        EventDefinition.objects.get_or_create(workspace=workspace, name=name)
    definitions = EventDefinition.objects.filter(workspace=workspace)
    definitions.update(is_activity=False)
    definitions.filter(name__in=activity).update(is_activity=True, is_planned=True)
    taxonomy.publish(workspace.pk)


def approve(workspace: Workspace, slug: str, rule: list[Raw]) -> None:
    """Make a rule the one of an ICP profile, which is created if it is new."""
    profile, _ = IcpProfile.objects.get_or_create(workspace=workspace, slug=slug, defaults={"name": slug})
    icp.approve(workspace.pk, draft(profile, rule).pk, "somebody")


def save(workspace: Workspace, saved: Iterable[Saved]) -> None:
    """Save conditions under their names."""
    for one in saved:
        segments.define(workspace, one.slug, one.slug, segment_input(one.condition))


def erase(workspace: Workspace, user: str) -> datetime:
    """Erase a person for good; the instant at which that began."""
    erased_at = now()
    erasure.erase(workspace.pk, user)
    return erased_at


def _key(workspace: Workspace, source: str) -> str:
    return ApiKey(workspace=workspace, name=source, scope=Scope.INGEST, source=source).issue()
