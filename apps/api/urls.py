from django.urls import path, register_converter

from apps.api import ingest
from apps.api.schema import schema
from apps.api.views import Endpoint


class CallConverter:
    """A call of the tracking API, by its long or its short name."""

    regex = "|".join(ingest.CALLS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CallConverter, "call")

urlpatterns = [
    path("graphql/", Endpoint.as_view(schema=schema), name="graphql"),
    path("v1/batch", ingest.batch, name="batch"),
    path("v1/<call:call>", ingest.single, name="call"),
]
