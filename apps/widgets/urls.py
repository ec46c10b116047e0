from django.urls import path

from apps.widgets.host import host
from apps.widgets.views import embed

urlpatterns = [
    path("embed/<slug:slug>/", embed, name="embed"),
    path("demo/embed/", host, name="embed-host"),
]
