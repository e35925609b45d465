"""To whom a person's data went, as far as that is recorded: whom an officer has to tell of what was done (GDPR 19)."""

from collections.abc import Iterable
from typing import Any

from chalicelib.clock import as_text
from chalicelib.consent import recipients
from chalicelib.contacts import service as contacts
from chalicelib.leads import reading as leads
from chalicelib.privacy.kinds import Type

TOLD = frozenset({Type.CORRECT, Type.RESTRICT, Type.ERASE})
"""What those have to be told of who got the data; everybody else may be asked by the person who they are."""
LINKEDIN = {"what": "linkedin", "who": "LinkedIn", "given_at": None, "export_id": None}


def of(contact_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the files that somebody was in and for whom each was made, the latest first; then where it came by."""
    ids = [one for who in contacts.who_are(contact_ids) for one in who.ids]
    files = [
        {"what": row.what, "who": row.who, "given_at": as_text(row.given_at), "export_id": row.export_id}
        for row in recipients.of_person(ids)
    ]
    by_linkedin = any(lead.linkedin_submissions for lead in leads.of_person(ids, merged=True))
    return [*files, *([LINKEDIN] if by_linkedin else [])]
