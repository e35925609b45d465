"""Values as they are compared: text, email addresses (decision 9), phone numbers."""

import unicodedata
from functools import lru_cache

from msgspec import Struct

from chalicelib.errors import Invalid, Problem
from chalicelib.settings import settings


def text(value: str) -> str:
    """Return text as it is stored: NFC, without white space around it (decision 1)."""
    return unicodedata.normalize("NFC", value).strip()


def text_key(value: str) -> str:
    """Return text as it is compared: without regard to letter case (decision 2)."""
    return unicodedata.normalize("NFC", text(value).casefold())


class Email(Struct, frozen=True):
    """An address: as it can be sent to, and as it is compared."""

    sendable: str
    key: str


@lru_cache(maxsize=512)  # whoever writes a record asks of the same address several times
def email(value: str, field: str = "email") -> Email:
    """Read an email address. Raises Invalid with a sentence for what cannot be one, or cannot be sent to.

    The key is the case-folded local part and the punycode domain; plus tags and dots stay.
    """
    from email.utils import parseaddr

    from email_validator import EmailNotValidError, validate_email

    typed = text(value)
    bare = parseaddr(typed)[1] if "<" in typed else typed
    try:
        checked = validate_email(bare, check_deliverability=False, test_environment=bool(settings.allow_test_domains))
    except EmailNotValidError as error:
        raise Invalid("This is not an email address.", [Problem(field, str(error))]) from error
    if checked.ascii_email is None:
        reason = "The part before the @ may only have unaccented letters, digits and signs: no mail can reach others."
        raise Invalid("This is not an email address that can be written to.", [Problem(field, reason)])
    local, _, _ = checked.ascii_email.rpartition("@")
    return Email(f"{local}@{checked.ascii_domain}", f"{local.casefold()}@{checked.ascii_domain.lower()}")


@lru_cache(maxsize=512)
def phone(value: str, country: str | None = None, field: str = "phone") -> str:
    """Return a phone number as E.164. Raises Invalid for what cannot be one."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text(value), (country or "").upper() or None)
    except phonenumbers.NumberParseException as error:
        reason = "Write it with its country code, such as +45 12 34 56 78."
        raise Invalid("This is not a phone number.", [Problem(field, reason)]) from error
    if not phonenumbers.is_possible_number(number):
        raise Invalid("This is not a phone number.", [Problem(field, "It has too few or too many digits.")])
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def key_of(attribute: str, value: object) -> str | None:
    """Return a value as match keys hold it, None for an absent one. Raises Invalid for a broken address or number.

    Those of custom fields were checked by their type when they were written.
    """
    if value is None or (isinstance(value, str) and not text(value)):
        return None
    if attribute.startswith("custom."):
        return text_key(str(value))
    if attribute.startswith("email"):
        return email(str(value), attribute).key
    if attribute.endswith("phone"):
        return phone(str(value), field=attribute)
    return text_key(str(value))
