"""Segment's HTTP Tracking API: `/v1/batch` and a path a call, answered once the messages are durable."""

from __future__ import annotations

import base64
import binascii
import logging
import zlib
from datetime import timedelta
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.events import ingest
from apps.events.decoding import Malformed, decode
from apps.events.ingest import Delivery, Outcome
from apps.events.messages import Terms
from apps.rollups.hints import hint
from apps.workspaces.models import Scope
from apps.workspaces.policy import Caller, Refused, authenticate, require

logger = logging.getLogger(__name__)

MAX_BODY = 500 * 1024
MAX_MESSAGES = 2500
LATENESS = timedelta(days=400)
KEY_FIELDS = ("writeKey", "api_key")
CALLS = {
    **{name: name for name in ("track", "identify", "group", "page", "screen", "alias")},
    # The short names are those of Segment's browser library.
    **{name[0]: name for name in ("track", "identify", "group", "page", "screen", "alias")},
}


@csrf_exempt
@require_POST
def batch(request: HttpRequest) -> JsonResponse:
    """POST /v1/batch: many messages of any kind."""
    return _answer(request, None)


@csrf_exempt
@require_POST
def single(request: HttpRequest, call: str) -> JsonResponse:
    """POST /v1/track and its like: one message, whose type is the path's."""
    return _answer(request, CALLS[call])


def _answer(request: HttpRequest, kind: str | None) -> JsonResponse:
    try:
        raw = _inflated(request)
        # Who names no key in the header names it in the body, which is decoded for that.
        key = _header_key(request)
        caller = _caller(key) if key is not None else None
        body = _body(raw)
        outcome = _take(caller or _caller(_body_key(body)), _messages(body, kind))
    except Refused as refused:
        return JsonResponse({"code": refused.code, "message": refused.message}, status=refused.status)
    except (OperationalError, InterfaceError):
        logger.exception("the database did not take a batch")
        unavailable = {"code": "UNAVAILABLE", "message": "Nothing was stored. Send it again in a moment."}
        return JsonResponse(unavailable, status=503, headers={"Retry-After": "5"})
    hint()
    return JsonResponse(_said(outcome))


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = decode(raw)
    except Malformed as malformed:
        raise Refused(400, malformed.code.upper(), malformed.reason) from malformed
    if not isinstance(body, dict):
        raise Refused(400, "NOT_AN_OBJECT", "The body is one JSON object.")
    return body


def _inflated(request: HttpRequest) -> bytes:
    """The body, unpacked, at most MAX_BODY bytes of it."""
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise Refused(415, "UNKNOWN_ENCODING", "The content encoding is gzip or none.")
    too_large = Refused(413, "BODY_TOO_LARGE", f"A body has at most {MAX_BODY:,} bytes, unpacked.")
    try:
        raw = request.read(MAX_BODY + 1)
        if encoding == "gzip":
            raw = _gunzipped(raw)
    except RequestDataTooBig as error:
        raise too_large from error
    except zlib.error as error:
        raise Refused(400, "BAD_GZIP", "The body is not what its gzip encoding says.") from error
    if len(raw) > MAX_BODY:
        raise too_large
    return raw


def _gunzipped(packed: bytes) -> bytes:
    """At most MAX_BODY + 1 bytes, however many the packed ones would become."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    raw = unpacker.decompress(packed, MAX_BODY + 1)
    if len(raw) <= MAX_BODY and not unpacker.eof:
        raise zlib.error("truncated")
    return raw


def _caller(key: str) -> Caller:
    caller = authenticate(key, now())
    require(caller, Scope.INGEST, Scope.ADMIN)
    return caller


def _header_key(request: HttpRequest) -> str | None:
    """The write key as basic-auth user or bearer token; None where the header names neither."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _body_key(body: dict[str, Any]) -> str:
    """The write key where Segment's and others' browser libraries put it."""
    named = next((body[field] for field in KEY_FIELDS if field in body), "")
    return named if isinstance(named, str) else ""


def _messages(body: dict[str, Any], kind: str | None) -> list[object]:
    if kind is not None:
        return [_without_key({**body, "type": kind})]
    messages = body.get("batch")
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "NO_BATCH", "`batch` is a list of at least one message.")
    if len(messages) > MAX_MESSAGES:
        raise Refused(413, "TOO_MANY_MESSAGES", f"A batch has at most {MAX_MESSAGES:,} messages.")
    return [_without_key(message) for message in messages]


def _without_key(message: object) -> object:
    """The message as it may be kept if it is rejected."""
    if isinstance(message, dict) and not message.keys().isdisjoint(KEY_FIELDS):
        return {name: value for name, value in message.items() if name not in KEY_FIELDS}
    return message


def _take(caller: Caller, messages: list[object]) -> Outcome:
    received = now()
    terms = Terms(now=received, oldest=received - LATENESS, undated=received)
    delivery = Delivery(caller.workspace.pk, caller.source, messages, terms)
    return ingest.store(delivery, within=lambda outcome: ingest.keep_rejected(delivery, outcome))


def _said(outcome: Outcome) -> dict[str, Any]:
    said: dict[str, Any] = {
        "accepted": outcome.accepted,
        "duplicate": outcome.duplicate,
        "rejected": [
            {"index": one.index, "messageId": one.message_id, "code": one.code, "message": one.reason}
            for one in outcome.rejected
        ],
    }
    if outcome.made:
        said["made"] = [{"index": index, "messageId": made} for index, made in outcome.made.items()]
    return said
