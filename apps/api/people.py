"""The people behind a number, as a connection: the number is the length of this list."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Annotated, TypeAlias

import strawberry
from strawberry.relay import PageInfo, to_base64

from apps.api.listing import Listing, to_cursor
from apps.audience.people import external_ids
from apps.engine.sets import Space


@strawberry.type(description="A person who uses the product.")
class User:
    id: strawberry.ID = strawberry.field(description="Our id: opaque, never reused.")
    external_id: str | None = strawberry.field(
        description="The sender's id; of somebody who was erased a token that leads to nobody."
    )


@strawberry.type(description="An organisation that people use the product in.")
class Account:
    id: strawberry.ID = strawberry.field(description="Our id: opaque, never reused.")
    external_id: str | None = strawberry.field(description="The sender's id; null where it is not kept any more.")


Member: TypeAlias = Annotated[
    User | Account, strawberry.union("Member", description="Whoever a KPI counts: a user or an account.")
]
NODES: dict[Space, type[User | Account]] = {Space.USER: User, Space.ACCOUNT: Account}


@strawberry.type(description="One member of a list.")
class MemberEdge:
    cursor: str = strawberry.field(description="Hand this back as `after` to go on behind this member.")
    node: Member = strawberry.field(description="The member.")
    amount: Decimal = strawberry.field(
        description="How much this member adds to the number: 1 where each counts once."
    )


@dataclass
class Page:
    """A stretch of a listing, read when it is looked at."""

    workspace_id: int
    listing: Listing
    first: int
    after: int | None

    @cached_property
    def rows(self) -> list[tuple[int, int]]:
        """One more than asked for, which says whether there are more."""
        return self.listing.page(self.after, self.first + 1)

    @cached_property
    def edges(self) -> list[MemberEdge]:
        """The members, whose external ids take one statement."""
        shown, space = self.rows[: self.first], self.listing.members.space
        node, names = NODES[space], external_ids(self.workspace_id, space, [ordinal for ordinal, _ in shown])
        return [
            MemberEdge(
                cursor=to_cursor(ordinal),
                node=node(id=strawberry.ID(to_base64(node, ordinal)), external_id=names.get(ordinal)),
                amount=Decimal(amount),
            )
            for ordinal, amount in shown
        ]


@strawberry.type(description="The people or accounts behind a number, always in the same order.")
class MemberConnection:
    page: strawberry.Private[Page]

    @strawberry.field(description="How many there are in all: the number itself, where each counts once.")
    def total_count(self) -> int:
        return len(self.page.listing.members)

    @strawberry.field(description="The members of this page, each with its cursor and amount.")
    def edges(self) -> list[MemberEdge]:
        return self.page.edges

    @strawberry.field(description="The members of this page.")
    def nodes(self) -> list[Member]:
        return [edge.node for edge in self.page.edges]

    @strawberry.field(description="Whether there are more, and how to get them.")
    def page_info(self) -> PageInfo:
        shown = self.page.rows[: self.page.first]
        return PageInfo(
            has_next_page=len(self.page.rows) > self.page.first,
            has_previous_page=self.page.listing.has_until(self.page.after),
            start_cursor=to_cursor(shown[0][0]) if shown else None,
            end_cursor=to_cursor(shown[-1][0]) if shown else None,
        )
