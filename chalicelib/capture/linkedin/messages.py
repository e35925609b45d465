"""What goes over the queue: ids only; and the queue's name."""

from typing import Any

QUEUE = "linkedin"


def message(connection_id: str, lead_type: str, owner: str) -> dict[str, Any]:
    """Return what asks for a pull."""
    return {"work": "pull", "connection": connection_id, "type": lead_type, "owner": owner}


def noticed(
    connection_id: str, response_id: str, owner: str, lead_type: str, action: str = "CREATED"
) -> dict[str, Any]:
    """Return what asks for one response."""
    return {
        "work": "lead",
        "connection": connection_id,
        "response": response_id,
        "owner": owner,
        "type": lead_type,
        "action": action,
    }
