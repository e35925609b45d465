"""Use cases: the settings of double opt-in, and where a confirmation leads to (DOI-3, DOI-10)."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import commit, put_changed, put_new
from chalicelib.errors import Problem, Stale, Unprocessable
from chalicelib.messages.optin.models import OptInSettings
from chalicelib.messages.schemas import CONFIRMATION
from chalicelib.settings import settings as deployed

LACKING = "Double opt-in needs this message before it can be enabled."
NO_SUCH_EMAIL = "This must be a live email of the content type {}."
EMAILS = ("subscriptions_email_id", "consent_email_id")
NOT_ALLOWED = "This address is not among the allowed ones."
STALE = Stale("The settings have changed since you read them. Read them again and repeat the change.")


def current() -> OptInSettings:
    return OptInSettings.find(*OptInSettings.at()) or OptInSettings(*OptInSettings.at())


def save(values: Mapping[str, Any], version: int) -> OptInSettings:
    """Replace the settings. Raises Unprocessable with everything that does not fit, Stale."""
    problems = list(_problems(values))
    if problems:
        raise Unprocessable("Double opt-in cannot be set up like this.", problems)
    wanted = OptInSettings(*OptInSettings.at(), version=version or 1, **values)
    commit([put_changed(wanted, refused=STALE) if version else put_new(wanted, refused=STALE)])
    return wanted


def _problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    for name in EMAILS:
        yield from _email(name, values)
    for name in ("subscriptions_page_id", "consent_page_id"):
        yield from _live(name, "page", values[name])
    yield from _live("content_settings_id", "content-settings", values["content_settings_id"])
    for name in ("subscriptions_address", "consent_address"):
        if values[name] and values[name] not in values["allowed_addresses"]:
            yield Problem(name, NOT_ALLOWED)


def _email(name: str, values: Mapping[str, Any]) -> Iterator[Problem]:
    if values["enabled"] and not values[name]:
        yield Problem(name, LACKING)
    if values[name] and not is_email_of(values[name], CONFIRMATION):
        yield Problem(name, NO_SUCH_EMAIL.format(CONFIRMATION))


def _live(name: str, kind: str, identity: str | None) -> Iterator[Problem]:
    if identity and definitions.live(kind, identity) is None:
        yield Problem(name, f"This {kind.replace('-', ' ')} is not live.")


def is_email_of(email_id: str, content_type: str) -> bool:
    """Return whether an email is live and of a content type, which it keeps for good."""
    live = definitions.live("email", email_id)
    return live is not None and live.document.get("content_type") == content_type


def leads_to(page_id: str | None, address: str | None, allowed: Collection[str]) -> str | None:
    """Return where a confirmation leads to, None for our own words.

    A live page of ours, or an address that somebody allowed and still allows: nothing that comes with a link decides.
    """
    page = definitions.live("page", page_id) if page_id else None
    if page is not None:
        return f"{deployed.public_url}/p/{page.document['partial_url']}"
    return address if address and address in allowed else None
