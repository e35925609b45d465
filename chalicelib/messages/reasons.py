"""Why a message is not sent: one enumeration for the skip matrix (reference 17.7), and what each reason is called."""

from enum import StrEnum

from chalicelib.interactions.types import InteractionType


class Reason(StrEnum):
    """Why a message was blocked: the contact continues all the same (JRN-70)."""

    BULK_EMAIL = "bulk-email-not-allowed"
    EMAIL = "email-not-allowed"
    CONSENT = "consent-not-given"
    GUARDIAN = "guardian-consent-missing"
    RESTRICTED = "processing-restricted"
    PURPOSE = "purpose-consent-missing"
    TOPIC = "topic-consent-missing"
    DUPLICATE = "duplicate-address"
    RECIPIENT = "recipient-invalid"
    SENDER = "sender-invalid"
    REPLY_TO = "reply-to-invalid"
    LINKS = "block-listed-link"
    MISSING_FIELD = "missing-field"
    CONTACT_DELETED = "contact-deleted"
    CONTACT_INACTIVE = "contact-inactive"
    OUT_OF_CREDITS = "out-of-credits"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    MESSAGE_MISSING = "message-missing"


T = InteractionType

INTERACTION_OF: dict[str, InteractionType] = {
    Reason.BULK_EMAIL: T.EMAIL_BLOCKED_BY_UNSUBSCRIPTION,
    Reason.EMAIL: T.EMAIL_BLOCKED_BY_USER,
    Reason.CONSENT: T.EMAIL_BLOCKED_CONSENT_NOT_GIVEN,
    Reason.GUARDIAN: T.EMAIL_BLOCKED_CONSENT_NOT_GIVEN,
    Reason.RESTRICTED: T.EMAIL_BLOCKED_BY_USER,
    Reason.PURPOSE: T.EMAIL_BLOCKED_CONSENT_NOT_GIVEN,
    Reason.TOPIC: T.EMAIL_BLOCKED_CONSENT_NOT_GIVEN,
    Reason.DUPLICATE: T.EMAIL_BLOCKED_DUPLICATE_ADDRESS,
    Reason.RECIPIENT: T.EMAIL_BLOCKED_INVALID_RECIPIENT_ADDRESS,
    Reason.SENDER: T.EMAIL_BLOCKED_INVALID_SENDER_ADDRESS,
    Reason.REPLY_TO: T.EMAIL_BLOCKED_INVALID_REPLY_TO_ADDRESS,
    Reason.LINKS: T.EMAIL_CONTAINS_BLOCK_LISTED_LINKS,
    Reason.MISSING_FIELD: T.EMAIL_BLOCKED_MISSING_RELATED_DATA,
    Reason.CONTACT_DELETED: T.EMAIL_BLOCKED_MISSING_CONTACT_DATA,
    Reason.CONTACT_INACTIVE: T.EMAIL_BLOCKED_INACTIVE_CONTACT,
    Reason.OUT_OF_CREDITS: T.OUT_OF_EMAIL_CREDITS,
    Reason.EXPIRED: T.EMAIL_BLOCKED_BY_ACTIVITY_EXPIRATION,
    Reason.SUPPRESSED: T.EMAIL_BOUNCE_CACHE_BLOCKED,
    Reason.MESSAGE_MISSING: T.EMAIL_BLOCKED_OTHER_REASON,
}

EXPLAINED: dict[str, str] = {
    Reason.BULK_EMAIL: "The contact does not allow bulk email, and this message is commercial.",
    Reason.EMAIL: "The contact does not allow email of any kind.",
    Reason.CONSENT: "The contact's consent level is below what this message needs.",
    Reason.GUARDIAN: "The contact is a child, and no consent of a guardian is recorded.",
    Reason.RESTRICTED: "The person demanded that nothing is done with its data; a privacy request says so.",
    Reason.PURPOSE: "The address refused the purpose of this message, or never agreed to it where that is needed.",
    Reason.TOPIC: "The address refused the topic of this message, or never agreed to it where that is needed.",
    Reason.DUPLICATE: "Another contact with the same address got this message already.",
    Reason.RECIPIENT: "The contact has no address that mail can be sent to.",
    Reason.SENDER: "The sender's address came out invalid for this contact.",
    Reason.REPLY_TO: "The reply address came out invalid for this contact.",
    Reason.LINKS: "The message links to a place on the list of forbidden ones.",
    Reason.MISSING_FIELD: "A part that every message needs, such as its subject, came out empty for this contact.",
    Reason.CONTACT_DELETED: "The contact has been deleted.",
    Reason.CONTACT_INACTIVE: "The contact is inactive.",
    Reason.OUT_OF_CREDITS: "The account may not send any more mail at present.",
    Reason.EXPIRED: "The message had expired when its turn came.",
    Reason.SUPPRESSED: "The address is suppressed: mail to it bounced, was complained about, or was unsubscribed.",
    Reason.MESSAGE_MISSING: "The message has never been published.",
}


def explained(state: str, reason: str | None) -> str:
    """Return a sentence on where a message stands and why, for a marketer."""
    if state == "blocked":
        return EXPLAINED.get(reason or "", "The message was not sent.")
    return STATES[state].format(reason=reason or "no reason was given")


STATES = {
    "queued": "The message waits for its turn.",
    "claimed": "The message is being sent.",
    "sent": "The message was handed over to the mail provider.",
    "failed": "The mail provider refused the message: {reason}.",
    "unknown": "The mail provider's answer was lost. The message may have gone out; it is not sent again unasked.",
}
