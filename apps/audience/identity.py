"""From a sender's ids to our people and accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from apps.audience.models import Account, ProductUser, Subject
from apps.engine.sets import Space
from apps.workspaces import ordinals

AnySubject = TypeVar("AnySubject", bound=Subject)

SPACES: dict[type[Subject], Space] = {ProductUser: Space.USER, Account: Space.ACCOUNT}
MODELS: dict[Space, type[Subject]] = {space: model for model, space in SPACES.items()}
INTERNAL_TRAIT = "is_internal"
# A word by hand on an ICP profile is kept as a trait of this name and the profile's slug.
ICP_TRAIT = "icp:"


def resolve(workspace_id: int, model: type[AnySubject], external_ids: Iterable[str]) -> dict[str, int]:
    """The primary keys of the subjects with these external ids; unknown ones are created with the next ordinals.

    Runs inside the caller's transaction. The counter's lock comes before the second look, so two callers
    that meet the same new person give out one ordinal, and ordinals have no gaps.
    """
    wanted = set(external_ids)
    known = _known(workspace_id, model, wanted)
    if known.keys() >= wanted:
        return known
    counter = ordinals.lock(workspace_id, SPACES[model])
    known |= _known(workspace_id, model, wanted - known.keys())
    missing = sorted(wanted - known.keys())
    numbers = ordinals.take(counter, len(missing))
    created = model.objects.bulk_create(
        model(workspace_id=workspace_id, external_id=external_id, ordinal=ordinal, counts_as=ordinal)
        for external_id, ordinal in zip(missing, numbers, strict=True)
    )
    return known | {subject.external_id: subject.pk for subject in created}


def _known(workspace_id: int, model: type[AnySubject], wanted: set[str]) -> dict[str, int]:
    if not wanted:
        return {}
    rows = model.objects.filter(workspace=workspace_id, external_id__in=wanted)
    return dict(rows.values_list("external_id", "pk"))
