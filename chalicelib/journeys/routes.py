"""Journeys, enrolments and triggers over HTTP."""

from http import HTTPStatus

from chalicelib.clock import now
from chalicelib.definitions.lifecycle import Checked
from chalicelib.definitions.routes import Kind, checked_view, lifecycle
from chalicelib.definitions.routes import view as definition_view
from chalicelib.definitions.schemas import CheckView, DefinitionView
from chalicelib.http import Api, Call, Listing, Nothing
from chalicelib.journeys import leases, narrowing, raising, service, triggers, versions
from chalicelib.journeys.document import JourneyDocument
from chalicelib.journeys.models import Enrolment, Raised, Refusal
from chalicelib.journeys.schemas import (
    EnrolmentHistory,
    EnrolmentQuery,
    EnrolmentView,
    PublishJourney,
    RaisedView,
    RaiseRequest,
    Refusals,
    RefusalView,
    StopJourney,
    VisitView,
)
from chalicelib.journeys.stops import SENTENCES, StopReason
from chalicelib.journeys.triggers import TriggerDocument
from chalicelib.lists import Page

api = Api(__name__)


def _check_trigger(document: TriggerDocument) -> Checked:
    return Checked(triggers.problems(document))


JOURNEYS = Kind(
    versions.KIND, "/journeys", JourneyDocument, lambda document: service.check(document, now()), lifecycle=False
)
lifecycle(api, JOURNEYS)
lifecycle(api, Kind(raising.KIND, "/triggers", TriggerDocument, _check_trigger))


@api.on("POST /journeys/{journey_id}/check", scope="journeys:write", returns=CheckView)
def check_journey(_: Call[Nothing], journey_id: str) -> CheckView:
    """Say everything that keeps the draft from going live."""
    return checked_view(service.check_draft(journey_id, now()))


@api.on("POST /journeys/{journey_id}/publish", scope="journeys:write", body=PublishJourney, returns=DefinitionView)
def publish_journey(call: Call[PublishJourney], journey_id: str) -> DefinitionView:
    """Make the draft the live version, and say what becomes of those inside."""
    return definition_view(service.publish(journey_id, call.body.inside, call.version, call.caller.id, call.now))


@api.on("POST /journeys/{journey_id}/stop", scope="journeys:write", body=StopJourney, returns=DefinitionView)
def stop_journey(call: Call[StopJourney], journey_id: str) -> DefinitionView:
    """Stop the journey, and hold or stop those inside."""
    body = call.body
    return definition_view(
        service.stop(journey_id, body.inside, call.version, call.caller.id, call.now, confirmed=body.confirmed)
    )


@api.on("GET /enrolments", scope="enrolments:read", query=EnrolmentQuery, returns=Listing[EnrolmentView])
def list_enrolments(call: Call[Nothing]) -> Listing[EnrolmentView]:
    """List the enrolments of a journey, or of an account's contacts in it, or of a contact."""
    return Listing[EnrolmentView].of(_enrolments(call.query), _enrolment)


def _enrolments(query: EnrolmentQuery) -> Page[Enrolment]:
    match query:
        case EnrolmentQuery(journey_id=str(journey_id), account_id=str(account_id)):
            return narrowing.of_account(journey_id, account_id, query.asked)
        case EnrolmentQuery(journey_id=str(journey_id)):
            return service.of_journey(journey_id, query.asked)
    return service.of_contact(str(query.contact_id), query.asked)


@api.on("GET /enrolments/{enrolment_id}", scope="enrolments:read", returns=EnrolmentHistory)
def show_enrolment(_: Call[Nothing], enrolment_id: str) -> EnrolmentHistory:
    """Show where a contact stands, what it waits for, and every decision so far with its reason."""
    enrolment = service.find(enrolment_id)
    visits = [VisitView(**visit) for visit in service.history(enrolment)]
    return EnrolmentHistory(**_enrolment(enrolment).model_dump(), visits=visits)


@api.on("POST /enrolments/{enrolment_id}/resume", scope="enrolments:write", returns=EnrolmentView)
def resume_enrolment(call: Call[Nothing], enrolment_id: str) -> EnrolmentView:
    """Put an enrolment that was set aside back to work."""
    return _enrolment(leases.resume(service.find(enrolment_id).enrolment_id, call.now))


@api.on("GET /contacts/{contact_id}/refusals", scope="enrolments:read", returns=Refusals)
def list_refusals(_: Call[Nothing], contact_id: str) -> Refusals:
    """List the journeys that did not take a contact, and why."""
    return Refusals(items=[_refusal(each) for each in service.refusals_of(contact_id)])


@api.on(
    "POST /triggers/{trigger_id}/raise",
    scope="triggers:send",
    body=RaiseRequest,
    returns=RaisedView,
    status=HTTPStatus.ACCEPTED,
)
def raise_trigger(call: Call[RaiseRequest], trigger_id: str) -> RaisedView:
    """Raise a trigger for a contact; it may start journeys."""
    return _raised(raising.raise_custom(trigger_id, call.body, call.new_id, call.caller.id, call.now))


def _enrolment(each: Enrolment) -> EnrolmentView:
    known = each.reason in set(StopReason)
    return EnrolmentView(
        id=each.enrolment_id,
        contact_id=each.contact_id,
        journey_id=each.journey_id,
        journey_version=each.journey_version,
        occurrence=each.occurrence,
        standing=each.standing,
        tile=each.tile,
        waits_until=each.until,
        reason=each.reason,
        sentence=SENTENCES[StopReason(each.reason)] if known else None,
        attempts=each.attempts,
        enrolled_at=each.enrolled_at,
        ended_at=each.ended_at,
    )


def _refusal(each: Refusal) -> RefusalView:
    reason = StopReason(each.reason)
    return RefusalView(
        journey_id=each.journey_id,
        occurrence=each.occurrence,
        reason=reason,
        sentence=SENTENCES[reason],
        refused_at=each.refused_at,
    )


def _raised(each: Raised) -> RaisedView:
    return RaisedView(
        id=each.raised_id, trigger_id=each.trigger_id, contact_id=each.contact_id, raised_at=each.raised_at
    )
