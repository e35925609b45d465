"""A submission that its address has to confirm: until then only the request for that is stored (DOI-7, DOI-9)."""

from datetime import datetime
from typing import Any

from chalicelib.capture import states
from chalicelib.capture.checks import address_field
from chalicelib.capture.guarding import Guard
from chalicelib.capture.models import Submission
from chalicelib.capture.resolving import resolve
from chalicelib.capture.schemas import FormDocument
from chalicelib.capture.values import Read
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import ConditionFailed, commit, put_new
from chalicelib.errors import DomainError, Invalid, Unprocessable
from chalicelib.messages import words
from chalicelib.messages.optin import asking
from chalicelib.messages.optin.asking import Asked
from chalicelib.messages.optin.models import Confirmation

ABOUT = ("page_id", "page_url", "journey_id", "email_id", "visitor_id", "linked_id")


def ask(submission: Submission, form: FormDocument, read: Read, guard: Guard, now: datetime) -> Submission:
    """Store the request alone, once however often it comes, and return the submission as it waits.

    Raises Invalid for all that could only fail once it is confirmed: told at once it can still be put right.
    """
    require_right(submission, form, read, now)
    submission.state = states.UNCONFIRMED
    try:
        commit([put_new(_request(submission, form, read, guard, now))])
    except ConditionFailed as failed:
        if not any(found for _, found in failed.of(Confirmation)):
            raise
    return submission


def require_right(submission: Submission, form: FormDocument, read: Read, now: datetime) -> None:
    """Raise Invalid for a submission that could only fail; nothing is written."""
    try:
        resolve(submission, form, read, now)
    except (Invalid, Unprocessable) as error:
        raise Invalid(str(error), error.problems) from error
    except (ConditionFailed, DomainError):
        pass  # the records are busy, which says nothing against it


def _request(submission: Submission, form: FormDocument, read: Read, guard: Guard, now: datetime) -> Confirmation:
    field = address_field(form)
    if field is None:
        raise ValueError("a form without an address went live")
    contact = {name: value for name, value in read.for_target(form, "contact").items() if isinstance(value, str)}
    asked = Asked(at=now, source=f"form:{submission.form_id}", language=_language(submission, contact))
    return asking.for_form(
        str(read.values[field.name]),
        submission.submission_id,
        asked,
        form_id=submission.form_id,
        form_version=submission.form_version,
        email_id=guard.email_id,
        profile_id=guard.profile_id,
        valid_days=guard.valid_days,
        request={
            "values": states.storable(read),
            "lists": list(read.lists),
            "choices": list(read.choices),
            "profile_id": form.compliance_profile_id,
            "contact": contact,
            **{name: getattr(submission, name) for name in ABOUT},
        },
    )


def _language(submission: Submission, contact: dict[str, Any]) -> str:
    page = definitions.live("page", submission.page_id) if submission.page_id else None
    return words.language_of(contact.get("language") or (page.document.get("language") if page else None))
