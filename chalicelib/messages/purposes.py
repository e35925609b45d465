"""What keeps an email from going live that names a compliance profile (RCN-2, RCN-5); pure."""

from collections.abc import Iterator

from chalicelib.consent.points.models import ComplianceProfile
from chalicelib.consent.points.profile import TRACKING, Purpose
from chalicelib.errors import Problem
from chalicelib.messages.ledger import COMMERCIAL
from chalicelib.messages.schemas import DEFAULT, Compliance, EmailDocument

PLACE = "compliance"
NO_PROFILE = "There is no such compliance profile, or it is not active."
NO_PURPOSE = "The compliance profile has no such purpose, or it is not active."
NO_TOPIC = "The purpose has no such topic, or it is not active."
NOT_TRACKING = "No message is for tracking: that purpose says whether opens and clicks are recorded."
NO_ADDRESS = "The compliance profile has no company address, which a commercial message needs."
CONFIRMS = (
    "A message that asks for a confirmation names no compliance profile: it goes to people who agreed to nothing."
)
COMPANY = ("message", "company_address")


def problems(document: EmailDocument, profile: ComplianceProfile | None) -> Iterator[Problem]:
    """Yield every problem of what a message is for; what was deactivated nobody can newly name (RCN-7)."""
    named = document.compliance
    if named is None:
        return
    if document.content_type != DEFAULT:
        yield Problem(PLACE, CONFIRMS)
    if profile is None or not profile.active:
        yield Problem(f"{PLACE}.profile_id", NO_PROFILE)
        return
    purpose = profile.purpose(named.purpose)
    if purpose is None or not purpose.active:
        yield Problem(f"{PLACE}.purpose", NO_PURPOSE)
        return
    yield from _of_purpose(document, named, purpose)
    if document.legal_designation == COMMERCIAL and not profile.company_address and COMPANY[1] in document.html:
        yield Problem(f"{PLACE}.profile_id", NO_ADDRESS)


def _of_purpose(document: EmailDocument, named: Compliance, purpose: Purpose) -> Iterator[Problem]:
    if purpose.id == TRACKING:
        yield Problem(f"{PLACE}.purpose", NOT_TRACKING)
    elif purpose.legal_designation != document.legal_designation:
        law = purpose.legal_designation
        yield Problem("legal_designation", f"Messages for the purpose “{purpose.name}” are {law} by law.")
    topic = purpose.topic(named.topic)
    if named.topic is not None and (topic is None or not topic.active):
        yield Problem(f"{PLACE}.topic", NO_TOPIC)
