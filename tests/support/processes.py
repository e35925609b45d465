"""Business processes for tests, short to write."""

from typing import Any


def stage(identity: str, **more: Any) -> dict[str, Any]:
    return {"id": identity, "name": identity.capitalize(), **more}


def process(*stages: Any, **more: Any) -> dict[str, Any]:
    """Return a document of these stages, which are ids or whole stages."""
    return {"stages": [stage(each) if isinstance(each, str) else each for each in stages], **more}


def publish(api: Any, name: str, document: dict[str, Any], process_id: str | None = None) -> str:
    """Publish a process, new or the next version, and return its id."""
    body = {"name": name, "document": document}
    if process_id is None:
        made = api.post("/business-processes", body)
    else:
        before = api.get(f"/business-processes/{process_id}")
        made = api.change("PUT", f"/business-processes/{process_id}", before, body)
    api.change("POST", f"/business-processes/{made['id']}/publish", made)
    return str(made["id"])
