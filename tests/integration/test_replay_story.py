"""A whole story, delivered twice, late or in another order, leaves what it would have left (invariants 2 and 9)."""

from collections import Counter

import pytest

from tests.integration.test_replay import state
from tests.support import story
from tests.support.story import ADA, BO, CY, DI

STAYED = {
    "lead": ("open", "automated_marketing_qualification", False),
    "moves": ["stage"],
    "scores": [(40, 1)],
    "segments": ["readers"],
    "enrolments": [("welcome", "finished")],
    "sends": ["sent"],
    "tasks": [],
    "did": Counter(["FormSubmitted", "EmailSent", "EmailDelivered"]),
    "verdicts": [],
    "bulk": True,
    "consent": [],
    "suppressed": [],
}
EXPECTED = {
    "counts": {"Contact": 4, "Lead": 4, "Send": 4, "Activity": 1, "Enrolment": 5, "Score": 4},
    "people": {
        ADA: {
            **STAYED,
            "lead": ("open", "sales_acceptance", True),
            "moves": ["sales_ready", "stage", "stage"],
            "scores": [(100, 2)],
            "segments": ["clickers", "hot", "readers"],
            "enrolments": [("sales", "finished"), ("welcome", "finished")],
            "tasks": ["Call"],
            "did": Counter(["FormSubmitted", "EmailSent", "EmailDelivered", "EmailClicked"]),
            "verdicts": ["human"],
        },
        BO: {
            **STAYED,
            "did": Counter(["FormSubmitted", "EmailSent", "EmailHardBounced"]),
            "suppressed": [("all", "hard-bounce")],
        },
        CY: {**STAYED, "bulk": False, "consent": ["one-click"], "suppressed": [("bulk", "unsubscribed")]},
        DI: STAYED,
    },
    "figures": {
        "form#f": {"FormSubmitted": 4},
        "email#e": {
            "EmailDelivered": 3,
            "EmailHardBounced": 1,
            "sent": 4,
            "EmailClicked": 1,
            "EmailClicked:unique": 1,
        },
        "journey#welcome": {"enrolled": 4, "ended:finished": 4},
        "journey#sales": {"enrolled": 1, "ended:finished": 1},
        "journey#welcome#letter": {"entered": 4, "processed": 4, "intended": 4, "sent": 4},
        "journey#welcome#clicks": {"entered": 4, "processed": 4, "path:yes": 1, "path:no": 3},
        "journey#welcome#yes": {"entered": 1, "processed": 1},
        "journey#welcome#no": {"entered": 3, "processed": 3},
        "journey#sales#call": {"entered": 1, "processed": 1},
    },
}


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_whole_story_delivered_once_more_changes_no_row_but_watermarks(world, office, seed):
    story.play(world, office)
    assert story.outcome() == EXPECTED
    before = state(world)

    world.replay(shuffle=seed)

    after = state(world)
    assert {each.function for each in world.recorded} >= EVERYONE
    changed = {key: (before.get(key), after.get(key)) for key in before | after if before.get(key) != after.get(key)}
    assert changed == {}
    assert len(office.letters()) == 4


@pytest.mark.parametrize("duplicate", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_order_of_a_whole_story_its_outcome_is_the_same(world, office, seed, duplicate):
    story.play(world, office, shuffle=seed, duplicate=duplicate)

    assert story.outcome() == EXPECTED
    assert len(office.letters()) == 4


EVERYONE = {
    *("route_capture", "route_contacts", "route_consent", "route_leads", "route_interactions", "route_segments"),
    *("route_journeys", "route_messages", "rescore_contacts", "evaluate_membership", "enrol_contacts"),
    *("wake_enrolments", "send_messages", "record_sends", "receive_email_events", "decide_verdicts", "count_facts"),
}
