"""What answers can be broken down by, by the names that questions use."""

from __future__ import annotations

from apps.engine.conditions import InIcp
from apps.engine.parts import By, ByCondition, ByTrait, EventFacet, Part, PartKind
from apps.engine.refusals import Refusal, nearest
from apps.kpis.conditions import Place, Reader
from apps.kpis.traits import text

FACETS = {"shareType": "share_type", "share_type": "share_type", "channel": "channel"}
NAMES = ("shareType", "channel", "icp", "segment")
TRAIT = "trait:"
LABELS = {PartKind.UNKNOWN: "(unknown)", PartKind.ERASED: "(erased)", PartKind.OTHER: "(other)"}


def dimension(reader: Reader, by: str) -> By:
    """What a name means: an event field, "icp", "segment", or a trait, which may have "trait:" before it.

    Raises Refusal for any other name.
    """
    if by in FACETS:
        return EventFacet(FACETS[by])
    if by == "icp":
        return ByCondition({slug: InIcp(slug) for slug in reader.profiles})
    if by == "segment":
        return ByCondition({slug: reader.read({"segment": slug}, Place("by")) for slug in reader.segments})
    name = by.removeprefix(TRAIT)
    if name not in reader.traits:
        expected = f"{', '.join(NAMES)} or a trait of this workspace"
        raise Refusal("UNKNOWN_DIMENSION", "by", expected, nearest(name, {*NAMES, *reader.traits}))
    return ByTrait(name)


def value(by: By, part: Part) -> str | None:
    """A part's value as questions take it, or its name; None where it has no single one."""
    if part.kind is not PartKind.VALUE or part.key is None:
        return None
    return text(part.key) if isinstance(by, ByTrait) else part.key


def label(by: By, part: Part) -> str:
    """What to call a part: its value or name, or what it is in brackets."""
    if isinstance(by, ByCondition) and part.kind is PartKind.UNKNOWN:
        return "(none)"
    known = value(by, part)
    return LABELS[part.kind] if known is None else known
