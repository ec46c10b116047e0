import pytest

from apps.audience.models import Segment, Trait
from apps.engine.conditions import Did, InIcp
from apps.engine.parts import ERASED, THE_OTHERS, UNKNOWN, By, ByCondition, ByTrait, Dimension, EventFacet, Part
from apps.engine.refusals import Refusal
from apps.engine.sets import Space
from apps.kpis.catalogue import find
from apps.kpis.conditions import Reader
from apps.kpis.dimensions import FACETS, dimension, label, value
from apps.workspaces.models import Workspace
from tests.events.test_icp import approved, profile, switch
from tests.world import NOW, opened

SHARING_RATE, PROMPTS = find("product_sharing_rate").kpi, find("referral_prompts_displayed").kpi
FACET, TRAIT, SEGMENTS = EventFacet("channel"), ByTrait("plan"), ByCondition({})


@pytest.fixture
def acme(db: None) -> Workspace:
    """A workspace with a trait that is called like a field of events."""
    workspace = opened().workspace
    for name in ("plan", "channel"):
        Trait.objects.create(workspace=workspace, space=Space.USER, name=name)
    return workspace


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shareType", EventFacet("share_type")),
        ("share_type", EventFacet("share_type")),
        ("shareScope", EventFacet("share_scope")),
        ("channel", EventFacet("channel")),
        ("plan", ByTrait("plan")),
        ("trait:plan", ByTrait("plan")),
        ("trait:channel", ByTrait("channel")),
        ("icp", ByCondition({})),
        ("segment", ByCondition({})),
    ],
)
def test_a_name_says_what_to_break_down_by(acme: Workspace, name: str, expected: By) -> None:
    assert dimension(Reader(acme, NOW), SHARING_RATE, name) == expected


def test_every_profile_in_force_and_every_saved_segment_is_a_part(acme: Workspace) -> None:
    Segment.objects.create(workspace=acme, slug="sharers", condition={"did": {"event": "share.created"}})
    approved(profile(acme))
    switch(acme)
    reader = Reader(acme, NOW)
    assert dimension(reader, SHARING_RATE, "icp") == ByCondition({"mid-market": InIcp("mid-market")})
    assert dimension(reader, SHARING_RATE, "segment") == ByCondition({"sharers": Did("share.created")})


@pytest.mark.parametrize(
    ("name", "nearest"), [("plam", ("plan",)), ("trait:plam", ("plan",)), ("chanel", ("channel",)), ("", ())]
)
def test_a_name_that_means_nothing_is_refused_with_the_nearest(
    acme: Workspace, name: str, nearest: tuple[str, ...]
) -> None:
    with pytest.raises(Refusal) as caught:
        dimension(Reader(acme, NOW), SHARING_RATE, name)
    assert (caught.value.code, caught.value.field, caught.value.nearest) == ("UNKNOWN_DIMENSION", "by", nearest)


@pytest.mark.parametrize(
    ("by", "part", "key", "name"),
    [
        (FACET, Part("email"), "email", "email"),
        (FACET, UNKNOWN, None, "(unknown)"),
        (FACET, THE_OTHERS, None, "(other)"),
        (TRAIT, Part('"pro"'), "pro", "pro"),
        (TRAIT, Part('""'), "", ""),
        (TRAIT, Part("120"), "120", "120"),
        (TRAIT, Part('["a","b"]'), '["a","b"]', '["a","b"]'),
        (TRAIT, UNKNOWN, None, "(unknown)"),
        (TRAIT, ERASED, None, "(erased)"),
        (SEGMENTS, Part("paying"), "paying", "paying"),
        (SEGMENTS, UNKNOWN, None, "(none)"),
    ],
)
def test_a_part_is_called_by_its_value_or_by_what_it_is(
    by: Dimension, part: Part, key: str | None, name: str
) -> None:
    assert (value(by, part), label(by, part)) == (key, name)


@pytest.mark.parametrize(
    ("slug", "fields"),
    [
        ("share_actions", {"shareType", "shareScope", "channel", "objectType", "feature"}),
        ("product_sharing_rate", {"shareType", "shareScope", "channel", "objectType", "feature"}),
        ("total_sessions", {"shareType", "channel", "platform", "sourceChannel"}),
        (
            "product_sharing_rate_by_session",
            {"shareType", "shareScope", "channel", "objectType", "feature", "platform", "sourceChannel"},
        ),
        ("total_active_users", {"shareType", "channel"}),
        ("new_accounts", {"shareType", "channel"}),
        (
            "personalized_referral_outreach_rate",
            {"shareType", "channel", "sourceChannel", "template", "customized"},
        ),
        ("referral_prompts_displayed", {"shareType", "channel", "prompt", "placement", "variant"}),
    ],
)
def test_a_kpi_is_split_by_the_fields_of_what_it_counts_and_by_those_of_shares(
    acme: Workspace, slug: str, fields: set[str]
) -> None:
    reader, kpi = Reader(acme, NOW), find(slug).kpi
    for name in FACETS:
        if name in fields:
            assert dimension(reader, kpi, name) == EventFacet(FACETS[name])
        else:
            with pytest.raises(Refusal, match="by: expected"):
                dimension(reader, kpi, name)


def test_a_trait_called_like_a_field_that_the_kpi_has_not_is_pointed_out(acme: Workspace) -> None:
    Trait.objects.create(workspace=acme, space=Space.USER, name="template")
    with pytest.raises(Refusal) as caught:
        dimension(Reader(acme, NOW), PROMPTS, "template")
    assert caught.value.nearest == ("trait:template",)
    assert dimension(Reader(acme, NOW), PROMPTS, "trait:template") == ByTrait("template")
