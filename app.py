"""Entry point: puts the application together; everything it does lives in chalicelib."""

import gc

gc.disable()  # nothing that importing makes is garbage; looking for it is a tenth of a cold start

from chalicelib import wiring
from chalicelib.access.authorizer import authorize
from chalicelib.access.authorizer import handlers as access_handlers
from chalicelib.capture.handlers import finish_submissions, route_capture
from chalicelib.capture.handlers import handlers as capture_handlers
from chalicelib.capture.linkedin.handlers import handlers as linkedin_handlers
from chalicelib.capture.linkedin.handlers import sync_linkedin
from chalicelib.consent.handlers import guard_children, route_consent
from chalicelib.consent.handlers import handlers as consent_handlers
from chalicelib.contacts.handlers import handlers as contacts_handlers
from chalicelib.contacts.handlers import route_contacts, sweep_contacts
from chalicelib.definitions.handlers import finish_job, route_definitions, start_jobs, work_slice
from chalicelib.definitions.handlers import handlers as definitions_handlers
from chalicelib.http import Application
from chalicelib.insights.handlers import count_facts
from chalicelib.insights.handlers import handlers as insights_handlers
from chalicelib.interactions.handlers import digest_interactions, route_interactions
from chalicelib.interactions.handlers import handlers as interactions_handlers
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
from chalicelib.leads.handlers import handlers as leads_handlers
from chalicelib.leads.handlers import route_leads
from chalicelib.messages.handlers import (
    confirm_verdicts,
    decide_verdicts,
    receive_email_events,
    record_sends,
    route_messages,
    send_messages,
)
from chalicelib.messages.handlers import handlers as messages_handlers
from chalicelib.observability import instrument
from chalicelib.registrations.handlers import handlers as registrations_handlers
from chalicelib.registrations.handlers import route_registrations
from chalicelib.scoring.handlers import handlers as scoring_handlers
from chalicelib.scoring.handlers import recount_scores, rescore_contacts, route_scoring
from chalicelib.segments.handlers import evaluate_membership, route_segments
from chalicelib.segments.handlers import handlers as segments_handlers

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
    "guard_children",
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
    "route_registrations",
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

ROUTES = {
    "chalicelib.access.routes": ("settings",),
    "chalicelib.activities.note_routes": ("accounts", "contacts"),
    "chalicelib.activities.routes": ("activities",),
    "chalicelib.audit.routes": ("audit",),
    "chalicelib.capture.confirm_routes": ("confirm",),
    "chalicelib.capture.landing_routes": ("landing-settings", "settings"),
    "chalicelib.capture.linkedin.routes": ("linkedin-connections",),
    "chalicelib.capture.linkedin.strategy_routes": ("linkedin-strategies",),
    "chalicelib.capture.linkedin.submission_routes": ("leads", "linkedin-submissions"),
    "chalicelib.capture.linkedin.webhook_routes": ("webhooks",),
    "chalicelib.capture.routes": ("forms", "leads", "p", "pages", "static", "submissions"),
    "chalicelib.capture.websites.public": ("w",),
    "chalicelib.capture.websites.redirect_routes": ("r", "redirects"),
    "chalicelib.capture.websites.routes": ("websites",),
    "chalicelib.consent.points.routes": ("compliance-profiles", "contact-points"),
    "chalicelib.consent.routes": ("contacts",),
    "chalicelib.consent.settings_routes": ("settings",),
    "chalicelib.consent.subscriptions.routes": ("contacts", "subscription-lists"),
    "chalicelib.contacts.custom.routes": ("fields",),
    "chalicelib.contacts.merge_routes": ("accounts", "contacts"),
    "chalicelib.contacts.routes": ("accounts", "contacts", "matching-strategies"),
    "chalicelib.contacts.section_routes": ("contacts",),
    "chalicelib.definitions.routes": ("operations",),
    "chalicelib.imports.routes": ("import-maps", "imports"),
    "chalicelib.insights.contact_routes": ("accounts", "contacts"),
    "chalicelib.insights.routes": ("emails", "forms", "journeys", "pages", "redirects", "scoring-models", "websites"),
    "chalicelib.interactions.routes": ("interactions",),
    "chalicelib.journeys.routes": ("contacts", "enrolments", "journeys", "triggers"),
    "chalicelib.leads.merge_routes": ("leads",),
    "chalicelib.leads.note_routes": ("leads",),
    "chalicelib.leads.opportunity_routes": ("leads", "opportunities"),
    "chalicelib.leads.process_routes": ("business-processes", "lead-process", "leads"),
    "chalicelib.leads.queue_routes": ("lead-queues", "leads"),
    "chalicelib.leads.routes": ("leads",),
    "chalicelib.leads.settings_routes": ("leads", "orphan-leads", "settings"),
    "chalicelib.leads.stakeholder_routes": ("leads",),
    "chalicelib.messages.optin.routes": ("settings",),
    "chalicelib.messages.public": ("o", "subscriptions", "t", "unsubscribe"),
    "chalicelib.messages.routes": ("contacts", "content-settings", "emails", "sends", "settings"),
    "chalicelib.openapi": ("openapi.json",),
    "chalicelib.operations.field_routes": ("fields",),
    "chalicelib.operations.routes": ("health", "operations"),
    "chalicelib.privacy.routes": ("privacy-requests",),
    "chalicelib.registrations.public": ("e", "events"),
    "chalicelib.registrations.routes": ("contacts", "events", "registrations"),
    "chalicelib.scoring.accounts.routes": ("accounts", "leads"),
    "chalicelib.scoring.management_routes": ("settings",),
    "chalicelib.scoring.qualification.routes": ("qualifications",),
    "chalicelib.scoring.reports.routes": ("scoring-models",),
    "chalicelib.scoring.routes": ("leads", "scoring-configuration", "scoring-models"),
    "chalicelib.segments.routes": ("contacts", "segments"),
    "chalicelib.views.action_routes": ("contacts", "segments"),
    "chalicelib.views.export_routes": ("exports",),
    "chalicelib.views.routes": ("views",),
}
"""The modules of the routes, each with the first words of its paths: by them a request loads what it needs."""

app = Application("itinera", ROUTES)
instrument(app)
wiring.wire()

HANDLERS = [
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
    registrations_handlers,
    insights_handlers,
]
for blueprint in HANDLERS:
    app.register_blueprint(blueprint)

gc.freeze()
gc.enable()
