"""Embed tokens: what a host's back end lets one viewer see, for a quarter of an hour at most."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options

from apps.workspaces.models import ApiKey, EmbedKey, Workspace
from apps.workspaces.policy import Refused, refuse_suspended

AUDIENCE = "kpiservice"
ALGORITHM = "HS256"
REQUIRED = ("exp", "iat", "aud", "sub", "kpis")
# A claim that is not understood may be a limit: to overlook it would show more than the host allowed.
CLAIMS = frozenset(REQUIRED) | {"nbf", "jti", "iss", "origins"}
LONGEST_LIFE = timedelta(minutes=15)
# By how much a host's clock may be ahead of ours.
CLOCK_SKEW = timedelta(seconds=10)
MAX_LENGTH = 4096
KID = re.compile(r"[0-9a-f]{16}")
SLUG = re.compile(r"\w+")
# Also what keeps a token from writing other directives into a header.
ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")

REFUSALS: Mapping[type[Exception], tuple[str, str]] = {
    jwt.InvalidAlgorithmError: ("TOKEN_ALGORITHM", f"An embed token is signed with {ALGORITHM}; this one is not."),
    jwt.InvalidSignatureError: ("TOKEN_SIGNATURE", "The signature is not that of the key named by “kid”."),
    jwt.InvalidAudienceError: ("TOKEN_AUDIENCE", f"The claim “aud” must be “{AUDIENCE}”."),
    jwt.MissingRequiredClaimError: ("TOKEN_CLAIM", f"An embed token has the claims {', '.join(REQUIRED)}."),
    jwt.exceptions.InvalidSubjectError: ("TOKEN_CLAIM", "The claim “sub”, your id of the viewer, must be a text."),
}
MALFORMED = ("TOKEN_MALFORMED", "This is no JSON Web Token with a “kid” in its header.")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a token says: who looks (an id of the host's), at which KPIs, on pages of which origins (None: any)."""

    subject: str
    kpis: tuple[str, ...]
    origins: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A token that holds: the workspace of its key, and what it allows there."""

    workspace: Workspace
    allowed: Allowed

    def require(self, slug: str) -> None:
        """Raise Refused (403) unless the token grants this KPI."""
        if slug not in self.allowed.kpis:
            raise Refused(
                403, "KPI_NOT_GRANTED", f"This token does not grant the KPI “{slug}”: name it in “kpis”."
            )


def sign(key: EmbedKey, allowed: Allowed, now: datetime, minutes: int = 15) -> str:
    """An embed token. ValueError for a life of less than 1 minute or more than 15."""
    life = timedelta(minutes=minutes)
    if not timedelta(0) < life <= LONGEST_LIFE:
        raise ValueError(f"an embed token lives 1 to 15 minutes, not {minutes}")
    claims = {"aud": AUDIENCE, "sub": allowed.subject, "iat": now, "exp": now + life, "kpis": allowed.kpis}
    limits = {} if allowed.origins is None else {"origins": allowed.origins}
    return jwt.encode(claims | limits, key.secret, algorithm=ALGORITHM, headers={"kid": key.kid})


def verify(token: str, now: datetime) -> Grant:
    """What a token grants (RELIABILITY section 5, "Embed").

    Raises Refused: 401 unless it is signed by a key in force, for us, for now and for 15 minutes at most;
    403 for a suspended workspace.
    """
    key = _key(token)
    claims = _claims(token, key)
    _check_times(claims, now)
    refuse_suspended(key.workspace)
    origins = _texts(claims, "origins", ORIGIN) if "origins" in claims else None
    return Grant(key.workspace, Allowed(claims["sub"], _texts(claims, "kpis", SLUG), origins))


def _key(token: str) -> EmbedKey:
    """The key that the token names, unless it is revoked."""
    if not token:
        raise Refused(401, "TOKEN_MISSING", "Send an embed token: the form field “token”, or a bearer token.")
    kid = _kid(token)
    if not KID.fullmatch(kid):
        raise Refused(401, *MALFORMED)
    key = EmbedKey.unscoped.select_related("workspace").filter(kid=kid, revoked_at__isnull=True).first()
    if key is None:
        raise Refused(401, "EMBED_KEY_INVALID", "The embed key named by “kid” is unknown or revoked.")
    return key


def _kid(token: str) -> str:
    if len(token) > MAX_LENGTH:
        raise Refused(401, "TOKEN_MALFORMED", f"An embed token has at most {MAX_LENGTH:,} characters.")
    try:
        return str(jwt.get_unverified_header(token).get("kid", ""))
    except jwt.InvalidTokenError as error:
        if ApiKey.unscoped.filter(digest=ApiKey.digest_of(token)).exists():
            text = "An API key must never reach a browser. Revoke it, and sign an embed token instead."
            raise Refused(401, "TOKEN_IS_API_KEY", text) from error
        raise Refused(401, *MALFORMED) from error


def _claims(token: str, key: EmbedKey) -> dict[str, Any]:
    # Times are compared with our caller's clock, below.
    options = Options(require=list(REQUIRED), verify_exp=False, verify_nbf=False, verify_iat=False)
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key.secret, algorithms=[ALGORITHM], audience=AUDIENCE, options=options
        )
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise Refused(401, *REFUSALS.get(type(error), MALFORMED)) from error
    unknown = sorted(claims.keys() - CLAIMS)
    if unknown:
        known = ", ".join(sorted(CLAIMS))
        raise Refused(401, "TOKEN_CLAIM", f"The claim “{unknown[0]}” is none of {known}, hence refused.")
    return claims


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    for name in ("exp", "iat", "nbf"):
        if type(claims.get(name, 0)) is not int:
            raise Refused(401, "TOKEN_CLAIM", f"The claim “{name}” is a whole number: seconds since 1970.")
    at, skew = now.timestamp(), CLOCK_SKEW.total_seconds()
    if claims["exp"] - claims["iat"] > LONGEST_LIFE.total_seconds():
        raise Refused(401, "TOKEN_TOO_LONG", "An embed token lives 15 minutes at most, from “iat” to “exp”.")
    if max(claims["iat"], claims.get("nbf", 0)) > at + skew:
        raise Refused(401, "TOKEN_NOT_YET_VALID", "The token's time has not come: “iat” or “nbf” is ahead.")
    if claims["exp"] <= at:
        raise Refused(401, "TOKEN_EXPIRED", "The token has expired.")


def _texts(claims: Mapping[str, Any], name: str, form: re.Pattern[str]) -> tuple[str, ...]:
    texts = claims[name]
    if not isinstance(texts, list) or not all(isinstance(text, str) and form.fullmatch(text) for text in texts):
        raise Refused(401, "TOKEN_CLAIM", f"The claim “{name}” is a list of texts of the form {form.pattern}.")
    return tuple(texts)
