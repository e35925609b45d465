"""What keeps an email or content settings from going live (EML-1, EML-3), and what to think about besides; pure."""

from collections.abc import Collection, Iterator, Mapping

from chalicelib.accessibility.checks import about_html, about_language
from chalicelib.consent.points.models import ComplianceProfile
from chalicelib.consent.subscriptions.models import LIST
from chalicelib.contacts.custom.naming import named
from chalicelib.contacts.fields import FIELDS
from chalicelib.contacts.normalise import email as read_email
from chalicelib.definitions.lifecycle import Checked, Reference
from chalicelib.errors import Invalid, Problem
from chalicelib.messages import purposes
from chalicelib.messages.cleaning import links_in
from chalicelib.messages.ledger import COMMERCIAL
from chalicelib.messages.personalisation import (
    CONFIRMATION_FIELDS,
    FORM_CONFIRMATION_FIELDS,
    MESSAGE_FIELDS,
    Unrenderable,
    faults,
    is_dynamic,
    names,
    render,
)
from chalicelib.messages.schemas import (
    ACCOUNT,
    CONFIRMATION,
    DEFAULT,
    FORM_CONFIRMATION,
    OF_ACCOUNT,
    ContentSettingsDocument,
    EmailDocument,
)

CONTACT = frozenset({"id", *FIELDS})
CONTENT_SETTINGS = frozenset(ContentSettingsDocument.model_fields) - {
    *("fields", "lists", "centre_fields", "centre_consent_level")
}
TEMPLATES = ("subject", "preview_text", "from_name", "from_address", "to", "reply_to", "html", "text")
REQUIRED = {
    "subject": "A message needs a subject.",
    "from_name": "A message needs a sender's name.",
    "from_address": "A message needs a sender's address.",
    "html": "A message needs a body.",
}
CENTRE = {("message", "subscription_center_url"), ("content_settings", "subscription_center")}
KNOWN = {
    DEFAULT: MESSAGE_FIELDS,
    CONFIRMATION: CONFIRMATION_FIELDS,
    FORM_CONFIRMATION: FORM_CONFIRMATION_FIELDS,
}
NEEDED = {
    CONFIRMATION: ("confirmation_url",),
    FORM_CONFIRMATION: ("confirmation_url", "subscription_list_names"),
}
"""What a message must name by what it is for (DOI-5, DOI-8)."""
NEEDS_CENTRE = "A commercial message needs a link to {{ message.subscription_center_url }}."
POSTAL = ("content_settings", "address_main")
POSTAL_OF_PROFILE = (
    "A commercial message of a compliance profile needs a postal address: {{ message.company_address }}."
)


Custom = Mapping[str, Collection[str]]
"""The names of the custom fields that there are, by record type."""
NONE: Custom = {}


def _known(custom: Custom) -> frozenset[str]:
    """Return what templates may name of a contact and its account."""
    of_account = {f"{OF_ACCOUNT}{name}" for name in custom.get("account", ())}
    return CONTACT | ACCOUNT | of_account | set(custom.get("contact", ()))


def _fields_of(*templates: str) -> list[Reference]:
    """Return the custom fields that templates name."""
    paths = sorted({path[1:] for each in templates for path in names(each) if path[0] == "contact"})
    of_account = [".".join(path[1:3]) for path in paths if path[:1] == ("account",)]
    return [*named("contact", [".".join(path[:2]) for path in paths]), *named("account", of_account)]


def check_email(document: EmailDocument, custom: Custom = NONE, profile: ComplianceProfile | None = None) -> Checked:
    """Return every problem and warning of an email at once, and the custom fields that it names.

    `profile` is the compliance profile that it names, if there is one.
    """
    problems = [
        *_missing(document),
        *_templates(document, custom),
        *_addresses(document),
        *_by_law(document),
        *_confirmation(document),
        *purposes.problems(document, profile),
    ]
    own = _fields_of(*(getattr(document, field) for field in TEMPLATES))
    return Checked(problems=problems, references=own, warnings=list(_accessibility(document)))


def _missing(document: EmailDocument) -> Iterator[Problem]:
    for field, sentence in REQUIRED.items():
        if not getattr(document, field).strip():
            yield Problem(field, sentence)
    if not document.automatic_text and not document.text.strip():
        yield Problem("text", "A message needs a plain text, or let it be made from the HTML.")


def _templates(document: EmailDocument, custom: Custom) -> Iterator[Problem]:
    # Own fields of content settings are not known here: which record is used, the journey says.
    own = CONTENT_SETTINGS | _named(document, "content_settings")
    of_message = KNOWN[document.content_type] | ({purposes.COMPANY[1]} if document.compliance else frozenset())
    known = {"contact": _known(custom), "content_settings": own, "message": of_message}
    # What a form has for fields is not known here: which forms use the message, they say.
    submitted = {"submission": _named(document, "submission")}
    sources = {**known, **(submitted if document.content_type == FORM_CONFIRMATION else {})}
    for field in TEMPLATES:
        for sentence in faults(getattr(document, field), sources):
            yield Problem(field, sentence)


def _named(document: EmailDocument, source: str) -> frozenset[str]:
    named = {path for field in TEMPLATES for path in names(getattr(document, field))}
    return frozenset(path[1] for path in named if len(path) > 1 and path[0] == source)


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
    if not _links_to_centre(document.html):
        yield Problem("html", f"{NEEDS_CENTRE} It must stand there for everybody, whatever is known of them.")
    if (
        not document.automatic_text
        and document.text.strip()
        and not any(path[:2] in CENTRE for path in names(document.text))
    ):
        yield Problem("text", NEEDS_CENTRE)
    if document.compliance is not None and not any(path[:2] in (POSTAL, purposes.COMPANY) for path in named):
        yield Problem("html", POSTAL_OF_PROFILE)
    elif document.compliance is None and not any(path[:2] == POSTAL for path in named):
        yield Problem("html", "A commercial message needs the postal address: {{ content_settings.address_main }}.")


def _links_to_centre(html: str) -> bool:
    """Return whether somebody of whom nothing is known could follow a link to the centre (SBC-2)."""
    url = "https://centre.example/"
    of_message = {"message": {"subscription_center_url": url}, "content_settings": {"subscription_center": url}}
    try:
        return url in links_in(render(html, of_message, escape=True), "")
    except Unrenderable:
        return True  # which is said of the template itself


def _confirmation(document: EmailDocument) -> Iterator[Problem]:
    """Yield what keeps a message from asking for a confirmation (DOI-5)."""
    if document.content_type == DEFAULT:
        return
    if document.legal_designation == COMMERCIAL:
        yield Problem("legal_designation", "A message that asks for a confirmation must be transactional.")
    templates = [("html", document.html), *([] if document.automatic_text else [("text", document.text)])]
    for field, template in templates:
        for needed in NEEDED[document.content_type]:
            if ("message", needed) not in names(template):
                yield Problem(field, f"A message that asks for a confirmation needs {{{{ message.{needed} }}}}.")


def _accessibility(document: EmailDocument) -> Iterator[Problem]:
    """Warn about what shuts people out (decision 43)."""
    yield from about_html([("html", document.html)], titled=False)
    yield from about_language(document.language, document.html)


def check_content_settings(document: ContentSettingsDocument, custom: Custom = NONE) -> Checked:
    """Return every problem of content settings: without a postal address no commercial message may go (EML-1)."""
    contact = CONTACT | set(custom.get("contact", ()))
    problems = [] if document.address_main.strip() else [Problem("address_main", "A postal address is needed.")]
    for field in ("address_main", "address_line2"):
        problems += [Problem(field, each) for each in faults(getattr(document, field), {"contact": contact})]
    for name, given in (("lists", document.lists), ("centre_fields", document.centre_fields)):
        if len(set(given)) < len(given):
            problems.append(Problem(name, "Each can stand in the subscription centre once only."))
    lists = [(LIST, each) for each in dict.fromkeys(document.lists)]
    return Checked(problems, [*lists, *_fields_of(document.address_main, document.address_line2)])
