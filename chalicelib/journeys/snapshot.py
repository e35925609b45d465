"""What is known of a contact at the moment of entry or of an effect: one consistent read, then facts as asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from chalicelib.conditions import sources
from chalicelib.conditions.evaluation import Answer, evaluate
from chalicelib.conditions.facts import Interaction
from chalicelib.conditions.sources import Identity
from chalicelib.consent import service as consent
from chalicelib.consent.models import preferences_key
from chalicelib.consent.rules import strictest
from chalicelib.consent.subscriptions.models import subscription_key
from chalicelib.consent.subscriptions.plans import Standing
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import Key, read
from chalicelib.interactions import reading as interactions
from chalicelib.journeys import versions
from chalicelib.journeys.document import JourneyDocument
from chalicelib.journeys.models import Enrolment
from chalicelib.journeys.plans import key_of
from chalicelib.segments.models import membership_key


class Snapshot(Struct, frozen=True):
    """Somebody as it is now, with all that it is; `members` are those of the segments asked about that hold it.

    `lists` is where it stands with the subscription lists asked about.
    """

    who: Identity
    consent: int
    members: frozenset[str]
    enrolment: Enrolment | None = None
    lists: Sequence[Standing] = ()
    restricted: bool = False

    @property
    def contact(self) -> Any:
        return self.who.contact

    def audience_holds(self, document: JourneyDocument) -> bool:
        """Return whether segments and lists of the audience hold the contact (JRN-30); exclusions are asked apart."""
        segments = document.audience.segments
        if segments is None or not segments.includes:
            return False
        combined = all if segments.merge == "intersection" else any
        held = [each in self.members for each in segments.included]
        return combined([*held, *(each.on for each in self.lists)])

    def left_list(self, since: datetime) -> bool:
        """Return whether the contact left a list of the audience after it entered (26-2)."""
        return any(each.left_after(since) for each in self.lists)

    def excluded(self, document: JourneyDocument) -> bool:
        segments = document.audience.segments
        return segments is not None and any(each in self.members for each in segments.excluded)

    def suppressed(self, document: JourneyDocument) -> bool:
        return document.suppression_segment in self.members


class Asked(Struct, frozen=True):
    """Of which segments and lists of an audience somebody is looked up."""

    segments: Sequence[str] = ()
    lists: Sequence[str] = ()

    @property
    def size(self) -> int:
        return 1 + len(self.segments) + len(self.lists)

    def keys(self, contact_id: str) -> list[Key]:
        """Return what is read of one contact: its preferences, its memberships, what it said of the lists."""
        members = [membership_key(contact_id, each) for each in self.segments]
        return [preferences_key(contact_id), *members, *(subscription_key(contact_id, each) for each in self.lists)]


def take(contact_id: str, document: JourneyDocument, audience: Asked, enrolment_id: str | None = None) -> Snapshot:
    """Read a contact, its preferences, its memberships and its enrolment in one request; one more if it was merged."""
    suppression = [document.suppression_segment] if document.suppression_segment else []
    asked = Asked(list(dict.fromkeys([*audience.segments, *suppression])), audience.lists)
    contact, *found = read([contacts.key(contact_id), *asked.keys(contact_id), *_enrolment(enrolment_id)])
    enrolment = found.pop() if enrolment_id else None
    who = contacts.who_is_row(contact_id, contact)
    if who.ids != (contact_id,):
        found = read(key for each in who.ids for key in asked.keys(each))
    rows = [found[start : start + asked.size] for start in range(0, len(found), asked.size)]
    preferences = strictest([consent.of_row(each, own[0]) for each, own in zip(who.ids, rows, strict=True)])
    last = 1 + len(asked.segments)
    held = frozenset(each.segment_id for own in rows for each in own[1:last] if each is not None and each.holds)
    lists = [Standing(each, who.ids, [own[last + at] for own in rows]) for at, each in enumerate(asked.lists)]
    return Snapshot(who, preferences.consent_level, held, enrolment, lists, preferences.restricted)


def _enrolment(enrolment_id: str | None) -> list[Key]:
    return [key_of(enrolment_id)] if enrolment_id else []


class Facts(Struct):
    """What a walk may ask about a contact, read once each, when it is asked."""

    people: Sequence[str]
    """The contacts that are who walks."""
    journey_id: str
    version: int
    now: datetime
    deeds_known: bool
    read: dict[tuple[str, datetime | None], Sequence[Interaction]] = field(default_factory=dict)

    def interactions(self, type_: str, since: datetime | None) -> Sequence[Interaction]:
        if (type_, since) not in self.read:
            told = (found for each in self.people for found in interactions.told(each, type_, since))
            self.read[type_, since] = sorted({each.id: each for each in told}.values(), key=lambda each: each.at)
        return self.read[type_, since]

    def answer(self, tile: str, at: int) -> Answer:
        compiled = versions.condition(self.journey_id, self.version, tile, at)
        windows = dict(compiled.interactions)
        facts = sources.gather(self.people[0], compiled.entities | {"contact"}, windows, self.now)
        return evaluate(compiled, facts, self.now)
