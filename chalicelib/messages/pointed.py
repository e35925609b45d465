"""What the address of a message allows that names a compliance profile, instead of the contact's own word (RCN-9)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.consent import switches
from chalicelib.consent.points import plans as point_plans
from chalicelib.consent.points import records
from chalicelib.consent.points import service as points
from chalicelib.consent.points.models import ComplianceProfile
from chalicelib.consent.points.profile import TRACKING, Purpose, Type
from chalicelib.consent.points.rules import Channel, Model, Refused, Standing, choice_of, refused
from chalicelib.consent.points.service import Point
from chalicelib.consent.rules import Designation, Preferences, Refusal, refusal, trackable
from chalicelib.contacts.normalise import Email
from chalicelib.dynamodb import Write
from chalicelib.messages.addresses import centre_url, unsubscribe_url
from chalicelib.messages.models import Send
from chalicelib.messages.schemas import Compliance, EmailDocument


class Pointed(Struct, frozen=True):
    """A message that names a compliance profile: what for, and what its address said of that.

    `fields` says whether the contact's own preferences count besides (RCN-6).
    """

    named: Compliance
    profile: ComplianceProfile
    standing: Standing
    fields: bool

    @property
    def purpose(self) -> Purpose | None:
        return self.profile.purpose(self.named.purpose)

    @property
    def model(self) -> Model:
        return self.purpose.model(self.standing.channel) if self.purpose else Model.RESTRICTIVE

    @property
    def refused(self) -> Refused | None:
        """Return what the message lacks the consent for (RCN-3, RCN-5)."""
        said = [self.standing.state(choice_of(self.named.purpose, each)) for each in (None, self.named.topic)]
        return refused(self.model, *said, has_topic=self.named.topic is not None)

    def refusal(self, preferences: Preferences, designation: Designation) -> Refusal | None:
        """Return what the law, or the contact's own preferences where they count, has against the message."""
        return refusal(preferences, designation, fields=self.fields)

    def tracked(self, preferences: Preferences) -> bool:
        """Return whether what is opened and clicked may be recorded: the tracking purpose says it (RCN-4)."""
        return tracks(self.profile, self.standing) and trackable(preferences, fields=self.fields)

    @property
    def agreed_at(self) -> datetime | None:
        """Return since when the address expressly agrees to the purpose, None where it does not."""
        return self.standing.agreed_at(self.named.purpose)

    def proof(self) -> dict[str, Any]:
        """Return what a send keeps of the consent of its address that it relied on: what stood, by which record.

        Without a record nobody ever said anything, so the model alone let it through.
        """
        choices = [choice_of(self.named.purpose, each) for each in dict.fromkeys((None, self.named.topic))]
        return {
            "profile": self.named.profile_id,
            "profile_version": self.profile.version,
            "purpose": self.named.purpose,
            "topic": self.named.topic,
            "model": self.model,
            "stood": {each: self.standing.state(each) for each in (*choices, TRACKING)},
            "version": self.standing.version,
            "record": self.standing.record,
        }

    def unchanged(self) -> Write:
        return point_plans.unchanged(self.standing)


def tracks(profile: ComplianceProfile, standing: Standing) -> bool:
    purpose = profile.purpose(TRACKING)
    model = purpose.model(standing.channel) if purpose else Model.RESTRICTIVE
    return refused(model, standing.state(TRACKING), None, has_topic=False) is None


def profile_of(document: EmailDocument) -> ComplianceProfile | None:
    """Return the compliance profile that a message names, None where it names none or one that there is not."""
    return records.find_if_any(document.compliance.profile_id) if document.compliance is not None else None


def of_message(document: EmailDocument, recipient: Email | None) -> Pointed | None:
    """Return what the address of a message says, read consistently; None for one without a profile: nothing is read."""
    named = document.compliance
    if named is None:
        return None
    point = Point(points.hash_of(recipient.key) if recipient else "", Channel.EMAIL)
    found = points.of_point(point, named.profile_id)
    if found is None:
        raise ValueError("an email went live with a compliance profile that there is not")
    return Pointed(named, found.profile, found.standing, switches.fields_count())


def links(profile: ComplianceProfile, send_id: str) -> Mapping[str, Any]:
    """Return what a message of a profile knows of itself: where people choose, and who writes to them."""
    external = profile.external_url if profile.type == Type.EXTERNAL else None
    return {
        "subscription_center_url": external or centre_url(send_id),
        "unsubscribe_url": unsubscribe_url(send_id),
        "company_address": profile.company_address or "",
    }


# Of a send that was claimed -------------------------------------------------------------------------------------------


def relied_on(send: Send) -> Mapping[str, Any] | None:
    """Return the proof of the address's consent that a send keeps; None for one without a profile."""
    kept: Mapping[str, Any] | None = (send.consent or {}).get("point")
    return kept


def may_record(send: Send, preferences: Preferences) -> bool:
    """Return whether what is opened and clicked of a send may still be recorded (CON-14, RCN-4)."""
    kept = relied_on(send)
    if kept is None:
        return trackable(preferences)
    found = points.of_point(Point(send.address_hash or "", Channel.EMAIL), kept["profile"])
    fields = switches.fields_count()
    return found is not None and tracks(found.profile, found.standing) and trackable(preferences, fields=fields)
