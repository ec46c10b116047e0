"""Shares told apart by what was shared and from where: from rows where there are such, else from raw events."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.engine.conditions import TraitIs, TraitOp
from apps.engine.definitions import Where, where
from apps.engine.expressions import Question
from apps.engine.parts import EventFacet
from apps.engine.periods import between, parse_month
from apps.engine.refusals import Refusal
from apps.events import taxonomy
from apps.kpis.catalogue import find
from apps.kpis.evaluate import Asked, Result, breakdown, evaluate
from apps.rollups import queue, raw
from apps.rollups.models import Rollup
from apps.workspaces.models import Workspace
from tests.world import NOW, act, deliver, identify, opened, share

pytestmark = pytest.mark.django_db

APRIL = parse_month("2026-04", "UTC")
NOON = "2026-04-10T12:00:00"


@pytest.fixture
def acme() -> Workspace:
    """Alice shares a doc by mail and by link, Bob a report from the editor; Carla is active."""
    workspace = opened().workspace
    deliver(
        workspace,
        share("alice", NOON, object_type="doc", feature="menu"),
        share("alice", "2026-04-11T12:00:00", object_type="doc", share_type="link", channel="copy_link"),
        share("bob", NOON, object_type="report", feature="editor"),
        share("bob", NOON, object_type="doc", share_scope="content"),
        act("carla", NOON),
        identify("alice", "2026-04-01T00:00:00", plan="pro"),
    )
    queue.settle(workspace.pk)
    return workspace


def rows(
    workspace: Workspace, slug: str, by: str, limits: Mapping[str, list[str | None]] | None = None
) -> list[Result]:
    asked = Asked(find(slug), Question(APRIL, NOW, where(limits or {})), EventFacet(by))
    return breakdown(workspace, asked, 20)


def values(found: list[Result]) -> dict[str | None, Any]:
    return {row.asked.part.key: row.answer.value for row in found if row.asked.part}


def read(result: Result) -> set[str]:
    """The series of the rows that were read, or "raw" for events."""
    return {"raw" if " raw " in name else name.split()[0] for name in result.receipt.rollups}


def test_by_what_was_shared_and_from_where_there_are_rows(acme: Workspace) -> None:
    assert values(rows(acme, "share_actions", "object_type")) == {"doc": 2, "report": 1}
    assert values(rows(acme, "share_actions", "feature")) == {"editor": 1, "menu": 1, None: 1}
    by_object = rows(acme, "product_sharing_rate", "object_type")
    assert values(by_object) == {"doc": Decimal("33.333333"), "report": Decimal("33.333333")}
    assert read(by_object[0]) == {"ACTIVITY", "share.created/object_type"}
    # Of shares of any scope too.
    assert values(rows(acme, "icp_users_who_shared", "object_type")) == {}
    assert values(rows(acme, "users_who_shared", "share_scope")) == {"product": 2}


def test_by_both_at_once_the_events_are_read(acme: Workspace) -> None:
    limits: dict[str, list[str | None]] = {"channel": ["email"]}
    found = rows(acme, "share_actions", "object_type", limits)
    assert values(found) == {"doc": 1, "report": 1}
    assert read(found[0]) == {"raw"}
    assert values(rows(acme, "users_who_shared", "feature", {"object_type": ["doc"]})) == {"menu": 1, None: 1}
    assert values(rows(acme, "defined_share_events", "object_type")) == {"doc": 3, "report": 1}


def test_what_was_just_told_is_in_it_and_changes_the_receipt(acme: Workspace) -> None:
    limits: dict[str, list[str | None]] = {"channel": ["email"]}
    (before, *_) = rows(acme, "share_actions", "object_type", limits)
    deliver(acme, share("dora", NOON, object_type="doc"))
    (after, *_) = rows(acme, "share_actions", "object_type", limits)
    assert [before.answer.value, after.answer.value] == [1, 2]
    assert before.receipt.digest != after.receipt.digest


def test_among_some_by_each_events_day_the_events_are_read_once(
    acme: Workspace, django_assert_num_queries: Any
) -> None:
    segment = TraitIs("plan", TraitOp.EQUALS, ("pro",))
    question = Question(APRIL, NOW, where({"channel": ["email"], "object_type": ["doc"]}), segment=segment)
    with django_assert_num_queries(5):
        (result,) = evaluate(acme, [Asked(find("share_actions"), question)])
    assert result.answer.value == 1


def test_what_takes_too_long_is_refused(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: dict[str, list[str | None]] = {"channel": ["email"]}
    monkeypatch.setattr(raw, "MOST", 4)
    assert values(rows(acme, "share_actions", "object_type", limits)) == {"doc": 1, "report": 1}
    monkeypatch.setattr(raw, "MOST", 3)
    with pytest.raises(Refusal) as refused:
        rows(acme, "share_actions", "object_type", limits)
    assert (refused.value.code, refused.value.field) == ("TOO_MANY_EVENTS", "period")


def test_stretches_that_begin_together_are_read_each_by_itself(acme: Workspace) -> None:
    limits: Where = where({"channel": ["email"], "object_type": ["doc", "report"]})
    deliver(acme, share("dora", "2026-04-20T12:00:00", object_type="doc"))
    asked = [
        Asked(find("share_actions"), Question(between(APRIL.first, date(2026, 4, last), "UTC"), NOW, limits))
        for last in (11, 30, 11)
    ]
    assert [result.answer.value for result in evaluate(acme, asked)] == [2, 3, 2]


def test_until_a_set_of_facets_is_counted_the_rows_of_another_answer(acme: Workspace) -> None:
    by_scope = "share.created/share_scope"
    Rollup.objects.filter(workspace=acme, series=by_scope).delete()
    acme.versions["current"].pop(by_scope)
    acme.save()
    asked = [Asked(find("share_actions"), Question(APRIL, NOW))]
    (result,) = evaluate(acme, asked)
    assert result.answer.value == 3
    assert read(result) == {"share.created/object_type"}
    assert by_scope in taxonomy.publish(acme.pk)
    queue.settle(acme.pk)
    acme.refresh_from_db()
    (result,) = evaluate(acme, asked)
    assert result.answer.value == 3
    assert read(result) == {by_scope}


def test_one_question_of_many_reads_each_stretch(acme: Workspace) -> None:
    limits: Where = where({"channel": ["email"], "object_type": ["doc"]})
    days = [parse_month("2026-03", "UTC"), APRIL]
    asked = [Asked(find("share_actions"), Question(period, NOW, limits)) for period in days]
    assert [result.answer.value for result in evaluate(acme, asked)] == [0, 1]
