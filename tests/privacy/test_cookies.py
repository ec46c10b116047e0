"""Whose a cookie is, when whoever it may be is erased."""

import pytest

from apps.events.models import Event
from apps.privacy.erase import erase
from apps.rollups import queue
from tests.privacy.alice import APRIL, identify, left, numbers, reject, visit
from tests.world import act, ask, deliver, opened

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_cookie_that_was_bobs_too_leads_to_neither_and_he_keeps_what_he_did() -> None:
    acme = opened().workspace
    deliver(
        acme,
        identify("alice", "2026-04-05T00:00:00", "kiosk-7"),
        identify("bob", "2026-04-10T00:00:00", "kiosk-7"),
        *(visit("kiosk-7", f"2026-04-{day:02}T09:00:00") for day in (4, 6, 11)),
        {**act("bob", "2026-04-12T09:00:00"), "anonymousId": "kiosk-7"},
    )
    queue.settle(acme.pk)
    before = numbers(acme)

    erased = erase(acme.pk, "alice")
    queue.settle(acme.pk)

    assert numbers(acme) == before
    assert left("kiosk-7") == []
    acts = Event.objects.filter(workspace=acme, definition__name="action.performed").order_by("occurred_at")
    assert [event.user and event.user.external_id for event in acts][2:] == ["bob", "bob"]
    assert [event.user and event.user.ordinal for event in acts][:2] == [erased.ordinal] * 2


def test_a_cookie_that_only_her_events_carry_is_hers() -> None:
    acme = opened().workspace
    deliver(
        acme,
        {**act("alice", "2026-04-05T00:00:00"), "anonymousId": "cookie-a"},
        visit("cookie-a", "2026-04-06T00:00:00", note="Dinah"),
        {**act("alice", "2026-04-05T00:00:00"), "anonymousId": "kiosk"},
        {**act("bob", "2026-04-05T00:00:00"), "anonymousId": "kiosk"},
    )

    erase(acme.pk, "alice")

    assert left("cookie-a", "Dinah", "kiosk") == ["kiosk"]
    assert reject(acme, visit("cookie-a", "2026-04-07T00:00:00"), visit("kiosk", "2026-04-07T00:00:00")) == [
        "suppressed"
    ]


def test_an_anonymous_id_that_waits_to_be_looked_into_is_looked_into_without_it() -> None:
    acme = opened().workspace
    deliver(acme, visit("cookie-a", "2026-04-06T00:00:00"))
    queue.settle(acme.pk)
    deliver(acme, identify("alice", "2026-04-05T00:00:00", "cookie-a"))

    erase(acme.pk, "alice")

    assert left("cookie-a") == []
    queue.settle(acme.pk)
    assert ask(acme, "total_active_users", APRIL).answer.value == 1
