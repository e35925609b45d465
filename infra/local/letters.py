"""What was handed to the post office: checked as SES checks it, and kept as the message a mailbox would get."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime, getaddresses
from html.parser import HTMLParser
from itertools import chain
from typing import Any
from uuid import uuid4

Json = dict[str, Any]

TAG = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
TAG_VALUE = re.compile(r"[A-Za-z0-9_.@-]{1,256}\Z")
HEADER_NAME = re.compile(r"[!-9;-~]{1,126}\Z")
HEADER_VALUE = re.compile(r"[ -~]{1,995}\Z")
ADDRESS = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\Z")
MAX_HEADERS, MAX_RECIPIENTS, MAX_TAGS = 15, 50, 50
# SES writes these itself.
OWN_HEADERS = frozenset(
    {
        *("from", "to", "cc", "bcc", "sender", "reply-to", "return-path", "subject", "date", "message-id"),
        *("mime-version", "content-type", "content-disposition", "content-transfer-encoding"),
    }
)


class BadRequest(Exception):
    """SES would answer BadRequestException with this message."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One accepted message."""

    id: str
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    configuration_set: str
    tags: dict[str, list[str]]
    mime: EmailMessage
    outcomes: dict[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return str(self.mime.get("Subject", ""))

    def body(self, kind: str) -> str:
        part = self.mime.get_body((kind,))
        return str(part.get_content()) if part else ""

    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.mime.items()]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.images: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in {"a", "area"} and (link := values.get("href")):
            self.links.append(link)
        if tag == "img" and (image := values.get("src")):
            self.images.append(image)


def links_and_images(html: str) -> tuple[list[str], list[str]]:
    """What a person could click, and what their mail program would load, in order."""
    parser = _Links()
    parser.feed(html)
    return parser.links, parser.images


def _require(condition: object, message: str) -> None:
    if not condition:
        raise BadRequest(message)


def bare(address: str) -> str:
    """The address without its display name."""
    found = getaddresses([address])
    return found[0][1] if found else ""


def _check_address(address: str) -> str:
    plain = bare(address)
    # SES knows neither SMTPUTF8 nor domains that are not in punycode.
    _require(ADDRESS.match(plain), f"Illegal address: {'non-ASCII' if not plain.isascii() else 'malformed'}")
    return plain


def _recipients(request: Json) -> dict[str, list[str]]:
    destination = request.get("Destination") or {}
    found = {kind: list(destination.get(f"{kind}Addresses") or []) for kind in ("To", "Cc", "Bcc")}
    for address in chain.from_iterable(found.values()):
        _check_address(address)
    _require(sum(map(len, found.values())) <= MAX_RECIPIENTS, f"Recipient count exceeds {MAX_RECIPIENTS}.")
    return found


def _check_headers(headers: list[Json]) -> None:
    _require(len(headers) <= MAX_HEADERS, f"The number of headers exceeds {MAX_HEADERS}.")
    for header in headers:
        name, value = str(header.get("Name", "")), str(header.get("Value", ""))
        _require(HEADER_NAME.match(name), f"Invalid header name: {name!r}.")
        _require(name.lower() not in OWN_HEADERS, f"Header {name} cannot be set.")
        _require(HEADER_VALUE.match(value), f"Invalid value of header {name}.")


def tags_of(request: Json) -> dict[str, list[str]]:
    """The message's own tags; their values are lists, as in the events."""
    given = request.get("EmailTags") or []
    _require(len(given) <= MAX_TAGS, f"The number of tags exceeds {MAX_TAGS}.")
    tags: dict[str, list[str]] = {}
    for one in given:
        name, value = str(one.get("Name", "")), str(one.get("Value", ""))
        _require(TAG.match(name) and not name.startswith("ses:"), f"Invalid tag name: {name!r}.")
        _require(TAG_VALUE.match(value), f"Invalid value of tag {name}.")
        _require(name not in tags, f"Duplicate tag: {name}.")
        tags[name] = [value]
    return tags


def _attach(mime: EmailMessage, attachment: Json) -> None:
    main, _, sub = str(attachment.get("ContentType") or "application/octet-stream").partition("/")
    mime.add_attachment(
        _decoded(str(attachment.get("RawContent", ""))),
        maintype=main,
        subtype=sub.partition(";")[0] or "octet-stream",
        filename=str(attachment.get("FileName", "")) or None,
    )


def _text(part: Json | None) -> str:
    return str((part or {}).get("Data") or "")


def _put_headers(mime: EmailMessage, request: Json, recipients: dict[str, list[str]], content: Json) -> None:
    mime["From"] = request["FromEmailAddress"]
    lists = {"To": recipients["To"], "Cc": recipients["Cc"], "Reply-To": request.get("ReplyToAddresses") or []}
    for name, addresses in lists.items():
        if addresses:
            mime[name] = ", ".join(addresses)
    mime["Subject"] = _text(content.get("Subject"))
    for header in content.get("Headers") or []:
        mime[header["Name"]] = header["Value"]


def _simple(request: Json, recipients: dict[str, list[str]], content: Json) -> EmailMessage:
    body = content.get("Body") or {}
    text, html = _text(body.get("Text")), _text(body.get("Html"))
    _require(_text(content.get("Subject")), "Missing required: subject.")
    _require(text or html, "Missing required: body.")
    _check_headers(content.get("Headers") or [])
    mime = EmailMessage(policy=SMTP)
    _put_headers(mime, request, recipients, content)
    mime.set_content(text or html, subtype="plain" if text else "html")
    if text and html:
        mime.add_alternative(html, subtype="html")
    for attachment in content.get("Attachments") or []:
        _attach(mime, attachment)
    return mime


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        msg = "Not base64."
        raise BadRequest(msg) from error


def _raw(content: Json) -> EmailMessage:
    mime = message_from_bytes(_decoded(str(content.get("Data") or "")), policy=default)
    _require(mime.items(), "Missing headers in the raw message.")
    _require(mime.get_body(("plain", "html")), "Missing body in the raw message.")
    return mime


def _mime(request: Json, recipients: dict[str, list[str]]) -> EmailMessage:
    content = request.get("Content") or {}
    if content.get("Simple"):
        return _simple(request, recipients, content["Simple"])
    _require(content.get("Raw"), "Only Simple and Raw content are known here.")
    return _raw(content["Raw"])


def _all_recipients(recipients: dict[str, list[str]], mime: EmailMessage) -> tuple[str, ...]:
    """Who gets it; a raw message may name them in its headers only."""
    named = list(chain.from_iterable(recipients.values()))
    if not named:
        headers = [str(value) for name in ("To", "Cc", "Bcc") for value in mime.get_all(name, [])]
        named = [address for _, address in getaddresses(headers)]
    found = tuple(dict.fromkeys(_check_address(address) for address in named))
    _require(found, "Missing required: destination.")
    return found


def letter_from(request: Json, now: datetime | None = None) -> Letter:
    """Check a SendEmail request and make the message of it."""
    recipients = _recipients(request)
    sender = str(request.get("FromEmailAddress") or "")
    _require(sender or "Raw" in (request.get("Content") or {}), "Missing required: FromEmailAddress.")
    mime = _mime(request, recipients)
    sender = sender or str(mime.get("From", ""))
    _check_address(sender)
    at = now or datetime.now(UTC)
    message_id = f"0100{uuid4().hex[:12]}-{uuid4()}-000000"
    for name, value in (("Date", format_datetime(at)), ("Message-ID", f"<{message_id}@email.amazonses.com>")):
        del mime[name]
        mime[name] = value
    return Letter(
        id=message_id,
        at=at,
        sender=sender,
        recipients=_all_recipients(recipients, mime),
        configuration_set=str(request.get("ConfigurationSetName") or ""),
        tags=tags_of(request),
        mime=mime,
    )
