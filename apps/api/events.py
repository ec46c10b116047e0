"""What happened, event by event, as connections that page by time, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Generic, Self, TypeAlias, TypeVar
from uuid import UUID

import strawberry
from django.core.signing import BadSignature
from strawberry.relay import PageInfo, to_base64

from apps.api.context import Context
from apps.api.listing import CURSORS, checked_first
from apps.api.people import User
from apps.api.periods import PeriodInput
from apps.engine.refusals import Refusal
from apps.events import models
from apps.events.browse import MESSAGE, SHARE, Spot, Wanted, said

PeriodArgument: TypeAlias = Annotated[
    PeriodInput, strawberry.argument(description="The time to list, in the workspace's time zone.")
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Go on behind this cursor: that of an edge, or an endCursor.")
]


@strawberry.interface(description="Something that happened, as it was sent.")
class Event:
    row: strawberry.Private[models.Event]

    @strawberry.field(description="Our id: opaque, never reused.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(to_base64(type(self), self.row.message_key.hex))

    @strawberry.field(description="The name that it was sent under.")
    def event(self) -> str:
        return self.row.definition.name

    @strawberry.field(description="When it happened.")
    def occurred_at(self) -> datetime:
        return self.row.occurred_at

    @strawberry.field(description="Whose id it was sent with; null where that was an anonymous one.")
    def user(self) -> User | None:
        user = self.row.user
        if user is None:
            return None
        return User(id=strawberry.ID(to_base64(User, user.ordinal)), external_id=user.external_id)

    @strawberry.field(description="What became of it, such as sent or failed, as far as the sender says so.")
    def status(self) -> str | None:
        return said(self.row, "status")

    @strawberry.field(description="From where in the product it came.")
    def source_channel(self) -> str | None:
        return said(self.row, "source_channel")


@strawberry.type(description="Something that counts as activity.")
class ActivityEvent(Event):
    @strawberry.field(description="What was done, of an event that is called action.performed or like it.")
    def action_type(self) -> str | None:
        return _text(self.row, "action_type")


@strawberry.type(description="Somebody shared something, whether it counts or not.")
class ShareEvent(Event):
    @strawberry.field(description="The sender's id of the action: the same one is counted once.")
    def action_id(self) -> str | None:
        return _text(self.row, "action_id")

    @strawberry.field(description="The way of sharing, such as invite.")
    def share_type(self) -> str | None:
        return said(self.row, "share_type")

    @strawberry.field(description="What was passed on: product, content or referral.")
    def share_scope(self) -> str | None:
        return said(self.row, "share_scope")

    @strawberry.field(description="Through what it was shared, such as email.")
    def channel(self) -> str | None:
        return said(self.row, "channel")

    @strawberry.field(description="What was shared, such as a report.")
    def object_type(self) -> str | None:
        return said(self.row, "object_type")

    @strawberry.field(description="The feature that it was shared from.")
    def feature(self) -> str | None:
        return said(self.row, "feature")

    @strawberry.field(description="Whether it was a mistake, as far as the sender says so.")
    def is_error(self) -> bool | None:
        return self.row.is_error


@strawberry.type(description="Somebody sent a referral message, whether it counts or not.")
class ReferralMessage(Event):
    @strawberry.field(description="The sender's id of the message.")
    def message_id(self) -> str | None:
        return self.row.link

    @strawberry.field(description="Whether the sender changed its text; null where nobody knows.")
    def message_customized(self) -> bool | None:
        return self.row.customized

    @strawberry.field(description="Through what it was sent, such as email.")
    def channel(self) -> str | None:
        return said(self.row, "channel")

    @strawberry.field(description="The template that it was written from.")
    def template(self) -> str | None:
        return said(self.row, "template")


T = TypeVar("T", bound=Event)


@strawberry.type(description="One event of a list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Hand this back as `after` to go on behind this event.")
    node: T = strawberry.field(description="The event.")


@dataclass
class Page(Generic[T]):
    """A stretch of a list, read when it is looked at."""

    node: Callable[..., T]
    wanted: Wanted
    first: int
    after: Spot | None

    @cached_property
    def rows(self) -> Sequence[models.Event]:
        """One more than asked for, which says whether there are more."""
        return self.wanted.page(self.after, self.first + 1)

    @cached_property
    def edges(self) -> list[Edge[T]]:
        """The events that were asked for."""
        return [Edge(cursor=_to_cursor(row), node=self.node(row=row)) for row in self.rows[: self.first]]


@strawberry.type(description="Events of a period, the newest first.")
class Connection(Generic[T]):
    page: strawberry.Private[Page[Any]]

    @classmethod
    def of(cls, page: Page[T]) -> Self:
        return cls(page=page)

    @strawberry.field(description="The events of this page, each with its cursor.")
    def edges(self) -> list[Edge[T]]:
        return self.page.edges

    @strawberry.field(description="The events of this page.")
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.page.edges]

    @strawberry.field(description="Whether there are more, and how to get them.")
    def page_info(self) -> PageInfo:
        edges = self.page.edges
        return PageInfo(
            has_next_page=len(self.page.rows) > self.page.first,
            has_previous_page=self.page.after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )


def shares(context: Context, period: PeriodInput, first: int, after: str | None) -> Connection[ShareEvent]:
    """The shares of a period. Raises Refusal."""
    return Connection.of(_page(context, ShareEvent, SHARE, _Asked(period, first, after)))


def messages(context: Context, period: PeriodInput, first: int, after: str | None) -> Connection[ReferralMessage]:
    """The referral messages of a period. Raises Refusal."""
    return Connection.of(_page(context, ReferralMessage, MESSAGE, _Asked(period, first, after)))


def activity(context: Context, period: PeriodInput, first: int, after: str | None) -> Connection[ActivityEvent]:
    """Whatever counts as activity in a period. Raises Refusal."""
    return Connection.of(_page(context, ActivityEvent, None, _Asked(period, first, after)))


@dataclass(frozen=True, slots=True)
class _Asked:
    period: PeriodInput
    first: int
    after: str | None


def _page(context: Context, node: Callable[..., T], kind: str | None, asked: _Asked) -> Page[T]:
    period = asked.period.resolve(context.reader.zone, context.now)
    wanted = Wanted(context.workspace.pk, kind, period.start, period.end)
    return Page(node, wanted, checked_first(asked.first), _from_cursor(asked.after))


def _to_cursor(row: models.Event) -> str:
    return CURSORS.sign(f"{row.occurred_at.isoformat()} {row.message_key.hex}")


def _from_cursor(cursor: str | None) -> Spot | None:
    """The spot of a cursor. Raises Refusal for a text that is none of ours."""
    if cursor is None:
        return None
    try:
        at, _, key = CURSORS.unsign(cursor).partition(" ")
        return Spot(datetime.fromisoformat(at), UUID(key))
    except (BadSignature, ValueError) as error:
        raise Refusal("BAD_CURSOR", "after", "the cursor of an edge, or an endCursor") from error


def _text(row: models.Event, name: str) -> str | None:
    value = row.properties.get(name)
    return value if isinstance(value, str) else None
