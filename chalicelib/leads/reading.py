"""Reads a lead, as it is or as a client has read it."""

from chalicelib.errors import Conflict, NotFound, Problem, Stale
from chalicelib.leads.models import Lead

STALE = "The lead has changed since you read it. Read it again and repeat the change."


def find(lead_id: str) -> Lead:
    """Return a lead, read consistently. Raises NotFound."""
    lead = Lead.find(*Lead.at(lead_id))
    if lead is None:
        raise NotFound("There is no lead of this id.")
    return lead


def as_read(lead_id: str, version: int) -> Lead:
    """Return a lead as a client has read it. Raises NotFound, Stale; Conflict for one that was merged into another."""
    lead = find(lead_id)
    if lead.version != version:
        raise Stale(STALE)
    require_itself(lead)
    return lead


def require_itself(lead: Lead) -> None:
    """Raise Conflict, naming the lead that counts, for one that was merged into it."""
    if lead.merged_into is not None:
        into = [Problem("merged_into", lead.merged_into)]
        raise Conflict("This lead was merged into another one. Change that one, or undo the merge first.", into)
