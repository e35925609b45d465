"""The message of a confirmation: whom it goes to and what it says, or why there is none."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.consent import service as consent
from chalicelib.consent.points import records as profiles
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import EMAILS
from chalicelib.contacts.normalise import Email, key_of
from chalicelib.contacts.normalise import email as read_email
from chalicelib.definitions import live as definitions
from chalicelib.messages import readers, sender, service, suppression
from chalicelib.messages.addresses import TEST
from chalicelib.messages.ledger import TRANSACTIONAL
from chalicelib.messages.optin import confirming, links, settings, wordings
from chalicelib.messages.optin.models import Confirmation
from chalicelib.messages.optin.rules import Outcome, What, harmless
from chalicelib.messages.personalisation import Bulleted
from chalicelib.messages.rendering import Composed, compose
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument


class Letter(Struct, frozen=True):
    """A message and whom it goes to, or why there is none."""

    composed: Composed | None = None
    refused: str = ""


class Content(Struct, frozen=True):
    """What a message is made of."""

    email_id: str | None
    address: Email | None
    contact: Mapping[str, Any]
    message: Mapping[str, Any]
    submission: Mapping[str, Any] | None = None
    content_settings_id: str | None = None


def of(row: Confirmation) -> Letter:
    """Return the message of a request as it would go out now."""
    content = _of_form(row) if row.what == What.FORM else _of_contact(row)
    if isinstance(content, str):
        return Letter(refused=content)
    if content.address is None or content.email_id is None:
        return Letter(refused="The settings of double opt-in name no message for this.")
    _, document = sender.email_of(content.email_id)
    if document is None or _unwelcome(row.address_hash):
        return Letter(refused="The message was never live, or nothing may be mailed to this address.")
    return _composed(content, content.address, document)


def _of_contact(row: Confirmation) -> Content | str:
    judged = confirming.judge(row)
    if judged.outcome is not Outcome.OPEN:
        return f"There is nothing to confirm: {judged.outcome}."
    if not consent.of_person(judged.who).email:
        return "The person allows no email of any kind."
    known = [judged.who.contact, *contacts.find_many(judged.who.ids[1:])]
    own = settings.current()
    email_id = own.subscriptions_email_id if row.what == What.LIST else own.consent_email_id
    _, document = sender.email_of(email_id) if email_id else (0, None)
    values = readers.values_of(known[0], document) if document is not None else {}
    message = {"confirmation_url": links.url_of(row), **wordings.of(row)}
    return Content(email_id, _address(row, known), _harmless(values), message)


def _of_form(row: Confirmation) -> Content | str:
    if row.confirmed_at is not None or row.address is None:
        return "There is nothing to confirm."
    request = row.request or {}
    names = [name for name, _ in wordings.of_form(row)]
    message = {"confirmation_url": links.url_of(row), "subscription_list_names": Bulleted(names)}
    contact = {**readers.sample(_harmless(request["contact"])), "email": row.address}
    typed = {name: harmless(value) for name, value in request["values"].items()}
    return Content(row.email_id, read_email(row.address), contact, message, typed, _content_settings(row))


def _content_settings(row: Confirmation) -> str | None:
    """Return those that the compliance profile names for its messages."""
    profile = profiles.find_if_any(row.profile_id) if row.profile_id else None
    return profile.double_opt_in.content_settings_id if profile is not None else None


def _address(row: Confirmation, known: list[Any]) -> Email | None:
    """Return the address of the person that has to confirm."""
    written = [getattr(each, name) for each in known for name in EMAILS if getattr(each, name)]
    found = [each for each in written if suppression.address_hash(key_of("email", each) or "") == row.address_hash]
    return read_email(found[0]) if found else None


def _unwelcome(address_hash: str) -> bool:
    """Return whether nothing at all may be mailed: the address is suppressed, or somebody who holds it said so."""
    if any(row.scope == suppression.ALL for row in suppression.find(address_hash)):
        return True
    return any(not each.email for each in consent.of_each(contacts.holders(address_hash)))


def _harmless(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as such a message may show them: a stranger may have typed what they are."""
    shown = {name: harmless(value) for name, value in values.items() if isinstance(value, str) and name not in EMAILS}
    return {**values, **shown}


def _composed(content: Content, address: Email, document: EmailDocument) -> Letter:
    chosen = content.content_settings_id or settings.current().content_settings_id or service.default_content_settings()
    found = definitions.live("content-settings", chosen) if chosen else None
    shared = ContentSettingsDocument.model_validate(found.document if found is not None else {})
    composed = compose(
        document,
        shared,
        readers.in_words(dict(content.contact), document),
        TEST,
        tracked=False,
        message=content.message,
        submission=content.submission,
    )
    if composed.sender is None or composed.missing or document.legal_designation != TRANSACTIONAL:
        return Letter(refused="The message came out without its sender, or without what every message needs.")
    return Letter(replace(composed, recipient=address, headers=[]))
