from typing import Any

import pytest

from apps.audience.models import Segment
from apps.engine.refusals import Refusal
from apps.kpis import segments
from apps.workspaces.models import Workspace
from tests.world import opened

pytestmark = pytest.mark.django_db

SHARED = {"did": {"event": "share.created"}}


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def define(workspace: Workspace, slug: str, said: Any, name: str = "Some people") -> Segment:
    return segments.define(workspace, slug, name, said)


def refused(workspace: Workspace, slug: str, said: Any, name: str = "Some people") -> tuple[str, str, str]:
    with pytest.raises(Refusal) as caught:
        define(workspace, slug, said, name)
    return caught.value.code, caught.value.field, caught.value.expected


def test_a_segment_is_saved_and_then_replaced(acme: Workspace) -> None:
    define(acme, "sharers", SHARED)
    define(acme, "sharers", {"not": SHARED}, name="Silent people")
    saved = Segment.objects.get(workspace=acme)
    assert (saved.slug, saved.name, saved.condition) == ("sharers", "Silent people", {"not": SHARED})


def test_two_workspaces_may_have_segments_of_one_name(acme: Workspace) -> None:
    define(acme, "sharers", SHARED)
    define(opened("other").workspace, "sharers", {"not": SHARED})
    assert Segment.objects.get(workspace=acme).condition == SHARED


def test_a_segment_that_would_be_part_of_itself_is_not_saved(acme: Workspace) -> None:
    cycle = "no segment that is part of itself"
    assert refused(acme, "a", {"segment": "a"}) == ("SEGMENT_CYCLE", "where.segment", f"{cycle}: a → a")
    define(acme, "a", SHARED)
    define(acme, "b", {"all": [{"segment": "a"}]})
    field = "where.segment(b).all[0].segment"
    assert refused(acme, "a", {"segment": "b"}) == ("SEGMENT_CYCLE", field, f"{cycle}: a → b → a")
    assert Segment.objects.get(workspace=acme, slug="a").condition == SHARED


@pytest.mark.parametrize("slug", ["", "two words", "é", "x" * 61, "a\n"])
def test_a_slug_is_plain(acme: Workspace, slug: str) -> None:
    expected = "1 to 60 letters, digits, hyphens and underscores"
    assert refused(acme, slug, SHARED) == ("BAD_SLUG", "slug", expected)


@pytest.mark.parametrize("name", ["", "x" * 201, "a\0"])
def test_a_name_is_a_text_that_can_be_stored(acme: Workspace, name: str) -> None:
    assert refused(acme, "sharers", SHARED, name) == ("BAD_NAME", "name", "a text of 1 to 200 characters")


def test_a_segment_that_means_nothing_is_not_saved(acme: Workspace) -> None:
    assert refused(acme, "sharers", {"icp": "nobody"})[:2] == ("UNKNOWN_ICP", "where.icp")
    assert not Segment.objects.filter(workspace=acme).exists()


def test_the_segments_that_a_condition_names_are_found() -> None:
    said = {"all": [{"segment": "a"}, {"not": {"any": [{"segment": "b"}, SHARED]}}, {"segment": "a"}]}
    assert segments.named(said) == {"a", "b"}
