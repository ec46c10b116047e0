"""What the workspace knows of its events, and how fresh its answers are."""

from __future__ import annotations

from datetime import datetime

import strawberry

from apps.events import models
from apps.rollups import freshness


@strawberry.type(description="A share type through a channel.")
class ShareKind:
    channel: str = strawberry.field(description="The channel, such as email.")
    is_defined: bool = strawberry.field(description="Whether it counts among the defined share events.")


@strawberry.type(description="A way of sharing that answers can be restricted to and broken down by.")
class ShareType:
    slug: str = strawberry.field(description="Its name in events and queries.")
    name: str = strawberry.field(description="Its name for people.")
    kinds: list[ShareKind] = strawberry.field(description="The channels that are known for it.")

    @classmethod
    def of(cls, row: models.ShareType) -> ShareType:
        rows = sorted(row.kinds.all(), key=lambda kind: kind.channel)
        kinds = [ShareKind(channel=kind.channel, is_defined=kind.is_defined) for kind in rows]
        return cls(slug=row.slug, name=row.name, kinds=kinds)


@strawberry.type(description="What an event of a name means.")
class EventDefinition:
    name: str = strawberry.field(description="The event's name, as it is sent.")
    kind: str = strawberry.field(description="The standard event that it is; empty where it is none.")
    description: str = strawberry.field(description="What it means, for people.")
    is_activity: bool = strawberry.field(description="Whether those who do it are active.")
    is_planned: bool = strawberry.field(
        description="Whether somebody said what it means. An unplanned one was seen and is kept, "
        "but counts nowhere."
    )
    first_seen: datetime | None = strawberry.field(
        description="When the first event of this name came in; null where it was planned before that."
    )

    @classmethod
    def of(cls, row: models.EventDefinition) -> EventDefinition:
        return cls(
            name=row.name,
            kind=row.kind,
            description=row.description,
            is_activity=row.is_activity,
            is_planned=row.is_planned,
            first_seen=row.first_seen,
        )


@strawberry.type(description="How far the workspace's answers have come.")
class Freshness:
    rolled_up_to: datetime = strawberry.field(
        description="Every event that came in before this instant is counted in every answer."
    )
    pending_buckets: int = strawberry.field(description="How many hours, days and months wait to be counted anew.")
    pending_events: int = strawberry.field(
        description="How many events came in but are not counted yet, once for each series that they feed."
    )

    @classmethod
    def of(cls, fresh: freshness.Freshness) -> Freshness:
        return cls(
            rolled_up_to=fresh.rolled_up_to,
            pending_buckets=fresh.pending_buckets,
            pending_events=fresh.pending_events,
        )
