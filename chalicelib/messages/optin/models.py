"""How what waits for a confirmation lies in the messages table, under the address that has to confirm it."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, JsonAttribute
from chalicelib.messages.models import MessagesItem


class Confirmation(MessagesItem, discriminator="confirmation"):
    """Something that was asked for, and counts once the address confirms it. `due` is there until it was mailed."""

    confirmation_id = UnicodeAttribute()
    what = UnicodeAttribute()
    address_hash = UnicodeAttribute()
    asked_at = InstantAttribute()
    language = UnicodeAttribute()
    source = UnicodeAttribute()
    wording = UnicodeAttribute(null=True)
    where = JsonAttribute(null=True)
    list_id = UnicodeAttribute(null=True)
    level = IntegerAttribute(null=True)
    # Of a form whose submissions have to be confirmed (DOI-9); address and request only until they are:
    form_id = UnicodeAttribute(null=True)
    form_version = IntegerAttribute(null=True)
    email_id = UnicodeAttribute(null=True)
    profile_id = UnicodeAttribute(null=True)  # the compliance profile that asks for it (RCN-8), where the form does not
    valid_days = IntegerAttribute(null=True)
    address = UnicodeAttribute(null=True)
    request = JsonAttribute(null=True)
    # Of its message:
    state = UnicodeAttribute()
    token = UnicodeAttribute(null=True)
    leased_until = InstantAttribute(null=True)
    mailed_at = InstantAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    # Since it was confirmed:
    confirmed_at = InstantAttribute(null=True)
    expires = IntegerAttribute()

    @staticmethod
    def at(address_hash: str, confirmation_id: str) -> tuple[str, str]:
        return f"ADDRESS#{address_hash}", f"CONFIRMATION#{confirmation_id}"


class Mailed(MessagesItem, discriminator="mailed"):
    """Which confirmations an address was mailed lately, and when: what keeps strangers from flooding it."""

    mails = JsonAttribute()
    version = IntegerAttribute(default=1)
    expires = IntegerAttribute()

    @staticmethod
    def at(address_hash: str) -> tuple[str, str]:
        return f"ADDRESS#{address_hash}", "MAILED"


class OptInSettings(MessagesItem, discriminator="opt_in_settings"):
    """What the organisation decided about double opt-in (15.6): one item."""

    enabled = BooleanAttribute(default=False)
    subscriptions_email_id = UnicodeAttribute(null=True)
    consent_email_id = UnicodeAttribute(null=True)
    subscriptions_page_id = UnicodeAttribute(null=True)
    consent_page_id = UnicodeAttribute(null=True)
    subscriptions_address = UnicodeAttribute(null=True)
    consent_address = UnicodeAttribute(null=True)
    content_settings_id = UnicodeAttribute(null=True)
    allowed_addresses = JsonAttribute(null=True)
    version = IntegerAttribute(default=0)

    @staticmethod
    def at() -> tuple[str, str]:
        return "SETTINGS", "DOUBLE_OPT_IN"
