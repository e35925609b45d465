"""Whether the last iteration of a recurring journey has come to its end (JRN-17, decision 29)."""

import json
from datetime import datetime, timedelta
from typing import Any

from chalicelib.dynamodb import SHARDS, Key, commit, put, read
from chalicelib.journeys.models import INSIDE, ByJourney, Closing, Enrolment, JourneysItem
from chalicelib.journeys.schedule import iteration_start
from chalicelib.journeys.versions import Running

PAGE, MOST_PAGES = 100, 40
SLACK = timedelta(minutes=1)  # until the index shows whoever entered at the last moment


def settled(journey: Running, now: datetime) -> bool:
    """Return whether everybody of the last iteration has ended.

    Nobody enters any more, so whoever has ended needs no second look: the search goes on where it stopped the last
    time, reads a bounded part, and says no until it has seen all.
    """
    if not journey.over(now - SLACK):
        return False
    place = Closing.find(*Closing.at(journey.journey_id))
    if place is None or place.journey_version != journey.version:
        place = Closing(*Closing.at(journey.journey_id), journey_version=journey.version)
    done = _seen(journey, place)
    commit([put(place)])
    return done


def _seen(journey: Running, place: Closing) -> bool:
    """Move on over those who have ended; return whether there is nobody left."""
    recurrence = journey.document.recurrence
    since = iteration_start(journey.document, journey.published_at, recurrence.count if recurrence else 1)
    for _ in range(MOST_PAGES):
        inside, after = _page(journey.journey_id, place, since)
        if inside:
            return False
        place.number, place.after = (place.number, after) if after else (place.number + 1, None)
        if place.number == SHARDS:
            return True
    return False


def _page(journey_id: str, place: Closing, since: datetime) -> tuple[bool, str | None]:
    """Return whether somebody on the page at a place is inside, and where the next one begins."""
    found: Any = JourneysItem.by_journey.query(
        f"{journey_id}#{place.number}",
        ByJourney.enrolled_at >= since,
        limit=PAGE,
        page_size=PAGE,
        last_evaluated_key=json.loads(place.after) if place.after else None,
    )
    rows = read([Key(Enrolment, item.pk, item.sk) for item in found])
    inside = any(row is not None and row.standing in INSIDE for row in rows)
    return inside, json.dumps(found.last_evaluated_key) if found.last_evaluated_key else None
