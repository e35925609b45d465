"""The mail provider, SES v2: one call a message, never repeated by the client, and what its answer means."""

import re
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
)
from msgspec import Struct

from chalicelib.messages.rendering import Composed
from chalicelib.settings import settings


class Accepted(Struct, frozen=True):
    """The provider took the message."""

    provider_id: str


class Refused(Struct, frozen=True):
    """The provider said no, for good."""

    reason: str


class NotNow(Struct, frozen=True):
    """The message was certainly not taken; it may be tried again after some seconds."""

    seconds: int


class Lost(Struct, frozen=True):
    """Nobody knows whether the message was taken."""


Answer = Accepted | Refused | NotNow | Lost

TOO_MANY = frozenset(
    {
        "TooManyRequestsException",
        "ThrottlingException",
        "Throttling",
        "LimitExceededException",
        "SendingPausedException",
    }
)
SOON, MUCH_LATER = 5, 900
SLOW = re.compile(r"daily|paused", re.IGNORECASE)


def send(composed: Composed, tags: Mapping[str, str]) -> Answer:
    """Hand a message over, once."""
    try:
        answer = _client().send_email(**_request(composed, tags))
    except ClientError as error:
        return meaning(error.response)
    except (EndpointConnectionError, ConnectTimeoutError):
        return NotNow(SOON)  # no connection was made, so nothing was sent
    except ParamValidationError:
        return Refused("ParamValidationError")
    except BotoCoreError:
        return Lost()
    return Accepted(str(answer["MessageId"]))


def meaning(response: Mapping[str, Any]) -> Answer:
    """Return what an error means: back-pressure, a definite refusal, or nothing certain."""
    error = response.get("Error", {})
    code, status = str(error.get("Code", "")), int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    if code in TOO_MANY or status == 429:
        return NotNow(MUCH_LATER if SLOW.search(f"{code} {error.get('Message', '')}") else SOON)
    if 400 <= status < 500:
        return Refused(code)
    return Lost()


def _request(composed: Composed, tags: Mapping[str, str]) -> dict[str, Any]:
    if composed.recipient is None or composed.sender is None:
        raise ValueError("a message without an address was not blocked")
    reply = {"ReplyToAddresses": [composed.reply_to]} if composed.reply_to else {}
    headers = [{"Name": name, "Value": value} for name, value in composed.headers]
    return {
        "FromEmailAddress": composed.sender,
        "Destination": {"ToAddresses": [composed.recipient.sendable]},
        "Content": {
            "Simple": {
                "Subject": {"Data": composed.subject, "Charset": "UTF-8"},
                "Body": {
                    "Html": {"Data": composed.html, "Charset": "UTF-8"},
                    "Text": {"Data": composed.text, "Charset": "UTF-8"},
                },
                **({"Headers": headers} if headers else {}),
            }
        },
        "EmailTags": [{"Name": name, "Value": _tag(value)} for name, value in tags.items() if value],
        "ConfigurationSetName": settings.configuration_set,
        **reply,
    }


def _tag(value: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", value)[:256]


_quota: tuple[float, float] = (float("-inf"), 1.0)


def rate() -> float:
    """Return how many messages a second the account may send, asked at most every ten minutes."""
    global _quota  # noqa: PLW0603  what the account may is the same for the whole process
    asked, known = _quota
    if time.monotonic() - asked > 600:
        known = max(0.1, float(_client().get_account()["SendQuota"]["MaxSendRate"]))
        _quota = time.monotonic(), known
    return known


@cache
def _client() -> Any:
    """Return the client; its address comes from the environment, where one is set for SES alone."""
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1, "mode": "standard"})
    return get_session().create_client("sesv2", settings.aws_region, config=config)
