"""One message for one contact: everything that goes to the provider, and what came out wrong; pure but for tokens."""

from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from functools import lru_cache
from html import escape
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.accessibility.checks import direction
from chalicelib.contacts.normalise import Email
from chalicelib.contacts.normalise import email as read_email
from chalicelib.errors import Invalid
from chalicelib.messages import cleaning
from chalicelib.messages.addresses import TRAP, Tracked, centre_url, link_url, pixel_url, unsubscribe_url
from chalicelib.messages.ledger import COMMERCIAL
from chalicelib.messages.personalisation import Unrenderable, line, render
from chalicelib.messages.schemas import DEFAULT, ContentSettingsDocument, EmailDocument

HIDDEN = "display:none;max-height:0;overflow:hidden;mso-hide:all"


class Composed(Struct, frozen=True):
    """A message as it would go out. `missing` names required parts that came out empty (row 16 of the matrix)."""

    recipient: Email | None
    sender: str | None
    reply_to: str | None
    reply_to_valid: bool
    subject: str
    html: str
    text: str
    headers: list[tuple[str, str]]
    computed_links: list[str]
    all_links: list[str]
    missing: tuple[str, ...] = ()


class Sources(Struct, frozen=True):
    """What templates may name."""

    contact: Mapping[str, Any]
    content_settings: Mapping[str, Any]
    message: Mapping[str, Any] = field(default_factory=dict)
    submission: Mapping[str, Any] | None = None

    @property
    def centre(self) -> Any:
        return self.message.get("subscription_center_url")

    def values(self) -> dict[str, Any]:
        known = {"contact": self.contact, "content_settings": self.content_settings, "message": self.message}
        return known if self.submission is None else {**known, "submission": self.submission}


@lru_cache(maxsize=500)
def fixed_links(html: str, text: str) -> list[str]:
    """Return the links of an email's version, in the order that tracked links number them."""
    return cleaning.links_in(html, text)


def links_of(document: EmailDocument) -> list[str]:
    return fixed_links(document.html, "" if document.automatic_text else document.text)


def content_values(settings: ContentSettingsDocument) -> dict[str, Any]:
    """Return content settings as templates read them; their address may hold Liquid itself."""
    values = settings.model_dump(exclude={"fields"})
    return {**settings.fields, **values}


def compose(
    document: EmailDocument,
    shared: ContentSettingsDocument,
    contact: Mapping[str, Any],
    send_id: str,
    *,
    tracked: bool,
    message: Mapping[str, Any] | None = None,
    submission: Mapping[str, Any] | None = None,
) -> Composed:
    """Render a message for a contact (EML-13). A template that cannot be rendered leaves its part missing.

    `message` is what it knows of itself where that is not the centre of a send, such as what it asks to confirm;
    `submission` what somebody sent by a form, where it asks to confirm that.
    """
    sources = replace(_sources(shared, contact, send_id, message), submission=submission)
    values = sources.values()
    links = Tracked(send_id, links_of(document), frozenset(sources.message.values()))
    seen: list[str] = []

    def rewrite(url: str) -> str:
        seen.append(url)
        return links(url) if tracked else url

    subject = _part(document.subject, values, one_line=True)
    html = cleaning.clean(_part(document.html, values, escaped=True), rewrite)
    text = _text(document, html, values, rewrite)
    preview = _part(document.preview_text, values, one_line=True)
    reply_to = _part(document.reply_to, values, one_line=True)
    reply = _address(reply_to)
    recipient = _address(_part(document.to, values, one_line=True))
    asking = document.content_type == DEFAULT or message is not None
    reachable = document.legal_designation != COMMERCIAL or sources.centre in seen
    parts = {
        "subject": subject,
        "html": html.strip(),
        "text": text,
        "confirmation": asking,
        "link to the subscription centre": reachable,
    }
    missing = tuple(name for name, part in parts.items() if not part)
    return Composed(
        recipient=recipient,
        sender=_sender(document, values),
        reply_to=reply.sendable if reply else None,
        reply_to_valid=not document.reply_to or reply is not None,
        subject=subject,
        html=_page(document.language or "en", subject, preview, html + (_watch(send_id) if tracked else "")),
        text=text,
        headers=_headers(document.legal_designation, send_id),
        computed_links=links.computed,
        all_links=seen,
        missing=missing,
    )


def recipient_of(
    document: EmailDocument, shared: ContentSettingsDocument, contact: Mapping[str, Any], send_id: str
) -> Email | None:
    """Return whom a message goes to, before it is composed."""
    return _address(_part(document.to, _sources(shared, contact, send_id, None).values()))


def _sources(
    shared: ContentSettingsDocument, contact: Mapping[str, Any], send_id: str, message: Mapping[str, Any] | None
) -> Sources:
    message = message or {
        "subscription_center_url": shared.subscription_center or centre_url(send_id),
        "unsubscribe_url": unsubscribe_url(send_id),
    }
    bare = {"contact": contact}
    centre = {"subscription_center": message.get("subscription_center_url")}
    own = {
        name: _part(value, bare, one_line=name != "address_main") if isinstance(value, str) else value
        for name, value in {**content_values(shared), **centre}.items()
    }
    return Sources(contact, own, message)


def _part(source: str, values: Mapping[str, Any], *, one_line: bool = False, escaped: bool = False) -> str:
    try:
        return line(source, values) if one_line else render(source, values, escape=escaped)
    except Unrenderable:
        return ""


def _text(document: EmailDocument, html: str, values: Mapping[str, Any], rewrite: cleaning.Rewrite) -> str:
    if document.automatic_text:
        return cleaning.plain(html)  # its links are rewritten already
    return cleaning.rewritten_text(_part(document.text, values).strip(), rewrite)


def _address(written: str) -> Email | None:
    try:
        return read_email(written, "to")
    except Invalid:
        return None


def _sender(document: EmailDocument, values: Mapping[str, Any]) -> str | None:
    found = _address(_part(document.from_address, values, one_line=True))
    if found is None:
        return None
    return formataddr((_part(document.from_name, values, one_line=True), parseaddr(found.sendable)[1]))


def _headers(designation: str, send_id: str) -> list[tuple[str, str]]:
    """Return the headers of one-click unsubscription (RFC 8058); transactional mail has none."""
    if designation != COMMERCIAL:
        return []
    return [
        ("List-Unsubscribe", f"<{unsubscribe_url(send_id)}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def _watch(send_id: str) -> str:
    """Return what tells that a message was opened, and by whom: the pixel, and a link that no person sees."""
    trap = link_url(send_id, TRAP)
    return (
        f'<div style="{HIDDEN}" aria-hidden="true"><a href="{escape(trap)}" tabindex="-1"></a></div>'
        f'<img src="{escape(pixel_url(send_id))}" width="1" height="1" alt="" style="border:0">'
    )


def _page(language: str, subject: str, preview: str, body: str) -> str:
    preheader = f'<div style="{HIDDEN}">{escape(preview)}</div>' if preview else ""
    return (
        f'<!doctype html><html lang="{escape(language)}" dir="{direction(language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(subject)}</title></head>'
        f"<body>{preheader}{body}</body></html>"
    )
