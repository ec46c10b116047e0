"""What of an answer is doubtful."""

from __future__ import annotations

import strawberry

from apps.kpis.evaluate import Result


@strawberry.type(
    description="How many of the events behind an answer are doubtful: in its period, of the people whom `where` "
    "leaves, and of the share types and channels asked for, where the events have such. Each is null where the "
    "KPI has none, and in a breakdown all but `droppedNumerator` are."
)
class KpiQuality:
    result: strawberry.Private[Result]

    @strawberry.field(
        description="Referral messages sent of which it is not told whether the sender changed the text; they "
        "count as not customized."
    )
    def unknown_count(self) -> int | None:
        return self.result.count("unknown_count")

    @strawberry.field(description="Product shares that name no session, and so count in none.")
    def unsessioned_shares(self) -> int | None:
        return self.result.count("unsessioned_shares")

    @strawberry.field(
        description="Interactions that name no impression shown within the day before them, and so count for none."
    )
    def unlinked_interactions(self) -> int | None:
        return self.result.count("unlinked_interactions")

    @strawberry.field(
        description="How many would be in a rate's numerator, were they in its denominator; they are left out."
    )
    def dropped_numerator(self) -> int | None:
        return self.result.dropped_numerator
