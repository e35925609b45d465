"""What a request is called: in its message, on its page (DOI-5)."""

from collections.abc import Mapping
from typing import Any

from chalicelib.consent.points import records as profiles
from chalicelib.consent.subscriptions import records
from chalicelib.messages import words as centre
from chalicelib.messages.optin import words
from chalicelib.messages.optin.models import Confirmation
from chalicelib.messages.optin.rules import What


def of(row: Confirmation) -> dict[str, str]:
    """Return the tokens of a request's message, but for its link."""
    name, description, value = named(row)
    return {
        "confirmation_request_type": words.of(row.language).kinds[What(row.what)],
        "confirmation_object_name": name,
        "confirmation_object_description": description,
        "confirmation_object_value": value,
    }


def of_form(row: Confirmation) -> list[tuple[str, str]]:
    """Return the names and descriptions of what a form asks for: lists, and purposes and topics of its profile."""
    request = row.request or {}
    return [
        *(each.words(row.language) for each in records.find_many(request.get("lists", ()))),
        *_choices(row, request),
    ]


def _choices(row: Confirmation, request: Mapping[str, Any]) -> list[tuple[str, str]]:
    asked, profile_id = request.get("choices", ()), request.get("profile_id")
    profile = profiles.find_if_any(profile_id) if asked and profile_id else None
    if profile is None:
        return []
    known = dict(pair for each in profile.purposes for pair in each.choices())
    told = [known[each].words(row.language) for each in asked if each in known]
    return [(each.name, each.description) for each in told]


def named(row: Confirmation) -> tuple[str, str, str]:
    """Return what is asked for: its name and description, and its value where it is a consent level."""
    if row.what == What.LEVEL:
        return words.of(row.language).level, centre.of(row.language).levels[row.level or 0], str(row.level)
    found = records.find_many([row.list_id or ""])
    return (*found[0].words(row.language), "") if found else ("", "", "")
