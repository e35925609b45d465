"""Use cases: make, list, revoke and check API keys; read the claims of a user's token."""

import hmac
import secrets
from collections.abc import Collection
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

from msgspec import Struct

from chalicelib.access.models import AccessItem, ApiKey
from chalicelib.access.scopes import ALL_SCOPES, EVERYTHING, SCOPES_OF_GROUP, require
from chalicelib.dynamodb import commit, put, put_new
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Unauthenticated
from chalicelib.settings import settings

PREFIX = "itk_"
LONGEST_ID = 64  # letters; whoever sends more means none of our keys, and no database is asked


class Caller(Struct, frozen=True):
    """Who asks, and what they may do. `id` is key:<id>, user:<subject> or public."""

    id: str
    scopes: frozenset[str]


PUBLIC = Caller("public", frozenset())


def create_key(
    key_id: str, name: str, scopes: Collection[str], makers: Collection[str], now: datetime
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which is shown this once and not stored.

    Raises Invalid for a scope that does not exist, Forbidden for one that its maker (`makers`) does not have, Conflict
    where the id is taken.
    """
    unknown = sorted(set(scopes) - ALL_SCOPES - {EVERYTHING})
    if unknown or not scopes:
        known = ", ".join(sorted(ALL_SCOPES))
        raise Invalid("A key needs scopes that exist.", [Problem("scopes", f"Choose among: {known}.")])
    for scope in scopes:
        require(makers, scope)
    secret = secrets.token_urlsafe(32)
    pk, sk = ApiKey.at(key_id)
    key = ApiKey(pk, sk, key_id=key_id, name=name, secret_hash=_hashed(secret), scopes=set(scopes), created_at=now)
    again = Conflict("This key was made already; its text was shown that once. Revoke it and make another.")
    commit([put_new(key, refused=again)])
    return key, f"{PREFIX}{key_id}_{secret}"


def list_keys() -> list[ApiKey]:
    """Return all keys, revoked ones too; there are dozens at most."""
    return [item for item in AccessItem.query("API_KEYS", AccessItem.sk.startswith("KEY#")) if isinstance(item, ApiKey)]


def revoke_key(key_id: str, now: datetime) -> None:
    """End a key. It stops working within a minute, when gateways have forgotten it. Raises NotFound."""
    key = ApiKey.find(*ApiKey.at(key_id))
    if key is None:
        raise NotFound("There is no such key.")
    key.revoked_at = key.revoked_at or now
    commit([put(key)])


def identify(authorization: str) -> Caller:
    """Return who sends an Authorization header. Raises Unauthenticated for whatever we do not know."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send “Authorization: Bearer …” with an API key or an access token.")
    return _by_key(token) if token.startswith(PREFIX) else _by_claims(token)


def _by_key(token: str) -> Caller:
    key_id, _, secret = token.removeprefix(PREFIX).partition("_")
    key = ApiKey.find(*ApiKey.at(key_id), consistent=False) if len(key_id) <= LONGEST_ID else None
    right = hmac.compare_digest(key.secret_hash if key else "", _hashed(secret))
    if key is None or not right or key.revoked_at:
        raise Unauthenticated("This key is not known, or was revoked.")
    return Caller(f"key:{key.key_id}", frozenset(key.scopes))


def _by_claims(token: str) -> Caller:
    import jwt

    try:
        signer = _signers().get_signing_key_from_jwt(token).key
        claims = jwt.decode(
            token,
            signer,
            algorithms=["RS256"],
            issuer=settings.issuer,
            options={"require": ["exp", "iss", "sub"], "verify_aud": False},
        )
    except jwt.PyJWTError as error:
        raise Unauthenticated("This token is not ours, or has expired.") from error
    if claims.get("token_use") != "access" or claims.get("client_id") != settings.client_id:
        raise Unauthenticated("Send the access token, not another one.")
    groups = claims.get("cognito:groups", [])
    scopes = frozenset[str]().union(*(SCOPES_OF_GROUP.get(group, frozenset()) for group in groups))
    return Caller(f"user:{claims['sub']}", scopes)


@cache
def _signers() -> Any:
    import jwt

    return jwt.PyJWKClient(settings.jwks_url, timeout=3)


def _hashed(secret: str) -> str:
    # The secret has 256 random bits: a plain hash cannot be turned round, and nothing slower would protect it better.
    return sha256(secret.encode()).hexdigest()
