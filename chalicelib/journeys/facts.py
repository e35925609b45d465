"""What the journeys table's stream tells: who enrolled, what bursts did, who ended and how, what was raised."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.journeys.models import Standing

ENDED = {Standing.FINISHED.value, Standing.STOPPED.value}


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield enrolment.created, enrolment.ended, enrolment.refused, burst.recorded and trigger.raised.

    A refusal is an end before the beginning: it counts as stopped (decision 22).
    """
    new = record.new
    if new is None:
        return
    kind, fresh = new.get("kind"), record.old is None
    if kind == "enrolment":
        yield from _of_enrolment(record.old or {}, new)
    elif kind == "burst" and fresh:
        yield {"fact": "burst.recorded", "id": new["sk"], "sk": new["sk"], **_whose(new)}
    elif kind == "refusal" and (record.old or {}).get("reason") != new["reason"]:
        identity = f"{new['contact_id']}.{new['journey_id']}.{new['occurrence']}.{new['reason']}"
        yield {"fact": "enrolment.refused", "id": identity, "how": f"stopped:{new['reason']}", **_whose(new)}
    elif kind == "raised" and fresh:
        about = {"trigger": new["trigger_id"], "contact": new["contact_id"]}
        yield {"fact": "trigger.raised", "id": new["raised_id"], **about}


def _of_enrolment(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    identity = f"{new['contact_id']}.{new['journey_id']}.{new['occurrence']}"
    if not old:
        yield {"fact": "enrolment.created", "id": identity, **_whose(new)}
    elif new["standing"] in ENDED and old["standing"] not in ENDED:
        how = new["standing"] + (f":{new['reason']}" if new.get("reason") else "")
        yield {"fact": "enrolment.ended", "id": identity, "how": how, **_whose(new)}


def _whose(new: Mapping[str, Any]) -> dict[str, Any]:
    return {"contact": new["contact_id"], "journey": new["journey_id"]}
