"""What use cases ask of DynamoDB, measured, and held against the table that docs/costs.md is made from."""

from datetime import timedelta

import pytest

from chalicelib.capture import service
from chalicelib.capture.schemas import FormDocument
from chalicelib.capture.service import Submitted
from chalicelib.dynamodb import commit
from chalicelib.insights import service as insights
from chalicelib.insights.counting import Countable
from chalicelib.interactions import plans
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.journeys import entry, versions
from infra.costs import EFFECTS, ENGINE, USE_CASES, all_dollars, engine_dollars
from infra.local.demo.company import newsletter_form
from tests.support.journeys import NOW, burst, contact, document, mail, publish, ready, ring, wait
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

TASK = {"kind": "task", "subject": "Call", "user": "sam", "assign_to": "user", "due_in": "P1D"}
EIGHT_TILES = {
    "m": mail("w"),
    "w": wait("P1D", "b"),
    "b": {"kind": "branch", "branches": [], "otherwise": "a"},
    "a": {**TASK, "next": "n"},
    "n": mail("i"),
    "i": {
        "kind": "if_then",
        "rules": [{"tile": "n", "did": "email_clicked"}],
        "timeout": "P2D",
        "yes": "r",
        "no": "r",
    },
    "r": ring("z"),
    "z": {**TASK, "next": None},
}


def holds(name, usage):
    """The table says what was measured: never less, and not so much more that it would mislead."""
    wanted = USE_CASES[name]
    assert usage.write_units <= wanted.writes
    assert usage.read_units <= wanted.reads
    assert usage.write_units >= wanted.writes * 0.8


def test_an_enrolment_of_eight_tiles_and_two_waits():
    ready()
    publish("journey", "j", document(EIGHT_TILES))
    for identity in ("warm", "c"):
        contact(identity)
    journey = versions.running("j")

    def walk(identity):
        entry.enter(journey, identity, entry.Call(entry.FORM), NOW)
        for days in (0, 1, 4):
            burst(f"{identity}.j.1", NOW + timedelta(days=days), token=f"t{days}")

    walk("warm")
    with metered() as usage:
        walk("c")

    assert usage.written["journeys"] <= USE_CASES[ENGINE].writes
    assert usage.written["journeys"] >= USE_CASES[ENGINE].writes * 0.8
    assert usage.write_units - usage.written["journeys"] <= USE_CASES[EFFECTS].writes
    assert usage.read_units <= USE_CASES[ENGINE].reads


def test_an_interaction():
    new = NewInteraction(InteractionType.EMAIL_CLICKED, NOW, "click", "1", contact_id="c", attributes={"send_id": "s"})

    with metered() as usage:
        commit(plans.record(new, NOW))

    holds("interaction", usage)


def test_sixty_figures_counted_together():
    facts = [Countable(f"f{number}", {("email#e", "EmailOpened"): 1}) for number in range(60)]

    with metered() as usage:
        insights.count(facts, NOW)

    holds("sixty facts counted together", usage)


def test_a_million_enrolments_stay_in_the_budget():
    assert engine_dollars() <= 37  # design.md aims at 30
    assert all_dollars() <= 92  # and at 75: a changed score with its history costs 8 write units of it


@pytest.fixture
def submitted():
    """Submit the demo company's newsletter form for an address, and return what that asked of DynamoDB."""
    publish("form", "news", FormDocument.model_validate(newsletter_form()).model_dump(mode="json"))

    def submit(event, **typed):
        values = {"first_name": "Ada", "last_name": "Juhl", "email": "ada@example.dk", **typed}
        with metered() as usage:
            service.submit(Submitted("news", values, event), NOW)
        return usage

    submit("warm", email="warm@example.dk")
    return submit


def test_a_submission_of_somebody_new(submitted):
    holds("form submission, new person", submitted("1"))


def test_a_submission_of_somebody_known_with_nothing_new(submitted):
    submitted("1")

    holds("form submission, known person, nothing new", submitted("2"))
