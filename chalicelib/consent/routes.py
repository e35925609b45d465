"""Preferences over HTTP."""

from chalicelib.clock import new_id
from chalicelib.consent import children, history, protection, service
from chalicelib.consent.models import ChangeRow, GuardianConsent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.protection import Protection
from chalicelib.consent.rules import Preferences
from chalicelib.consent.schemas import (
    AsOfQuery,
    ChangeView,
    ExternalConsent,
    GuardianConsents,
    GuardianConsentView,
    GuardianSaid,
    PastView,
    PreferencesChange,
    PreferencesView,
    ProofView,
    ProtectionChange,
    ProtectionView,
)
from chalicelib.contacts import service as contacts
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing, Reply

api = Api(__name__)


@api.on("GET /contacts/{contact_id}/preferences", scope="contacts:read", returns=PreferencesView)
def show_preferences(_: Call[Nothing], contact_id: str) -> PreferencesView:
    """Show what a contact allows."""
    return _view(service.of_person(contacts.find_who(contact_id)))


@api.on(
    "PATCH /contacts/{contact_id}/preferences",
    scope="contacts:write",
    body=PreferencesChange,
    returns=PreferencesView,
)
def change_preferences(call: Call[PreferencesChange], contact_id: str) -> PreferencesView:
    """Change what a contact allows; send If-Match."""
    evidence = Evidence(who=call.caller.id, source="api", method="by user", reason=call.body.reason)
    changed = service.change_by_user(contact_id, call.body.wanted(), call.version, evidence, new_id(), call.now)
    return _view(changed)


@api.on(
    "POST /contacts/{contact_id}/external-consent",
    scope="contacts:write",
    body=ExternalConsent,
    returns=PreferencesView,
)
def note_external_consent(call: Call[ExternalConsent], contact_id: str) -> PreferencesView:
    """Note what an external consent system says; journeys that ask for more stop the contact."""
    said = call.body
    evidence = Evidence(
        who=call.caller.id, source=f"external:{said.system}", method="external system", reason=said.reference or None
    )
    return _view(service.note_external(contact_id, said.level, evidence, call.new_id, call.now))


@api.on(
    "GET /contacts/{contact_id}/consent-changes", scope="contacts:read", query=ListQuery, returns=Listing[ChangeView]
)
def list_consent_changes(call: Call[Nothing], contact_id: str) -> Listing[ChangeView]:
    """List every change of what a contact allows, and of the lists that it is on, oldest first."""
    return Listing[ChangeView].of(history.page(contact_id, call.query.asked), _change)


@api.on("GET /contacts/{contact_id}/consent-changes/export", scope="contacts:read")
def export_consent_changes(_: Call[Nothing], contact_id: str) -> Reply:
    """Fetch a contact's changes as CSV."""
    named = {"Content-Disposition": 'attachment; filename="consent-changes.csv"', "Cache-Control": "no-store"}
    return Reply(history.exported(contact_id).decode(), content_type="text/csv; charset=utf-8", headers=named)


@api.on("GET /contacts/{contact_id}/consent", scope="contacts:read", query=AsOfQuery, returns=PastView)
def show_consent_as_of(call: Call[Nothing], contact_id: str) -> PastView:
    """Show what a contact allowed at a moment, and the proof of it."""
    contacts.find_who(contact_id)
    past = history.as_of(contact_id, call.query.at or call.now)
    proof = [
        ProofView(**_change(each.record).model_dump(), contact_id=each.record.contact_id, settles=list(each.settles))
        for each in history.proofs(past)
    ]
    return PastView(at=call.query.at, people=past.people, proof=proof, **past.allowed.fields())


@api.on(
    "POST /contacts/{contact_id}/guardian-consents", scope="contacts:write", body=GuardianSaid, returns=PreferencesView
)
def record_guardian_consent(call: Call[GuardianSaid], contact_id: str) -> PreferencesView:
    """Record what a child's guardian said, as proof; without its consent the child gets no message."""
    return _view(children.record(contact_id, call.body.model_dump(), call.caller.id, call.new_id, call.now))


@api.on("GET /contacts/{contact_id}/guardian-consents", scope="contacts:read", returns=GuardianConsents)
def list_guardian_consents(_: Call[Nothing], contact_id: str) -> GuardianConsents:
    """List what a child's guardians said, newest first, the last hundred."""
    return GuardianConsents(items=[_proof(row) for row in children.proofs(contact_id)])


def _proof(row: GuardianConsent) -> GuardianConsentView:
    given = {name: getattr(row, name) for name in GuardianConsentView.model_fields if name != "id"}
    return GuardianConsentView(id=row.sk.rpartition("#")[2], **given)


def _change(row: ChangeRow) -> ChangeView:
    given = {name: getattr(row, name) for name in ChangeView.model_fields if name != "id"}
    return ChangeView(id=row.change_id, **given)


@api.on("GET /contacts/{contact_id}/data-protection", scope="contacts:read", returns=ProtectionView)
def show_data_protection(_: Call[Nothing], contact_id: str) -> ProtectionView:
    """Show a contact's consent level and what it permits, whether it is a child, and its guardian."""
    return _protection(protection.of(contact_id))


@api.on(
    "PATCH /contacts/{contact_id}/data-protection",
    scope="contacts:write",
    body=ProtectionChange,
    returns=ProtectionView,
)
def change_data_protection(call: Call[ProtectionChange], contact_id: str) -> ProtectionView:
    """Change a contact's consent level or guardian; send the If-Match of its preferences, which these are part of."""
    evidence = Evidence(who=call.caller.id, source="api", method="by user", reason=call.body.reason)
    service.change_by_user(contact_id, call.body.wanted(), call.version, evidence, new_id(), call.now)
    return _protection(protection.of(contact_id))


def _view(preferences: Preferences) -> PreferencesView:
    return PreferencesView.model_validate(preferences)


def _protection(found: Protection) -> ProtectionView:
    allowed = found.allowed
    return ProtectionView(
        contact_id=allowed.contact_id,
        consent_level=found.level,
        level_name=found.level.name.lower(),
        permits=found.permits,
        is_child=allowed.is_child,
        guardian_id=allowed.guardian_id,
        guardian_name=found.guardian_name,
        guardian_consent=allowed.guardian_consent,
        last_change=_change(found.changed) if found.changed else None,
        version=allowed.version,
    )
