from django.contrib import admin
from django.urls import include, path

from kpiservice.health import healthz

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("", include("apps.api.urls")),
    path("", include("apps.widgets.urls")),
]
