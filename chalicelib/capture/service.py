"""The use case: take a submission, so that it succeeds, waits or fails, and is never lost (13.4)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.capture import states, waiting
from chalicelib.capture import values as reading
from chalicelib.capture.checks import address_field
from chalicelib.capture.guarding import guard_of
from chalicelib.capture.models import Submission
from chalicelib.capture.resolving import resolve
from chalicelib.capture.schemas import ElementKind, FormDocument, Update
from chalicelib.capture.values import Read
from chalicelib.clock import digest
from chalicelib.consent.plans import Evidence
from chalicelib.contacts.normalise import email as read_email
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import ConditionFailed, Write, commit, put_new, shard, tries
from chalicelib.errors import DomainError, Invalid, NotFound, Problem, Unavailable
from chalicelib.messages import opting, suppression
from chalicelib.messages.optin import settings as optin_settings


class Submitted(Struct, frozen=True):
    """A submission as it came: what was typed, where, by which browser, brought by which message."""

    form_id: str
    typed: Mapping[str, Any]
    source_event: str
    page_id: str | None = None
    page_url: str | None = None
    visitor_id: str | None = None
    journey_id: str | None = None
    email_id: str | None = None
    linked_id: str | None = None

    @property
    def id(self) -> str:
        return digest("submission", self.form_id, self.source_event)


def form_of(form_id: str, version: int | None = None) -> tuple[FormDocument, int]:
    """Return a live form and its version, or the version that is asked for. Raises NotFound."""
    if version is not None:
        return FormDocument.model_validate(definitions.document("form", form_id, version)), version
    live = definitions.require_live("form", form_id, NotFound("This form is not in use (any more)."))
    return FormDocument.model_validate(live.document), live.version


def submit(submitted: Submitted, now: datetime) -> Submission:
    """Take a submission, once however often it comes, and return it: success, pending, or failure (FSU-1).

    Where it has to be confirmed nothing is stored but the request for that (DOI-9, RCN-8).
    Raises Invalid with every field that is wrong (nothing is stored then: the person corrects it at once), NotFound.
    """
    form, version = form_of(submitted.form_id)
    read = reading.read(form, submitted.typed)
    if submitted.page_id is None:  # a form of another site, which nobody is remembered on (PRE-6)
        read = replace(read, remembers=None)
    if read.problems:
        raise Invalid(form.error_message, read.problems)
    submission = row_of(submitted, version, read, now)
    try:
        return _received(submission, form, read, now)
    except Invalid as error:  # no address, no number: told at once, like any other field that is wrong
        raise Invalid(form.error_message, named(form, error.problems)) from error


def _received(submission: Submission, form: FormDocument, read: Read, now: datetime) -> Submission:
    """Take what came, or let it wait for its address; what need not wait is answered as if it had to."""
    guard = guard_of(form, read)
    if guard is None:
        return take(submission, form, read, now)
    if guard.needed:
        return waiting.ask(submission, form, read, guard, now)
    waiting.require_right(submission, form, read, now)
    return states.as_unconfirmed(take(submission, form, read, now))


def take(
    submission: Submission, form: FormDocument, read: Read, now: datetime, also: Sequence[Write] = ()
) -> Submission:
    """Do what a submission comes to, or store that it waits or failed; `also` is written with whichever it is.

    Raises Invalid for broken values, with nothing stored.
    """
    if form.update is Update.NONE and ElementKind.BULK_EMAIL in read.refused:
        _opt_out(submission, form, read, now)
    try:
        taken = _taken(submission, form, read, now, also)
        return taken or stored(states.waiting(states.kept(submission, read), now), also)
    except Unavailable:
        return stored(states.waiting(states.kept(submission, read), now), also)
    except Invalid:
        raise
    except DomainError as error:
        return stored(states.failed(states.kept(submission, read), error), also)


def _opt_out(submission: Submission, form: FormDocument, read: Read, now: datetime) -> None:
    """Opt out all who have the address, by a form that otherwise updates nobody (SBC-11).

    Before the submission is stored: who is told that it was taken is opted out. Raises Invalid for no address.
    """
    field = address_field(form)
    value = read.values.get(field.name) if field is not None else None
    if field is None or value is None:
        return
    element = next((each for each in form.elements if each.kind is ElementKind.BULK_EMAIL), None)
    evidence = Evidence(
        who="recipient",
        source=f"form:{submission.form_id}",
        method="checkbox",
        wording=element.words if element is not None else None,
    )
    address_hash = suppression.address_hash(read_email(str(value), field.name).key)
    opting.at(address_hash, evidence, submission.submission_id, now)


def awaits_confirmation(submission: Submission, form: FormDocument, typed: Mapping[str, Any]) -> bool:
    """Return whether whoever sent this is to be told to look for a message: where it, or joining lists, is confirmed.

    It follows from what was sent alone, so that nobody learns whether an address is known here, or left a list.
    """
    waits = submission.state == states.UNCONFIRMED
    return waits or (bool(reading.read(form, typed).lists) and optin_settings.current().enabled)


def named(form: FormDocument, problems: Iterable[Problem]) -> list[Problem]:
    """Return problems of attributes as problems of the fields that write them."""
    names = {name: each.name for each in form.fields for name in (each.lead_field, each.contact_field) if name}
    return [Problem(names.get(problem.field, problem.field), problem.message) for problem in problems]


def row_of(submitted: Submitted, version: int, read: Read, now: datetime) -> Submission:
    return row_as(submitted.id, submitted, version, states.storable(read), now)


def row_as(
    submission_id: str, submitted: Submitted, version: int, values: Mapping[str, Any], now: datetime
) -> Submission:
    """Return the row of a submission; it is a success until something says otherwise."""
    return Submission(
        *Submission.at(submission_id),
        submission_id=submission_id,
        form_id=submitted.form_id,
        form_version=version,
        state=states.SUCCESS,
        values=dict(values),
        page_id=submitted.page_id,
        page_url=submitted.page_url,
        journey_id=submitted.journey_id,
        email_id=submitted.email_id,
        visitor_id=submitted.visitor_id,
        linked_id=submitted.linked_id,
        form_shard=f"{submitted.form_id}#{shard(submission_id)}",
        submitted_at=now,
    )


def _taken(
    submission: Submission, form: FormDocument, read: Read, now: datetime, also: Sequence[Write]
) -> Submission | None:
    """Resolve a new submission and commit it with all that it causes; None if others were quicker five times."""
    for _ in tries():
        try:
            resolved = resolve(submission, form, read, now)
            states.succeeded(submission, form, resolved)
            commit([put_new(submission)], resolved.writes, also)
        except ConditionFailed as failed:
            if earlier := _earlier(failed):
                return earlier
            submission.values = states.storable(read)
        else:
            return submission
    return None


def _earlier(failed: ConditionFailed) -> Submission | None:
    return next((found for _, found in failed.of(Submission) if found is not None), None)


def stored(submission: Submission, also: Sequence[Write] = ()) -> Submission:
    """Store a submission alone, so that nothing is answered before it is durable (invariant 2)."""
    try:
        commit([put_new(submission)], also)
    except ConditionFailed as failed:
        earlier = _earlier(failed)
        if earlier is None:
            raise
        return earlier
    return submission
