"""A contact's timeline: everything that happened, in one order, in pages, in bounded reads."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from chalice.test import Client

from app import app
from chalicelib.access import service as access
from chalicelib.activities import notes, plans
from chalicelib.activities.choices import ActivityKind
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from tests.support.api import Caller
from tests.support.merged import merge
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api(world):
    world.move_to(NOW)
    with Client(app) as client:
        yield Caller(client)


def person(identity):
    contacts.create(identity, {"last_name": "Nygård"}, NOW, by="user:u")


def did(contact, type_, at, event, verdict="human"):
    new = NewInteraction(
        type=type_, at=at, source="test", source_event=event, contact_id=contact, attributes={}, verdict=verdict
    )
    commit(interactions.record(new, NOW))


def noted(contact, text, at):
    notes.create(notes.CONTACT, contact, text, text, "u", at)


def task(contact, subject, at):
    nobody = dict.fromkeys(("description", "owner_id", "due", "journey_id", "enrolment_id"))
    made = plans.create(
        subject, kind=ActivityKind.TASK, subject=subject, regarding_contact_id=contact, now=at, **nobody
    )
    commit(made)


def consented(contact, at, change_id, **wanted):
    evidence = Evidence(who="u", source="api", method="by user", reason="asked")
    version = consent.of_person(contacts.find_who(contact)).version
    consent.change_by_user(contact, wanted, version, evidence, change_id, at)


def pages(api, path, limit):
    found, cursor = [], ""
    while True:
        page = api.get(f"{path}?limit={limit}{cursor}")
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.rule("CON-9", "INT-1")
def test_everything_that_happened_with_a_person_stands_in_one_order(api):
    for each in ("ada", "twin"):
        person(each)
    hours = [NOW - timedelta(hours=number) for number in range(12)]
    did("ada", "EmailOpened", hours[1], "1")
    noted("ada", "called", hours[2])
    did("twin", "FormSubmitted", hours[3], "2")
    consented("twin", hours[4], "change", bulk_email=False)
    task("ada", "call back", hours[5])
    leads.create("lead", {"last_name": "N", "topic": "Boats", "contact_id": "twin"}, "u", hours[7])
    leads.amend("lead", {"contact_id": "ada"}, by="u", version=lead_reading.find("lead").version, now=hours[6])
    did("ada", "EmailClicked", NOW + timedelta(days=1), "future")
    did("ada", "LinkedInFormSubmission", hours[2], "gone", verdict="withdrawn")
    merge("ada", "twin", NOW)

    found = pages(api, "/contacts/twin/timeline", 3)

    kinds = [each["kind"] for each in found]
    assert kinds == ["interaction", "note", "interaction", "consent", "activity", "move", "lead"]
    told = [each["what"] for each in found]
    assert (told[0]["type"], told[1]["text"], told[2]["contact_id"]) == ("EmailOpened", "called", "twin")
    assert (told[3]["after"], told[4]["subject"], told[6]["topic"]) == ({"bulk_email": False}, "call back", "Boats")
    assert told[5]["changes"]["contact_id"] == ["twin", "ada"]
    assert [each["kind"] for each in api.get("/contacts/ada/timeline?kind=note")["items"]] == ["note"]


@pytest.mark.rule("INT-1")
@pytest.mark.parametrize("seed", range(3))
def test_pages_tell_everything_once_however_much_happened_at_one_instant(api, seed):
    random = Random(seed)
    for each in ("ada", "twin"):
        person(each)
    instants = [NOW - timedelta(minutes=random.randrange(1, 4)) for _ in range(40)]
    for number, at in enumerate(instants):
        contact = random.choice(["ada", "twin"])
        make = random.choice([
            lambda contact=contact, at=at, number=number: did(contact, "EmailOpened", at, str(number)),
            lambda contact=contact, at=at, number=number: did(contact, "EmailClicked", at, str(number)),
            lambda contact=contact, at=at, number=number: noted(contact, str(number), at),
            lambda contact=contact, at=at, number=number: task(contact, str(number), at),
        ])  # fmt: skip
        make()
    merge("ada", "twin", NOW)

    found = pages(api, "/contacts/ada/timeline", random.choice([1, 3, 7]))

    assert len(found) == len({(each["kind"], each["id"]) for each in found}) == 40
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)
    assert found == pages(api, "/contacts/ada/timeline", 100)


def test_what_one_may_not_read_elsewhere_is_not_in_the_timeline_either(api):
    person("ada")
    did("ada", "EmailOpened", NOW - timedelta(hours=1), "1")
    noted("ada", "called", NOW - timedelta(hours=2))
    _, key = access.create_key("few", "few", ["contacts:read"], ["*"], NOW)
    few = Caller.__new__(Caller)
    few._client, few._key = api._client, f"Bearer {key}"

    found = few.get("/contacts/ada/timeline")["items"]
    status, _, _ = few.call("GET", "/contacts/ada/timeline?kind=interaction")

    assert ([each["kind"] for each in found], status) == (["note"], 403)


def test_a_page_of_a_long_life_costs_few_requests(api):
    person("ada")
    for number in range(300):
        did("ada", ("EmailSent", "EmailOpened", "EmailClicked")[number % 3], NOW - timedelta(hours=number), str(number))

    with metered() as usage:
        first = api.get("/contacts/ada/timeline?limit=10")
    with metered() as later:
        api.get(f"/contacts/ada/timeline?limit=10&cursor={first['next_cursor']}")

    assert len(first["items"]) == 10
    assert max(usage.round_trips, later.round_trips) <= 18
    assert max(usage.read_units, later.read_units) < 60


def test_nobody_has_no_timeline(api):
    assert api.call("GET", "/contacts/nobody/timeline")[0] == 404
