"""What keeps an email or content settings from going live (EML-1, EML-3), and what to think about besides; pure."""

from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from chalicelib.contacts.fields import FIELDS
from chalicelib.contacts.normalise import email as read_email
from chalicelib.definitions.lifecycle import Checked
from chalicelib.errors import Invalid, Problem
from chalicelib.messages.ledger import COMMERCIAL
from chalicelib.messages.personalisation import MESSAGE_FIELDS, faults, is_dynamic, names
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument

CONTACT = frozenset({"id", *FIELDS})
CONTENT_SETTINGS = frozenset(ContentSettingsDocument.model_fields) - {"fields"}
TEMPLATES = ("subject", "preview_text", "from_name", "from_address", "to", "reply_to", "html", "text")
REQUIRED = {
    "subject": "A message needs a subject.",
    "from_name": "A message needs a sender's name.",
    "from_address": "A message needs a sender's address.",
    "html": "A message needs a body.",
}
CENTRE = {("message", "subscription_center_url"), ("content_settings", "subscription_center")}
POSTAL = ("content_settings", "address_main")


def check_email(document: EmailDocument) -> Checked:
    """Return every problem and warning of an email at once."""
    problems = [*_missing(document), *_templates(document), *_addresses(document), *_by_law(document)]
    return Checked(problems=problems, warnings=list(_accessibility(document)))


def _missing(document: EmailDocument) -> Iterator[Problem]:
    for field, sentence in REQUIRED.items():
        if not getattr(document, field).strip():
            yield Problem(field, sentence)
    if not document.automatic_text and not document.text.strip():
        yield Problem("text", "A message needs a plain text, or let it be made from the HTML.")


def _templates(document: EmailDocument) -> Iterator[Problem]:
    # Own fields of content settings are not known here: which record is used, the journey says.
    sources = {"contact": CONTACT, "content_settings": CONTENT_SETTINGS | _own(document), "message": MESSAGE_FIELDS}
    for field in TEMPLATES:
        for sentence in faults(getattr(document, field), sources):
            yield Problem(field, sentence)


def _own(document: EmailDocument) -> frozenset[str]:
    named = {path for field in TEMPLATES for path in names(getattr(document, field))}
    return frozenset(path[1] for path in named if len(path) > 1 and path[0] == "content_settings")


def _addresses(document: EmailDocument) -> Iterator[Problem]:
    if not is_dynamic(document.to):
        yield Problem("to", "The recipient must be a placeholder such as {{ contact.email }}, not one fixed address.")
    for field in ("from_address", "reply_to"):
        written = getattr(document, field).strip()
        if written and not is_dynamic(written) and not _valid(written):
            yield Problem(field, "This is not an email address that mail can be sent from.")


def _valid(address: str) -> bool:
    try:
        read_email(address)
    except Invalid:
        return False
    return True


def _by_law(document: EmailDocument) -> Iterator[Problem]:
    if document.legal_designation != COMMERCIAL:
        return
    named = names(document.html)
    if not any(path[:2] in CENTRE for path in named):
        yield Problem("html", "A commercial message needs a link to {{ message.subscription_center_url }}.")
    if not any(path[:2] == POSTAL for path in named):
        yield Problem("html", "A commercial message needs the postal address: {{ content_settings.address_main }}.")


# Accessibility (decision 43): warnings only ------------------------------------------------------------------------

EMPTY_WORDS = {"click here", "here", "more", "read more", "link", "this", "click", "hier", "mehr"}


class _Reader(HTMLParser):
    """Collects what a screen reader meets."""

    def __init__(self) -> None:
        super().__init__()
        self.images_without_text = 0
        self.headings: list[int] = []
        self.links: list[str] = []
        self._in_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img":
            self.images_without_text += "alt" not in given
            if self._in_link:
                self.links[-1] += given.get("alt") or ""
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag == "a":
            self.links.append(given.get("aria-label") or "")
            self._in_link = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._in_link = False

    def handle_data(self, data: str) -> None:
        if self._in_link:
            self.links[-1] += data


def _accessibility(document: EmailDocument) -> Iterator[Problem]:
    reader = _Reader()
    reader.feed(document.html)
    if reader.images_without_text:
        yield Problem("html", f"{reader.images_without_text} images have no alternative text (alt).")
    if any(after - before > 1 for before, after in zip([0, *reader.headings], reader.headings, strict=False)):
        yield Problem("html", "The headings skip a level.")
    yield from _link_texts(reader.links)
    if "language" not in document.model_fields_set:
        yield Problem("language", "The language is not set, so English is assumed.")


def _link_texts(links: Iterable[str]) -> Iterator[Problem]:
    for text in links:
        words = " ".join(text.split())
        if not words:
            yield Problem("html", "A link has no text.")
        elif words.casefold() in EMPTY_WORDS:
            yield Problem("html", f"The link text “{words}” does not say where it leads.")


def check_content_settings(document: ContentSettingsDocument) -> Checked:
    """Return every problem of content settings: without a postal address no commercial message may go (EML-1)."""
    problems = [] if document.address_main.strip() else [Problem("address_main", "A postal address is needed.")]
    for field in ("address_main", "address_line2"):
        problems += [Problem(field, each) for each in faults(getattr(document, field), {"contact": CONTACT})]
    return Checked(problems=problems)
