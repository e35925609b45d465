"""LinkedIn's two proofs, both by the client secret: that an address is ours, a delivery theirs."""

import hmac
import re
from hashlib import sha256

from chalicelib.errors import Invalid, Problem

SIGNED = b"hmacsha256="
"""What LinkedIn puts before the body when it signs; the header carries the digest alone."""

CHALLENGE = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")


def answer(client_secret: str, challenge: str) -> str:
    """Return the answer to a challenge. Raises Invalid for anything but a UUID of version 4.

    Deliveries are signed with the same key: whoever got any text signed here could forge one.
    """
    if not client_secret or not CHALLENGE.fullmatch(challenge):
        sentence = "A challenge is a UUID of version 4, as LinkedIn sends it."
        raise Invalid("This is no challenge of LinkedIn.", [Problem("challengeCode", sentence)])
    return _digest(client_secret, challenge.encode())


def proves(client_secret: str, body: bytes, header: str | None) -> bool:
    """Return whether `header` signs just these bytes; a prefix in it is tolerated, a missing one proves nothing."""
    if not client_secret or not header:
        return False
    given = header.removeprefix(SIGNED.decode()).encode("utf-8", "replace")
    return hmac.compare_digest(_digest(client_secret, SIGNED + body).encode(), given)


def _digest(client_secret: str, message: bytes) -> str:
    return hmac.digest(client_secret.encode(), message, sha256).hex()
