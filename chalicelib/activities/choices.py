"""What an activity is, and where it stands; pure."""

from datetime import datetime
from enum import StrEnum

from chalicelib.clock import as_text


class ActivityKind(StrEnum):
    TASK = "task"
    PHONE_CALL = "phone_call"
    APPOINTMENT = "appointment"


class ActivityState(StrEnum):
    OPEN = "open"
    COMPLETED = "completed"
    CANCELED = "canceled"


class RegardingKind(StrEnum):
    CONTACT = "contact"
    ACCOUNT = "account"
    LEAD = "lead"


WHENEVER = "9999"
"""Where an activity without a due date stands: after all that have one."""


def due_key(state: ActivityState, due: datetime | None) -> str:
    """Return what an owner's list is ordered by: what is open first, by due date, so that it is one query."""
    place = 0 if state is ActivityState.OPEN else 1
    return f"{place}#{as_text(due) if due else WHENEVER}"


OPEN_ONES = "0#"
"""How the keys of all open activities begin."""
