"""What a deleted lead leaves behind among scores."""

from chalicelib.scoring.models import ScoringItem
from chalicelib.sweeping import emptied


def of_lead(lead_id: str) -> bool:
    """Delete the scores of a deleted lead, their history and its qualifications; return whether nothing is left."""
    return emptied(ScoringItem, f"LEAD#{lead_id}")
