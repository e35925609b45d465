"""What a form of a hosted page is filled with beforehand, for whom, and what a browser remembers for that (13.5).

A browser is shown what it typed itself: that lies in its own cookie, sealed, and the contact's permission decides
whether it is used. Only a personal link shows what is known of the contact: a browser proves nothing of who uses it.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from chalicelib.capture.schemas import ElementKind, FormDocument
from chalicelib.clock import as_text, from_text
from chalicelib.conditions.sources import Identity
from chalicelib.consent import service as consent
from chalicelib.contacts import fields as contact_fields
from chalicelib.contacts import service as contacts
from chalicelib.errors import Invalid
from chalicelib.settings import settings
from chalicelib.tokens import seal, unseal

NAME = "itinera_remember"
REMEMBER = ElementKind.REMEMBER_ME.value
KEPT = timedelta(days=365)
LARGEST = 3500  # bytes; browsers keep 4,096 with the name and what else a cookie says
NOTHING: Mapping[str, str] = MappingProxyType({})


class Remembered(Struct, frozen=True):
    """What a browser typed of the fields that are filled beforehand, and the contact that it came to."""

    contact_id: str
    values: Mapping[str, str]


class Recognised(Struct, frozen=True):
    """By what somebody could be known: the contact of a personal link, until when that shows anything, the cookie."""

    linked_id: str | None = None
    until: datetime | None = None
    remembered: Remembered | None = None


def read(cookies: str, now: datetime) -> Remembered | None:
    """Return what a browser remembers; None for a cookie that is damaged, too old, or not ours."""
    try:
        found = SimpleCookie(cookies).get(NAME)
        contact_id, until, values = json.loads(unseal("remember", found.value)) if found is not None else ("", "", {})
    except (CookieError, Invalid):
        return None
    return Remembered(contact_id, values) if contact_id and now < from_text(until) else None


def cookie(remembered: Remembered, now: datetime) -> str:
    """Return the cookie, without the longest values where all would be too much."""
    values = dict(remembered.values)
    while True:
        sealed = seal("remember", json.dumps([remembered.contact_id, as_text(now + KEPT), values], ensure_ascii=False))
        if len(sealed) <= LARGEST or not values:
            return _header(sealed, KEPT)
        del values[max(values, key=lambda name: len(values[name]))]


def forgotten() -> str:
    """Return the cookie that ends the browser's memory."""
    return _header("", timedelta())


def _header(value: str, kept: timedelta) -> str:
    address = urlsplit(settings.public_url)
    secure = "; Secure" if address.scheme == "https" else ""
    age = f"Max-Age={int(kept.total_seconds())}"
    return f"{NAME}={value}; Path={address.path}/p; {age}; HttpOnly; SameSite=Lax{secure}"


def filled(form: FormDocument, by: Recognised, now: datetime) -> dict[str, str]:
    """Return what the fields of a form hold beforehand, by name; empty where anything does not permit it (PRE-1)."""
    named = by.linked_id or (by.remembered.contact_id if by.remembered is not None else None)
    if not form.prefill or named is None:
        return {}
    who = contacts.who_is(named)
    known = _known(who, by, now)
    shown = {field.name: known.get(field.contact_field or "") for field in form.fields if field.prefill}
    return {name: value for name, value in shown.items() if value}


def _known(who: Identity, by: Recognised, now: datetime) -> Mapping[str, str]:
    """Return what may be shown, by the contact's fields: all that is known by a link, else what the browser typed."""
    if who.contact is None:
        return NOTHING
    allowed = consent.of_person(who)
    if not allowed.prefill:
        return NOTHING  # PRE-3
    if by.until is not None and now < by.until and allowed.tracking:  # PRE-7
        values = contact_fields.of_contact(who.contact)
        return {name: str(value) for name, value in values.items() if isinstance(value, str)}
    own = by.remembered is not None and by.remembered.contact_id in who.ids
    return by.remembered.values if own and by.remembered is not None else NOTHING


def memory(
    form: FormDocument, typed: Mapping[str, Any], contact_id: str | None, before: Remembered | None, now: datetime
) -> str | None:
    """Return the cookie that follows from a submission, None where the browser's memory stays as it is (PRE-2)."""
    if not any(element.kind is ElementKind.REMEMBER_ME for element in form.elements):
        return None
    if not typed.get(REMEMBER):
        return forgotten() if before is not None else None
    if contact_id is None or not consent.of_person(contacts.who_is(contact_id)).prefill:
        return None
    own = before.values if before is not None and before.contact_id == contact_id else NOTHING
    given = {field.contact_field: typed.get(field.name) for field in form.fields if field.prefill}
    now_typed = {str(name): value for name, value in given.items() if name and isinstance(value, str) and value}
    return cookie(Remembered(contact_id, {**own, **now_typed}), now)
