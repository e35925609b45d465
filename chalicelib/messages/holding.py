"""Until when a message is held because it is quiet (RCN-2)."""

from datetime import datetime

from chalicelib.consent.points import records
from chalicelib.definitions import live as definitions
from chalicelib.messages.ledger import COMMERCIAL


def held_until(email_id: str, at: datetime) -> datetime | None:
    """Return when the quiet time of an email's compliance profile is over, None where it may go out now."""
    email = definitions.live("email", email_id)
    named = email.document.get("compliance") if email is not None else None
    profile = records.find_if_any(named["profile_id"]) if named else None
    if email is None or profile is None or profile.quiet is None:
        return None
    holds = profile.quiet.transactional or email.document["legal_designation"] == COMMERCIAL
    return profile.quiet.over(at) if holds else None
