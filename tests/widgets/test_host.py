import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils.timezone import now

from apps.workspaces.models import EmbedKey
from tests.widgets.page import Page
from tests.world import opened

pytestmark = pytest.mark.django_db

DEMO = "/demo/embed/"


@pytest.fixture
def demo(settings: LazySettings) -> EmbedKey:
    settings.DEMO = True
    return EmbedKey.objects.create(workspace=opened("acme-docs").workspace, name="Demo")


def test_the_demo_posts_a_token_into_its_frame(client: Client, demo: EmbedKey) -> None:
    response = client.get(DEMO)
    page = Page(response.content.decode())
    (form,) = [attributes for tag, attributes in page.tags if tag == "form"]
    (frame,) = [attributes for tag, attributes in page.tags if tag == "iframe"]
    (field,) = [attributes for tag, attributes in page.tags if tag == "input"]
    assert (form["method"], form["action"], form["target"]) == (
        "post",
        "/embed/product_sharing_rate/",
        frame["name"],
    )
    assert page.count("button") == 1
    shown = client.post("/embed/product_sharing_rate/", {field["name"]: field["value"]})
    assert shown.status_code == 200
    assert shown.headers["Content-Security-Policy"].endswith("; frame-ancestors http://testserver")


def test_the_demo_frames_and_runs_its_own_alone(client: Client, demo: EmbedKey) -> None:
    response = client.get(DEMO)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "no-store" in response.headers["Cache-Control"]


def test_there_is_no_demo_without_its_key(client: Client, demo: EmbedKey) -> None:
    EmbedKey.objects.filter(workspace=demo.workspace).update(revoked_at=now())
    assert client.get(DEMO).status_code == 404


def test_only_a_demo_has_the_page(client: Client, demo: EmbedKey, settings: LazySettings) -> None:
    settings.DEMO = False
    assert client.get(DEMO).status_code == 404
