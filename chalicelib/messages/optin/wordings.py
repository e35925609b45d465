"""What a request is called: in its message, on its page (DOI-5)."""

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


def named(row: Confirmation) -> tuple[str, str, str]:
    """Return what is asked for: its name and description, and its value where it is a consent level."""
    if row.what == What.LEVEL:
        return words.of(row.language).level, centre.of(row.language).levels[row.level or 0], str(row.level)
    found = records.find_many([row.list_id or ""])
    return (*found[0].words(row.language), "") if found else ("", "", "")
