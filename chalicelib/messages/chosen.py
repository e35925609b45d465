"""What somebody chose at the subscription centre, as the page sends it; pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from chalicelib.consent.rules import Level
from chalicelib.contacts.fields import clean
from chalicelib.errors import Invalid
from chalicelib.messages.words import Words

AUTOCOMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "company_name": "organization",
    "job_title": "organization-title",
    "phone": "tel",
    "mobile_phone": "tel",
    "street": "address-line1",
    "postal_code": "postal-code",
    "city": "address-level2",
    "region": "address-level1",
    "country": "country-name",
}
"""The details that a centre can show, and what browsers know them by."""

LONGEST = 200  # letters of a detail; the page takes no more
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Chosen(Struct, frozen=True):
    """What somebody chose: all marketing mail (None: as it is), lists to join or leave, details, the consent level."""

    allow: bool | None
    lists: Mapping[str, bool] = NOTHING
    details: Mapping[str, str] = NOTHING
    level: int | None = None


def read(form: Mapping[str, str | list[str]]) -> Chosen:
    """Return what somebody changed on the page.

    Only what was not allowed when the page was shown is allowed by saving it: a page that was opened before the person
    refused elsewhere takes nothing back (invariant 7), and details that it left alone stay as they are now.
    """
    shown, ticked, were_on = (_several(form, name) for name in ("shown", "list", "on"))
    refuses, was_allowed = "do_not_bulk_email" in form, "allowed" in form
    lists = {each: each in ticked for each in shown if each not in ticked or each not in were_on}
    allow = None if was_allowed and not refuses else not refuses
    return Chosen(allow, lists, _details(form), _level(form))


def _details(form: Mapping[str, str | list[str]]) -> dict[str, str]:
    typed = {name: value for name, value in form.items() if name in AUTOCOMPLETE and isinstance(value, str)}
    return {name: value.strip()[:LONGEST] for name, value in typed.items() if value.strip() != form.get(f"was_{name}")}


def _level(form: Mapping[str, str | list[str]]) -> int | None:
    given = form.get("level")
    known = isinstance(given, str) and given in {str(int(each)) for each in Level}
    return int(str(given)) if known and given != form.get("was_level") else None


def _several(form: Mapping[str, str | list[str]], name: str) -> list[str]:
    given = form.get(name, [])
    return [given] if isinstance(given, str) else given


def fault(name: str, value: str, said: Words) -> str:
    """Return what is wrong with a detail, in the words of the page; nothing where it is right."""
    if name == "last_name" and not value.strip():
        return said.needed
    try:
        clean({name: value})
    except Invalid:
        return said.no_number
    return ""
