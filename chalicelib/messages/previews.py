"""Use case: show the draft of an email as somebody would get it; nothing is written."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.consent import service as consent
from chalicelib.consent.rules import Designation, Preferences, refusal
from chalicelib.contacts import service as contacts
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.normalise import Email
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.errors import Problem
from chalicelib.messages import pointed, readers, service, suppression
from chalicelib.messages.addresses import TEST
from chalicelib.messages.blocking import RULES, Situation
from chalicelib.messages.checks import TEMPLATES, check_email
from chalicelib.messages.models import MessageSettings
from chalicelib.messages.personalisation import names
from chalicelib.messages.pointed import Pointed
from chalicelib.messages.reasons import EXPLAINED, Reason
from chalicelib.messages.rendering import Composed, compose
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument, PreviewRequest


class Preview(Struct, frozen=True):
    """A message as it would go out, what keeps the email from going live, and what to think about besides."""

    composed: Composed
    problems: list[Problem]
    warnings: list[Problem]


class _Reader(Struct, frozen=True):
    """For whom a message is rendered: a contact, or sample values."""

    values: Mapping[str, Any]
    inactive: bool = False
    allowed: Preferences | None = None


class Drawn(Struct, frozen=True):
    """An email's draft, rendered for a reader; `reasons` are those for which the sender would block it."""

    document: EmailDocument
    composed: Composed
    problems: list[Problem]
    warnings: list[Problem]
    reasons: list[Reason]
    settings: MessageSettings


def preview(email_id: str, asked: PreviewRequest, now: datetime) -> Preview:
    """Return the draft as a contact, or somebody of these values, would get it (EML-13). Raises NotFound, Invalid."""
    drawn = draw(email_id, asked, now)
    blocked = [Problem("message", EXPLAINED[reason]) for reason in drawn.reasons]
    return Preview(drawn.composed, drawn.problems, [*drawn.warnings, *blocked])


def draw(email_id: str, asked: PreviewRequest, now: datetime) -> Drawn:
    document = EmailDocument.model_validate(definitions.get("email", email_id).document)
    shared, lacking = _shared(asked.content_settings_id)
    reader = _reader(asked, document)
    profile = pointed.profile_of(document)
    message = pointed.links(profile, TEST) if profile is not None else None
    composed = compose(document, shared, reader.values, TEST, tracked=False, message=message)
    checked = check_email(document, custom_fields.names(), profile)
    own = service.message_settings()
    return Drawn(
        document,
        composed,
        [*checked.problems, *lacking],
        [*checked.warnings, *_empty(document, reader.values)],
        _reasons(document, composed, reader, own, now),
        own,
    )


def _shared(wanted: str | None) -> tuple[ContentSettingsDocument, list[Problem]]:
    """Return the content settings to render with: those asked for, else the default, else empty ones and a problem."""
    chosen = wanted or service.default_content_settings()
    live = live_definitions.live("content-settings", chosen) if chosen else None
    if live is not None:
        return ContentSettingsDocument.model_validate(live.document), []
    sentence = "These content settings are not live." if wanted else "No content settings are live; publish some first."
    return ContentSettingsDocument.model_validate({}), [Problem("content_settings_id", sentence)]


def _reader(asked: PreviewRequest, document: EmailDocument) -> _Reader:
    if asked.contact_id is None:
        return _Reader(readers.in_words(readers.sample(asked.values), document))
    who = contacts.find_who(asked.contact_id)
    return _Reader(readers.values_of(who.contact, document), bool(who.contact.inactive), consent.of_person(who))


def _reasons(
    document: EmailDocument, composed: Composed, reader: _Reader, own: MessageSettings, now: datetime
) -> list[Reason]:
    """Return everything for which the sender would block this message (the rows of the skip matrix)."""
    point = pointed.of_message(document, composed.recipient) if pointed.profile_of(document) is not None else None
    designation = Designation(document.legal_designation)
    fields = point is None or point.fields
    situation = Situation(
        now=now,
        exists=True,
        inactive=reader.inactive,
        good_until=None,
        refusal=refusal(reader.allowed, designation, fields=fields) if reader.allowed is not None else None,
        published=True,
        suppressed=composed.recipient is not None and suppressed(composed.recipient, document, now, point),
        composed=composed,
        forbidden_links=frozenset(own.forbidden_links or ()),
        point=point.refused if point is not None and reader.allowed is not None else None,
    )
    return [reason for _, reason, holds in RULES if holds(situation)]


def suppressed(address: Email, document: EmailDocument, now: datetime, point: Pointed | None = None) -> bool:
    rows = suppression.find(suppression.address_hash(address.key))
    return suppression.applies(rows, document.legal_designation, now, point.agreed_at if point is not None else None)


def _empty(document: EmailDocument, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Warn of every placeholder that has no value for this reader."""
    for field in TEMPLATES:
        for path in sorted(names(getattr(document, field))):
            if path[0] == "contact" and len(path) > 1 and readers.value_at(values, path) in (None, ""):
                yield Problem(field, f"“{'.'.join(path)}” is empty for this reader; only a default given there shows.")
