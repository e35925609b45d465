"""The states of a submission: what each keeps of it, and when what is pending is tried again (FSU-1)."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.agenda import due_shard
from chalicelib.capture.models import Submission
from chalicelib.capture.resolved import Resolved
from chalicelib.capture.schemas import ElementKind, FormDocument, Update
from chalicelib.capture.values import Read
from chalicelib.dynamodb import shard
from chalicelib.errors import DomainError

PENDING, SUCCESS, FAILURE = "pending", "success", "failure"
UNCONFIRMED = "unconfirmed"
"""Waits for its address to confirm it; no submission is stored before that (DOI-9)."""

WORK = "submission"


def storable(read: Read) -> dict[str, Any]:
    values = {
        name: value if isinstance(value, bool | int | list | None) else str(value)
        for name, value in read.values.items()
    }
    refused = {each.value: True for each in read.refused}
    joined = {"subscription_list": list(read.lists)} if read.lists else {}
    remembered = {} if read.remembers is None else {"remember_me": read.remembers}
    agreed = {ElementKind.PURPOSE_CONSENT.value: list(read.choices)} if read.choices else {}
    return {**values, **refused, **joined, **remembered, **agreed}


def succeeded(submission: Submission, form: FormDocument, resolved: Resolved) -> None:
    submission.state, submission.failure, submission.problems = SUCCESS, None, None
    submission.contact_id, submission.lead_id = resolved.contact_id, resolved.lead_id
    submission.contact_result, submission.lead_result = resolved.contact_result, resolved.lead_result
    submission.due, submission.due_shard, submission.open_shard = None, None, None
    if form.update is not Update.NONE and not form.store_all_submissions:
        submission.values = None


def as_unconfirmed(submission: Submission) -> Submission:
    """Return a submission that was taken as its answer tells of it: no word of what it came to."""
    submission.state, submission.contact_id = UNCONFIRMED, None
    submission.failure, submission.problems = None, None
    return submission


def is_told(submission: Submission, form: FormDocument) -> bool:
    """Return whether a person could put right why its submission failed: else it is for those who made the form.

    Where a record cannot be made without a field that the form does not have the visitor is not told (FRM-4).
    """
    known = {field.name for field in form.fields} | {
        name for field in form.fields for name in (field.contact_field, field.lead_field)
    }
    return not submission.problems or any(each["field"] in known for each in submission.problems)


def failed(submission: Submission, error: DomainError) -> Submission:
    submission.state, submission.failure = FAILURE, str(error)
    submission.problems = [problem.as_dict() for problem in error.problems]
    submission.open_shard = f"{FAILURE}#{shard(submission.submission_id)}"
    submission.due, submission.due_shard = None, None
    return submission


def waiting(submission: Submission, now: datetime) -> Submission:
    submission.state = PENDING
    submission.open_shard = f"{PENDING}#{shard(submission.submission_id)}"
    submission.due, submission.due_shard = again(submission, now), due_shard(WORK, submission.submission_id)
    return submission


def again(submission: Submission, now: datetime) -> datetime:
    return now + timedelta(seconds=min(30 * 2**submission.attempts, 3600))


def kept(submission: Submission, read: Read) -> Submission:
    """What is not done yet keeps its values, whatever the form says of those that are, and came to nothing so far."""
    submission.contact_id, submission.lead_id = None, None
    submission.contact_result, submission.lead_result = None, None
    submission.values = storable(read)
    return submission
