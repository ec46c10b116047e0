from django.contrib import admin
from django.urls import include, path

from kpiservice.health import healthz

# There is no site beside it to look at.
admin.site.site_url = None

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("", include("apps.api.urls")),
    path("", include("apps.widgets.urls")),
]
