"""The routes of emails, content settings, sends, suppression and the settings of mail."""

from typing import Any

from chalicelib.access.scopes import require
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.definitions.lifecycle import Checked
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, lifecycle, problem_views
from chalicelib.errors import Conflict
from chalicelib.http import Api, Call, Listing, Nothing
from chalicelib.messages import pointed, previews, service, trials
from chalicelib.messages.checks import check_content_settings, check_email
from chalicelib.messages.models import MessageSettings, Send, Suppressed
from chalicelib.messages.reasons import explained
from chalicelib.messages.schemas import (
    AddressQuestion,
    ContentSettingsDocument,
    EmailDocument,
    MessageSettingsChange,
    MessageSettingsView,
    PreviewRequest,
    PreviewView,
    SendsQuery,
    SendView,
    SuppressionChange,
    Suppressions,
    SuppressionView,
    TrialRequest,
    TrialResult,
    TrialView,
)

api = Api(__name__)

LOCKED = ("legal_designation", "content_type")


def keep_designation(document: EmailDocument, before: Definition | None) -> EmailDocument:
    """Refuse to change what is locked since the first time that a message went live (16.1)."""
    if before is not None and before.published_version > 0:
        for field in LOCKED:
            if before.document.get(field) != getattr(document, field):
                raise Conflict(f"The {field.replace('_', ' ')} cannot change once a message has been live.")
    return document


def _check_email(document: EmailDocument) -> Checked:
    return check_email(document, custom_fields.names(), pointed.profile_of(document))


def _check_content_settings(document: ContentSettingsDocument) -> Checked:
    return check_content_settings(document, custom_fields.names())


EMAILS = Kind("email", "/emails", EmailDocument, _check_email, before_save=keep_designation)
lifecycle(api, EMAILS)
lifecycle(api, Kind("content-settings", "/content-settings", ContentSettingsDocument, _check_content_settings))


@api.on("POST /emails/{email_id}/preview", scope="emails:read", body=PreviewRequest, returns=PreviewView)
def preview_email(call: Call[PreviewRequest], email_id: str) -> PreviewView:
    """Show a draft as a contact, or somebody of sample values, would get it; nothing is sent or recorded."""
    _may_read(call)
    shown = previews.preview(email_id, call.body, call.now)
    composed = shown.composed
    return PreviewView(
        subject=composed.subject,
        sender=composed.sender,
        to=composed.recipient.sendable if composed.recipient else None,
        reply_to=composed.reply_to,
        html=composed.html,
        text=composed.text,
        problems=problem_views(shown.problems),
        warnings=problem_views(shown.warnings),
    )


@api.on("POST /emails/{email_id}/test-send", scope="emails:write", body=TrialRequest, returns=TrialResult)
def send_test_email(call: Call[TrialRequest], email_id: str) -> TrialResult:
    """Send a draft to at most five addresses of your own staff, marked as a test; it counts in no figure."""
    _may_read(call)
    done = trials.send_test(email_id, call.body, call.body.addresses, call.now)
    return TrialResult(items=[TrialView.model_validate(each) for each in done])


def _may_read(call: Call[Any]) -> None:
    """A message holds what is known of its contact, so only who may read contacts may see it."""
    if call.body.contact_id is not None:
        require(call.caller.scopes, "contacts:read")


@api.on("GET /sends/{send_id}", scope="interactions:read", returns=SendView)
def show_send(_: Call[Nothing], send_id: str) -> SendView:
    """Show where a message stands and why."""
    return send_view(service.find(send_id))


@api.on("GET /contacts/{contact_id}/sends", scope="interactions:read", query=SendsQuery, returns=Listing[SendView])
def list_sends(call: Call[Nothing], contact_id: str) -> Listing[SendView]:
    """List a contact's messages, newest first: which went out, which did not, and why not."""
    return Listing[SendView].of(service.why_not(contact_id, call.query.asked), send_view)


def send_view(send: Send) -> SendView:
    names = set(SendView.model_fields) - {"id", "explanation"}
    given = {name: getattr(send, name) for name in names}
    return SendView(id=send.send_id, explanation=explained(send.state, send.reason), **given)


@api.on("POST /settings/suppressions/search", scope="settings:read", body=AddressQuestion, returns=Suppressions)
def find_suppressions(call: Call[AddressQuestion]) -> Suppressions:
    """Say whether mail to an address is suppressed, and why."""
    return _suppressions(service.suppressions(call.body.address))


@api.on("POST /settings/suppressions", scope="settings:write", body=SuppressionChange, returns=Suppressions)
def add_suppression(call: Call[SuppressionChange]) -> Suppressions:
    """Suppress an address."""
    given = call.body
    return _suppressions(service.suppress(given.address, given.scope, given.reason, call.caller.id, call.now))


@api.on("POST /settings/suppressions/remove", scope="settings:write", body=SuppressionChange, returns=Suppressions)
def remove_suppression(call: Call[SuppressionChange]) -> Suppressions:
    """Allow mail to an address again."""
    return _suppressions(service.allow_again(call.body.address, call.body.scope))


def _suppressions(rows: list[Suppressed]) -> Suppressions:
    return Suppressions(items=[SuppressionView.model_validate(row) for row in rows])


@api.on("GET /settings/messages", scope="settings:read", returns=MessageSettingsView)
def show_message_settings(_: Call[Nothing]) -> MessageSettingsView:
    """Show the settings of mail; the version is 0 until somebody saves them."""
    return _settings(service.message_settings())


@api.on("PUT /settings/messages", scope="settings:write", body=MessageSettingsChange, returns=MessageSettingsView)
def save_message_settings(call: Call[MessageSettingsChange]) -> MessageSettingsView:
    """Replace the settings of mail."""
    values: dict[str, Any] = call.body.model_dump()
    return _settings(service.save_message_settings(MessageSettings(*MessageSettings.at(), **values), call.version))


def _settings(item: MessageSettings) -> MessageSettingsView:
    return MessageSettingsView(
        default_content_settings_id=item.default_content_settings_id,
        bypass_deduplication=item.bypass_deduplication,
        forbidden_links=item.forbidden_links or [],
        staff_domains=item.staff_domains or [],
        version=item.version,
    )
