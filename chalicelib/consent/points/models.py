"""How compliance profiles, and what contact points said, lie in the consent table."""

from functools import cached_property

from msgspec import convert
from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.consent.models import ConsentItem
from chalicelib.consent.points import opt_in, profile
from chalicelib.consent.points.opt_in import DoubleOptIn
from chalicelib.consent.points.profile import Purpose
from chalicelib.consent.points.quiet import Quiet
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, JsonAttribute, Key


class ComplianceProfile(ConsentItem, discriminator="compliance_profile"):
    """Purposes that contact points agree to or refuse, and how strictly that is enforced (RCN-2)."""

    profile_id = UnicodeAttribute()
    name = UnicodeAttribute()
    type = UnicodeAttribute(default=profile.Type.CENTRE)
    external_url = UnicodeAttribute(null=True)
    company_address = UnicodeAttribute(null=True)
    stored_purposes = JsonAttribute()
    stored_double_opt_in = JsonAttribute(null=True)
    quiet_time = JsonAttribute(null=True)
    active = BooleanAttribute(default=True)
    created_by = UnicodeAttribute(null=True)
    updated_at = InstantAttribute(null=True)
    version = IntegerAttribute(default=0)

    @staticmethod
    def at(profile_id: str) -> tuple[str, str]:
        return f"PROFILE#{profile_id}", "PROFILE"

    @cached_property
    def purposes(self) -> tuple[Purpose, ...]:
        return profile.read(self.stored_purposes)

    @property
    def double_opt_in(self) -> DoubleOptIn:
        return opt_in.read(self.stored_double_opt_in)

    @property
    def quiet(self) -> Quiet | None:
        return convert(self.quiet_time, Quiet) if self.quiet_time else None

    def purpose(self, purpose_id: str) -> Purpose | None:
        return next((each for each in self.purposes if each.id == purpose_id), None)


class ProfileSet(ConsentItem, discriminator="profile_set"):
    """Which compliance profiles were made: one item, so that there are never more than can be listed."""

    profile_ids = JsonAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at() -> tuple[str, str]:
        return "PROFILES", "PROFILES"


class PointConsent(ConsentItem, discriminator="point_consent"):
    """What an address or a number last said of a profile's purposes and topics (RCN-1)."""

    profile_id = UnicodeAttribute()
    channel = UnicodeAttribute()
    choices = JsonAttribute()
    changed_at = InstantAttribute()
    record = UnicodeAttribute(null=True)  # the last of its records in the log, `<instant>#<id>`
    version = IntegerAttribute()

    @staticmethod
    def at(point: str, profile_id: str) -> tuple[str, str]:
        return f"ADDRESS#{point}", f"CONSENT#{profile_id}"


class PointRefusals(PointConsent, discriminator="point_refusals"):
    """What is left at that place of somebody who was erased: what the address refused, which goes on to count."""


class PointChange(ConsentItem, discriminator="point_change"):
    """A change: who, when, from where, how, in which words, from what to what. Append-only (invariant 7)."""

    profile_id = UnicodeAttribute()
    changed_at = InstantAttribute()
    who = UnicodeAttribute()
    source = UnicodeAttribute()
    source_version = IntegerAttribute(null=True)
    wording = UnicodeAttribute(null=True)
    method = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    before = JsonAttribute()
    after = JsonAttribute()
    number = IntegerAttribute()

    @property
    def change_id(self) -> str:
        return self.sk.rpartition("#")[2]

    @staticmethod
    def at(point: str, changed_at: str, change_id: str) -> tuple[str, str]:
        return f"ADDRESS#{point}", f"CHANGE#{changed_at}#{change_id}"


def profile_key(profile_id: str) -> Key:
    return Key(ComplianceProfile, *ComplianceProfile.at(profile_id))


def consent_key(point: str, profile_id: str) -> Key:
    """Return where to read what a contact point said, together with other things."""
    return Key(PointConsent, *PointConsent.at(point, profile_id))
