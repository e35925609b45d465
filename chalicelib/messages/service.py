"""Use cases for other domains and for users: where messages stand, suppression, settings."""

from datetime import datetime

from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import commit, put_changed, put_new
from chalicelib.errors import NotFound, Problem, Stale, Unprocessable
from chalicelib.lists import Asked, Page, page
from chalicelib.messages import suppression, tracking
from chalicelib.messages.ledger import State
from chalicelib.messages.models import MessageSettings, MessagesItem, Send, Suppressed
from chalicelib.messages.schemas import ContentSettingsDocument
from chalicelib.messages.suppression import Wanted

confirm_human = tracking.confirm_human


def find(send_id: str) -> Send:
    """Return a send, read consistently. Raises NotFound."""
    send = Send.find(*Send.at(send_id))
    if send is None:
        raise NotFound("There is no message of this id.")
    return send


def settled(send_id: str) -> State | None:
    """Return what became of a send, None while it is still to be seen (or was never queued)."""
    send = Send.find(*Send.at(send_id))
    return State(send.state) if send is not None and send.settled_at is not None else None


def why_not(contact_id: str, asked: Asked) -> Page[Send]:
    """Return a contact's messages, newest first, each with its state and reason; also of its other identities."""
    return page(MessagesItem.by_contact, contacts.who_is(contact_id).ids, asked, newest_first=True, kind=Send)


def suppressions(address: str) -> list[Suppressed]:
    """Return what is suppressed for an address. Raises Invalid for what is none."""
    return suppression.find(suppression.hash_of(address))


def suppress(address: str, scope: str, note: str, by: str, now: datetime) -> list[Suppressed]:
    """Suppress an address because a user says so."""
    hashed = suppression.hash_of(address)
    suppression.suppress(Wanted(hashed, scope, suppression.BY_USER, by=by, note=note), now)
    return suppression.find(hashed)


def allow_again(address: str, scope: str) -> list[Suppressed]:
    """Take a suppression away because a user says so. Raises NotFound."""
    hashed = suppression.hash_of(address)
    if not suppression.lift(hashed, scope):
        raise NotFound("This address is not suppressed.")
    return suppression.find(hashed)


def message_settings() -> MessageSettings:
    return MessageSettings.find(*MessageSettings.at()) or MessageSettings(*MessageSettings.at())


def save_message_settings(wanted: MessageSettings, version: int) -> MessageSettings:
    """Replace the settings; one item holds the default content settings, so there is exactly one (EML-6).

    Raises Stale; Unprocessable if the default is not live.
    """
    chosen = wanted.default_content_settings_id
    if chosen and definitions.live("content-settings", chosen) is None:
        problem = Problem("default_content_settings_id", "These content settings are not live.")
        raise Unprocessable("The default must be live.", [problem])
    changed = Stale("The settings have changed since you read them. Read them again and repeat the change.")
    wanted.version = version
    if version == 0:
        wanted.version = 1
        commit([put_new(wanted, refused=changed)])
    else:
        commit([put_changed(wanted, refused=changed)])
    return wanted


def default_content_settings() -> str | None:
    """Return the content settings that new journeys get: the chosen ones, else the first that went live (EML-6)."""
    chosen = message_settings().default_content_settings_id
    live = definitions.all_live("content-settings")
    if any(each.id == chosen for each in live):
        return chosen
    return min(live, key=lambda each: (each.published_at, each.id)).id if live else None


def centre_settings(content_settings_id: str) -> ContentSettingsDocument | None:
    """Return the content settings that say what the subscription centre of a message offers (SBC-7).

    Where its own are not live any more the default ones count; None where nothing is live.
    """
    found = definitions.live("content-settings", content_settings_id)
    if found is None:
        chosen = default_content_settings()
        found = definitions.live("content-settings", chosen) if chosen else None
    return ContentSettingsDocument.model_validate(found.document) if found is not None else None
