"""The iframe page of one KPI, for whoever brings an embed token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.engine.refusals import Refusal
from apps.kpis.catalogue import Unanswerable, UnknownKpi, find
from apps.kpis.evaluate import Result
from apps.kpis.explain import display, explain
from apps.widgets.card import Card, days, read
from apps.widgets.chart import draw
from apps.workspaces.policy import Refused
from apps.workspaces.tokens import verify

ANY_ORIGIN = ("*",)
PAGE_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"


# No cookie is read here: the token alone says what may be seen.
@csrf_exempt
@xframe_options_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """One KPI, for whoever brings an embed token: posted as `token`, or in the Authorization header of a GET."""
    at = now()
    try:
        grant = verify(_token(request), at)
        grant.require(slug)
        card = read(grant.workspace, find(slug), at)
    except Refused as refused:
        return _refusal(request, refused)
    except UnknownKpi as unknown:
        nearest = f" The nearest are {', '.join(unknown.nearest)}." if unknown.nearest else ""
        return _refusal(request, Refused(404, "UNKNOWN_KPI", f"{unknown}{nearest}"))
    except Unanswerable as why:
        return _refusal(request, Refused(404, why.code, why.text))
    except Refusal as refusal:
        # Nothing here is the caller's choice: what cannot be answered now is being counted.
        text = "This number is being counted anew. Try again in a while."
        return _refusal(request, Refused(503, refusal.code, text))
    origins = ANY_ORIGIN if grant.allowed.origins is None else grant.allowed.origins
    return _framed(render(request, "widgets/kpi.html", _shown(card)), origins)


def _token(request: HttpRequest) -> str:
    if "token" in request.GET:
        text = "A token in a URL is kept in histories and logs. Post it as the form field “token”."
        raise Refused(401, "TOKEN_IN_URL", text)
    if request.method == "POST":
        return request.POST.get("token", "")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _shown(card: Card) -> dict[str, Any]:
    unit, headline = card.entry.unit, card.headline.answer
    values = [week.answer.value for week in card.weeks]
    weeks = [_week(unit, week) for week in card.weeks]
    chart = draw(values)
    given = [value for value in values if value is not None]
    return {
        "card": card,
        "days": days(headline.period),
        "value": display(unit, headline.value),
        # A percent sign alone on a line reads badly.
        "explanation": explain(card.headline).replace(" %", "\N{NO-BREAK SPACE}%"),
        "weeks": weeks,
        "chart": chart,
        "points": [(point, weeks[point.at]) for point in chart.points],
        "lowest": display(unit, min(given, default=None)),
        "highest": display(unit, max(given, default=None)),
    }


def _week(unit: str, result: Result) -> dict[str, Any]:
    """A row of the table; `answered` is the period of the value where that is not the week."""
    asked, answer = result.asked.question.period, result.answer
    return {
        "days": days(asked),
        "answered": "" if answer.period == asked else days(answer.period),
        "value": display(unit, answer.value),
        "is_complete": result.is_complete,
    }


def _refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    page = render(request, "widgets/refused.html", {"refused": refused}, status=refused.status)
    return _framed(page, ANY_ORIGIN)


def _framed(page: HttpResponse, origins: Sequence[str]) -> HttpResponse:
    """The page with the pages that may show it: those of these origins, or none."""
    ancestors = " ".join(origins) or "'none'"
    page["Content-Security-Policy"] = f"{PAGE_POLICY}; frame-ancestors {ancestors}"
    page["Referrer-Policy"] = "no-referrer"
    return page
