"""Entry point: puts the application together; everything it does lives in chalicelib."""

import gc

gc.disable()  # nothing that importing makes is garbage; looking for it is a tenth of a cold start

from chalice.app import Blueprint

from chalicelib import wiring
from chalicelib.access.authorizer import authorize
from chalicelib.access.authorizer import handlers as access_handlers
from chalicelib.access.routes import api as access_api
from chalicelib.activities.routes import api as activities_api
from chalicelib.capture.handlers import finish_submissions, route_capture
from chalicelib.capture.handlers import handlers as capture_handlers
from chalicelib.capture.linkedin.handlers import handlers as linkedin_handlers
from chalicelib.capture.linkedin.handlers import sync_linkedin
from chalicelib.capture.linkedin.routes import api as linkedin_api
from chalicelib.capture.routes import api as capture_api
from chalicelib.consent.handlers import handlers as consent_handlers
from chalicelib.consent.handlers import route_consent
from chalicelib.consent.routes import api as consent_api
from chalicelib.contacts.handlers import handlers as contacts_handlers
from chalicelib.contacts.handlers import route_contacts, sweep_contacts
from chalicelib.contacts.merge_routes import api as merging_api
from chalicelib.contacts.routes import api as contacts_api
from chalicelib.definitions.handlers import finish_job, route_definitions, start_jobs, work_slice
from chalicelib.definitions.handlers import handlers as definitions_handlers
from chalicelib.definitions.routes import api as definitions_api
from chalicelib.http import Application
from chalicelib.insights.handlers import count_facts
from chalicelib.insights.handlers import handlers as insights_handlers
from chalicelib.insights.routes import api as insights_api
from chalicelib.interactions.handlers import digest_interactions, route_interactions
from chalicelib.interactions.handlers import handlers as interactions_handlers
from chalicelib.interactions.routes import api as interactions_api
from chalicelib.journeys.handlers import (
    act_on_leads,
    claim_enrolment,
    enrol_contacts,
    perform_tile,
    poll_due,
    raise_business_triggers,
    rest_enrolment,
    route_journeys,
    set_aside_enrolment,
    wake_enrolments,
)
from chalicelib.journeys.handlers import handlers as journeys_handlers
from chalicelib.journeys.routes import api as journeys_api
from chalicelib.leads.handlers import handlers as leads_handlers
from chalicelib.leads.handlers import route_leads
from chalicelib.leads.merge_routes import api as merging_leads_api
from chalicelib.leads.opportunity_routes import api as opportunities_api
from chalicelib.leads.process_routes import api as processes_api
from chalicelib.leads.queue_routes import api as lead_queues_api
from chalicelib.leads.routes import api as leads_api
from chalicelib.leads.settings_routes import api as lead_settings_api
from chalicelib.leads.stakeholder_routes import api as stakeholders_api
from chalicelib.messages.handlers import (
    confirm_verdicts,
    decide_verdicts,
    receive_email_events,
    record_sends,
    route_messages,
    send_messages,
)
from chalicelib.messages.handlers import handlers as messages_handlers
from chalicelib.messages.public import api as mail_api
from chalicelib.messages.routes import api as messages_api
from chalicelib.observability import instrument
from chalicelib.openapi import api as openapi_api
from chalicelib.operations.routes import api as operations_api
from chalicelib.scoring.accounts.routes import api as doings_api
from chalicelib.scoring.handlers import handlers as scoring_handlers
from chalicelib.scoring.handlers import recount_scores, rescore_contacts, route_scoring
from chalicelib.scoring.qualification.routes import api as qualifications_api
from chalicelib.scoring.reports.routes import api as scoring_reports_api
from chalicelib.scoring.routes import api as scoring_api
from chalicelib.segments.handlers import evaluate_membership, route_segments
from chalicelib.segments.handlers import handlers as segments_handlers
from chalicelib.segments.routes import api as segments_api

# Lambda looks each function up here, which loads the middleware along with it (aws/chalice#1566).
__all__ = [
    "act_on_leads",
    "app",
    "authorize",
    "claim_enrolment",
    "confirm_verdicts",
    "count_facts",
    "decide_verdicts",
    "digest_interactions",
    "enrol_contacts",
    "evaluate_membership",
    "finish_job",
    "finish_submissions",
    "perform_tile",
    "poll_due",
    "raise_business_triggers",
    "receive_email_events",
    "record_sends",
    "recount_scores",
    "rescore_contacts",
    "rest_enrolment",
    "route_capture",
    "route_consent",
    "route_contacts",
    "route_definitions",
    "route_interactions",
    "route_journeys",
    "route_leads",
    "route_messages",
    "route_scoring",
    "route_segments",
    "send_messages",
    "set_aside_enrolment",
    "start_jobs",
    "sweep_contacts",
    "sync_linkedin",
    "wake_enrolments",
    "work_slice",
]

app = Application(app_name="itinera", configure_logs=False)
instrument(app)
wiring.wire()

BLUEPRINTS: list[Blueprint] = [
    openapi_api,
    access_api,
    definitions_api,
    interactions_api,
    contacts_api,
    merging_api,
    consent_api,
    activities_api,
    leads_api,
    processes_api,
    lead_queues_api,
    opportunities_api,
    lead_settings_api,
    stakeholders_api,
    merging_leads_api,
    scoring_api,
    scoring_reports_api,
    qualifications_api,
    doings_api,
    segments_api,
    messages_api,
    mail_api,
    journeys_api,
    capture_api,
    linkedin_api,
    insights_api,
    operations_api,
    access_handlers,
    definitions_handlers,
    interactions_handlers,
    contacts_handlers,
    consent_handlers,
    leads_handlers,
    scoring_handlers,
    segments_handlers,
    messages_handlers,
    journeys_handlers,
    capture_handlers,
    linkedin_handlers,
    insights_handlers,
]
for blueprint in BLUEPRINTS:
    app.register_blueprint(blueprint)

gc.freeze()
gc.enable()
