import pytest
from django.test import Client

from apps.events import taxonomy
from apps.rollups import queue
from apps.rollups.models import BucketFailure, Rollup
from apps.workspaces.models import Workspace
from tests.staff import staff
from tests.world import act, deliver, opened, share

pytestmark = pytest.mark.django_db

ROWS = "/admin/rollups/rollup/"
HEALTH = f"{ROWS}health/"


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    deliver(workspace, act("alice", "2026-04-30T09:15:00"), share("bob", "2026-04-30T10:15:00"))
    return workspace


def rows(client: Client, query: str) -> list[tuple[str, str]]:
    listed = client.get(f"{ROWS}?{query}").context["cl"].result_list
    return sorted((row.series, row.grain) for row in listed)


def test_rows_are_listed_with_how_many_are_in_them(admin_client: Client, acme: Workspace) -> None:
    queue.settle(acme.pk)
    page = admin_client.get(f"{ROWS}?series=ACTIVITY&grain=month").content.decode()
    assert '<td class="field-people">2</td>' in page
    page = admin_client.get(f"{ROWS}?series=share.created&grain=hour").content.decode()
    told = "share_type: invite, share_scope: product, channel: email, is_defined: true"
    assert f'<td class="field-told_apart">{told}</td>' in page
    assert '<td class="field-people">1</td>' in page


def test_rows_are_filtered(admin_client: Client, acme: Workspace) -> None:
    queue.settle(acme.pk)
    deliver(acme, act("charlie", "2026-04-30T09:20:00"))
    queue.settle(acme.pk)
    activity = [("ACTIVITY", "day"), ("ACTIVITY", "hour"), ("ACTIVITY", "hour"), ("ACTIVITY", "month")]
    assert rows(admin_client, "series=ACTIVITY&is_closed=false") == activity
    assert rows(admin_client, "is_closed=true") == [
        ("ACTIVITY", "day"),
        ("ACTIVITY", "hour"),
        ("ACTIVITY", "month"),
    ]
    assert rows(admin_client, "workspace=acme&grain=day&version=1&is_closed=false") == [
        ("ACTIVITY", "day"),
        ("share.created", "day"),
        ("share.created/feature", "day"),
        ("share.created/object_type", "day"),
        ("share.created/share_scope", "day"),
    ]
    assert rows(admin_client, "version=2") == []


def test_a_row_opens_and_is_not_edited(admin_client: Client, acme: Workspace) -> None:
    queue.settle(acme.pk)
    row = Rollup.objects.get(workspace=acme, series="ACTIVITY", grain="month")
    page = admin_client.get(f"{ROWS}{row.pk}/change/").content.decode()
    assert str(row.checksum) in page
    assert '<div class="readonly">2</div>' in page
    assert admin_client.post(f"{ROWS}{row.pk}/change/", {}).status_code == 403
    assert admin_client.get(f"{ROWS}add/").status_code == 403
    assert admin_client.get(f"{ROWS}{row.pk}/delete/").status_code == 403


def test_a_damaged_row_is_listed_as_such(admin_client: Client, acme: Workspace) -> None:
    queue.settle(acme.pk)
    Rollup.objects.filter(workspace=acme, grain="month").update(members=b"\x00")
    assert '<td class="field-people">damaged</td>' in admin_client.get(f"{ROWS}?grain=month").content.decode()


def test_health_tells_what_waits(admin_client: Client, acme: Workspace) -> None:
    page = admin_client.get(HEALTH).content.decode()
    for cell in ("<td>acme</td>", "<td>ACTIVITY v1</td>", "<td>share.created v1</td>", "<td>hour</td>"):
        assert cell in page
    assert "Nothing fails." in page


def test_health_tells_when_all_is_well(admin_client: Client, acme: Workspace) -> None:
    queue.settle(acme.pk)
    page = admin_client.get(HEALTH).content.decode()
    assert "Everything that came in is counted." in page
    assert "Nothing fails." in page


def test_health_tells_how_far_a_change_has_come(admin_client: Client, acme: Workspace) -> None:
    queue.settle(acme.pk)
    Workspace.objects.update(timezone="Asia/Tokyo")
    taxonomy.publish(acme.pk)
    page = admin_client.get(HEALTH).content.decode()
    assert "1 → 2" in page
    assert "about to begin" in page


def test_what_fails_is_told_and_tried_again(admin_client: Client, acme: Workspace) -> None:
    queue.settle(acme.pk)
    Rollup.objects.filter(workspace=acme, series="ACTIVITY", grain="hour").update(members=b"\x00")
    deliver(acme, act("charlie", "2026-04-30T11:15:00"))
    queue.settle(acme.pk)
    page = admin_client.get(HEALTH).content.decode()
    assert "day of 2026-04-30 00:00" in page
    assert "ValueError: " in page
    page = admin_client.post(HEALTH, follow=True).content.decode()
    assert "Tried again now: 1." in page
    queue.settle(acme.pk)
    assert BucketFailure.objects.get(workspace=acme).attempts == 2


def test_whoever_may_not_look_is_kept_out(client: Client, acme: Workspace) -> None:
    assert client.get(HEALTH).status_code == 302
    assert staff().get(HEALTH).status_code == 403
    assert client.get(ROWS).status_code == 302


def test_whoever_may_look_may_not_act(acme: Workspace) -> None:
    dora = staff("view_rollup")
    assert dora.get(HEALTH).status_code == 200
    assert dora.post(HEALTH).status_code == 403
