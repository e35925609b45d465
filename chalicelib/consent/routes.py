"""Preferences over HTTP."""

from chalicelib.clock import new_id
from chalicelib.consent import service
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import Preferences
from chalicelib.consent.schemas import Changes, ChangeView, ExternalConsent, PreferencesChange, PreferencesView
from chalicelib.contacts import service as contacts
from chalicelib.http import Api, Call, Nothing

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


@api.on("GET /contacts/{contact_id}/consent-changes", scope="contacts:read", returns=Changes)
def list_consent_changes(_: Call[Nothing], contact_id: str) -> Changes:
    """List every change of what a contact allows, oldest first."""
    return Changes(items=[ChangeView.model_validate(each) for each in service.changes(contact_id)])


def _view(preferences: Preferences) -> PreferencesView:
    return PreferencesView.model_validate(preferences)
