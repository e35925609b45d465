"""Preferences over HTTP."""

from chalicelib.clock import new_id
from chalicelib.consent import protection, service
from chalicelib.consent.plans import Evidence
from chalicelib.consent.protection import Protection
from chalicelib.consent.rules import Preferences
from chalicelib.consent.schemas import (
    Changes,
    ChangeView,
    PreferencesChange,
    PreferencesView,
    ProtectionChange,
    ProtectionView,
)
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


@api.on("GET /contacts/{contact_id}/consent-changes", scope="contacts:read", returns=Changes)
def list_consent_changes(_: Call[Nothing], contact_id: str) -> Changes:
    """List every change of what a contact allows, oldest first."""
    return Changes(items=[ChangeView.model_validate(each) for each in service.changes(contact_id)])


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
        last_change=ChangeView.model_validate(found.changed) if found.changed else None,
        version=allowed.version,
    )
