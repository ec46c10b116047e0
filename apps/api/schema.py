"""The schema: all that can be asked, in one place."""

from __future__ import annotations

from typing import Annotated

import strawberry
from graphql import GraphQLError
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext

from apps.api import events
from apps.api.audience import First, IcpProfile, Segment, Space, Trait
from apps.api.context import Info
from apps.api.events import ActivityEvent, After, Connection, PeriodArgument, ReferralMessage, ShareEvent
from apps.api.kpi import FunnelStage, Indicator, Kpi
from apps.api.limits import MAX_TOKENS, MaxLength, MaxSize
from apps.api.listing import checked_first, checked_name
from apps.api.mutations import Mutation
from apps.api.scalars import SCALARS
from apps.api.taxonomy import EventDefinition, Freshness, ShareType
from apps.audience import browse as audience
from apps.engine.refusals import Refusal
from apps.events import browse
from apps.kpis.catalogue import UnknownKpi, find
from apps.kpis.search import search as search_catalogue
from apps.kpis.traits import Values
from apps.rollups.freshness import freshness


@strawberry.type(description="What can be asked of the workspace that the key belongs to.")
class Query:
    @strawberry.field(description="One KPI.")
    def kpi(
        self, slug: Annotated[str, strawberry.argument(description='Its name, such as "product_sharing_rate".')]
    ) -> Kpi | None:
        try:
            return Kpi.of(find(slug))
        except UnknownKpi as unknown:
            raise Refusal("UNKNOWN_KPI", "slug", "the slug of a KPI", unknown.nearest) from unknown

    @strawberry.field(description="The KPIs of the catalogue that meet every condition given, by slug.")
    def kpis(
        self,
        stage: Annotated[
            FunnelStage | None, strawberry.argument(description="Those of this stage, be it their second one.")
        ] = None,
        indicator: Annotated[Indicator | None, strawberry.argument(description="Those of this kind.")] = None,
        search: Annotated[
            str | None, strawberry.argument(description="A text in their slug, title or definition.")
        ] = None,
    ) -> list[Kpi]:
        found = search_catalogue(stage and str(stage.value), indicator and str(indicator.value), search)
        return [Kpi.of(entry) for entry in found]

    @strawberry.field(description="The declared ways of sharing, by slug.")
    def share_types(self, info: Info) -> list[ShareType]:
        return [ShareType.of(row) for row in browse.share_types(info.context.workspace.pk)]

    @strawberry.field(description="What events mean, by name.")
    def event_definitions(
        self,
        info: Info,
        is_planned: Annotated[
            bool | None, strawberry.argument(description="Only those that somebody planned, or only the others.")
        ] = None,
        first: Annotated[int, strawberry.argument(description="How many to list, 1 to 100.")] = 100,
        after: Annotated[str, strawberry.argument(description="Go on behind this name.")] = "",
    ) -> list[EventDefinition]:
        limit, name = checked_first(first), checked_name(after)
        rows = browse.definitions(info.context.workspace.pk, name, limit, is_planned=is_planned)
        return [EventDefinition.of(row) for row in rows]

    @strawberry.field(description="The saved segments, by slug.")
    def segments(self, info: Info) -> list[Segment]:
        return [Segment.of(row) for row in audience.segments(info.context.workspace.pk)]

    @strawberry.field(description="The ICP profiles, by slug.")
    def icp_profiles(self, info: Info) -> list[IcpProfile]:
        numbers = info.context.reader.profiles
        return [IcpProfile.of(row, numbers) for row in audience.profiles(info.context.workspace.pk)]

    @strawberry.field(description="What is known of users and accounts and can be filtered by, by name.")
    def traits(
        self,
        info: Info,
        first: First = 100,
        after: Annotated[str, strawberry.argument(description="Go on behind this name.")] = "",
    ) -> list[Trait]:
        known = info.context.reader.traits
        names = sorted(name for name in known if name > after)[: checked_first(first)]
        held = Values(info.context.workspace, names, info.context.now)
        return [
            Trait(held=held, name=name, of=[Space(space.value) for space in sorted(known[name])]) for name in names
        ]

    @strawberry.field(description="The shares of a period, whether they count or not.")
    def share_events(
        self, info: Info, period: PeriodArgument, first: First = 20, after: After = None
    ) -> Connection[ShareEvent]:
        return events.shares(info.context, period, first, after)

    @strawberry.field(description="The referral messages of a period, whether they count or not.")
    def referral_messages(
        self, info: Info, period: PeriodArgument, first: First = 20, after: After = None
    ) -> Connection[ReferralMessage]:
        return events.messages(info.context, period, first, after)

    @strawberry.field(description="Whatever counts as activity in a period: shares and messages are among it.")
    def activity_events(
        self, info: Info, period: PeriodArgument, first: First = 20, after: After = None
    ) -> Connection[ActivityEvent]:
        return events.activity(info.context, period, first, after)

    @strawberry.field(description="How far the answers have come.")
    def freshness(self, info: Info) -> Freshness:
        return Freshness.of(freshness(info.context.workspace.pk, info.context.now))


class Schema(strawberry.Schema):
    """Errors are logged where they are masked: what a caller got wrong is no error of ours."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        pass


schema = Schema(
    Query,
    Mutation,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        MaxLength,
        lambda: MaxTokensLimiter(MAX_TOKENS),
        lambda: AddValidationRules([MaxSize]),
        ParserCache,
        ValidationCache,
    ],
)


def sdl() -> str:
    """The schema in GraphQL's own language, sorted, so that a change of it is a small diff."""
    # A sorted schema can be printed but not executed: it has lost how Strawberry writes enums.
    return strawberry.Schema(
        Query, Mutation, config=StrawberryConfig(scalar_map=SCALARS, sort_schema=True)
    ).as_str()
