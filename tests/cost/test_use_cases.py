"""What use cases ask of DynamoDB, measured, and held against the table that docs/costs.md is made from."""

from datetime import timedelta

import pytest
from chalice.test import Client
from msgspec.structs import replace

from app import app
from chalicelib.capture import service
from chalicelib.capture.schemas import FormDocument
from chalicelib.capture.service import Submitted
from chalicelib.capture.websites import collecting
from chalicelib.capture.websites import service as websites
from chalicelib.capture.websites.collecting import Browser
from chalicelib.capture.websites.schemas import Told
from chalicelib.contacts import strategies
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import commit
from chalicelib.insights import service as insights
from chalicelib.insights.counting import Countable
from chalicelib.interactions import plans
from chalicelib.interactions import service as log
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.interactions.visitors import token_of
from chalicelib.journeys import entry, versions
from chalicelib.messages import plans as messages
from chalicelib.messages import sender, tracking
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument
from chalicelib.scoring import configuration
from chalicelib.tokens import sign
from infra.costs import EFFECTS, ENGINE, USE_CASES, all_dollars, engine_dollars
from infra.local.demo.company import newsletter_form
from tests.support import mail as post
from tests.support import scoring
from tests.support.journeys import NOW, burst, contact, document, mail, publish, ready, register_contact_fields, wait
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud", "warm")

TASK = {"kind": "task", "subject": "Call", "user": "sam", "assign_to": "user", "due_in": "P1D"}
LIVES = {"field": "contact.country", "operator": "equals", "values": ["Denmark"]}
EIGHT_TILES = {
    "m": mail("w"),
    "w": wait("P1D", "b"),
    "b": {"kind": "branch", "branches": [{"name": "danes", "condition": LIVES, "next": "a"}], "otherwise": "a"},
    "a": {**TASK, "next": "n"},
    "n": mail("i"),
    "i": {
        "kind": "if_then",
        "rules": [{"tile": "n", "did": "email_clicked"}],
        "timeout": "P2D",
        "yes": "r",
        "no": "r",
    },
    "r": {"kind": "branch", "branches": [{"name": "danes", "condition": LIVES, "next": "z"}], "otherwise": None},
    "z": {**TASK, "next": None},
}


@pytest.fixture
def warm(monkeypatch):
    """What is live is remembered for seconds where it is deployed, though in no other test: many share its reads."""
    for module in (definitions, strategies, configuration, custom_fields):
        monkeypatch.setattr(module, "settings", replace(module.settings, live_cache_seconds="300"))
    monkeypatch.setattr(definitions, "_rows", {})
    monkeypatch.setattr(strategies, "_cache", {})
    monkeypatch.setattr(custom_fields, "_cache", [])
    monkeypatch.setattr(configuration, "_known", [])


def holds(name, usage):
    """The table says what was measured: never less, and not so much more that it would mislead."""
    wanted = USE_CASES[name]
    assert usage.write_units <= wanted.writes
    assert usage.read_units <= wanted.reads
    assert usage.write_units >= wanted.writes * 0.8


def test_an_enrolment_of_eight_tiles_and_two_waits():
    ready()
    register_contact_fields()
    publish("journey", "j", document(EIGHT_TILES))
    for identity in ("warm", "c"):
        contact(identity, country="Denmark")
    journey = versions.running("j")

    def walk(identity):
        entry.enter(journey, identity, entry.Call(entry.FORM), NOW)
        for days in (0, 1, 4):
            burst(f"{identity}.j.1", NOW + timedelta(days=days), token=f"t{days}")

    walk("warm")
    with metered() as usage:
        walk("c")

    engine = usage.written["journeys"]
    assert engine <= 28  # the budget of design.md 9
    assert engine == USE_CASES[ENGINE].writes
    assert usage.write_units - engine == USE_CASES[EFFECTS].writes
    assert usage.read_units <= USE_CASES[ENGINE].reads


def test_an_interaction():
    new = NewInteraction(InteractionType.EMAIL_CLICKED, NOW, "click", "1", contact_id="c", attributes={"send_id": "s"})

    with metered() as usage:
        commit(plans.record(new, NOW))

    holds("interaction", usage)


def test_a_visit_that_the_script_of_a_website_tells():
    site = {"name": "W", "url": "https://x.example", "origins": ["https://x.example"], "parameters": []}
    websites.create("w", site, NOW)
    told = {"kind": "visit", "url": "https://x.example/lamps", "visitor": token_of("v"), "allowed": "yes"}
    browser = Browser("https://x.example")

    def tell(event):
        with metered() as usage:
            collecting.collect("w", Told(**told, event=event), browser, NOW)
        return usage

    tell("the-first")
    holds("visit that a website's script tells", tell("the-second"))


def test_sixty_figures_counted_together():
    facts = [Countable(f"f{number}", {("email#e", "EmailOpened"): 1}) for number in range(60)]

    with metered() as usage:
        insights.count(facts, NOW)

    holds("sixty facts counted together", usage)


def test_a_million_enrolments_stay_in_the_budget():
    assert engine_dollars() <= 30
    assert all_dollars() <= 75


HTML = """<h1>Hello</h1><p><a href="https://shop.example/lamp">The lamp</a></p>
<p><a href="{{ message.subscription_center_url }}">Your email preferences</a></p>
<p>{{ content_settings.address_main }}</p>"""
EMAIL = {"subject": "News", "from_name": "Contoso", "from_address": "news@contoso.example", "html": HTML}


@pytest.fixture
def sent():
    """Send a contact a message, and return what taking it up asked of DynamoDB."""
    publish("content-settings", "cs", ContentSettingsDocument(address_main="1 Main Street").model_dump(mode="json"))
    publish("email", "e", EmailDocument(**EMAIL, language="en").model_dump(mode="json"))

    def take_up(person):
        contact(person, email=f"{person}@example.com")
        queued = {"contact_id": person, "email_id": "e", "content_settings_id": "cs", "tile": "m"}
        commit(messages.queue_send(f"send-{person}", **queued, now=NOW))
        with metered() as usage:
            sender.take_up(f"send-{person}", NOW, "token")
        return usage

    with post.opened() as office:
        definitions.document.cache_clear()
        take_up("warm")
        yield take_up
        assert len(office.letters()) == 2


def test_a_message(sent):
    holds("message, from the ledger to the provider", sent("c"))


def test_a_click(sent):
    sent("c")

    with metered() as usage, Client(app) as client:
        client.http.get(f"/t/{sign('link', 'send-c', '0')}")
        [click] = log.of_contact("c", "EmailClicked")
        tracking.decide("c", click.sk, NOW)

    holds("tracked click with its verdict", usage)


@pytest.fixture
def scored():
    """A contact with a lead and a click that is scored."""
    scoring.person()
    scoring.lead()
    scoring.publish(scoring.clicked(30))
    scoring.click("1")
    scoring.rescore()


def test_a_rescoring_that_changes_nothing(scored):
    with metered() as usage:
        scoring.rescore()

    holds("rescoring, nothing changed", usage)


def test_a_rescoring_that_changes_a_score(scored):
    scoring.click("2")

    with metered() as usage:
        scoring.rescore()

    holds("rescoring, one score changed", usage)


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
    usage = submitted("1")

    holds("form submission, new person", usage)
    assert usage.round_trips == 2  # of the 4 that design.md allows


def test_a_submission_of_somebody_known_with_nothing_new(submitted):
    submitted("1")

    usage = submitted("2")

    holds("form submission, known person, nothing new", usage)
    assert usage.round_trips == 3


def test_a_submission_of_somebody_known_who_has_changed(submitted):
    submitted("1")

    usage = submitted("2", last_name="Juhl-Hansen")

    holds("form submission, known person, changed", usage)
    assert usage.round_trips <= 4


def test_each_further_strategy_costs_a_claim(submitted):
    before = submitted("1")
    strategies.create("name", "contact", "Email and name", ["email", "last_name"], NOW)
    strategies._cache.clear()

    usage = submitted("2", email="bo@example.dk")

    assert usage.write_units <= before.write_units + 2


# The budgets of design.md 9, use case by use case; those of the engine's parts are in test_journeys_engine.py ---------

BUDGETS = {
    "form submission, new person": 24,
    "form submission, known person, nothing new": 10,
    "form submission, known person, changed": 16,
    "tracked click with its verdict": 3,
    "enrolment of 8 tiles and 2 waits, the engine": 28,
    "message, from the ledger to the provider": 8,
    "rescoring, nothing changed": 1,
    "sixty facts counted together": 60 * 2.5,
}


@pytest.mark.parametrize("name", BUDGETS)
def test_what_is_measured_is_within_its_budget(name):
    assert USE_CASES[name].writes <= BUDGETS[name]
