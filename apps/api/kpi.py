"""A KPI of the catalogue, and what can be asked of it."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import Annotated

import strawberry

from apps.api.context import Info
from apps.api.listing import checked_first
from apps.api.periods import Grain
from apps.api.questions import Channels, Filters, PeriodArgument, ShareTypes, Timezone, points, question
from apps.api.segments import AsOf, Where
from apps.api.values import KpiBreakdown, KpiValue, Unit
from apps.kpis.catalogue import Entry
from apps.kpis.dimensions import split_by
from apps.kpis.evaluate import Asked, breakdown, evaluate


@strawberry.enum(description="The stages through which people come to a product and stay.")
class FunnelStage(Enum):
    AWARENESS = strawberry.enum_value("Awareness", description="People hear of the product.")
    ACQUISITION = strawberry.enum_value("Acquisition", description="People sign up.")
    ACTIVATION = strawberry.enum_value("Activation", description="People reach what they came for.")
    RETENTION = strawberry.enum_value("Retention", description="People stay.")
    REFERRAL = strawberry.enum_value("Referral", description="People bring others.")
    REVENUE = strawberry.enum_value("Revenue", description="People pay.")


@strawberry.enum(description="Whether a KPI foretells or sums up.")
class Indicator(Enum):
    LEADING = strawberry.enum_value("leading", description="It moves before the outcome does.")
    LAGGING = strawberry.enum_value("lagging", description="It is the outcome.")


@strawberry.enum(description="Which way a KPI should go.")
class Better(Enum):
    HIGHER = strawberry.enum_value("higher", description="More is better.")
    LOWER = strawberry.enum_value("lower", description="Less is better.")


@strawberry.type(description="A KPI: what it means, and its exact answers.")
class Kpi:
    entry: strawberry.Private[Entry]
    slug: str = strawberry.field(description="Its name in queries.")
    title: str = strawberry.field(description="Its name for people.")
    definition: str = strawberry.field(description="What it means, in a sentence.")
    formula: str = strawberry.field(description="How it is worked out.")
    unit: Unit = strawberry.field(description="What its value counts.")
    better: Better = strawberry.field(description="Which way it should go.")
    stage: FunnelStage = strawberry.field(description="The stage of the funnel that it belongs to.")
    secondary_stage: FunnelStage | None = strawberry.field(description="Another stage that it tells of.")
    indicator: Indicator = strawberry.field(description="Whether it foretells or sums up.")
    example: str = strawberry.field(description="A worked example.")
    version: int = strawberry.field(description="The version of its definition.")
    requires: str | None = strawberry.field(
        description='The data without which it cannot be answered yet, such as "billing"; null for any other KPI.'
    )

    @classmethod
    def of(cls, entry: Entry) -> Kpi:
        """The catalogue's entry as clients see it."""
        return cls(
            entry=entry,
            slug=entry.slug,
            title=entry.title,
            definition=entry.definition,
            formula=entry.formula,
            unit=Unit(entry.unit),
            better=Better(entry.better),
            stage=FunnelStage(entry.stage),
            secondary_stage=FunnelStage(entry.secondary_stage) if entry.secondary_stage else None,
            indicator=Indicator(entry.indicator),
            example=entry.example,
            version=entry.version,
            requires=entry.requires,
        )

    # A field's parameters are its arguments in the schema, however many those are.
    @strawberry.field(description="The answer for one period.")
    def value(  # noqa: PLR0913, PLR0917
        self,
        info: Info,
        period: PeriodArgument,
        where: Where = None,
        segment_as_of: AsOf = None,
        share_types: ShareTypes = None,
        channels: Channels = None,
        timezone: Timezone = None,
    ) -> KpiValue:
        asked = question(info.context, period, Filters(where, segment_as_of, share_types, channels, timezone))
        (result,) = evaluate(info.context.workspace, [Asked(self.entry, asked)])
        return KpiValue.of(result)

    @strawberry.field(
        description="One answer for each unit of a grain in the period, in order. A unit at the period's edge "
        "is cut there, so that the points make up the period. At most 1,000."
    )
    def series(  # noqa: PLR0913, PLR0917
        self,
        info: Info,
        period: PeriodArgument,
        grain: Annotated[Grain, strawberry.argument(description="The unit of the points.")],
        where: Where = None,
        segment_as_of: AsOf = None,
        share_types: ShareTypes = None,
        channels: Channels = None,
        timezone: Timezone = None,
    ) -> list[KpiValue]:
        asked = question(info.context, period, Filters(where, segment_as_of, share_types, channels, timezone))
        parts = [Asked(self.entry, replace(asked, period=part)) for part in points(asked.period, grain)]
        return [KpiValue.of(result) for result in evaluate(info.context.workspace, parts)]

    @strawberry.field(
        description="One answer for each part that somebody is in, the largest numerator first, and then one for "
        "all others together. By a trait everybody is in one part. By an event field somebody may be in several, "
        "and a denominator without the field stays whole; by ICP profile or segment somebody may be in several."
    )
    def breakdown(  # noqa: PLR0913, PLR0917
        self,
        info: Info,
        period: PeriodArgument,
        by: Annotated[
            str,
            strawberry.argument(
                description='"shareType" or "channel"; of what the KPI counts "shareScope", "objectType" and '
                '"feature" of shares, "sourceChannel", "template" and "customized" of messages, "prompt", '
                '"placement" and "variant" of prompts, "interactionKind" of what these drew, "referralKind", '
                '"campaign" and "sourceChannel" of referrals, or "platform" and "sourceChannel" of sessions, and '
                "the fields of shares where those in sessions are counted; "
                '"icp", each profile; "segment", each saved one; or a trait, such as "plan". "trait:channel" is a '
                "trait that is called like one of these words."
            ),
        ],
        then_by: Annotated[
            str | None,
            strawberry.argument(
                description="A second dimension, another one of the same names: each part is then a pair, what is "
                "in a part by the first and in a part by this one. Left out: none."
            ),
        ] = None,
        first: Annotated[int, strawberry.argument(description="How many parts beside the others, 1 to 100.")] = 20,
        where: Where = None,
        segment_as_of: AsOf = None,
        share_types: ShareTypes = None,
        channels: Channels = None,
        timezone: Timezone = None,
    ) -> list[KpiBreakdown]:
        asked = question(info.context, period, Filters(where, segment_as_of, share_types, channels, timezone))
        split = Asked(self.entry, asked, split_by(info.context.reader, self.entry.kpi, by, then_by))
        return [KpiBreakdown.of(row) for row in breakdown(info.context.workspace, split, checked_first(first))]
