"""Notes about leads: whose they are where leads were merged."""

from collections.abc import Sequence

from chalicelib.activities.notes import About
from chalicelib.dynamodb import Write, check
from chalicelib.leads import reading
from chalicelib.leads.models import Lead, lead_key


def _ids(lead_id: str) -> Sequence[str]:
    lead = reading.find(lead_id)
    main = reading.find(lead.merged_into) if lead.merged_into else lead
    return [main.lead_id, *sorted(main.identities or ())]


def _still_itself(lead_id: str) -> Write:
    return check(lead_key(lead_id), Lead.pk.exists() & Lead.merged_into.does_not_exist())


LEAD = About("lead", _ids, _still_itself)
