import pytest
from pytest_django import DjangoAssertNumQueries

from apps.events import browse
from tests.world import NOW, deliver, opened, track

pytestmark = pytest.mark.django_db


def test_share_types_come_by_slug_with_their_kinds_in_two_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    acme = opened().workspace

    with django_assert_num_queries(2):
        found = {row.slug: sorted(kind.channel for kind in row.kinds.all()) for row in browse.share_types(acme.pk)}
    assert list(found) == ["embed", "export", "invite", "link", "other", "send"]
    assert (found["invite"], found["link"], found["embed"]) == (["email"], ["button", "copy_link", "social"], [])


def test_sharing_names_are_the_declared_pairs() -> None:
    names = browse.sharing_names(opened().workspace.pk)

    assert ("invite", "email") in names
    assert ("embed", None) in names
    assert len(names) == 8


def test_definitions_are_listed_by_name_behind_a_name() -> None:
    acme, other = opened("acme").workspace, opened("other").workspace
    deliver(acme, track("aaa", "alice", "2026-04-02T09:00:00"), track("zzz", "alice", "2026-04-02T09:00:00"))

    unplanned = list(browse.definitions(acme.pk, "", 10, is_planned=False))
    assert [(row.name, row.first_seen) for row in unplanned] == [("aaa", NOW), ("zzz", NOW)]
    assert [row.name for row in browse.definitions(acme.pk, "aaa", 10, is_planned=False)] == ["zzz"]
    assert [row.name for row in browse.definitions(acme.pk, "session.ended", 1)] == ["session.started"]
    assert list(browse.definitions(other.pk, "", 10, is_planned=False)) == []
