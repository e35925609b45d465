"""Forms, pages and submissions over HTTP: for marketers, and for everybody."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from chalicelib import web
from chalicelib.capture import browsing, checks, compliance, landing, pages, pending, service, writing
from chalicelib.capture.browsing import Visit
from chalicelib.capture.models import Submission
from chalicelib.capture.resolving import OF_CONTACTS, OF_LEADS
from chalicelib.capture.schemas import (
    FormDocument,
    PageDocument,
    PageLink,
    ProblemView,
    Retry,
    SubmissionRequest,
    SubmissionResult,
    SubmissionsQuery,
    SubmissionView,
    ValuesChange,
)
from chalicelib.capture.service import Submitted
from chalicelib.capture.states import FAILURE, SUCCESS
from chalicelib.capture.websites.public import from_elsewhere, refuses
from chalicelib.clock import digest, new_id
from chalicelib.consent.points import records
from chalicelib.consent.subscriptions.models import LIST
from chalicelib.contacts import fields as contact_fields
from chalicelib.contacts import strategies
from chalicelib.contacts.custom import naming
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.definitions.lifecycle import Checked, Reference
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.errors import Forbidden, Gone, Invalid, NotFound, Problem, Unprocessable
from chalicelib.http import (
    FORM,
    JSON,
    STATUS_OF,
    Api,
    Call,
    Listing,
    ListQuery,
    Nothing,
    Reply,
    form_of,
    json_of,
    problem,
    query_of,
)
from chalicelib.interactions import visitors
from chalicelib.leads import fields as lead_fields
from chalicelib.messages.optin import settings as optin_settings
from chalicelib.messages.schemas import FORM_CONFIRMATION
from chalicelib.settings import settings

api = Api(__name__)

PROBLEM = "application/problem+json"


def _check_form(form: FormDocument) -> Checked:
    matched_by = _matched_by(form)
    custom = {target: custom_fields.in_use(target) for target in writing.TARGETS}
    checked = checks.check_form(
        form,
        contact_fields={**contact_fields.WRITABLE, **writing.offered(custom["contact"])},
        lead_fields={**lead_fields.WRITABLE, **writing.offered(custom["lead"])},
        strategies=[strategies.find(*each) for each in matched_by],
        allow_without_update=landing.default().allow_without_update,
    )
    named = [(LIST, element.list_id) for element in checks.lists_of(form) if element.list_id]
    named += checks.references_of(form)
    held = [reference for each in matched_by for reference in strategies.held(*each)]
    return _confirmable(
        form,
        replace(
            checked,
            problems=[*checked.problems, *writing.unfilled(form, custom)],
            warnings=[*checked.warnings, *writing.lacking(form, _made(form, custom))],
            references=[*held, *dict.fromkeys(named), *_own(form)],
        ),
    )


def _made(form: FormDocument, custom: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom fields of what a form makes."""
    makes = {"contact": form.update in OF_CONTACTS, "lead": form.update in OF_LEADS}
    return {target: fields for target, fields in custom.items() if makes[target]}


def _own(form: FormDocument) -> list[Reference]:
    of_leads = naming.named("lead", [field.lead_field for field in form.fields])
    return [*naming.named("contact", [field.contact_field for field in form.fields]), *of_leads]


def _confirmable(form: FormDocument, checked: Checked) -> Checked:
    """Add what double opt-in has to say of a form."""
    own, email_id = optin_settings.current(), form.confirmation_email_id
    mailable = bool(email_id) and optin_settings.is_email_of(str(email_id), FORM_CONFIRMATION)
    allowed = own.allowed_addresses or ()
    problems = [*checks.check_double_opt_in(form, mailable=mailable, allowed=allowed)]
    nobody_back = checks.lists_of(form) and not form.double_opt_in and not own.subscriptions_email_id
    warnings = [checks.NOBODY_BACK] if nobody_back else []
    profile = records.find_if_any(form.compliance_profile_id) if form.compliance_profile_id else None
    problems += compliance.problems_of(form, profile, allowed)
    warnings += [compliance.NOBODY_BACK] if compliance.nobody_back(form, profile) else []
    return replace(checked, problems=[*checked.problems, *problems], warnings=[*checked.warnings, *warnings])


def _matched_by(form: FormDocument) -> list[tuple[str, str | None]]:
    """Return by target which strategies a form's submissions are matched by; None is whichever is the default."""
    used: list[tuple[str, str | None]] = []
    if form.update in OF_CONTACTS:
        used.append((strategies.CONTACT, form.contact_strategy_id))
    if form.update in OF_LEADS and not form.generate_leads_without_matching:
        used.append((strategies.LEAD, form.lead_strategy_id))
    return used


def _with_defaults(form: FormDocument, before: Definition | None) -> FormDocument:
    """A form keeps its own copy of the defaults of the day it was made."""
    return form if before is not None else landing.of_form(form)


FORMS = Kind("form", "/forms", FormDocument, _check_form, before_save=_with_defaults)
lifecycle(api, FORMS)
PAGES = Kind(
    "page",
    "/pages",
    PageDocument,
    checks.check_page,
    before_save=lambda page, _: landing.of_page(page),
    publish_writes=pages.going_live,
)
lifecycle(api, PAGES)


# Everybody ---------------------------------------------------------------------------------------------------------


@api.on("GET /p/{slug}", scope=None, query=PageLink)
def show_hosted_page(call: Call[Nothing], slug: str) -> Reply:
    """Show a hosted page."""
    try:
        return pages.show(slug, _visit(call), call.now)
    except (NotFound, Gone) as error:
        return _nothing_there(error)


@api.on("POST /p/{slug}", scope=None, content_types=(FORM,))
def receive_form(call: Call[Nothing], slug: str) -> Reply:
    """Take a form that was sent from a hosted page."""
    try:
        return pages.receive(slug, form_of(call), _visit(call), call.now)
    except (NotFound, Gone) as error:
        return _nothing_there(error)
    except Invalid as error:  # a person reads this, so it is a page and no JSON
        return web.message("We could not read what was sent", str(error), HTTPStatus.BAD_REQUEST)


def _visit(call: Call[Any]) -> Visit:
    given = query_of(call.request).get("v")
    token = given if isinstance(given, str) else None  # said twice it says nothing
    cookies = call.headers.get("cookie", "")
    return browsing.visit_of(cookies, token, call.now, refuses=refuses(call), elsewhere=from_elsewhere(call))


def _nothing_there(error: NotFound | Gone) -> Reply:
    status = HTTPStatus.GONE if isinstance(error, Gone) else HTTPStatus.NOT_FOUND
    return web.message("There is nothing here", str(error), status)


@api.on("GET /static/{digest}/{name}", scope=None)
def show_static(_: Call[Nothing], digest: str, name: str) -> Reply:  # noqa: ARG001  the digest only names the version
    """Serve a file of ours; its address changes with its content."""
    if "/" in name or "\\" in name or name.startswith("."):
        raise NotFound("There is no such file.")
    try:
        content, _digest = web.static(name)
    except (FileNotFoundError, IsADirectoryError, ValueError) as error:
        raise NotFound("There is no such file.") from error
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Reply(content, content_type=web.type_of(name), headers=headers)


@api.on("OPTIONS /forms/{form_id}/submissions", scope=None)
def allow_submissions(call: Call[Nothing], form_id: str) -> Reply:
    """Tell a browser whether a page of another origin may submit this form."""
    return Reply("", HTTPStatus.NO_CONTENT, headers=_cors(call, form_id))


def _cors(call: Call[Any], form_id: str) -> dict[str, str | list[str]]:
    """Return what lets a form's own origins read the answer. Raises Forbidden for a foreign origin."""
    origin = call.headers.get("origin")
    own = urlsplit(settings.public_url)
    if origin is None or origin == f"{own.scheme}://{own.netloc}":
        return {}
    form, _ = service.form_of(form_id)
    if origin not in form.allowed_origins:
        raise Forbidden("Pages of this origin may not submit this form. Add the origin to the form.")
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


@api.on("POST /forms/{form_id}/submissions", scope=None, content_types=(JSON, FORM), returns=SubmissionResult)
def submit_form(call: Call[Nothing], form_id: str) -> Reply:
    """Take a submission as JSON or as a urlencoded form; with an Idempotency-Key, once."""
    allowed = _cors(call, form_id)
    try:
        return _submitted(call, form_id, allowed)
    except (Invalid, Unprocessable) as error:  # the page of another origin may read what is wrong as well
        told = problem(STATUS_OF[type(error)], str(error), error.problems)
        headers = {**told.headers, **allowed}
        return Reply(told.body, HTTPStatus(told.status_code), PROBLEM, headers=headers)


def _submitted(call: Call[Nothing], form_id: str, allowed: Mapping[str, str | list[str]]) -> Reply:
    sent = _sent(call)
    submitted = Submitted(
        form_id=form_id,
        typed=sent.values,
        source_event=digest("key", call.idempotency_key) if call.idempotency_key else new_id(),
        page_url=sent.page_url,
        visitor_id=visitors.of_token(sent.visitor or ""),
    )
    submission = service.submit(submitted, call.now)
    if submission.state == FAILURE:
        problems = [Problem(**each) for each in submission.problems or []]
        raise Unprocessable(str(submission.failure), problems)
    form, _ = service.form_of(form_id)
    result = SubmissionResult(
        submission_id=submission.submission_id,
        state=submission.state,
        message=form.success_message,
        redirect_url=str(form.redirect_url) if form.redirect_url else None,
        awaits_confirmation=service.awaits_confirmation(submission, form, sent.values),
        visitor=_now_another(submission, submitted.visitor_id),
    )
    status = HTTPStatus.CREATED if submission.state == SUCCESS else HTTPStatus.ACCEPTED
    return Reply(result, status, headers=allowed)


def _now_another(submission: Submission, visitor_id: str | None) -> str | None:
    """Return the token of the visitor that the browser is from now on, where it turned out to be somebody else."""
    changed = submission.visitor_id is not None and submission.visitor_id != visitor_id
    return visitors.token_of(str(submission.visitor_id)) if changed else None


def _sent(call: Call[Any]) -> SubmissionRequest:
    if call.headers.get("content-type", JSON).startswith(FORM):
        sent = form_of(call)
        typed = {name: value for name, value in sent.items() if not name.startswith("_")}
        said = {"page_url": sent.get("_page_url"), "visitor": sent.get("_visitor")}  # of the script of a website
        return SubmissionRequest.model_validate({"values": typed, **said})
    return SubmissionRequest.model_validate(json_of(call.raw))


# Marketers ---------------------------------------------------------------------------------------------------------


@api.on("GET /submissions", scope="submissions:read", query=SubmissionsQuery, returns=Listing[SubmissionView])
def list_submissions(call: Call[Nothing]) -> Listing[SubmissionView]:
    """List the submissions of a form, or those that are pending or failed."""
    query = call.query
    if (query.form_id is None) == (query.state is None):
        raise Invalid("Ask by form_id, or by state (pending or failure).")
    if query.form_id is not None:
        return Listing[SubmissionView].of(pending.by_form(query.form_id, query.asked), _view)
    return Listing[SubmissionView].of(pending.by_state(query.state, query.asked), _view)


@api.on("GET /leads/{lead_id}/submissions", scope="submissions:read", query=ListQuery, returns=Listing[SubmissionView])
def list_submissions_of_lead(call: Call[Nothing], lead_id: str) -> Listing[SubmissionView]:
    """List the submissions of forms that a lead was made by or matched, newest first."""
    return Listing[SubmissionView].of(pending.of_lead(lead_id, call.query.asked), _view)


@api.on("GET /submissions/{submission_id}", scope="submissions:read", returns=SubmissionView)
def show_submission(_: Call[Nothing], submission_id: str) -> SubmissionView:
    """Show a submission and what it resolved to."""
    return _view(pending.find(submission_id))


@api.on("PATCH /submissions/{submission_id}", scope="submissions:write", body=ValuesChange, returns=SubmissionView)
def correct_submission(call: Call[ValuesChange], submission_id: str) -> SubmissionView:
    """Put values of a failed submission right; send If-Match."""
    return _view(pending.correct(submission_id, call.body.values, call.version))


@api.on("POST /submissions/{submission_id}/retry", scope="submissions:write", body=Retry, returns=SubmissionView)
def retry_submission(call: Call[Retry], submission_id: str) -> SubmissionView:
    """Try a failed submission again."""
    return _view(pending.retry(submission_id, call.now, new_interaction=call.body.new_interaction))


def _view(each: Submission) -> SubmissionView:
    given = {name: getattr(each, name) for name in SubmissionView.model_fields if name not in {"id", "problems"}}
    problems = [ProblemView.model_validate(one) for one in each.problems or []]
    return SubmissionView(**given, id=each.submission_id, problems=problems)
