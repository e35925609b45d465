"""What people edit, and what an audit tells of it: values only of what is nobody's."""

from collections.abc import Mapping
from typing import Any

from chalicelib.access.models import ApiKey
from chalicelib.activities.models import Activity, Note
from chalicelib.audit.records import Record
from chalicelib.capture.linkedin.models import Active, Connection, Response, Secrets, SetAside, Source, Strategy
from chalicelib.capture.models import LandingDefault, LandingSettings, Submission
from chalicelib.capture.websites.models import Redirect, Website
from chalicelib.consent.models import ConsentSettings, GuardianConsent, PreferencesRow
from chalicelib.consent.points.models import ComplianceProfile, PointConsent
from chalicelib.consent.subscriptions.models import Subscription, SubscriptionList
from chalicelib.contacts.custom.models import FieldRow
from chalicelib.contacts.models import Account, Contact, Dismissed, MatchingStrategy
from chalicelib.definitions.models import Definition, Job
from chalicelib.dynamodb import Item
from chalicelib.imports.models import Import
from chalicelib.journeys.models import Enrolment, Raised
from chalicelib.leads.models import Dismissed as DismissedLead
from chalicelib.leads.models import Lead, LeadSettings, Stakeholder
from chalicelib.leads.opportunity import Opportunity
from chalicelib.messages.models import MessageSettings, Suppressed
from chalicelib.messages.optin.models import OptInSettings
from chalicelib.privacy.models import Request
from chalicelib.registrations.models import Registration
from chalicelib.scoring.models import Configuration, LeadManagement
from chalicelib.scoring.reports.exports import Export
from chalicelib.scoring.reports.previews import Preview
from chalicelib.segments.models import Membership
from chalicelib.views.models import Export as RecordExport
from chalicelib.views.models import Run


def _own(pk: str, _: str) -> str:
    return pk.partition("#")[2]


def _behind(_: str, sk: str) -> str:
    return sk.partition("#")[2]


def _both(pk: str, sk: str) -> str:
    return f"{pk.partition('#')[2]}.{sk.partition('#')[2]}"


def _walk(pk: str, sk: str) -> str:
    """A contact's walk through a journey, by its public id."""
    return ".".join([pk.partition("#")[2], *sk.split("#")[1:3]])


def _noun(values: Mapping[str, Any]) -> str:
    """A contact or an account, by where the row lies."""
    return str(values["pk"]).partition("#")[0].lower()


def _one(_: str, __: str) -> str:
    return "settings"


def _landing(_: str, sk: str) -> str:
    return sk.partition("#")[2] or "settings"


def _key(_: str, sk: str) -> str:
    return sk


RECORDS: Mapping[type[Item], Record] = {
    Contact: Record("contact", _own),
    Account: Record("account", _own),
    Dismissed: Record(_noun, _own),
    Lead: Record("lead", _own),
    DismissedLead: Record("lead", _own),
    Stakeholder: Record("lead", _own),
    Opportunity: Record("opportunity", _own),
    Registration: Record("registration", _own),
    Activity: Record("activity", _own),
    Note: Record("note", _both),
    PreferencesRow: Record("preferences", _own),
    GuardianConsent: Record("guardian-consent", _both),
    Subscription: Record("subscription", _both),
    PointConsent: Record("contact-point", _both),
    Membership: Record("segment-membership", _both),
    Submission: Record("submission", _own),
    Response: Record("linkedin-submission", _own),
    Enrolment: Record("enrolment", _walk),
    Raised: Record("raised-trigger", _own, ids=frozenset({"trigger_id", "contact_id"})),
    Suppressed: Record("suppression", _own),
    Request: Record("privacy-request", _own),
    Import: Record("import", _own),
    Secrets: Record("linkedin-secrets", _own),
    SetAside: Record("linkedin-delivery", _behind),
    Export: Record("score-export", _own),
    Preview: Record("score-preview", _own),
    RecordExport: Record("record-export", _own),
    Run: Record("action-run", _own),
    Job: Record("job", _own),
    Definition: Record(lambda values: str(values["definition_kind"]), _own, telling=True),
    MatchingStrategy: Record("matching-strategy", _key, telling=True),
    ComplianceProfile: Record("compliance-profile", _own, telling=True),
    SubscriptionList: Record("subscription-list", _own, telling=True),
    LeadSettings: Record("lead-settings", _one, telling=True),
    MessageSettings: Record("message-settings", _one, telling=True),
    LandingSettings: Record("landing-settings", _landing, telling=True),
    LandingDefault: Record("landing-default", _one, telling=True),
    ConsentSettings: Record("consent-settings", _one, telling=True),
    OptInSettings: Record("double-opt-in-settings", _one, telling=True),
    FieldRow: Record("field", _key, telling=True),
    Website: Record("website", _own, telling=True),
    Redirect: Record("redirect", _own, telling=True),
    Configuration: Record("scoring-configuration", _key, telling=True),
    LeadManagement: Record("lead-management", _one, telling=True),
    Connection: Record("linkedin-connection", _behind, telling=True),
    Source: Record("linkedin-source", _both, telling=True),
    Strategy: Record("linkedin-strategy", _behind, telling=True),
    Active: Record("linkedin-active-strategy", _one, telling=True),
    ApiKey: Record("api-key", _behind, telling=True),
}
