"""Use cases: finish what is pending, put right and retry what failed, look them up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.agenda import due_shard
from chalicelib.capture import states
from chalicelib.capture import values as reading
from chalicelib.capture.models import CaptureItem, Submission
from chalicelib.capture.resolving import resolve
from chalicelib.capture.schemas import REFUSALS, ElementKind, FormDocument
from chalicelib.capture.service import form_of
from chalicelib.capture.values import Read
from chalicelib.contacts import tombstones
from chalicelib.dynamodb import ConditionFailed, commit, put_changed, shard
from chalicelib.errors import Conflict, DomainError, Invalid, NotFound, Stale, Unavailable
from chalicelib.leads import reading as leads
from chalicelib.lists import Asked, Page, page, partitions

MOST_ATTEMPTS = 12


def finish(submission_id: str, now: datetime) -> Submission | None:
    """Finish a pending submission: success or failure; if others are quicker, later again (FSU-5)."""
    submission = Submission.find(*Submission.at(submission_id))
    if submission is None or submission.state != states.PENDING:
        return submission  # of who was erased meanwhile nothing is left to finish
    form, _ = form_of(submission.form_id, submission.form_version)
    read = read_back(submission)
    try:
        known = tombstones.refuse_older(_named(form, read), submission.submitted_at)
        resolved = resolve(submission, form, read, now)
        states.succeeded(submission, form, resolved)
        commit([put_changed(submission)], resolved.writes, known)
    except (ConditionFailed, Unavailable, Stale):
        return _later(submission_id, now)
    except DomainError as error:
        failed = states.failed(find(submission_id), error)
        commit([put_changed(failed)])
        return failed
    return submission


def _named(form: FormDocument, read: Read) -> dict[str, Any]:
    """Return whom a submission names: what it says of the lead, and of the contact."""
    return {**read.for_target(form, "lead"), **read.for_target(form, "contact")}


def read_back(submission: Submission) -> Read:
    """Return what a stored submission holds as if it had just been read."""
    kept = dict(submission.values or {})
    refused = tuple(each for each in REFUSALS if kept.pop(each.value, False))
    lists = tuple(kept.pop("subscription_list", ()))
    choices = tuple(kept.pop(ElementKind.PURPOSE_CONSENT.value, ()))
    return Read(kept, (), refused, lists, kept.pop("remember_me", None), choices)


def _later(submission_id: str, now: datetime) -> Submission | None:
    submission = Submission.find(*Submission.at(submission_id))
    if submission is not None and submission.state == states.PENDING:
        submission.attempts += 1
        submission.due = states.again(submission, now)
        if submission.attempts > MOST_ATTEMPTS:
            states.failed(submission, Unavailable("The records stayed busy. Retry it when there is less going on."))
        commit([put_changed(submission)])
    return submission


def find(submission_id: str) -> Submission:
    """Return a submission, read consistently. Raises NotFound."""
    submission = Submission.find(*Submission.at(submission_id))
    if submission is None:
        raise NotFound("There is no submission of this id.")
    return submission


def correct(submission_id: str, typed: Mapping[str, Any], version: int) -> Submission:
    """Put right or add values of a failed submission (FSU-4). Raises Stale, Conflict, Invalid."""
    submission = find(submission_id)
    if submission.version != version:
        raise Stale("The submission has changed since you read it.")
    if submission.state != states.FAILURE:
        raise Conflict("Only a failed submission can be put right.")
    form, _ = form_of(submission.form_id, submission.form_version)
    before = submission.values or {}
    read = replace(reading.read(form, {**before, **typed}), remembers=before.get("remember_me"))
    if read.problems:
        raise Invalid("These values do not fit the form.", read.problems)
    submission.values = states.storable(read)
    commit([put_changed(submission)])
    return submission


def retry(submission_id: str, now: datetime, *, new_interaction: bool) -> Submission:
    """Let a failed submission be pending again (FSU-5); a new interaction counts as another one (FSU-7)."""
    submission = find(submission_id)
    if submission.state != states.FAILURE:
        raise Conflict("Only a failed submission can be retried.")
    submission.state, submission.failure, submission.problems, submission.attempts = states.PENDING, None, None, 0
    submission.rounds += int(new_interaction)
    submission.open_shard = f"{states.PENDING}#{shard(submission_id)}"
    submission.due, submission.due_shard = now, due_shard(states.WORK, submission_id)
    commit([put_changed(submission)])
    return submission


def by_form(form_id: str, asked: Asked) -> Page[Submission]:
    return page(CaptureItem.by_form, partitions(form_id), asked, newest_first=True, kind=Submission)


def of_lead(lead_id: str, asked: Asked) -> Page[Submission]:
    """Newest first, also those of leads that were merged into it (MAT-10). Raises NotFound."""
    lead = leads.find(lead_id)
    hashes = [lead.lead_id, *sorted(lead.identities or ())]
    return page(CaptureItem.by_lead, hashes, asked, newest_first=True, kind=Submission)


def by_state(state: str, asked: Asked) -> Page[Submission]:
    return page(CaptureItem.by_open, partitions(state), asked, newest_first=True, kind=Submission)
