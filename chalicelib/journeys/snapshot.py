"""What is known of a contact at the moment of entry or of an effect: one consistent read, then facts as asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from chalicelib.conditions import sources
from chalicelib.conditions.evaluation import Answer, evaluate
from chalicelib.conditions.facts import Interaction
from chalicelib.consent import service as consent
from chalicelib.consent.models import preferences_key
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import read
from chalicelib.interactions import reading as interactions
from chalicelib.journeys import versions
from chalicelib.journeys.document import JourneyDocument
from chalicelib.journeys.models import Enrolment
from chalicelib.journeys.plans import key_of
from chalicelib.segments.models import membership_key


class Snapshot(Struct, frozen=True):
    """A contact as it is now; `members` are those of the segments asked about that hold it."""

    contact: Any
    consent: int
    members: frozenset[str]
    enrolment: Enrolment | None = None

    def audience_holds(self, document: JourneyDocument) -> bool:
        """Return whether the segments of the audience hold the contact (JRN-30); exclusions are not asked here."""
        segments = document.audience.segments
        if segments is None or not segments.included:
            return False
        combined = all if segments.merge == "intersection" else any
        return combined(each in self.members for each in segments.included)

    def excluded(self, document: JourneyDocument) -> bool:
        segments = document.audience.segments
        return segments is not None and any(each in self.members for each in segments.excluded)

    def suppressed(self, document: JourneyDocument) -> bool:
        return document.suppression_segment in self.members


def take(
    contact_id: str, document: JourneyDocument, segment_ids: Iterable[str], enrolment_id: str | None = None
) -> Snapshot:
    """Read a contact, its preferences, its memberships and its enrolment in one request."""
    suppression = [document.suppression_segment] if document.suppression_segment else []
    memberships = [membership_key(contact_id, each) for each in dict.fromkeys([*segment_ids, *suppression])]
    asked = [contacts.key(contact_id), preferences_key(contact_id), *memberships]
    found = read([*asked, *([key_of(enrolment_id)] if enrolment_id else [])])
    contact, preferences = found[0], consent.of_row(contact_id, found[1])
    held = [each for each in found[2 : len(asked)] if each is not None and each.holds]
    enrolment = found[-1] if enrolment_id else None
    return Snapshot(contact, preferences.consent_level, frozenset(each.segment_id for each in held), enrolment)


class Facts(Struct):
    """What a walk may ask about a contact, read once each, when it is asked."""

    contact_id: str
    journey_id: str
    version: int
    now: datetime
    deeds_known: bool
    read: dict[tuple[str, datetime | None], Sequence[Interaction]] = field(default_factory=dict)

    def interactions(self, type_: str, since: datetime | None) -> Sequence[Interaction]:
        if (type_, since) not in self.read:
            self.read[type_, since] = interactions.told(self.contact_id, type_, since)
        return self.read[type_, since]

    def answer(self, tile: str, at: int) -> Answer:
        compiled = versions.condition(self.journey_id, self.version, tile, at)
        windows = dict(compiled.interactions)
        facts = sources.gather(self.contact_id, compiled.entities | {"contact"}, windows, self.now)
        return evaluate(compiled, facts, self.now)
