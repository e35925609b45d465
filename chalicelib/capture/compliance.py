"""What keeps a form from going live that names a compliance profile, or asks for consent to its purposes; pure."""

from collections import Counter
from collections.abc import Collection, Iterator

from chalicelib.capture.checks import address_field
from chalicelib.capture.schemas import Element, ElementKind, FormDocument
from chalicelib.consent.points.models import ComplianceProfile
from chalicelib.consent.points.profile import Topic
from chalicelib.consent.points.rules import Model
from chalicelib.errors import Problem

PLACE = "compliance_profile_id"
NO_PROFILE = "There is no such compliance profile, or it is not active."
NAME_IT = "Say of which compliance profile these purposes are."
NO_ADDRESS = "A form that names a compliance profile needs a required field for the email address."
NOT_ALLOWED = "The profile leads on to an address that is not among those that the settings of double opt-in allow."
NO_CHOICE = "The compliance profile has no such purpose or topic that people can choose now."
NOBODY_BACK = Problem(
    "elements",
    "Whoever refused one of these purposes stays refused by this form, for anybody can type an address. Only a "
    "submission that its address has to confirm takes a refusal back.",
)


def boxes(form: FormDocument) -> list[Element]:
    """Return the boxes by which a form asks for consent to purposes and topics."""
    return [each for each in form.elements if each.kind is ElementKind.PURPOSE_CONSENT]


def problems_of(form: FormDocument, profile: ComplianceProfile | None, allowed: Collection[str]) -> Iterator[Problem]:
    """Yield what is wrong with the profile that a form names, and with what it asks for of it (RCN-2, RCN-8)."""
    if form.compliance_profile_id is None:
        if boxes(form):
            yield Problem(PLACE, NAME_IT)
        return
    if profile is None or not profile.active:
        yield Problem(PLACE, NO_PROFILE)
        return
    field = address_field(form)
    if field is None or not field.required or field.hidden:
        yield Problem("fields", NO_ADDRESS)
    thanks = profile.double_opt_in.thank_you_address
    if form.profile_double_opt_in and thanks and thanks not in allowed:
        yield Problem(PLACE, NOT_ALLOWED)
    yield from _boxes(form, _offered(profile))


def _offered(profile: ComplianceProfile) -> dict[str, Topic]:
    """Return what people choose of: where a model is disabled, nothing that they say counts."""
    purposes = (each for each in profile.purposes if each.active and each.email is not Model.DISABLED)
    return {choice: topic for each in purposes for choice, topic in each.choices() if topic.active}


def _boxes(form: FormDocument, offered: Collection[str]) -> Iterator[Problem]:
    asking = [(at, each) for at, each in enumerate(form.elements) if each.kind is ElementKind.PURPOSE_CONSENT]
    for at, element in asking:
        if element.choice not in offered:
            yield Problem(f"elements.{at}.choice", NO_CHOICE)
        if not element.text:
            yield Problem(f"elements.{at}.text", "Write the words that people agree to; they are kept as proof.")
    named = Counter(each.choice for _, each in asking)
    for choice in [each for each, times in named.items() if times > 1]:
        yield Problem("elements", f"The box for {choice} stands on the form {named[choice]} times; once is right.")


def nobody_back(form: FormDocument, profile: ComplianceProfile | None) -> bool:
    """Return whether a form has boxes that take no refusal back, since not each submission is confirmed."""
    if not boxes(form) or form.double_opt_in or profile is None:
        return False
    return not (form.profile_double_opt_in and profile.double_opt_in.of_each)
