"""Deliveries that come twice, late or in another order leave what they would have left (issue 2, show 3)."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.insights import service as insights
from chalicelib.interactions import service as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.segments import service as segments
from tests.support import journeys

PEOPLE = [f"c{number}" for number in range(6)]
VISITORS = PEOPLE[:5]
WATERMARKS = {"version", "evaluated_at"}  # of evaluations, whose every run is written down


def play(world, **delivery):
    """Six contacts; five visit a page, so that they join a segment and walk a journey with a wait of two hours."""
    query = {"interaction": "WebsiteVisited"}
    journeys.publish("segment", "s", {"type": "dynamic", "time_zone": "UTC", "query": query}, world.now)
    tiles = {"first": journeys.ring("pause"), "pause": journeys.wait("PT2H", "last"), "last": journeys.ring()}
    journeys.publish("journey", "j", journeys.document(tiles), world.now)
    for person in PEOPLE:
        journeys.contact(person, email=f"{person}@example.com")
    for turn, person in enumerate([*VISITORS, *VISITORS[:2]]):
        new = NewInteraction(
            InteractionType.WEBSITE_VISITED,
            world.now,
            "test",
            str(turn),
            contact_id=person,
            attributes={"page_id": "p"},
        )
        interactions.record(new, world.now)
    world.settle(**delivery)
    world.advance(timedelta(hours=3))
    world.poll()
    world.settle(**delivery)


def state(world):
    """Return every row, without the watermarks of evaluations."""
    return {
        key: {name: value for name, value in raw.items() if key[2] != "EVALUATION" or name not in WATERMARKS}
        for key, raw in world.rows().items()
    }


def enrolments(world):
    return Counter(raw["standing"]["S"] for raw in world.rows().values() if raw.get("kind", {}).get("S") == "enrolment")


def outcome(world):
    """Return what a person would call the result: who is where, and the figures."""
    return {
        "members": [person for person in PEOPLE if segments.is_member(person, "s")],
        "enrolments": enrolments(world),
        "page": insights.figures("page#p"),
        "journey": insights.figures("journey#j"),
        "tiles": {tile: insights.figures(f"journey#j#{tile}") for tile in ("first", "pause", "last")},
        "raised": sum(key[1].startswith("RAISED#") for key in world.rows()),
    }


EXPECTED = {
    "members": VISITORS,
    "enrolments": Counter(finished=5),
    "page": {"WebsiteVisited": 7},
    "journey": {"enrolled": 5, "ended:finished": 5},
    "tiles": {tile: {"entered": 5, "processed": 5} for tile in ("first", "pause", "last")},
    "raised": 10,
}


def test_the_story_ends_as_it_should(world):
    play(world)

    assert outcome(world) == EXPECTED


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_everything_delivered_once_more_changes_no_row_but_watermarks(world, seed):
    play(world)
    before = state(world)

    world.replay(shuffle=seed)

    after = state(world)
    assert len(world.recorded) > 30
    changed = {key: (before.get(key), after.get(key)) for key in before | after if before.get(key) != after.get(key)}
    assert changed == {}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("duplicate", [False, True])
def test_whatever_the_order_the_outcome_is_the_same(world, seed, duplicate):
    play(world, shuffle=seed, duplicate=duplicate)

    assert outcome(world) == EXPECTED
