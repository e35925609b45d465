"""Whom a message is rendered for: a contact, and its account where the message asks for that (ABM-6)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from chalicelib.contacts import accounts
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.custom.record import nested
from chalicelib.contacts.fields import FIELDS, of_account, of_contact
from chalicelib.contacts.models import Contact
from chalicelib.messages import labels
from chalicelib.messages.addresses import TEST
from chalicelib.messages.checks import TEMPLATES
from chalicelib.messages.personalisation import names
from chalicelib.messages.schemas import OF_ACCOUNT, EmailDocument

ACCOUNT = ("contact", "account")


def values_of(contact: Contact, document: EmailDocument) -> dict[str, Any]:
    """Return a contact as an email reads it; its account is read only for an email that asks for it.

    A contact without one has no such value, so that nothing or the default given there shows.
    """
    values = of_contact(contact)
    if contact.account_id is None or not _asks_for_account(*_templates(document)):
        return in_words(values, document)
    account = accounts.find_if_any(contact.account_id)
    return in_words(values if account is None else {**values, "account": of_account(account)}, document)


def in_words(values: dict[str, Any], document: EmailDocument) -> dict[str, Any]:
    """Return what a reader has with choices in the words of the message's language (decision 189).

    The fields are asked for only where somebody has a value of one: content settings may name them as well as emails.
    """
    account = values.get("account")
    if not (values.get("custom") or (account or {}).get("custom")):
        return values
    known = custom_fields.remembered()
    own = labels.in_words(values.get("custom") or {}, known.get(RecordType.CONTACT, {}), document.language)
    worded = {**values, "custom": own}
    if account is not None:
        of = labels.in_words(account.get("custom") or {}, known.get(RecordType.ACCOUNT, {}), document.language)
        worded["account"] = {**account, "custom": of}
    return worded


def _templates(document: EmailDocument) -> tuple[str, ...]:
    return tuple(getattr(document, field) for field in TEMPLATES)


@lru_cache(maxsize=500)
def _asks_for_account(*templates: str) -> bool:
    return any(path[:2] == ACCOUNT for each in templates for path in names(each))


def sample(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return somebody made up, of whom only these values are known."""
    account = {name.removeprefix(OF_ACCOUNT): value for name, value in given.items() if name.startswith(OF_ACCOUNT)}
    own = {name: value for name, value in given.items() if not name.startswith(OF_ACCOUNT)}
    return {"id": TEST, **dict.fromkeys(FIELDS), **nested(own), **({"account": nested(account)} if account else {})}


def value_at(values: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return what a reader has at a placeholder's path, such as contact.account.name; None where it has nothing."""
    found: Any = {"contact": values}
    depth = 3 if path[:2] == ACCOUNT else 2
    for name in path[: depth + (path[depth - 1 : depth] == ("custom",))]:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
