"""What answers can be broken down by, by the names that questions use."""

from __future__ import annotations

from apps.engine.conditions import InIcp
from apps.engine.definitions import Kpi
from apps.engine.parts import By, ByBoth, ByCondition, ByTrait, Dimension, EventFacet, Part, PartKind
from apps.engine.plan import facets_of
from apps.engine.refusals import Refusal, nearest
from apps.events.taxonomy import SERIES
from apps.kpis.conditions import Place, Reader
from apps.kpis.traits import text

FACETS = {
    "shareType": "share_type",
    "shareScope": "share_scope",
    "channel": "channel",
    "sourceChannel": "source_channel",
    "template": "template",
    "customized": "customized",
    "prompt": "prompt",
    "placement": "placement",
    "variant": "variant",
    "interactionKind": "kind",
    "platform": "platform",
    "referralKind": "referral_kind",
    "campaign": "campaign",
    "objectType": "object_type",
    "feature": "feature",
}
# Whoever is counted can be told apart by their shares, whatever is counted.
OF_SHARES = frozenset({"share_type", "channel"})
NAMES = ("icp", "segment")
TRAIT = "trait:"
LABELS = {PartKind.UNKNOWN: "(unknown)", PartKind.ERASED: "(erased)", PartKind.OTHER: "(other)"}


def split_by(reader: Reader, kpi: Kpi, by: str, then_by: str | None = None) -> By:
    """What an answer is broken down by, under a name or two. Raises Refusal, for the same dimension twice too."""
    first = dimension(reader, kpi, by)
    if then_by is None:
        return first
    then = dimension(reader, kpi, then_by, "thenBy")
    # A workspace without profiles and segments has the same conditions, none, under both names.
    if by == then_by or (first == then and not isinstance(then, ByCondition)):
        raise Refusal("REPEATED_DIMENSION", "thenBy", "another dimension than that of by")
    return ByBoth(first, then)


def dimension(reader: Reader, kpi: Kpi, by: str, field: str = "by") -> Dimension:
    """What a name means: an event field, "icp", "segment", or a trait, which may have "trait:" before it.

    Raises Refusal for any other name, and for a field that nothing which the KPI counts has.
    """
    facets = OF_SHARES | facets_of(kpi, SERIES)
    names = {name: facet for name, facet in FACETS.items() if facet in facets}
    # The name that the property has in events is as good.
    facet = FACETS.get(by, by)
    if facet in names.values():
        return EventFacet(facet)
    if by == "icp":
        return ByCondition({slug: InIcp(slug) for slug in reader.profiles})
    if by == "segment":
        return ByCondition({slug: reader.read({"segment": slug}, Place(field)) for slug in reader.segments})
    name = by.removeprefix(TRAIT)
    if name in reader.traits and facet not in FACETS.values():
        return ByTrait(name)
    expected = f"{', '.join((*sorted(names), *NAMES))} or a trait of this workspace"
    known = {*names, *NAMES, *reader.traits}
    close = [f"{TRAIT}{by}"] if by in reader.traits else nearest(name, known)
    raise Refusal("UNKNOWN_DIMENSION", field, expected, close)


def value(by: Dimension, part: Part) -> str | None:
    """A part's value as questions take it, or its name; None where it has no single one."""
    if part.kind is not PartKind.VALUE or part.key is None:
        return None
    return text(part.key) if isinstance(by, ByTrait) else part.key


def label(by: Dimension, part: Part) -> str:
    """What to call a part: its value or name, or what it is in brackets."""
    if isinstance(by, ByCondition) and part.kind is PartKind.UNKNOWN:
        return "(none)"
    known = value(by, part)
    return LABELS[part.kind] if known is None else known
