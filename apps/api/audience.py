"""Whom a workspace can ask about: its saved segments, its ICP profiles, its traits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from apps.api.listing import checked_first
from apps.audience import models
from apps.audience.icp import rule_condition
from apps.engine.expressions import OTHER
from apps.engine.sets import Space as EngineSpace
from apps.kpis.traits import Values, text
from apps.kpis.wording import words
from apps.workspaces.exactjson import to_json

First = Annotated[int, strawberry.argument(description="How many to list, 1 to 100.")]


@strawberry.enum(description="What a list or a trait is of.")
class Space(Enum):
    USER = strawberry.enum_value("user", description="People who use the product.")
    ACCOUNT = strawberry.enum_value("account", description="Organisations that people use it in.")


@strawberry.enum(description="What a value is in JSON.")
class ValueKind(Enum):
    TEXT = strawberry.enum_value("text", description="A text; dates are texts too.")
    NUMBER = strawberry.enum_value("number", description="A number.")
    BOOLEAN = strawberry.enum_value("boolean", description="true or false.")
    LIST = strawberry.enum_value("list", description="A list.")
    OBJECT = strawberry.enum_value("object", description="An object.")


# By the first character of what is written in JSON; numbers have many.
KINDS = {
    '"': ValueKind.TEXT,
    "t": ValueKind.BOOLEAN,
    "f": ValueKind.BOOLEAN,
    "[": ValueKind.LIST,
    "{": ValueKind.OBJECT,
}


@strawberry.type(description="A saved condition on people or accounts.")
class Segment:
    slug: str = strawberry.field(description="Its name in queries.")
    name: str = strawberry.field(description="Its name for people.")
    condition: str = strawberry.field(description="The condition, as SegmentInput says it, written as JSON.")

    @classmethod
    def of(cls, row: models.Segment) -> Segment:
        return cls(slug=row.slug, name=row.name, condition=to_json(row.condition))


@strawberry.enum(description="What became of a version of an ICP profile.")
class IcpStatus(Enum):
    DRAFT = strawberry.enum_value("draft", description="Being written; it counts nowhere.")
    APPROVED = strawberry.enum_value("approved", description="In force, or being built to be.")
    RETIRED = strawberry.enum_value("retired", description="Not in force any more.")


@strawberry.type(description="A version of an ICP profile's rule. Once approved it never changes.")
class IcpVersion:
    number: int = strawberry.field(description="Its number among the profile's versions, from 1.")
    status: IcpStatus = strawberry.field(description="What became of it.")
    approved_at: datetime | None = strawberry.field(description="When it was approved.")
    rule: str = strawberry.field(description='The rule in words: "plan is pro and company_size is at least 50".')

    @classmethod
    def of(cls, row: models.IcpVersion) -> IcpVersion:
        rule, status = words(rule_condition(row.rule)), IcpStatus(row.status)
        return cls(number=row.number, status=status, approved_at=row.approved_at, rule=rule)


@strawberry.type(description="An ideal customer profile: whom the product is made for.")
class IcpProfile:
    slug: str = strawberry.field(description="Its name in queries.")
    name: str = strawberry.field(description="Its name for people.")
    description: str = strawberry.field(description="What it is about, for people.")
    in_force: int | None = strawberry.field(
        description="The number of the version that answers are made from; null where there is none, "
        "or the first one is still being built."
    )
    versions: list[IcpVersion] = strawberry.field(description="Its versions, the newest first.")

    @classmethod
    def of(cls, row: models.IcpProfile, numbers: Mapping[str, int]) -> IcpProfile:
        versions = sorted(row.versions.all(), key=lambda version: -version.number)
        return cls(
            slug=row.slug,
            name=row.name,
            description=row.description,
            in_force=numbers.get(row.slug),
            versions=[IcpVersion.of(version) for version in versions],
        )


@strawberry.type(description="A value of a trait.")
class TraitValue:
    value: str | None = strawberry.field(
        description="The value, as TraitCondition takes it; null for those after the first 1,000 together."
    )
    count: int = strawberry.field(description="How many users, or accounts, have it now.")


@strawberry.type(
    description="Something that is known of users or accounts and can be filtered and broken down by."
)
class Trait:
    held: strawberry.Private[Values]
    name: str = strawberry.field(description="Its name.")
    of: list[Space] = strawberry.field(description="Who has it. What an account has, its members have as well.")

    @strawberry.field(description="What its values are that users or accounts have now.")
    def kinds(self) -> list[ValueKind]:
        values = {value for space in EngineSpace for value, _ in self.held.counts(self.name, space)} - {OTHER}
        kinds = {_kind(value) for value in values}
        return [kind for kind in ValueKind if kind in kinds]

    @strawberry.field(description="The values that users or accounts have now, the most frequent first.")
    def values(
        self,
        of: Annotated[Space | None, strawberry.argument(description="Whose values. Left out: users'.")] = None,
        first: First = 20,
    ) -> list[TraitValue]:
        space = EngineSpace[of.name] if of else EngineSpace.USER
        counts = self.held.counts(self.name, space)[: checked_first(first)]
        return [TraitValue(value=None if value == OTHER else text(value), count=n) for value, n in counts]


def _kind(value: str) -> ValueKind:
    return KINDS.get(value[0], ValueKind.NUMBER)
