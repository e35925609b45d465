"""What makes a contact leave a journey: the stopping rows of the skip matrix (17.7), first match wins; pure."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from msgspec import Struct


class StopReason(StrEnum):
    """Why a contact is not processed, or not any more. A block (messages/blocking.py) is not a stop (JRN-70)."""

    NO_CONTACT = "no_contact"
    CONTACT_DELETED = "contact_deleted"
    NOT_RUNNING = "not_running"
    EXCLUDED = "excluded"
    SUPPRESSION_SEGMENT = "suppression_segment"
    CONSENT_BELOW_MINIMUM = "consent_below_minimum"
    EXTERNAL_CONSENT = "external_consent"
    RESTRICTED = "processing_restricted"
    WRONG_BUSINESS_UNIT = "wrong_business_unit"
    LEFT_AUDIENCE = "left_audience"
    NEXT_ITERATION = "next_iteration"
    JOURNEY_ENDED = "journey_ended"
    JOURNEY_STOPPED = "journey_stopped"
    MERGED = "merged"
    BY_USER = "by_user"


SENTENCES: Mapping[StopReason, str] = {
    StopReason.NO_CONTACT: "There is no such contact; journeys walk contacts only.",
    StopReason.CONTACT_DELETED: "The contact was deleted.",
    StopReason.NOT_RUNNING: "The journey had not started yet, or had ended.",
    StopReason.EXCLUDED: "A segment that the audience excludes holds the contact.",
    StopReason.SUPPRESSION_SEGMENT: "The contact is in the journey's suppression segment.",
    StopReason.CONSENT_BELOW_MINIMUM: "The contact's consent is below the journey's minimum.",
    StopReason.EXTERNAL_CONSENT: "The external consent system puts the contact below what the journey asks for.",
    StopReason.RESTRICTED: "The person demanded that nothing is done with its data.",
    StopReason.WRONG_BUSINESS_UNIT: "The contact belongs to another business unit.",
    StopReason.LEFT_AUDIENCE: "The contact left the audience, and the journey stops those who do.",
    StopReason.NEXT_ITERATION: "The next iteration began while the contact was still held in this one.",
    StopReason.JOURNEY_ENDED: "The journey has come to its end.",
    StopReason.JOURNEY_STOPPED: "A user stopped the journey and everyone in it.",
    StopReason.MERGED: "The contact was merged with another that walks this journey.",
    StopReason.BY_USER: "A user stopped it.",
}


class Situation(Struct, frozen=True):
    """What is known at the moment of entry or of an effect."""

    exists: bool = True
    ended: bool = False
    next_iteration: bool = False
    suppressed: bool = False
    restricted: bool = False
    consent: int = 0
    minimum_consent: int | None = None
    external: int | None = None
    minimum_external: int | None = None
    in_audience: bool = True
    stops_leavers: bool = False
    merged: bool = False


def _below(now: Situation) -> bool:
    return now.minimum_consent is not None and now.consent < now.minimum_consent


def _externally_below(now: Situation) -> bool:
    return now.minimum_external is not None and (now.external or 0) < now.minimum_external


INSIDE: tuple[tuple[str, StopReason, Callable[[Situation], bool]], ...] = (
    ("17", StopReason.CONTACT_DELETED, lambda now: not now.exists),
    ("3", StopReason.JOURNEY_ENDED, lambda now: now.ended),
    ("23", StopReason.NEXT_ITERATION, lambda now: now.next_iteration),
    ("5", StopReason.SUPPRESSION_SEGMENT, lambda now: now.suppressed),
    ("PRV-15", StopReason.RESTRICTED, lambda now: now.restricted),
    ("6", StopReason.CONSENT_BELOW_MINIMUM, _below),
    ("7", StopReason.EXTERNAL_CONSENT, _externally_below),
    ("9", StopReason.LEFT_AUDIENCE, lambda now: now.stops_leavers and not now.in_audience),
    ("merging", StopReason.MERGED, lambda now: now.merged),
)
"""Rows of the matrix that stop a contact inside. Row 8 needs what no part built so far can report."""


def stopped(now: Situation) -> StopReason | None:
    """Return why a contact inside must leave, None if it may go on."""
    return next((reason for _, reason, holds in INSIDE if holds(now)), None)


REFUSED: tuple[tuple[StopReason, Callable[[Situation], bool]], ...] = (
    (StopReason.NO_CONTACT, lambda now: not now.exists),
    (StopReason.SUPPRESSION_SEGMENT, lambda now: now.suppressed),
    (StopReason.RESTRICTED, lambda now: now.restricted),
    (StopReason.CONSENT_BELOW_MINIMUM, _below),
    (StopReason.EXTERNAL_CONSENT, _externally_below),
    (StopReason.MERGED, lambda now: now.merged),
)
"""What keeps a contact of the audience from entering, first match wins."""


def refused(now: Situation) -> StopReason | None:
    """Return why a contact of the audience is not processed (decision 22); it is recorded and looked at again."""
    return next((reason for reason, holds in REFUSED if holds(now)), None)
