import base64
import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.utils.timezone import now

from apps.workspaces.models import EmbedKey, Workspace
from apps.workspaces.policy import Refused
from apps.workspaces.tokens import Allowed, Grant, sign, verify
from tests.world import NOW, opened

pytestmark = pytest.mark.django_db

SECOND = int(NOW.timestamp())
ALICE = Allowed("alice", ("dau", "wau"), ("https://app.example.com",))
CLAIMS: dict[str, Any] = {
    "aud": "kpiservice",
    "sub": "alice",
    "iat": SECOND,
    "exp": SECOND + 900,
    "kpis": ["dau"],
}
MANUAL = Path(settings.BASE_DIR) / "docs" / "embed.md"


@pytest.fixture
def key() -> EmbedKey:
    return EmbedKey.objects.create(workspace=opened().workspace, name="Website")


def signed(key: EmbedKey, **changes: Any) -> str:
    """A token with good claims but for some changes; None leaves a claim out."""
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode(claims, key.secret, "HS256", {"kid": key.kid})


def by_hand(key: EmbedKey, **header: Any) -> str:
    """Good claims under any header, with a signature that is none."""
    parts = [json.dumps({"typ": "JWT", "kid": key.kid, **header}), json.dumps(CLAIMS), "none"]
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)


def with_header(key: EmbedKey, **header: Any) -> str:
    return jwt.encode(CLAIMS, key.secret, "HS256", {"kid": key.kid, **header})


def revoked(key: EmbedKey) -> str:
    EmbedKey.objects.filter(workspace=key.workspace).update(revoked_at=NOW)
    return signed(key)


def suspended(key: EmbedKey) -> str:
    Workspace.objects.update(is_suspended=True)
    return signed(key)


def of_another_workspace(key: EmbedKey) -> str:
    beta = EmbedKey.objects.create(workspace=opened("beta").workspace, name="Beta's")
    return jwt.encode(CLAIMS, beta.secret, "HS256", {"kid": key.kid})


BAD: dict[str, tuple[Callable[[EmbedKey], str], str]] = {
    "none": (lambda key: "", "TOKEN_MISSING"),
    "no token at all": (lambda key: "hello", "TOKEN_MALFORMED"),
    "an API key": (lambda key: opened("beta").read_key, "TOKEN_IS_API_KEY"),
    "4,097 characters": (lambda key: signed(key, sub="a" * 4097), "TOKEN_MALFORMED"),
    "a header nested deeply": (lambda key: f"{base64.b64encode(b'[' * 2000).decode()}.e30.", "TOKEN_MALFORMED"),
    "no kid": (lambda key: jwt.encode(CLAIMS, key.secret, "HS256"), "TOKEN_MALFORMED"),
    "a kid with a NUL": (lambda key: with_header(key, kid="\0" * 16), "TOKEN_MALFORMED"),
    "a kid that is a number": (lambda key: by_hand(key, alg="HS256", kid=7), "TOKEN_MALFORMED"),
    "an unknown kid": (lambda key: with_header(key, kid="0" * 16), "EMBED_KEY_INVALID"),
    "a revoked key": (revoked, "EMBED_KEY_INVALID"),
    "alg none": (lambda key: by_hand(key, alg="none"), "TOKEN_ALGORITHM"),
    "RS256": (lambda key: by_hand(key, alg="RS256"), "TOKEN_ALGORITHM"),
    "HS512": (lambda key: jwt.encode(CLAIMS, key.secret, "HS512", {"kid": key.kid}), "TOKEN_ALGORITHM"),
    "no signature": (lambda key: by_hand(key, alg="HS256"), "TOKEN_SIGNATURE"),
    "a wrong key": (lambda key: jwt.encode(CLAIMS, "x" * 64, "HS256", {"kid": key.kid}), "TOKEN_SIGNATURE"),
    "another workspace's key": (of_another_workspace, "TOKEN_SIGNATURE"),
    "a wrong audience": (lambda key: signed(key, aud="somebody"), "TOKEN_AUDIENCE"),
    "no audience": (lambda key: signed(key, aud=None), "TOKEN_CLAIM"),
    "no subject": (lambda key: signed(key, sub=None), "TOKEN_CLAIM"),
    "a subject that is a number": (lambda key: signed(key, sub=7), "TOKEN_CLAIM"),
    "no exp": (lambda key: signed(key, exp=None), "TOKEN_CLAIM"),
    "no iat": (lambda key: signed(key, iat=None), "TOKEN_CLAIM"),
    "an exp that is a text": (lambda key: signed(key, exp="tomorrow"), "TOKEN_CLAIM"),
    "a fractional iat": (lambda key: signed(key, iat=SECOND + 0.5), "TOKEN_CLAIM"),
    "expired": (lambda key: signed(key, iat=SECOND - 900, exp=SECOND), "TOKEN_EXPIRED"),
    "a life of 901 seconds": (lambda key: signed(key, exp=SECOND + 901), "TOKEN_TOO_LONG"),
    "an exp in the far future": (lambda key: signed(key, exp=10**40), "TOKEN_TOO_LONG"),
    "nbf ahead": (lambda key: signed(key, nbf=SECOND + 11), "TOKEN_NOT_YET_VALID"),
    "iat ahead": (lambda key: signed(key, iat=SECOND + 11), "TOKEN_NOT_YET_VALID"),
    "no kpis": (lambda key: signed(key, kpis=None), "TOKEN_CLAIM"),
    "kpis that are a text": (lambda key: signed(key, kpis="dau"), "TOKEN_CLAIM"),
    "a limit of a later version": (lambda key: signed(key, segment="pro"), "TOKEN_CLAIM"),
    "origins that are no texts": (lambda key: signed(key, origins=[None]), "TOKEN_CLAIM"),
    "an origin that writes a header": (
        lambda key: signed(key, origins=["https://a; script-src *"]),
        "TOKEN_CLAIM",
    ),
    "an origin with a path": (lambda key: signed(key, origins=["https://a.example/b"]), "TOKEN_CLAIM"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_token_that_does_not_hold_is_refused(key: EmbedKey, name: str) -> None:
    token, code = BAD[name]
    with pytest.raises(Refused) as refused:
        verify(token(key), NOW)
    assert (refused.value.status, refused.value.code) == (401, code)


def test_a_suspended_workspace_shows_nothing(key: EmbedKey) -> None:
    with pytest.raises(Refused) as refused:
        verify(suspended(key), NOW)
    assert (refused.value.status, refused.value.code) == (403, "WORKSPACE_SUSPENDED")


def test_what_was_signed_is_granted(key: EmbedKey) -> None:
    assert verify(sign(key, ALICE, NOW), NOW) == Grant(key.workspace, ALICE)


def test_without_origins_any_page_may_show_it(key: EmbedKey) -> None:
    assert verify(signed(key), NOW).allowed.origins is None
    assert verify(signed(key, origins=[]), NOW).allowed.origins == ()


def test_a_kpi_that_is_not_granted_is_refused(key: EmbedKey) -> None:
    grant = verify(sign(key, ALICE, NOW), NOW)
    grant.require("dau")
    with pytest.raises(Refused) as refused:
        grant.require("mau")
    assert (refused.value.status, refused.value.code) == (403, "KPI_NOT_GRANTED")


def test_a_token_lives_as_long_as_it_says(key: EmbedKey) -> None:
    token = sign(key, ALICE, NOW, minutes=5)
    assert verify(token, NOW + timedelta(minutes=5, microseconds=-1)).allowed == ALICE
    with pytest.raises(Refused, match="expired"):
        verify(token, NOW + timedelta(minutes=5))


def test_a_clock_ten_seconds_ahead_is_forgiven(key: EmbedKey) -> None:
    token = signed(key, iat=SECOND + 10, nbf=SECOND + 10, exp=SECOND + 910)
    assert verify(token, NOW).allowed.kpis == ("dau",)


@pytest.mark.parametrize("minutes", [-1, 0, 16])
def test_no_token_is_signed_for_longer_than_a_quarter_of_an_hour(key: EmbedKey, minutes: int) -> None:
    with pytest.raises(ValueError, match="1 to 15 minutes"):
        sign(key, ALICE, NOW, minutes)


def test_whoever_changes_a_good_token_gains_nothing(key: EmbedKey) -> None:
    """A few other characters anywhere: a refusal, or the very same grant, and no other error."""
    seed = 20260520
    chance, good = random.Random(seed), sign(key, ALICE, NOW)
    for round_ in range(300):
        changed = list(good)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.choice("aZ09-_.=é\0 ")
        assert outcome("".join(changed)) in (401, ALICE), f"seed {seed}, round {round_}"


def outcome(token: str) -> int | Allowed:
    try:
        return verify(token, NOW).allowed
    except Refused as refused:
        return refused.status


def test_the_manual_signs_a_token_that_holds(key: EmbedKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_EMBED_SECRET", key.secret)
    monkeypatch.setenv("KPI_EMBED_KID", key.kid)
    example: dict[str, Any] = {}
    exec(MANUAL.read_text().partition("```python\n")[2].partition("```")[0], example)
    grant = verify(example["embed_token"]("alice"), now())
    assert grant.allowed == Allowed("alice", ("product_sharing_rate",), ("https://app.example.com",))


def test_the_manual_names_every_refusal() -> None:
    told = MANUAL.read_text()
    codes = {code for _, code in BAD.values()}
    assert {code for code in codes if f"| 401 | `{code}` |" not in told} == set()
