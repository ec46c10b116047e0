import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.kpis.catalogue import answered, entries, find
from apps.kpis.explain import display
from apps.widgets import views
from apps.widgets.card import read
from apps.workspaces.models import EmbedKey, Workspace
from apps.workspaces.tokens import Allowed, sign
from tests.widgets.page import Page
from tests.widgets.world import acme_world
from tests.world import NOW, act, deliver, opened

pytestmark = pytest.mark.django_db

RATE = "/embed/product_sharing_rate/"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
SITE = "https://app.example.com"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon on 20 May 2026."""
    monkeypatch.setattr(views, "now", lambda: NOW)


@pytest.fixture
def acme() -> Workspace:
    return acme_world()


def token(workspace: Workspace, *kpis: str, origins: tuple[str, ...] | None = None) -> str:
    key, _ = EmbedKey.objects.get_or_create(workspace=workspace, name="Website")
    return sign(key, Allowed("alice", kpis or tuple(entries()), origins), NOW)


def shown(client: Client, workspace: Workspace, slug: str) -> str:
    response = client.post(f"/embed/{slug}/", {"token": token(workspace)})
    assert response.status_code == 200
    return response.content.decode()


def test_a_posted_token_shows_the_number(client: Client, acme: Workspace) -> None:
    texts = Page(shown(client, acme, "product_sharing_rate")).texts
    assert texts[1:5] == [
        "Product Sharing Rate",
        "April 2026",
        "25 %",
        "1 of the 4 people active in April 2026 (UTC) shared: 25 %.",
    ]
    assert "Acme, as of" in texts
    assert "20 May 2026, 12:00 UTC" in texts


def test_a_bearer_token_shows_the_same(client: Client, acme: Workspace) -> None:
    by_header = client.get(RATE, headers={"Authorization": f"Bearer {token(acme)}"})
    by_form = client.post(RATE, {"token": token(acme)})
    assert by_header.content == by_form.content
    assert by_header.status_code == 200


# Nobody in this world signs up, is referred, opens an account, begins a session or fits a profile.
UNSEEN = {
    *("icp_users_who_shared", "identified_icp_users", "new_accounts", "share_rate_among_icps", "signups"),
    *("total_icp_users_active", "total_sessions", "product_sharing_rate_by_session", "new_users_from_referrals"),
}


@pytest.mark.parametrize("slug", sorted(answered().keys() - UNSEEN))
def test_the_table_has_the_values_of_the_line(client: Client, acme: Workspace, slug: str) -> None:
    page = shown(client, acme, slug)
    unit, weeks = find(slug).unit, read(acme, find(slug), NOW).weeks
    assert re.findall(r"<td>(.*?)</td>", page) == [display(unit, week.answer.value) for week in weeks]


def test_the_line_has_a_point_a_week(client: Client, acme: Workspace) -> None:
    page = Page(shown(client, acme, "wau"))
    assert page.count("circle") == 12
    (line,) = [attributes["points"] for tag, attributes in page.tags if tag == "polyline"]
    assert line is not None
    assert len(line.split()) == 12


def test_the_picture_says_what_it_shows(client: Client, acme: Workspace) -> None:
    page = Page(shown(client, acme, "wau"))
    (picture,) = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert picture["role"] == "img"
    assert picture["aria-labelledby"] == "chart-title chart-text"
    assert "Weekly Active Users (WAU), last 12 weeks" in page.texts
    assert "From 0 to 2; lowest 0, highest 4." in page.texts


def test_a_week_without_a_value_is_a_gap(client: Client, acme: Workspace) -> None:
    page = shown(client, acme, "product_sharing_rate")
    assert re.findall(r"<td>(.*?)</td>", page) == [*"––––––", "0 %", "–", "25 %", *"––", "0 %"]
    assert Page(page).count("circle") == 3


def test_a_value_that_is_not_of_the_week_says_of_when(client: Client, acme: Workspace) -> None:
    texts = Page(shown(client, acme, "mau")).texts
    assert "Last 12 weeks, as of each week’s end" in texts
    week = texts.index("11 – 17 May 2026", texts.index("Show as a table"))
    assert texts[week : week + 4] == ["11 – 17 May 2026", "May 2026", "not complete", "2"]


def test_a_workspace_without_data_says_so(client: Client) -> None:
    page = Page(shown(client, opened("beta").workspace, "product_sharing_rate"))
    assert page.texts[1:3] == ["Product Sharing Rate", "–"]
    assert page.texts[3].startswith("No data yet")
    assert page.count("svg") == 0


def test_what_is_not_counted_yet_is_announced(
    client: Client, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    deliver(acme, act("dora", yesterday.isoformat()), now=timezone.now())
    monkeypatch.setattr(views, "now", timezone.now)
    key = EmbedKey.objects.create(workspace=acme, name="Website")
    fresh = sign(key, Allowed("alice", ("dau",)), timezone.now())
    page = Page(client.post("/embed/dau/", {"token": fresh}).content.decode())
    assert "New events are being counted: 1 since" in page.texts


def test_names_with_markup_are_text(client: Client, acme: Workspace) -> None:
    Workspace.objects.update(name="<b>Acme</b>")
    page = shown(client, acme, "dau")
    assert "&lt;b&gt;Acme&lt;/b&gt;" in page
    assert "<b>" not in page


def test_any_page_may_frame_it_unless_the_token_says_which(client: Client, acme: Workspace) -> None:
    assert framed(client, acme, None) == f"{POLICY}; frame-ancestors *"
    assert (
        framed(client, acme, (SITE, "http://[::1]:8000")) == f"{POLICY}; frame-ancestors {SITE} http://[::1]:8000"
    )
    assert framed(client, acme, ()) == f"{POLICY}; frame-ancestors 'none'"


def framed(client: Client, workspace: Workspace, origins: tuple[str, ...] | None) -> str:
    response = client.post(RATE, {"token": token(workspace, origins=origins)})
    assert "X-Frame-Options" not in response.headers
    return response.headers["Content-Security-Policy"]


def test_the_page_is_not_kept_and_needs_no_cookie(client: Client, acme: Workspace) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(RATE, {"token": token(acme)})
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert not response.cookies


def test_the_page_runs_no_script_and_has_no_style_of_its_own(client: Client, acme: Workspace) -> None:
    page = Page(shown(client, acme, "wau"))
    assert page.count("script") == page.count("style") == 0
    assert [
        name for _, attributes in page.tags for name in attributes if name == "style" or name[:2] == "on"
    ] == []


def test_no_token_is_in_any_url(client: Client, acme: Workspace) -> None:
    page = Page(shown(client, acme, "wau"))
    addresses = [attributes[name] for _, attributes in page.tags for name in ("href", "src") if name in attributes]
    assert addresses == ["data:,", "/static/widgets/embed.css"]


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert getattr(client, method)(RATE).status_code == 405


def refusal(response: Any) -> tuple[int, str]:
    """The status of a refusal, and the code on its page."""
    page = response.content.decode()
    assert "This KPI cannot be shown" in page
    assert response.headers["Content-Security-Policy"] == f"{POLICY}; frame-ancestors *"
    return response.status_code, re.findall(r"<code>(\w+)</code>", page)[0]


def revoked(acme: Workspace) -> str:
    posted = token(acme)
    EmbedKey.objects.filter(workspace=acme).update(revoked_at=NOW)
    return posted


def suspended(acme: Workspace) -> str:
    Workspace.objects.update(is_suspended=True)
    return token(acme)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda acme: "", (401, "TOKEN_MISSING")),
        (lambda acme: "garbage", (401, "TOKEN_MALFORMED")),
        (lambda acme: opened("beta").read_key, (401, "TOKEN_IS_API_KEY")),
        (lambda acme: token(acme)[:-5] + "AAAAA", (401, "TOKEN_SIGNATURE")),
        (revoked, (401, "EMBED_KEY_INVALID")),
        (suspended, (403, "WORKSPACE_SUSPENDED")),
        (lambda acme: token(acme, "dau"), (403, "KPI_NOT_GRANTED")),
    ],
)
def test_a_wrong_token_is_a_clear_page(
    client: Client, acme: Workspace, made: Callable[[Workspace], str], expected: tuple[int, str]
) -> None:
    assert refusal(client.post(RATE, {"token": made(acme)})) == expected


def test_a_token_in_the_url_is_refused_though_it_is_good(client: Client, acme: Workspace) -> None:
    good = token(acme)
    assert refusal(client.get(RATE, {"token": good})) == (401, "TOKEN_IN_URL")
    assert refusal(client.post(f"{RATE}?token={good}", {"token": good})) == (401, "TOKEN_IN_URL")


def test_only_a_bearer_is_heard(client: Client, acme: Workspace) -> None:
    assert refusal(client.get(RATE)) == (401, "TOKEN_MISSING")
    assert refusal(client.get(RATE, headers={"Authorization": f"Basic {token(acme)}"})) == (401, "TOKEN_MISSING")


def test_an_unknown_kpi_is_told_the_nearest(client: Client, acme: Workspace) -> None:
    response = client.post("/embed/product_sharing_rat/", {"token": token(acme, "product_sharing_rat")})
    assert refusal(response) == (404, "UNKNOWN_KPI")
    assert "The nearest are product_sharing_rate" in response.content.decode()


def test_a_kpi_that_cannot_be_answered_yet_says_what_it_waits_for(client: Client, acme: Workspace) -> None:
    response = client.post("/embed/referral_churn_rate/", {"token": token(acme, "referral_churn_rate")})
    assert refusal(response) == (404, "REQUIRES_BILLING")
    assert "referral_churn_rate requires billing data, which is not taken yet." in response.content.decode()


def test_a_key_opens_its_own_workspace_alone(client: Client, acme: Workspace) -> None:
    beta = opened("beta").workspace
    deliver(beta, act("eve", "2026-05-12T10:00:00"))
    page = Page(shown(client, beta, "total_active_users"))
    assert not any("Acme" in text for text in page.texts)
    assert "4" not in page.texts
    of_beta = EmbedKey.objects.get(workspace=beta)
    EmbedKey.objects.create(workspace=acme, name="Website")
    forged = sign(of_beta, Allowed("eve", ("dau",)), NOW).split(".")
    of_acme = token(acme, "dau").split(".")
    mixed = ".".join([of_acme[0], forged[1], forged[2]])
    assert refusal(client.post("/embed/dau/", {"token": mixed})) == (401, "TOKEN_SIGNATURE")
