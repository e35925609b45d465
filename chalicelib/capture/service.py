"""Use cases: take a submission, finish what is pending, put right and retry what failed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.agenda import due_shard
from chalicelib.capture import values as reading
from chalicelib.capture.models import CaptureItem, LandingSettings, Submission, Visitor
from chalicelib.capture.schemas import FormDocument, Update
from chalicelib.capture.values import Read
from chalicelib.clock import digest, new_id
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import ConditionFailed, Write, commit, put, put_changed, put_new, shard
from chalicelib.errors import Conflict, DomainError, Invalid, NotFound, Problem, Stale, Unavailable, Unprocessable
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import service as leads
from chalicelib.lists import Asked, Page, page, partitions

PENDING, SUCCESS, FAILURE = "pending", "success", "failure"
WORK = "submission"
TRIES = 5
MOST_ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class Submitted:
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


@dataclass(slots=True)
class Resolved:
    """What a submission comes to, and everything it writes."""

    writes: list[Write] = field(default_factory=list)
    contact_id: str | None = None
    lead_id: str | None = None
    contact_result: str | None = None
    lead_result: str | None = None


def form_of(form_id: str, version: int | None = None) -> tuple[FormDocument, int]:
    """Return a live form and its version, or the version that is asked for. Raises NotFound."""
    if version is not None:
        return FormDocument.model_validate(definitions.document("form", form_id, version)), version
    live = definitions.require_live("form", form_id, NotFound("This form is not in use (any more)."))
    return FormDocument.model_validate(live.document), live.version


def submit(submitted: Submitted, now: datetime) -> Submission:
    """Take a submission, once however often it comes, and return it: success, pending, or failure (FSU-1).

    Raises Invalid with every field that is wrong (nothing is stored then: the person corrects it at once), NotFound.
    """
    form, version = form_of(submitted.form_id)
    read = reading.read(form, submitted.typed)
    if read.problems:
        raise Invalid(form.error_message, read.problems)
    submission = _row(submitted, version, read, now)
    try:
        return _taken(submission, form, read, now) or _stored(_waiting(_kept(submission, read), now))
    except Unavailable:
        return _stored(_waiting(_kept(submission, read), now))
    except Invalid as error:  # no address, no number: told at once, like any other field that is wrong
        raise Invalid(form.error_message, named(form, error.problems)) from error
    except DomainError as error:
        return _stored(_failed(_kept(submission, read), error))


def named(form: FormDocument, problems: Iterable[Problem]) -> list[Problem]:
    """Return problems of attributes as problems of the fields that write them."""
    names = {name: each.name for each in form.fields for name in (each.lead_field, each.contact_field) if name}
    return [Problem(names.get(problem.field, problem.field), problem.message) for problem in problems]


def _kept(submission: Submission, read: Read) -> Submission:
    """What is not done yet keeps its values, whatever the form says of those that are, and came to nothing so far."""
    submission.contact_id, submission.lead_id = None, None
    submission.contact_result, submission.lead_result = None, None
    submission.values = _storable(read)
    return submission


def _row(submitted: Submitted, version: int, read: Read, now: datetime) -> Submission:
    return Submission(
        *Submission.at(submitted.id),
        submission_id=submitted.id,
        form_id=submitted.form_id,
        form_version=version,
        state=SUCCESS,
        values=_storable(read),
        page_id=submitted.page_id,
        page_url=submitted.page_url,
        journey_id=submitted.journey_id,
        email_id=submitted.email_id,
        visitor_id=submitted.visitor_id,
        linked_id=submitted.linked_id,
        form_shard=f"{submitted.form_id}#{shard(submitted.id)}",
        submitted_at=now,
    )


def _storable(read: Read) -> dict[str, Any]:
    kept = {name: value if isinstance(value, bool | int | None) else str(value) for name, value in read.values.items()}
    return {**kept, "do_not_bulk_email": True} if read.refuses_bulk_email else kept


def _taken(submission: Submission, form: FormDocument, read: Read, now: datetime) -> Submission | None:
    """Resolve a new submission and commit it with all that it causes; None if others were quicker five times."""
    for _ in range(TRIES):
        try:
            resolved = _resolve(submission, form, read, now)
            _succeed(submission, form, resolved)
            commit([put_new(submission)], resolved.writes)
        except ConditionFailed as failed:
            if earlier := _earlier(failed):
                return earlier
            submission.values = _storable(read)
        else:
            return submission
    return None


def _succeed(submission: Submission, form: FormDocument, resolved: Resolved) -> None:
    submission.state, submission.failure, submission.problems = SUCCESS, None, None
    submission.contact_id, submission.lead_id = resolved.contact_id, resolved.lead_id
    submission.contact_result, submission.lead_result = resolved.contact_result, resolved.lead_result
    submission.due, submission.due_shard, submission.open_shard = None, None, None
    if form.update is not Update.NONE and not form.store_all_submissions:
        submission.values = None


def _earlier(failed: ConditionFailed) -> Submission | None:
    return next((found for _, found in failed.of(Submission) if found is not None), None)


def _failed(submission: Submission, error: DomainError) -> Submission:
    submission.state, submission.failure = FAILURE, str(error)
    submission.problems = [problem.as_dict() for problem in error.problems]
    submission.open_shard = f"{FAILURE}#{shard(submission.submission_id)}"
    submission.due, submission.due_shard = None, None
    return submission


def _waiting(submission: Submission, now: datetime) -> Submission:
    submission.state = PENDING
    submission.open_shard = f"{PENDING}#{shard(submission.submission_id)}"
    submission.due, submission.due_shard = _again(submission, now), due_shard(WORK, submission.submission_id)
    return submission


def _again(submission: Submission, now: datetime) -> datetime:
    return now + timedelta(seconds=min(30 * 2**submission.attempts, 3600))


def _stored(submission: Submission) -> Submission:
    """Store a submission alone, so that nothing is answered before it is durable (invariant 2)."""
    try:
        commit([put_new(submission)])
    except ConditionFailed as failed:
        earlier = _earlier(failed)
        if earlier is None:
            raise
        return earlier
    return submission


# What it resolves to -----------------------------------------------------------------------------------------------


def _resolve(submission: Submission, form: FormDocument, read: Read, now: datetime) -> Resolved:
    """Decide what a submission comes to (SUB-1 to SUB-4). Raises Unprocessable for what can only fail."""
    if unknown := reading.unknown_options(form, read.values):
        raise Unprocessable("A choice was sent that the form does not offer.", unknown)
    resolved = Resolved()
    known = _known_contact(submission)
    if form.update in {Update.CONTACTS_AND_LEADS, Update.CONTACTS}:
        _resolve_contact(resolved, submission, form, read, now)
    else:
        linked = submission.linked_id if form.update is Update.NONE else None
        _take_for(resolved, linked or known)
    if form.update in {Update.CONTACTS_AND_LEADS, Update.LEADS}:
        _resolve_lead(resolved, submission, form, read, now)
    if resolved.contact_id is not None and form.update is not Update.NONE:
        resolved.writes += _consent(resolved.contact_id, submission, read, now)
        if submission.visitor_id is not None and known != resolved.contact_id:
            resolved.writes.append(_bind(submission.visitor_id, resolved.contact_id, now))
    resolved.writes += _interaction(resolved, submission, now)
    return resolved


def _take_for(resolved: Resolved, known: str | None) -> None:
    """Credit a contact that was known before, unless it has been deleted since."""
    if known is not None and contacts.exists(known):
        resolved.contact_id = known
        resolved.writes.append(contacts.still_there(known))


def _known_contact(submission: Submission) -> str | None:
    """Return the contact that the browser is known as; a cookie never overrides what was submitted (SUB-2.3)."""
    return contact_of_visitor(submission.visitor_id) if submission.visitor_id else None


def contact_of_visitor(visitor_id: str) -> str | None:
    visitor = Visitor.find(*Visitor.at(visitor_id))
    return visitor.contact_id if visitor is not None else None


def _context(submission: Submission) -> MarketingContext:
    return MarketingContext(
        journey_id=submission.journey_id,
        email_id=submission.email_id,
        form_id=submission.form_id,
        page_id=submission.page_id,
        submission_id=submission.submission_id,
        at=submission.submitted_at,
    )


def _resolve_contact(resolved: Resolved, submission: Submission, form: FormDocument, read: Read, now: datetime) -> None:
    values = read.for_target(form, "contact")
    prepared = contacts.prepare(
        values,
        strategy_id=form.contact_strategy_id,
        new_id=digest("contact", submission.submission_id),
        context=_context(submission),
        now=now,
        blank_clears=form.blank_clears,
        owner_id=form.owner_id,
    )
    resolved.writes += prepared.writes
    resolved.contact_id = prepared.record.contact_id
    resolved.contact_result = _result(created=prepared.created, changed=prepared.changed)


def _resolve_lead(resolved: Resolved, submission: Submission, form: FormDocument, read: Read, now: datetime) -> None:
    contact_values = {name: value for name, value in read.for_target(form, "contact").items() if name in SHARED}
    values = {"topic": form.topic or None, **contact_values, **read.for_target(form, "lead")}
    prepared = leads.prepare(
        values,
        contact_id=resolved.contact_id,
        strategy_id=form.lead_strategy_id,
        always_new=form.generate_leads_without_matching,
        page_id=submission.page_id,
        new_id=digest("lead", submission.submission_id),
        context=_context(submission),
        owner_id=form.owner_id,
        now=now,
    )
    resolved.writes += prepared.writes
    resolved.lead_id = prepared.record.lead_id
    resolved.lead_result = _result(created=prepared.created, changed=prepared.changed)


SHARED = frozenset({"first_name", "last_name", "company_name", "email", "phone", "job_title"})
"""Contact fields that a new lead shows as well."""


def _result(*, created: bool, changed: bool) -> str:
    return "created" if created else "updated" if changed else "matched"


def _consent(contact_id: str, submission: Submission, read: Read, now: datetime) -> list[Write]:
    """Refuse bulk email where the box was ticked; a form never allows again what was refused (invariant 7)."""
    if not read.refuses_bulk_email:
        return []
    evidence = Evidence(who=f"contact:{contact_id}", source=f"form:{submission.form_id}", method="checkbox")
    before = consent.preferences(contact_id)
    return consent_plans.change(before, {"bulk_email": False}, evidence, submission.submission_id, now)


def _bind(visitor_id: str, contact_id: str, now: datetime) -> Write:
    return put(Visitor(*Visitor.at(visitor_id), contact_id=contact_id, since=now))


def _interaction(resolved: Resolved, submission: Submission, now: datetime) -> list[Write]:
    new = NewInteraction(
        type=InteractionType.FORM_SUBMITTED,
        at=submission.submitted_at,
        source="submission",
        source_event=f"{submission.submission_id}#{submission.rounds}"
        if submission.rounds
        else submission.submission_id,
        contact_id=resolved.contact_id,
        visitor_id=submission.visitor_id,
        submission_id=submission.submission_id,
        lead_id=resolved.lead_id,
        attributes={
            "form_id": submission.form_id,
            "page_id": submission.page_id,
            "journey_id": submission.journey_id,
            "email_id": submission.email_id,
        },
    )
    return interactions.record(new, now)


# Pending and failed ones -------------------------------------------------------------------------------------------


def finish(submission_id: str, now: datetime) -> Submission:
    """Finish a pending submission: success or failure; if others are quicker, later again (FSU-5)."""
    submission = find(submission_id)
    if submission.state != PENDING:
        return submission
    form, _ = form_of(submission.form_id, submission.form_version)
    read = _read_back(submission)
    try:
        resolved = _resolve(submission, form, read, now)
        _succeed(submission, form, resolved)
        commit([put_changed(submission)], resolved.writes)
    except (ConditionFailed, Unavailable, Stale):
        return _later(submission_id, now)
    except DomainError as error:
        failed = _failed(find(submission_id), error)
        commit([put_changed(failed)])
        return failed
    return submission


def _read_back(submission: Submission) -> Read:
    kept = dict(submission.values or {})
    refuses = bool(kept.pop("do_not_bulk_email", False))
    return Read(kept, (), refuses)


def _later(submission_id: str, now: datetime) -> Submission:
    submission = find(submission_id)
    if submission.state == PENDING:
        submission.attempts += 1
        submission.due = _again(submission, now)
        if submission.attempts > MOST_ATTEMPTS:
            _failed(submission, Unavailable("The records stayed busy. Retry it when there is less going on."))
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
    if submission.state != FAILURE:
        raise Conflict("Only a failed submission can be put right.")
    form, _ = form_of(submission.form_id, submission.form_version)
    read = reading.read(form, {**(submission.values or {}), **typed})
    if read.problems:
        raise Invalid("These values do not fit the form.", read.problems)
    submission.values = _storable(read)
    commit([put_changed(submission)])
    return submission


def retry(submission_id: str, now: datetime, *, new_interaction: bool) -> Submission:
    """Let a failed submission be pending again (FSU-5); a new interaction counts as another one (FSU-7)."""
    submission = find(submission_id)
    if submission.state != FAILURE:
        raise Conflict("Only a failed submission can be retried.")
    submission.state, submission.failure, submission.problems, submission.attempts = PENDING, None, None, 0
    submission.rounds += int(new_interaction)
    submission.open_shard = f"{PENDING}#{shard(submission_id)}"
    submission.due, submission.due_shard = now, due_shard(WORK, submission_id)
    commit([put_changed(submission)])
    return submission


def by_form(form_id: str, asked: Asked) -> Page[Submission]:
    return page(CaptureItem.by_form, partitions(form_id), asked, newest_first=True, kind=Submission)


def by_state(state: str, asked: Asked) -> Page[Submission]:
    return page(CaptureItem.by_open, partitions(state), asked, newest_first=True, kind=Submission)


# Visits ------------------------------------------------------------------------------------------------------------


def visited(
    page_id: str,
    form_ids: list[str],
    *,
    visitor_id: str,
    contact_id: str | None,
    journey_id: str | None,
    email_id: str | None,
    now: datetime,
) -> None:
    """Record that a page and its forms were seen, for the contact if it is known, else for the visitor."""
    seen = [(InteractionType.WEBSITE_VISITED, None), *((InteractionType.FORM_VISITED, form) for form in form_ids)]
    visit = NewInteraction(
        type=InteractionType.WEBSITE_VISITED,
        at=now,
        source="visit",
        source_event=new_id(),
        contact_id=contact_id,
        visitor_id=visitor_id,
        attributes={"page_id": page_id, "journey_id": journey_id, "email_id": email_id},
    )
    for type_, form_id in seen:
        named = replace(visit, type=type_, source_event=new_id(), attributes={**visit.attributes, "form_id": form_id})
        commit(interactions.record(named, now))


# Settings ----------------------------------------------------------------------------------------------------------


def landing_settings() -> LandingSettings:
    return LandingSettings.find(*LandingSettings.PLACE) or LandingSettings(*LandingSettings.PLACE)


def change_landing_settings(values: Mapping[str, Any], version: int) -> LandingSettings:
    """Change the settings of landing pages. Raises Stale."""
    stored = landing_settings()
    if stored.version != version:
        raise Stale("The settings have changed since you read them.")
    for name, value in values.items():
        setattr(stored, name, value)
    first = stored.version == 0
    stored.version = 1 if first else stored.version
    commit([put_new(stored, refused=Stale("The settings have just been changed.")) if first else put_changed(stored)])
    return stored
