"""Use cases: what the link of a confirmation comes to, of a form's submission too, and doing it (DOI-9, DOI-10)."""

from datetime import datetime

from chalicelib.capture import pending, service, states
from chalicelib.capture.models import Submission
from chalicelib.capture.schemas import FormDocument
from chalicelib.capture.service import Submitted
from chalicelib.consent.points import records as profiles
from chalicelib.dynamodb import ConditionFailed
from chalicelib.errors import Invalid
from chalicelib.messages.optin import confirming, settings, wordings
from chalicelib.messages.optin.models import Confirmation
from chalicelib.messages.optin.rules import Outcome, What


def judge(row: Confirmation) -> Outcome:
    """Return what following a link comes to now; nothing is written.

    A form that was changed or stopped since does not matter: what was sent counts as it was sent.
    """
    if row.what != What.FORM:
        return confirming.judge(row).outcome
    return Outcome.OPEN if row.confirmed_at is None else Outcome.CONFIRMED


def confirm(row: Confirmation, now: datetime) -> Outcome:
    """Do what was asked for, once."""
    if row.what != What.FORM:
        return confirming.confirm(row, now)
    try:
        _take(row, now)
    except ConditionFailed:  # confirmed at this very moment, or expired
        found = Confirmation.find(*Confirmation.at(row.address_hash, row.confirmation_id))
        return judge(found) if found is not None else Outcome.GONE
    return Outcome.CONFIRMED


def _take(row: Confirmation, now: datetime) -> None:
    form, submission = form_of(row), _submission(row, now)
    read, done = pending.read_back(submission), [confirming.done(row, now)]
    try:
        service.take(submission, form, read, now, done)
    except Invalid as error:  # right when it was sent, and not by the rules of today: kept, for people to put right
        service.stored(states.failed(states.kept(submission, read), error), done)


def form_of(row: Confirmation) -> FormDocument:
    """Return the form as it was when it was sent, also of a request that is confirmed."""
    version = row.form_version
    form, _ = service.form_of(row.form_id or "", version)
    return form


def _submission(row: Confirmation, now: datetime) -> Submission:
    """Return the submission as it came; it counts from now on, and knows when it was sent."""
    request = dict(row.request or {})
    version, values = row.form_version or 0, request.pop("values")
    about = {name: request[name] for name in ("page_id", "page_url", "journey_id", "email_id", "visitor_id")}
    submitted = Submitted(row.form_id or "", {}, "", linked_id=request["linked_id"], **about)
    submission = service.row_as(row.confirmation_id, submitted, version, values, now)
    submission.asked_at, submission.mailed_at = row.asked_at, row.mailed_at
    return submission


def asked(row: Confirmation) -> list[tuple[str, str]]:
    """Return the names and descriptions of what a request asks for, as its page shows them."""
    if row.what != What.FORM:
        return [wordings.named(row)[:2]]
    return wordings.of_form(row)


def thanks(row: Confirmation) -> str | None:
    """Return where a confirmation leads to, None for our own words (DOI-3, DOI-10)."""
    own = settings.current()
    profile = profiles.find_if_any(row.profile_id) if row.profile_id else None
    if profile is not None:
        named = profile.double_opt_in.thank_you_page_id, profile.double_opt_in.thank_you_address
    elif row.what == What.FORM:
        form = form_of(row)
        named = form.thank_you_page_id, form.thank_you_address
    elif row.what == What.LIST:
        named = own.subscriptions_page_id, own.subscriptions_address
    else:
        named = own.consent_page_id, own.consent_address
    return settings.leads_to(*named, own.allowed_addresses or ())
