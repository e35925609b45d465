"""What the log of consent says of somebody, short to ask."""

from chalicelib.consent import history
from chalicelib.consent.models import ChangeRow
from chalicelib.lists import Asked


def consent_changes(contact_id: str) -> list[ChangeRow]:
    """Return every change, oldest first."""
    return list(history.page(contact_id, Asked(100)).items)
