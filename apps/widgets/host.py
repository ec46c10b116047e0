"""The demo's page of a made-up product, which shows how a host embeds a KPI."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.workspaces.models import EmbedKey
from apps.workspaces.tokens import Allowed, sign

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; frame-src 'self';"
    " base-uri 'none'; form-action 'self'"
)
WORKSPACE = "acme-docs"
KPI = "product_sharing_rate"


@never_cache
@require_safe
def host(request: HttpRequest) -> HttpResponse:
    """A page of a made-up product that embeds a KPI: only where the demo runs."""
    demo_keys = EmbedKey.unscoped.filter(workspace__slug=WORKSPACE, revoked_at__isnull=True)
    key = demo_keys.order_by("pk").first() if settings.DEMO else None
    if key is None:
        raise Http404("There is no demo here: `make demo` makes one.")
    origin = f"{request.scheme}://{request.get_host()}".lower()
    token = sign(key, Allowed("demo-viewer", (KPI,), (origin,)), now())
    response = render(request, "widgets/host.html", {"kpi": KPI, "token": token})
    response["Content-Security-Policy"] = POLICY
    return response
