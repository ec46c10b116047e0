"""An answer: the number, both its sides, the period, the people and the receipt."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, TypeAlias

import strawberry

from apps.api.context import Info
from apps.api.listing import Listing, Side, checked_first, from_cursor
from apps.api.people import MemberConnection, Page
from apps.api.periods import PeriodInput
from apps.api.quality import KpiQuality
from apps.engine.answers import quotient
from apps.engine.periods import Period as EnginePeriod
from apps.engine.periods import elapsed_fraction
from apps.kpis import changes
from apps.kpis.certainty import interval
from apps.kpis.changes import Before, To
from apps.kpis.dimensions import label, value
from apps.kpis.evaluate import Result
from apps.kpis.explain import display, explain

Level: TypeAlias = Annotated[float, strawberry.argument(description="The level, 0.5 to 0.999999.")]


@strawberry.enum(description="What a number counts.")
class Unit(Enum):
    COUNT = strawberry.enum_value("count", description="A number of people, accounts or events.")
    PERCENT = strawberry.enum_value("percent", description="A part of 100.")


@strawberry.type(description="Whole local days: half-open, from `start` up to but without `end`.")
class Period:
    start: datetime = strawberry.field(description="The instant at which the first day begins, in UTC.")
    end: datetime = strawberry.field(description="The instant at which the last day is over, in UTC.")
    first_day: date = strawberry.field(description="The first local day.")
    last_day: date = strawberry.field(description="The last local day, which belongs to the period.")
    timezone: str = strawberry.field(description="The IANA time zone of the days.")
    label: str = strawberry.field(
        description='The calendar unit, such as "2026-04", or else "2026-04-01/2026-04-15", without the last day.'
    )

    @classmethod
    def of(cls, period: EnginePeriod) -> Period:
        return cls(
            start=period.start,
            end=period.end,
            first_day=period.first,
            last_day=period.last,
            timezone=period.zone,
            label=period.label,
        )


@strawberry.type(description="An ICP profile, by the version that an answer was made from.")
class IcpUsed:
    profile: str = strawberry.field(description="The profile's slug.")
    number: int = strawberry.field(description="The version's number.")


@strawberry.type(description="What an answer was made of, so that it can be checked and explained.")
class Receipt:
    digest: str = strawberry.field(
        description="Equal digests are equal answers to one question from the same definition and rollups."
    )
    definition_version: int = strawberry.field(description="The version of the KPI's definition.")
    rolled_up_to: datetime = strawberry.field(
        description="Every event of the period that came in before this instant is counted."
    )
    pending_events: int = strawberry.field(
        description="How many events that may change this answer came in but are not counted yet, "
        "once for each series that they feed."
    )
    rollups: list[strawberry.ID] = strawberry.field(description="The stored rows that were read.")
    segment_size: int | None = strawberry.field(
        description="How many people, or accounts, `where` left in the denominator, or in a plain count; "
        "null without a condition."
    )
    icp_versions: list[IcpUsed] = strawberry.field(description="The ICP profiles that the answer depends on.")
    explanation: str = strawberry.field(description="The answer as a sentence with both sides.")


@strawberry.type(description="Bounds, in the unit of the value.")
class Interval:
    low: Decimal = strawberry.field(description="The lower bound.")
    high: Decimal = strawberry.field(description="The upper bound.")

    @classmethod
    def of(cls, bounds: tuple[Decimal, Decimal] | None) -> Interval | None:
        """Bounds as clients see them, if there are any."""
        return None if bounds is None else cls(low=bounds[0], high=bounds[1])


@strawberry.enum(description="A period that lies before another one.")
class Previous(Enum):
    PERIOD = strawberry.enum_value(
        "period", description="The calendar unit right before; of a range of days as many days right before."
    )
    YEAR = strawberry.enum_value(
        "year",
        description="The same unit or days a year before, 28 February for the 29th; a week 52 weeks before.",
    )


@strawberry.input(one_of=True, description="What an answer is compared with: exactly one of these.")
class Comparison:
    previous: Previous | None = strawberry.field(
        default=strawberry.UNSET,
        description="A period before the answer's own. Of one that still runs the days that are over are "
        "compared, with as many first days of the one before.",
    )
    period: PeriodInput | None = strawberry.field(
        default=strawberry.UNSET, description="This very period, in the time zone of the answer's."
    )

    def resolve(self, result: Result) -> To:
        """What it stands for, beside an answer. Raises PeriodError."""
        if isinstance(self.previous, Previous):
            return Before(self.previous.value)
        if isinstance(self.period, PeriodInput):
            return self.period.resolve(result.answer.period.zone, result.asked.question.now)
        raise ValueError("neither is given")


@strawberry.type(description="How an answer differs from that of another period.")
class Change:
    change: strawberry.Private[changes.Change]
    current: KpiValue = strawberry.field(
        description="What is compared: the answer itself, or that of the days of its period that are over."
    )
    previous: KpiValue = strawberry.field(description="What it is compared with.")
    absolute: Decimal | None = strawberry.field(
        description="How much more it is: a number, or points of a percent; null where either has no value."
    )
    relative: Decimal | None = strawberry.field(
        description="How much more it is in percent of what it was; null where that is 0 or has no value."
    )

    @classmethod
    def of(cls, change: changes.Change) -> Change:
        """The comparison as clients see it."""
        return cls(
            change=change,
            current=KpiValue.of(change.current),
            previous=KpiValue.of(change.previous),
            absolute=change.absolute,
            relative=change.relative,
        )

    @strawberry.field(
        description="How probable a difference as great as this is if nothing changed, were those counted two "
        "independent samples: the z-test of two proportions. Null unless both are rates with a value."
    )
    def p_value(self) -> Decimal | None:
        return self.change.p_value

    @strawberry.field(
        description="The bounds of the true difference of two rates, in points of a percent, at a level of "
        "confidence: Newcombe's hybrid score interval. Null unless both are rates with a value."
    )
    def interval(self, level: Level = 0.95) -> Interval | None:
        return Interval.of(self.change.interval(level))

    @strawberry.field(
        description="Whether `pValue` is less than a level of confidence leaves to chance. Null where it is."
    )
    def significant(self, level: Level = 0.95) -> bool | None:
        return self.change.is_significant(level)


@strawberry.type(description="The answer to a question about a KPI.")
class KpiValue:
    result: strawberry.Private[Result]
    value: Decimal | None = strawberry.field(description="The number; null where it is undefined.")
    numerator: Decimal = strawberry.field(description="What was counted.")
    denominator: Decimal | None = strawberry.field(description="Of how many; null for a KPI that is no ratio.")
    unit: Unit = strawberry.field(description="What the value counts.")
    display: str = strawberry.field(description='The value as people write it: "27 %"; "–" for none.')
    period: Period = strawberry.field(
        description="The period really answered: a KPI with a grain or window of its own, such as dau, "
        "answers for the one that holds, or ends with, the last day asked for."
    )
    is_complete: bool = strawberry.field(
        description="Whether the period is over, and the time with it in which what is counted may still draw "
        "something; of a trailing window, also whether events go back to its start."
    )
    elapsed_fraction: Decimal = strawberry.field(description="How much of the period is over, from 0 to 1.")

    @classmethod
    def of(cls, result: Result) -> KpiValue:
        """The answer as clients see it."""
        answer, unit = result.answer, result.asked.entry.unit
        elapsed = elapsed_fraction(answer.period, result.asked.question.now)
        return cls(
            result=result,
            value=answer.value,
            numerator=Decimal(answer.numerator.amount),
            denominator=None if answer.denominator is None else Decimal(answer.denominator.amount),
            unit=Unit(unit),
            display=display(unit, answer.value),
            period=Period.of(answer.period),
            is_complete=result.is_complete,
            elapsed_fraction=quotient(elapsed.numerator, elapsed.denominator, scale=1) or Decimal(0),
        )

    @strawberry.field(
        description="Whether days that it was counted from changed when the period had been over for more than a "
        "day, by late events, corrections, merges, or another meaning of events: it may have been another number."
    )
    def restated(self) -> bool:
        return self.result.is_restated

    @strawberry.field(description="Who is behind the number.")
    def people(
        self,
        info: Info,
        of: Annotated[Side, strawberry.argument(description="Which part of the answer to open.")],
        first: Annotated[int, strawberry.argument(description="How many to list, 1 to 100.")] = 20,
        after: Annotated[str | None, strawberry.argument(description="Go on behind this cursor.")] = None,
    ) -> MemberConnection:
        listing = Listing.of(self.result.answer, of)
        page = Page(info.context.workspace.pk, listing, checked_first(first), from_cursor(after))
        return MemberConnection(page=page)

    @strawberry.field(
        description="The bounds of the true rate at a level of confidence, were those counted a sample: Wilson's "
        "score interval. Null for a KPI that is no rate, and where there is no value."
    )
    def interval(self, level: Level = 0.95) -> Interval | None:
        return Interval.of(interval(self.result, level))

    @strawberry.field(
        description="How the answer differs from that of another period. Null where no day of a running period is "
        "over, for a KPI such as mau while its unit runs, and for the others of a breakdown."
    )
    def change(
        self, info: Info, to: Annotated[Comparison, strawberry.argument(description="The other period.")]
    ) -> Change | None:
        found = changes.change(info.context.workspace, self.result, to.resolve(self.result))
        return None if found is None else Change.of(found)

    @strawberry.field(description="How many of the events behind it are doubtful.")
    def quality(self) -> KpiQuality:
        return KpiQuality(result=self.result)

    @strawberry.field(description="What the answer was made of.")
    def receipt(self, info: Info) -> Receipt:
        receipt, numbers = self.result.receipt, info.context.reader.profiles
        return Receipt(
            digest=receipt.digest,
            definition_version=receipt.definition_version,
            rolled_up_to=receipt.rolled_up_to,
            pending_events=receipt.pending_events,
            rollups=[strawberry.ID(name) for name in receipt.rollups],
            segment_size=receipt.segment_size,
            icp_versions=[IcpUsed(profile=slug, number=numbers[slug]) for slug in receipt.profiles],
            explanation=explain(self.result),
        )


@strawberry.type(description="A part of an answer.")
class KpiBreakdown:
    key: str | None = strawberry.field(
        description="The value, such as a share type or a plan, or the slug; null for what has no single one."
    )
    label: str = strawberry.field(
        description='The key, or "(unknown)", "(none)" of the profiles or segments, "(erased)" or "(other)".'
    )
    then_key: str | None = strawberry.field(
        description="The key by the second dimension; null for what has no single one, and without `thenBy`."
    )
    then_label: str | None = strawberry.field(
        description="The label by the second dimension; null only without `thenBy`."
    )
    value: KpiValue = strawberry.field(description="The answer of that part alone, or of that pair of parts.")

    @classmethod
    def of(cls, row: Result) -> KpiBreakdown:
        (by, part), *then = row.asked.split
        return cls(
            key=value(by, part),
            label=label(by, part),
            then_key=value(*then[0]) if then else None,
            then_label=label(*then[0]) if then else None,
            value=KpiValue.of(row),
        )
