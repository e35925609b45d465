"""Values as they are compared: text, email addresses (decision 9), phone numbers."""

import re
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

    typed = text(value)
    bare = parseaddr(typed)[1] if "<" in typed else typed
    local, _, domain = bare.rpartition("@")
    if not PLAIN.fullmatch(local) or len(bare) > MOST_PLAIN:
        local, domain = _checked(bare, field)
    else:  # the domain is what takes the time to look at, and many addresses have the same
        _, domain = _checked(f"x@{domain}", field)
    return Email(f"{local}@{domain}", f"{local.casefold()}@{domain.lower()}")


PLAIN = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
MOST_PLAIN = 60
"""An address of so few letters, whose first part is so plain, is none only if its domain is none."""


@lru_cache(maxsize=512)
def _checked(address: str, field: str) -> tuple[str, str]:
    """Return the two parts of an address as mail is sent to it. Raises Invalid."""
    from email_validator import EmailNotValidError, validate_email

    try:
        checked = validate_email(
            address, check_deliverability=False, test_environment=bool(settings.allow_test_domains)
        )
    except EmailNotValidError as error:
        raise Invalid("This is not an email address.", [Problem(field, str(error))]) from error
    if checked.ascii_email is None:
        reason = "The part before the @ may only have unaccented letters, digits and signs: no mail can reach others."
        raise Invalid("This is not an email address that can be written to.", [Problem(field, reason)])
    return checked.ascii_email.rpartition("@")[0], str(checked.ascii_domain)


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
