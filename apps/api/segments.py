"""Conditions on people and accounts, as clients write them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, TypeAlias

import strawberry

from apps.api.listing import Side
from apps.api.periods import PeriodInput
from apps.engine import conditions

PEOPLE = "For a KPI of accounts: those that somebody belongs to who does."


@strawberry.enum(description="How a trait is compared. Those with NOT hold for whoever the plain one does not.")
class TraitOp(Enum):
    EQUALS = strawberry.enum_value(
        conditions.TraitOp.EQUALS, description="It is the value; of a list, one element is."
    )
    NOT_EQUALS = strawberry.enum_value(
        conditions.TraitOp.NOT_EQUALS, description="It is not the value, or there is none."
    )
    IN = strawberry.enum_value(conditions.TraitOp.IN, description="It is one of 1 to 100 values.")
    NOT_IN = strawberry.enum_value(
        conditions.TraitOp.NOT_IN, description="It is none of 1 to 100 values, or there is none."
    )
    CONTAINS = strawberry.enum_value(
        conditions.TraitOp.CONTAINS, description="The value occurs in the text, in any case."
    )
    STARTS_WITH = strawberry.enum_value(
        conditions.TraitOp.STARTS_WITH, description="The text begins with the value, in any case."
    )
    AT_LEAST = strawberry.enum_value(
        conditions.TraitOp.AT_LEAST, description="A number, a date or an instant, from the value on."
    )
    AT_MOST = strawberry.enum_value(
        conditions.TraitOp.AT_MOST, description="A number, a date or an instant, up to the value."
    )
    BETWEEN = strawberry.enum_value(
        conditions.TraitOp.BETWEEN, description="From the first of two values to the second, with both."
    )
    IS_SET = strawberry.enum_value(conditions.TraitOp.IS_SET, description="There is a value. Takes none.")
    IS_NOT_SET = strawberry.enum_value(conditions.TraitOp.IS_NOT_SET, description="There is no value. Takes none.")


@strawberry.enum(description="The local day whose end a condition is taken at.")
class SegmentAsOf(Enum):
    PERIOD_END = strawberry.enum_value(
        conditions.AsOf.PERIOD_END, description="The period's last day; today for a running one."
    )
    PERIOD_START = strawberry.enum_value(
        conditions.AsOf.PERIOD_START, description="The day before the period's first."
    )
    EVENT_DAY = strawberry.enum_value(
        conditions.AsOf.EVENT_DAY, description="Each event's own day; of a cohort, the entry's."
    )
    NOW = strawberry.enum_value(conditions.AsOf.NOW, description="Today.")


@strawberry.input(description="A trait of a user, or of their primary account where they have none of that name.")
class TraitCondition:
    name: str = strawberry.field(description='The trait, such as "plan".')
    op: TraitOp = strawberry.field(description="The comparison.")
    values: list[str] = strawberry.field(
        default_factory=list,
        description='What to compare with, as texts: "pro", "25", "true", "2026-04-30". Most take one.',
    )


@strawberry.input(description=f"Who did something, how often, and when. {PEOPLE}")
class DidCondition:
    event: str = strawberry.field(description='The name of a planned event, such as "share.created".')
    at_least: int = strawberry.field(default=1, description="How often at least.")
    last_days: int | None = strawberry.field(
        default=None, description="Within so many local days up to the day that the condition is taken at."
    )
    period: PeriodInput | None = strawberry.field(
        default=None, description="Within this period of the workspace's zone. Without both: the question's."
    )
    share_types: list[str] | None = strawberry.field(
        default=None, description="Only with one of these share types."
    )
    share_scopes: list[str] | None = strawberry.field(
        default=None, description="Only of one of these share scopes."
    )
    channels: list[str] | None = strawberry.field(default=None, description="Only through one of these channels.")
    features: list[str] | None = strawberry.field(default=None, description="Only with one of these features.")
    object_types: list[str] | None = strawberry.field(
        default=None, description="Only of one of these object types."
    )
    source_channels: list[str] | None = strawberry.field(
        default=None, description="Only from one of these source channels."
    )


@strawberry.input(description=f"Who is in a side of a KPI. {PEOPLE}")
class KpiSideCondition:
    kpi: str = strawberry.field(description="The KPI's slug.")
    side: Side = strawberry.field(description="Which part of its answer.")
    period: PeriodInput | None = strawberry.field(
        default=None, description="The period to answer it for, in the workspace's zone; left out: the question's."
    )


@strawberry.input(one_of=True, description="A condition on people or accounts: exactly one of these.")
class SegmentInput:
    all: list[SegmentInput] | None = strawberry.field(default=strawberry.UNSET, description="Every one holds.")
    any: list[SegmentInput] | None = strawberry.field(default=strawberry.UNSET, description="At least one holds.")
    not_: SegmentInput | None = strawberry.field(
        name="not", default=strawberry.UNSET, description="It does not hold."
    )
    trait: TraitCondition | None = strawberry.field(default=strawberry.UNSET, description="A trait's value.")
    icp: str | None = strawberry.field(
        default=strawberry.UNSET, description="The slug of an ICP profile: who matches it."
    )
    segment: str | None = strawberry.field(
        default=strawberry.UNSET, description="The slug of a saved segment: its condition."
    )
    did: DidCondition | None = strawberry.field(default=strawberry.UNSET, description="What people did.")
    kpi_side: KpiSideCondition | None = strawberry.field(
        default=strawberry.UNSET, description="A part of a KPI's answer."
    )


Where: TypeAlias = Annotated[
    SegmentInput | None,
    strawberry.argument(description="Count only people, or accounts, of whom this holds. Left out: everybody."),
]
AsOf: TypeAlias = Annotated[
    SegmentAsOf | None,
    strawberry.argument(
        description="The day that `where` is taken at. Left out: the period's last day; of a KPI that counts "
        "events, each event's; of one that counts entries, each entry's."
    ),
]
