"""What a contact's events come to elsewhere: its sections, merges, deletion and erasure, scores, segments, journeys."""

from datetime import timedelta

import pytest
import time_machine
from chalice.test import Client

from app import app
from chalicelib.contacts import deletion
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.journeys import entry, versions
from chalicelib.journeys.models import Raised
from chalicelib.registrations import registering, seats, service
from chalicelib.registrations.models import Registration, RegistrationsItem
from chalicelib.registrations.registering import Submitted
from chalicelib.scoring import reading
from chalicelib.segments import service as segments
from chalicelib.segments.schemas import SegmentDocument
from tests.support import journeys
from tests.support.api import Caller
from tests.support.merged import merge, undo
from tests.support.registering import NOW, published
from tests.support.scoring import lead, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")

ADA = {"first_name": "Ada", "last_name": "Nygård", "email": "ada@contoso.example"}
DAY = timedelta(days=1)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def register(event, at=NOW, **typed):
    """Let Ada register, or who is typed."""
    found = registering.read(Submitted(event, [{**ADA, **typed}], f"{at} {typed}"), at)
    [done] = registering.submit(found, at)
    return done


def events_of(api, contact_id, query=""):
    return api.get(f"/contacts/{contact_id}/events{query}")


# Its sections --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CON-7", "CON-8", "EVT-1")
def test_a_contact_shows_what_was_gathered_at_each_registration_and_whether_it_came(api):
    gala = published("Gala", fields=[{"name": "meal", "label": "Meal"}], type="conference", readable_id="gala")
    first = register(published(), company_name="Contoso")
    second = register(gala, NOW + DAY, meal="fish")
    third = register(gala, NOW + 2 * DAY)
    service.check_in(second.registration_id, NOW + 6 * DAY, "user:u", NOW + 6 * DAY)
    service.cancel(third.registration_id, "user:u", NOW + 3 * DAY)

    found = events_of(api, first.contact_id)["items"]

    assert [each["registration"]["id"] for each in found] == [each.registration_id for each in (third, second, first)]
    canceled, came, plain = found
    assert (canceled["registration"]["state"], canceled["registration"]["canceled_by"]) == ("canceled", "user:u")
    assert (came["event"]["name"], came["event"]["type"]) == ("Gala", "conference")
    assert (came["event"]["readable_id"], came["event"]["time_zone"]) == ("gala", "Europe/Copenhagen")
    assert came["event"]["starts_at"] == "2026-11-30T08:00:00Z"
    assert came["registration"]["answers"] == {"meal": "fish"}
    assert [each["in_at"] for each in came["registration"]["check_ins"]] == ["2026-11-30T09:00:00Z"]
    assert plain["registration"]["gathered"] == {**ADA, "company_name": "Contoso"}
    assert plain["registration"]["check_ins"] == []
    page = events_of(api, first.contact_id, "?limit=2")
    assert events_of(api, first.contact_id, f"?limit=2&cursor={page['next_cursor']}")["items"] == [plain]


@pytest.mark.rule("CON-8")
def test_what_was_an_event_is_shown_as_it_was_and_who_is_nobody_has_none(api):
    event = published()
    done = register(event)
    live = api.get(f"/events/{event}")
    api.change("POST", f"/events/{event}/stop", live, {})

    [found] = events_of(api, done.contact_id)["items"]

    assert (found["event"]["name"], found["event"]["location"]) == ("Regatta", "Harbour 1, Aarhus")
    assert api.call("GET", "/contacts/nobody/events")[0] == 404


@pytest.mark.rule("CON-8", "CON-3")
def test_registrations_of_all_that_somebody_is_are_theirs_until_a_merge_is_undone(api):
    event = published()
    done = register(event)
    contacts.create("twin", {"last_name": "Nygård", "email": "twin@contoso.example"}, NOW, by="user:u")
    own = register(event, NOW + DAY, email="twin@contoso.example")

    merge("twin", done.contact_id, NOW + 2 * DAY)
    together = events_of(api, "twin")["items"]
    came = service.check_in(done.registration_id, NOW + 6 * DAY, "user:u", NOW + 6 * DAY)
    with time_machine.travel(NOW + 7 * DAY, tick=False):
        timeline = api.get("/contacts/twin/timeline?kind=interaction")["items"]
    undo("twin", done.contact_id, NOW + 7 * DAY)

    assert [each["registration"]["id"] for each in together] == [own.registration_id, done.registration_id]
    assert {each["what"]["type"] for each in timeline} == {"EventRegistration", "EventCheckIn"}
    assert came.contact_id == done.contact_id
    [left] = events_of(api, "twin")["items"]
    assert left["registration"]["id"] == own.registration_id
    assert api.get(f"/contacts/{done.contact_id}/marketing-source")["items"][0]["originating_event_id"] == event


# Gone ----------------------------------------------------------------------------------------------------------------


def rows():
    return list(RegistrationsItem.scan())


def test_a_contact_that_is_deleted_leaves_its_seats_free_and_the_figures_as_they_were():
    event = published(maximum_capacity=2)
    done, other = register(event), register(event, last_name="Berg", email="bo@contoso.example")
    service.check_in(done.registration_id, NOW, "user:u", NOW)
    contacts.remove(done.contact_id, contacts.find(done.contact_id).version, NOW)

    for _ in range(2):
        deletion.sweep(done.contact_id, NOW)

    left = [each for each in rows() if each.kind != "seats"]
    assert {each.contact_id for each in left if isinstance(each, Registration)} == {other.contact_id}
    assert not any(done.contact_id in f"{each.pk} {each.serialize()}" for each in rows())
    known = seats.of(event)
    assert (known.taken, known.registered, known.checked_in) == (1, 2, 1)


# Use -----------------------------------------------------------------------------------------------------------------


def scores(lead_id="l"):
    return {score.model_id: score.score for score in reading.scores_of(lead_id)}


def asks(entity, **where):
    clauses = [{"field": name, "operator": "equals", "values": [value]} for name, value in where.items()]
    return {"id": "r", "points": 10, "conditions": [{"entity": entity, "where": clauses}]}


@pytest.mark.rule("EVT-3", "SCO-20")
def test_who_registered_and_who_came_is_scored_by_the_event():
    event, other = published(create_leads=False), published("Gala", create_leads=False)
    done = register(event)
    lead("l", done.contact_id)
    models = {
        "registered": publish(asks("EventRegistration", event_id=event)),
        "elsewhere": publish(asks("EventRegistration", event_id=other)),
        "came": publish(asks("EventCheckIn", event_id=event)),
        "stayed away": publish(asks("EventRegistrationCanceled", event_id=event)),
    }
    rescore(contact_id=done.contact_id)
    before = scores()
    service.check_in(done.registration_id, NOW, "user:u", NOW)

    rescore(contact_id=done.contact_id)

    assert before == {models["registered"]: 10, models["elsewhere"]: 0, models["came"]: 0, models["stayed away"]: 0}
    assert scores() == {**before, models["came"]: 10}


@pytest.mark.rule("SCO-18")
def test_a_rule_follows_the_path_to_a_contacts_registrations():
    event = published(create_leads=False)
    done = register(event)
    lead("l", done.contact_id)
    model = publish(
        {**asks("contact.registrations", event_id=event, state="registered", checked_in=True), "id": "came"},
        {**asks("lead.contact.registrations", event_id=event, role="attendee"), "points": 1, "id": "attendee"},
    )
    rescore(contact_id=done.contact_id)
    before = scores()
    service.check_in(done.registration_id, NOW, "user:u", NOW)

    rescore(contact_id=done.contact_id)

    assert (before, scores()) == ({model: 1}, {model: 11})


def member(contact_id):
    return segments.is_member(contact_id, "s")


@pytest.mark.rule("EVT-18", "SEG-5")
@pytest.mark.parametrize("type_", ["EventRegistration", "EventCheckIn", "EventRegistrationCanceled"])
def test_who_registers_comes_or_cancels_joins_a_segment_by_itself(world, type_):
    event = published(now=world.now)
    where = [{"field": "event_id", "operator": "equals", "values": [event]}]
    live_segment({"interaction": type_, "where": where})
    registered = register(event, world.now)
    world.settle()
    before = member(registered.contact_id)

    if type_ == "EventCheckIn":
        service.check_in(registered.registration_id, world.now, "user:u", world.now)
    elif type_ == "EventRegistrationCanceled":
        service.cancel(registered.registration_id, "user:u", world.now)
    world.settle()

    assert (before, member(registered.contact_id)) == (type_ == "EventRegistration", True)


@pytest.mark.rule("EVT-18")
def test_a_segment_of_registrations_follows_what_becomes_of_them(world):
    event = published(now=world.now)
    state = {"field": "registration.state", "operator": "equals", "values": ["registered"]}
    live_segment({"all": [{"field": "registration.event_id", "operator": "equals", "values": [event]}, state]})
    registered = register(event, world.now)
    world.settle()
    before = member(registered.contact_id)

    service.cancel(registered.registration_id, "user:u", world.now)
    world.settle()

    assert (before, member(registered.contact_id)) == (True, False)


def live_segment(query):
    document = SegmentDocument.model_validate({"type": "dynamic", "query": query}).model_dump(
        mode="json", by_alias=True
    )
    definitions.create("segment", "s", "s", document, "u", NOW)
    check = lambda draft: segments.check(SegmentDocument.model_validate(draft))  # noqa: E731
    definitions.publish("segment", "s", check, version=1, by="u", now=NOW)


def raised():
    return {item.trigger_id for item in Raised.scan() if isinstance(item, Raised)}


@pytest.mark.rule("EVT-18", "EVT-3", "JRN-37")
def test_a_journey_waits_for_who_registers_and_comes_to_an_event(world):
    event = published(now=world.now)
    contacts.create("ada", {"last_name": "Nygård", "email": ADA["email"]}, NOW, by="user:u")
    journeys.ready()
    rules = [{"tile": "w", "did": each, "event": event} for each in ("event_registered", "event_attended")]
    waits = {"kind": "if_then", "combine": "all", "rules": rules, "timeout": "P5D", "yes": "y", "no": None}
    tiles = {"w": journeys.wait("PT1H", "i"), "i": waits, "y": journeys.ring(trigger="came")}
    journeys.publish("journey", "j", journeys.document(tiles), world.now)
    entry.enter(versions.running("j"), "ada", entry.Call(entry.FORM), world.now)
    world.settle()
    world.advance(timedelta(hours=2))
    world.poll()

    done = register(event, world.now)
    world.settle()
    before = raised()
    service.check_in(done.registration_id, world.now, "user:u", world.now)
    world.settle()

    assert (before, raised()) == (set(), {"came"})


@pytest.mark.rule("TRG-5")
def test_a_business_trigger_tells_of_registrations_and_check_ins(world):
    journeys.ready()
    for name in ("event-registration-created", "event-registration-canceled", "event-check-in-created"):
        whole = journeys.document(
            {"r": journeys.ring(trigger=f"after-{name}")}, audience={"trigger": {"trigger": name}}
        )
        journeys.publish("journey", name, whole, world.now)
    done = register(published(now=world.now), world.now)
    world.settle()
    first = raised()

    service.check_in(done.registration_id, world.now, "user:u", world.now)
    world.settle()

    created, came = "event-registration-created", "event-check-in-created"
    assert first == {created, f"after-{created}"}
    assert raised() == {created, f"after-{created}", came, f"after-{came}"}
