"""What the provider tells about a message it took: its events, read into what they mean; pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from chalicelib.clock import from_text


class Happened(StrEnum):
    """What can happen to a message after it was handed over."""

    SENT = "sent"
    DELIVERED = "delivered"
    HARD_BOUNCED = "hard-bounced"
    SOFT_BOUNCED = "soft-bounced"
    BLOCK_BOUNCED = "block-bounced"
    COMPLAINED = "complained"
    NOT_SPAM = "not-spam"
    FAILED = "failed"
    OPTED_OUT = "opted-out"
    NOTHING = "nothing"


class EmailEvent(Struct, frozen=True):
    """One event. `identity` is the same however often it is delivered; foreign mail has no `send_id`."""

    happened: Happened
    provider_id: str
    identity: str
    at: datetime
    send_id: str | None
    detail: str = ""
    address_hash: str | None = None
    """Of a message that is no send but names its address, such as one that asks for a confirmation."""


DETAILS = {
    "Send": "send",
    "Delivery": "delivery",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Reject": "reject",
    "Open": "open",
    "Click": "click",
    "Rendering Failure": "failure",
    "DeliveryDelay": "deliveryDelay",
    "Subscription": "subscription",
}


def unwrapped(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the event of a queue message: bare, in SNS's envelope, or in EventBridge's."""
    if body.get("Type") == "Notification" and isinstance(body.get("Message"), str):
        content = json.loads(body["Message"])
        return content if isinstance(content, dict) else {}
    detail = body.get("detail")
    return detail if isinstance(detail, dict) else body


def read(body: Mapping[str, Any]) -> EmailEvent | None:
    """Return the event of a queue message, None for what is no event of ours. Raises KeyError, ValueError if broken."""
    record = unwrapped(body)
    kind = record.get("eventType") or record.get("notificationType")
    mail = record.get("mail")
    if kind not in DETAILS or not isinstance(mail, dict):
        return None
    detail = record.get(DETAILS[kind]) or {}
    stamp = str(detail.get("timestamp") or mail["timestamp"])
    happened, words = _meaning(str(kind), detail)
    tags = mail.get("tags") or {}
    return EmailEvent(
        happened=happened,
        provider_id=str(mail["messageId"]),
        identity=f"{mail['messageId']}|{kind}|{stamp}",
        at=from_text(stamp),
        send_id=str(tags["send"][0]) if tags.get("send") else None,
        detail=words,
        address_hash=str(tags["address"][0]) if tags.get("address") else None,
    )


def _meaning(kind: str, detail: Mapping[str, Any]) -> tuple[Happened, str]:
    match kind:
        case "Bounce":
            return _bounce(detail)
        case "Complaint":
            feedback = str(detail.get("complaintFeedbackType") or "")
            return (Happened.NOT_SPAM if feedback == "not-spam" else Happened.COMPLAINED), feedback
        case "Subscription":
            return (Happened.OPTED_OUT if _opted_out(detail) else Happened.NOTHING), ""
        case "Reject":
            return Happened.FAILED, str(detail.get("reason") or "rejected")
        case "Rendering Failure":
            return Happened.FAILED, "rendering-failure"
        case _:
            return {"Send": Happened.SENT, "Delivery": Happened.DELIVERED}.get(kind, Happened.NOTHING), ""


def _bounce(detail: Mapping[str, Any]) -> tuple[Happened, str]:
    """Permanent is hard; everything else, undetermined included, is soft or a block, which counts as soft (EML-25)."""
    kind, sub_kind = str(detail.get("bounceType")), str(detail.get("bounceSubType"))
    words = f"{kind}/{sub_kind}"
    if kind == "Permanent":
        return Happened.HARD_BOUNCED, words
    return (Happened.BLOCK_BOUNCED if sub_kind in BLOCKS else Happened.SOFT_BOUNCED), words


BLOCKS = {"ContentRejected", "AttachmentRejected", "MessageTooLarge"}


def _opted_out(detail: Mapping[str, Any]) -> bool:
    """An opt-in that a provider reports changes nothing (decision 33), so only opt-outs that are new count."""
    new, old = detail.get("newTopicPreferences") or {}, detail.get("oldTopicPreferences") or {}
    return bool(new.get("unsubscribeAll")) or bool(_out_of(new) - _out_of(old))


def _out_of(preferences: Mapping[str, Any]) -> set[str]:
    topics = preferences.get("topicSubscriptionStatus") or []
    return {str(topic.get("topicName")) for topic in topics if topic.get("subscriptionStatus") == "OptOut"}
