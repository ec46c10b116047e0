"""POST /graphql/: from an HTTP request to the schema and back (GraphQL over HTTP)."""

from __future__ import annotations

import logging
from typing import Any

from cross_web import DjangoHTTPRequestAdapter, HTTPException
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from strawberry.django.views import GraphQLView
from strawberry.http import GraphQLHTTPResponse, process_result
from strawberry.types import ExecutionResult

from apps.api.context import Context, actor
from apps.api.errors import presented
from apps.events.decoding import Malformed, decode
from apps.workspaces.policy import Refused

logger = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
JSON = "application/json; charset=utf-8"
GRAPHQL = "application/graphql-response+json; charset=utf-8"
HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 405: {"Allow": "POST"}, 503: {"Retry-After": "5"}}


class RawRequest(DjangoHTTPRequestAdapter):
    """A request whose body is bytes: read as text, one that is no UTF-8 would be an error of ours."""

    @property
    def body(self) -> bytes:
        return self.request.body


# Only bearer keys are accepted, and no browser adds one to another site's request.
@method_decorator(csrf_exempt, name="dispatch")
class Endpoint(GraphQLView[Context, None]):
    """Strawberry's view, strict about what comes in; every refusal is JSON with a code."""

    graphql_ide = None
    request_adapter_class = RawRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            _check_headers(request)
            moment = now()
            return self.run(request, context=Context(actor(request, moment), moment))
        except Refused as refused:
            return _refusal(refused)
        except RequestDataTooBig:
            return _refusal(Refused(413, "BODY_TOO_LARGE", f"A body has at most {MAX_BODY:,} bytes."))
        except HTTPException as error:
            return _refusal(Refused(error.status_code, "BAD_REQUEST", error.reason))
        except (OperationalError, InterfaceError):
            logger.exception("the database did not answer")
            return _refusal(Refused(503, "UNAVAILABLE", "The database does not answer. Try again in a moment."))

    def decode_json(self, data: bytes) -> object:  # type: ignore[override]
        if len(data) > MAX_BODY:
            raise RequestDataTooBig
        try:
            body = decode(data)
        except Malformed as malformed:
            raise Refused(400, malformed.code.upper(), malformed.reason) from malformed
        if isinstance(body, list):
            raise Refused(400, "BATCH_REFUSED", "Send one operation a request; it may have many fields.")
        if not isinstance(body, dict):
            raise Refused(400, "NOT_AN_OBJECT", "The body is one JSON object.")
        return body

    def process_result(self, request: HttpRequest, result: ExecutionResult) -> GraphQLHTTPResponse:
        errors = [presented(error) for error in result.errors or ()]
        said = process_result(ExecutionResult(result.data, errors, result.extensions))
        if errors and not any(error.path for error in errors):
            # Nothing was executed, so there is no data, not even null.
            del said["data"]
        return said

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: HttpResponse
    ) -> HttpResponse:
        media_type = self.request.get_preferred_type([JSON, GRAPHQL]) or JSON
        status = 400 if media_type == GRAPHQL and "data" not in response_data else 200
        body = self.encode_json(response_data)
        return HttpResponse(body, status=status, content_type=media_type, headers={"Vary": "Accept"})


def _check_headers(request: HttpRequest) -> None:
    if request.method != "POST":
        raise Refused(405, "METHOD_NOT_ALLOWED", "Send a POST.")
    if request.content_type != "application/json":
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "The content type is application/json.")


def _refusal(refused: Refused) -> JsonResponse:
    error = {"message": refused.message, "extensions": {"code": refused.code}}
    return JsonResponse({"errors": [error]}, status=refused.status, headers=HEADERS.get(refused.status, {}))
