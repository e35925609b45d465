"""What only we can make: signed tokens and keyed hashes, from the secrets of the deployment."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec

from chalicelib.errors import Invalid
from chalicelib.settings import settings

SIGNATURE = 16  # bytes; forging one takes 2^128 tries


@cache
def _secret(name: str) -> bytes:
    """Return a secret of the deployment, read once a process."""
    from botocore.session import get_session

    client: Any = get_session().create_client(
        "secretsmanager", settings.aws_region, endpoint_url=settings.aws_endpoint_url or None
    )
    return str(client.get_secret_value(SecretId=name)["SecretString"]).encode()


@cache
def _key(purpose: str, secret: str = "") -> bytes:
    return hmac.digest(_secret(secret or settings.secret_name), purpose.encode(), sha256)


def keyed_hash(purpose: str, *parts: str) -> str:
    """Return a name for `parts` that nobody without the secret can make or check (32 characters)."""
    return _text(hmac.digest(_key(purpose), msgspec.json.encode(parts), sha256)[:24])


def sign(purpose: str, *parts: str) -> str:
    """Return a token for the web that carries `parts` (readable by anyone) and proves that we wrote them."""
    payload = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return _text(hmac.digest(_key(purpose), payload, sha256)[:SIGNATURE] + payload)


def verify(purpose: str, token: str) -> tuple[str, ...]:
    """Return the parts of a token made by `sign` for the same purpose. Raises Invalid for anything else."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii", "replace") + b"=" * (-len(token) % 4))
    except (Base64Error, ValueError) as error:
        raise Invalid("This link is damaged. Copy it whole, or ask for a new one.") from error
    signature, payload = raw[:SIGNATURE], raw[SIGNATURE:]
    if not hmac.compare_digest(signature, hmac.digest(_key(purpose), payload, sha256)[:SIGNATURE]):
        raise Invalid("This link is damaged. Copy it whole, or ask for a new one.")
    return tuple(json.loads(payload))


def seal(purpose: str, text: str, secret: str = "") -> str:
    """Return a token for the web that only we can read; with a `secret` of its own, only who may read that one."""
    from cryptography.fernet import Fernet

    return Fernet(urlsafe_b64encode(_key(purpose, secret))).encrypt(text.encode()).decode().rstrip("=")


def unseal(purpose: str, token: str, secret: str = "") -> str:
    """Return the text of a token made by `seal` for the same purpose and secret. Raises Invalid for anything else."""
    from cryptography.fernet import Fernet, InvalidToken

    try:
        padded = token.encode("ascii", "replace") + b"=" * (-len(token) % 4)
        return Fernet(urlsafe_b64encode(_key(purpose, secret))).decrypt(padded).decode()
    except InvalidToken as error:
        raise Invalid("This value was not made by us. Leave it out, or take it from the last answer.") from error


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
