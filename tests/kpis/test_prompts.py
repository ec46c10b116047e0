"""Referral prompts, and what people did with them within a day (KPIS.md B)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.engine.definitions import where
from apps.engine.expressions import Question
from apps.engine.parts import EventFacet
from apps.engine.periods import Grain, parse_month
from apps.events import taxonomy
from apps.events.models import EventDefinition
from apps.kpis.catalogue import find
from apps.kpis.changes import Before, change
from apps.kpis.evaluate import Asked, Result, breakdown
from apps.kpis.explain import explain
from apps.rollups import causes, queue, worker
from apps.rollups.build.content import Bucket
from apps.workspaces.models import Marker, Workspace
from tests.world import NOW, act, ask, deliver, opened, recognise, track

pytestmark = pytest.mark.django_db

APRIL = parse_month("2026-04", "UTC")
RATE, BY_IMPRESSION = "referral_prompt_interaction_rate", "referral_prompt_interaction_rate_by_impression"


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def shown(who: str, impression: str, at: str = "2026-04-10T12:00:00", **properties: Any) -> dict[str, Any]:
    given = {"prompt": "invite", "placement": "dashboard", "impression": impression}
    return track("referral_prompt.shown", who, at, **{**given, **properties})


def bucket_of(marker: Marker) -> Bucket:
    assert marker.start is not None
    return Bucket(marker.workspace_id, marker.series, marker.version, Grain(marker.grain), marker.start)


def interacted(impression: str, at: str = "2026-04-10T12:05:00", kind: Any = "click", who: str = "alice") -> Any:
    return track("referral_prompt.interacted", who, at, impression=impression, kind=kind)


def sides(result: Result) -> tuple[int, int]:
    return int(result.answer.numerator.amount), int(
        result.answer.denominator.amount if result.answer.denominator else 0
    )


def april(workspace: Workspace, slug: str = BY_IMPRESSION) -> tuple[int, int]:
    return sides(ask(workspace, slug, APRIL))


def parts(
    workspace: Workspace, slug: str, by: str, limits: Mapping[str, list[str | None]]
) -> dict[str | None, Any]:
    question = Question(APRIL, NOW, where(limits))
    rows = breakdown(workspace, Asked(find(slug), question, EventFacet(by)), 20)
    return {row.asked.part.key: sides(row) for row in rows if row.asked.part}


def test_a_rate_of_people_as_the_sheet_has_it(acme: Workspace) -> None:
    deliver(acme, *(shown(f"user-{n}", f"i-{n}") for n in range(500)))
    deliver(acme, *(interacted(f"i-{n}") for n in range(90)))
    deliver(acme, *(interacted(f"i-{n}", kind="hover") for n in range(80, 130)))
    deliver(acme, *(interacted(f"i-{n}", kind="expand") for n in range(125, 150)))
    deliver(acme, *(interacted(f"i-{n}", kind="timeout") for n in range(150, 200)))
    queue.settle(acme.pk)
    result = ask(acme, RATE, APRIL)
    assert (result.answer.value, sides(result)) == (Decimal(30), (150, 500))
    assert explain(result) == (
        "150 of the 500 people who were shown a referral prompt in April 2026 (UTC) interacted with one within "
        "a day: 30 %."
    )
    assert parts(acme, RATE, "kind", {}) == {"click": (90, 500), "hover": (50, 500), "expand": (25, 500)}


def test_a_rate_of_impressions_as_the_sheet_has_it(acme: Workspace) -> None:
    for first in range(0, 1400, 350):
        deliver(acme, *(shown(f"user-{n % 500}", f"i-{n}") for n in range(first, first + 350)))
    # Several interactions with one impression count once.
    deliver(acme, *(interacted(f"i-{n % 210}", kind=("click", "accept")[n % 2]) for n in range(420)))
    queue.settle(acme.pk)
    result = ask(acme, BY_IMPRESSION, APRIL)
    assert (result.answer.value, sides(result)) == (Decimal(15), (210, 1400))
    assert explain(result) == (
        "210 of the 1,400 referral prompts shown in April 2026 (UTC) were interacted with within a day: 15 %."
    )


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2026-04-10T11:59:59.999999", 0),
        ("2026-04-10T12:00:00", 1),
        ("2026-04-11T11:59:59.999999", 1),
        ("2026-04-11T12:00:00", 0),
    ],
)
def test_a_day_is_24_hours_from_when_the_prompt_was_shown(acme: Workspace, at: str, counts: int) -> None:
    deliver(acme, shown("alice", "i-1"), interacted("i-1", at))
    queue.settle(acme.pk)
    assert april(acme) == (counts, 1)


def test_an_interaction_counts_when_the_prompt_was_shown(acme: Workspace) -> None:
    deliver(acme, shown("alice", "i-1", "2026-03-31T23:59:00"), interacted("i-1", "2026-04-01T00:01:00"))
    queue.settle(acme.pk)
    assert april(acme) == (0, 0)
    assert sides(ask(acme, BY_IMPRESSION, parse_month("2026-03", "UTC"))) == (1, 1)


@pytest.mark.parametrize("kind", ["Click", "timeout", "", None, True, 1])
def test_what_a_prompt_does_by_itself_is_no_interaction(acme: Workspace, kind: Any) -> None:
    deliver(acme, shown("alice", "i-1"), interacted("i-1", kind=kind))
    queue.settle(acme.pk)
    assert april(acme) == (0, 1)


def test_an_impression_is_known_by_its_id_alone(acme: Workspace) -> None:
    unseen = shown("carla", "i-3", viewable=False)
    nameless = {name: value for name, value in shown("dora", "").items() if name != "impression"}
    deliver(acme, shown("alice", "i-1"), shown("bob", "i-2"), unseen, nameless)
    deliver(acme, interacted("i-2", who="erin"), interacted("i-3"), interacted("unheard-of"), interacted(""))
    queue.settle(acme.pk)
    assert april(acme) == (1, 3)
    assert april(acme, RATE) == (1, 3)


def test_it_comes_late_or_first_and_changes_the_hour_of_the_prompt(acme: Workspace) -> None:
    deliver(acme, shown("alice", "i-1"), shown("bob", "i-2"))
    queue.settle(acme.pk)
    assert april(acme) == (0, 2)
    deliver(acme, interacted("i-2"))
    waiting = ask(acme, BY_IMPRESSION, APRIL)
    assert (sides(waiting), waiting.receipt.pending_events) == ((0, 2), 1)
    queue.settle(acme.pk)
    assert april(acme) == (1, 2)
    assert not Marker.objects.filter(workspace=acme).exists()
    deliver(acme, interacted("i-3"))
    queue.settle(acme.pk)
    deliver(acme, shown("carla", "i-3"))
    queue.settle(acme.pk)
    assert april(acme) == (2, 3)


def test_a_visitor_interacts_and_a_visitor_is_shown(acme: Workspace) -> None:
    anonymous = {**shown("", "i-1"), "anonymousId": "visitor"}
    click = {**interacted("i-1"), "anonymousId": "somebody"}
    del anonymous["userId"], click["userId"]
    deliver(acme, anonymous, click)
    queue.settle(acme.pk)
    assert april(acme) == (0, 0)
    deliver(acme, recognise("visitor", "alice", "2026-04-12T12:00:00"))
    queue.settle(acme.pk)
    assert april(acme) == (1, 1)


def test_one_interaction_must_be_all_that_is_asked(acme: Workspace) -> None:
    deliver(acme, shown("alice", "i-1"), interacted("i-1"), interacted("i-1", kind="hover"))
    deliver(acme, shown("bob", "i-2", placement="mail"), interacted("i-2", kind="dismiss"))
    queue.settle(acme.pk)
    assert parts(acme, RATE, "placement", {}) == {"dashboard": (1, 1), "mail": (1, 1)}
    assert parts(acme, RATE, "kind", {}) == {"click": (1, 2), "dismiss": (1, 2), "hover": (1, 2)}
    # The values of those that were asked for, and of no others.
    assert parts(acme, RATE, "kind", {"kind": ["hover", "dismiss"]}) == {"dismiss": (1, 2), "hover": (1, 2)}
    assert parts(acme, BY_IMPRESSION, "placement", {"kind": ["hover"]}) == {"dashboard": (1, 1), "mail": (0, 1)}


@pytest.mark.parametrize(
    ("now", "is_complete"),
    [
        (datetime(2026, 5, 1, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 5, 2, tzinfo=UTC), True),
    ],
)
def test_a_month_is_complete_a_day_later(acme: Workspace, now: datetime, is_complete: bool) -> None:
    deliver(acme, shown("alice", "i-1"), act("alice", "2026-04-02T12:00:00"))
    queue.settle(acme.pk)
    assert ask(acme, RATE, APRIL, now).is_complete is is_complete
    assert ask(acme, "referral_prompts_displayed", APRIL, now).is_complete


def test_a_rate_is_compared_by_the_days_that_have_drawn_what_they_may(acme: Workspace) -> None:
    for month in ("2026-03", "2026-04"):
        days = [shown(f"user-{day}", f"{month}-{day}", f"{month}-{day:02}T12:00:00") for day in range(10, 13)]
        answers = [interacted(f"{month}-{day}", f"{month}-{day + 1:02}T11:00:00") for day in range(10, 13)]
        deliver(acme, *days, *(answers if month == "2026-03" else answers[:2]))
    queue.settle(acme.pk)
    # On the evening of 12 April what was shown on the 11th may still draw something.
    found = change(acme, ask(acme, RATE, APRIL, datetime(2026, 4, 12, 18, tzinfo=UTC)), Before.PERIOD)
    assert found is not None
    assert found.current.answer.period.label == "2026-04-01/2026-04-11"
    assert (sides(found.current), sides(found.previous)) == ((1, 1), (1, 1))


def test_part_of_the_prompts_is_never_more_than_all_of_them(acme: Workspace) -> None:
    deliver(acme, shown("alice", "i-1"))
    queue.settle(acme.pk)
    deliver(acme, *(shown(who, who) for who in ("bob", "carla", "dora")))
    deliver(acme, *(interacted(who) for who in ("bob", "carla", "dora")))
    told = set()
    while queue.pending(acme.pk):
        causes.expand(acme.pk)
        for marker in Marker.objects.filter(workspace=acme, grain__gt="")[:1]:
            worker.build([bucket_of(marker)])
        told.add(april(acme))
    assert told == {(0, 1), (3, 4)}


def test_what_is_called_otherwise_is_drawn_once_it_is_said_to_be_an_interaction(acme: Workspace) -> None:
    popup = track("popup", "bob", "2026-04-10T12:05:00", impression="i-1", how="click")
    deliver(acme, shown("alice", "i-1"), popup)
    queue.settle(acme.pk)
    assert april(acme) == (0, 1)
    definition = EventDefinition.objects.get(workspace=acme, name="popup")
    definition.kind, definition.is_planned = "referral_prompt.interacted", True
    for definition.columns, counts in (({"kind": "how"}, 1), ({"kind": "why"}, 0)):
        definition.save()
        assert taxonomy.publish(acme.pk) == [taxonomy.INTERACTED.name]
        queue.settle(acme.pk)
        acme.refresh_from_db()
        assert april(acme) == (counts, 1)


def test_over_nobody_there_is_no_rate(acme: Workspace) -> None:
    result = ask(acme, RATE, APRIL)
    assert (result.answer.value, sides(result)) == (None, (0, 0))
