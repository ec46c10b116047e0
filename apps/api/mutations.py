"""What can be changed over GraphQL, with a key of the admin scope."""

from __future__ import annotations

import logging
from typing import Annotated

import strawberry
from django.db import OperationalError

from apps.api.audience import Segment
from apps.api.context import Info
from apps.api.inputs import written
from apps.api.segments import SegmentInput
from apps.audience.filters import is_storable
from apps.engine.refusals import Refusal
from apps.kpis import segments
from apps.privacy.erase import Erased, erase
from apps.privacy.older import StillWriting
from apps.privacy.person import UnknownPerson
from apps.workspaces.models import Scope
from apps.workspaces.policy import Refused, require

logger = logging.getLogger(__name__)


@strawberry.type(description="What was erased of a person.")
class Erasure:
    ordinal: int = strawberry.field(description="Our number for them, which now leads to nobody.")
    is_hard: bool = strawberry.field(description="Whether their events were deleted as well.")
    rows: int = strawberry.field(description="How many rows, and lines of files, were rewritten or removed.")

    @classmethod
    def of(cls, erased: Erased) -> Erasure:
        return cls(ordinal=erased.ordinal, is_hard=erased.is_hard, rows=sum(erased.counts.values()))


@strawberry.type(description="What can be changed. Every field needs a key of the admin scope.")
class Mutation:
    @strawberry.mutation(description="Save a condition under a name, in the place of the one that has the slug.")
    def define_segment(
        self,
        info: Info,
        slug: Annotated[
            str, strawberry.argument(description="Its name in queries: letters, digits, hyphens, underscores.")
        ],
        name: Annotated[str, strawberry.argument(description="Its name for people.")],
        where: Annotated[SegmentInput, strawberry.argument(description="The condition.")],
    ) -> Segment:
        require(info.context.caller, Scope.ADMIN)
        return Segment.of(segments.define(info.context.workspace, slug, name, written(where)))

    @strawberry.mutation(
        description="Erase a person, under all ids that are theirs: no name, trait, property or id is kept, and "
        "what is sent under them is not taken any more. It cannot be undone."
    )
    def erase_person(
        self,
        info: Info,
        external_id: Annotated[str, strawberry.argument(description="Any id that the sender knows them by.")],
        hard: Annotated[
            bool,
            strawberry.argument(
                description="Whether their events are deleted too, and all numbers counted anew without them. "
                "If not, numbers stay, made by somebody without a name."
            ),
        ] = False,
    ) -> Erasure:
        require(info.context.caller, Scope.ADMIN)
        return Erasure.of(_erased(info.context.workspace.pk, external_id, hard=hard))


def _erased(workspace_id: int, external_id: str, *, hard: bool) -> Erased:
    unknown = Refusal("UNKNOWN_PERSON", "externalId", "the id of a person of this workspace")
    if not is_storable(external_id):
        raise unknown
    try:
        return erase(workspace_id, external_id, hard=hard)
    except UnknownPerson as error:
        raise unknown from error
    except (OperationalError, StillWriting) as error:
        logger.warning("an erasure was broken off", exc_info=error)
        raise Refused(503, "ERASURE_UNFINISHED", "Others are writing. Send the same again to go on.") from error
