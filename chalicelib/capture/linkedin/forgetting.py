"""What a deleted lead leaves behind here: responses are attached to it no more; they stay themselves."""

from chalicelib.capture.linkedin.models import OfLead
from chalicelib.capture.models import CaptureItem
from chalicelib.sweeping import emptied


def of_lead(lead_id: str) -> bool:
    """Detach responses from a deleted lead, up to 500; return whether none is attached any more."""
    return emptied(CaptureItem, OfLead.of(lead_id))
