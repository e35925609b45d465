"""Events that people register for: through the public door, by a user, as contacts, leads and seats; each once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from chalice.test import Client

from app import app
from chalicelib.capture.websites import pace
from chalicelib.contacts import service as contacts
from chalicelib.contacts import strategies
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import commit
from chalicelib.errors import Unavailable
from chalicelib.interactions import service as interactions
from chalicelib.leads import reading as leads
from chalicelib.registrations import reading, registering, seats, service
from chalicelib.registrations.registering import Submitted
from chalicelib.tokens import sign
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.insisting import insist
from tests.support.merged import merge
from tests.support.registering import DOCUMENT, published

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ADA = {"first_name": "Ada", "last_name": "Nygård", "email": "ada@contoso.example"}
BO = {"first_name": "Bo", "last_name": "Berg", "email": "bo@contoso.example"}
CROWD = [{"first_name": "N", "last_name": f"N{number}", "email": f"n{number}@contoso.example"} for number in range(64)]


@pytest.fixture
def api():
    with time_machine.travel(NOW, tick=False), Client(app) as client:
        yield Caller(client)


def register(api, event, *attendees, key=None, **more):
    headers = {"Idempotency_Key": key} if key else {}
    return api.call("POST", f"/events/{event}/registrations", {"attendees": list(attendees), **more}, **headers)


def registered(api, event, *attendees, **more):
    status, body, _ = register(api, event, *attendees, **more)
    assert status == 201, body
    return [each["registration_id"] for each in body["attendees"]]


def done_by(contact_id, type_="EventRegistration"):
    return interactions.of_contact(contact_id, type_)


def listed(api, event, query=""):
    return api.get(f"/registrations?event_id={event}{query}")


# Whose it is ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("EVT-2", "EVT-6", "GEN-4", "GEN-9", "GEN-13")
def test_who_is_unknown_becomes_a_contact_with_a_lead_and_it_is_told_where_they_came_from(api):
    event = published(owner_id="host")

    [registration_id] = registered(api, event, {**ADA, "company_name": "Contoso"})

    registration = api.get(f"/registrations/{registration_id}")
    contact, lead = contacts.find(registration["contact_id"]), leads.find(registration["lead_id"])
    assert (contact.last_name, contact.company_name, contact.owner_id) == ("Nygård", "Contoso", "host")
    assert (contact.originating_event_id, contact.source_at) == (event, NOW)
    assert (lead.topic, lead.contact_id, lead.owner_id) == ("Regatta", contact.contact_id, "host")
    assert (lead.email, lead.originating_event_id) == ("ada@contoso.example", event)
    [told] = done_by(contact.contact_id)
    assert (told.attributes["event_id"], told.lead_id, told.at) == (event, lead.lead_id, NOW)
    assert (registration["state"], registration["role"], registration["owner_id"]) == ("registered", "attendee", "host")
    assert (registration["qr_code"], registration["registered_by"]) == (registration_id, None)


@pytest.mark.rule("EVT-2", "EVT-10")
def test_who_is_known_by_the_address_is_matched_and_no_second_contact_is_made(api):
    contacts.create("ada", {"last_name": "Nygård", "email": "Ada@Contoso.example"}, NOW, by="user:u")
    event = published()

    [registration_id] = registered(api, event, {**ADA, "phone": "+4531234567"})

    assert api.get(f"/registrations/{registration_id}")["contact_id"] == "ada"
    known = contacts.find("ada")
    assert (known.phone, known.originating_event_id) == ("+4531234567", None)
    assert len(api.get("/contacts")["items"]) == 1


@pytest.mark.rule("EVT-10")
@pytest.mark.parametrize(
    ("matching", "typed", "same"),
    [
        ("email", {"first_name": "Else", "last_name": "Who"}, True),
        ("names", {"email": "other@contoso.example"}, True),
        ("names", {"first_name": "Adam"}, False),
        ("email_and_names", {"first_name": "Adam"}, False),
        ("email_and_names", {"email": "other@contoso.example"}, False),
        ("email_and_names", {"phone": "+4531234567"}, True),
    ],
)
def test_an_event_says_what_makes_two_registrants_one(api, matching, typed, same):
    event = published(matching=matching)

    first, second = registered(api, event, ADA, {**ADA, **typed})

    assert (reading.find(first).contact_id == reading.find(second).contact_id) is same


@pytest.mark.rule("EVT-10")
def test_a_strategy_that_an_event_asks_for_comes_into_use_and_stays_while_the_event_is_live(api):
    document = {**DOCUMENT, "matching": "names"}
    made = api.post("/events", {"name": "Regatta", "document": document})

    early, problem, _ = api.call("POST", f"/events/{made['id']}/publish", If_Match='"1"')
    strategies.built("contact", "names")
    live = api.change("POST", f"/events/{made['id']}/publish", made)
    removed = api.call("DELETE", "/matching-strategies/names")

    assert (early, problem["errors"][0]["field"]) == (422, "matching")
    assert (live["state"], removed[0]) == ("live", 409)
    known = {each["id"]: each["attributes"] for each in api.get("/matching-strategies")["items"]}
    assert known["names"] == ["first_name", "last_name"]
    api.change("POST", f"/events/{made['id']}/stop", live, {})
    assert api.call("DELETE", "/matching-strategies/names")[0] == 204
    again = api.get(f"/events/{made['id']}")
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        api.change("PUT", f"/events/{made['id']}", again, {"name": "Regatta", "document": document})
    assert "names" in {each["id"] for each in api.get("/matching-strategies")["items"]}  # taken into use once more


@pytest.mark.rule("EVT-13")
def test_who_registers_again_gets_a_new_registration_and_no_new_lead(api):
    event, other = published(), published("Gala")

    first, second = registered(api, event, ADA, ADA)
    [third] = registered(api, other, ADA)

    found = [reading.find(each) for each in (first, second, third)]
    assert len({each.registration_id for each in found}) == 3
    assert len({each.contact_id for each in found}) == 1
    assert (found[0].lead_id == found[1].lead_id, found[0].lead_id == found[2].lead_id) == (True, False)
    assert len(leads.of_contact(found[0].contact_id)) == 2
    assert len(done_by(found[0].contact_id)) == 3


@pytest.mark.rule("EVT-13")
def test_who_turns_out_to_be_somebody_else_has_one_lead_for_an_event_all_the_same(api):
    event = published()
    [first] = registered(api, event, ADA)
    contacts.create("twin", {"last_name": "Nygård", "email": "twin@contoso.example"}, NOW, by="user:u")
    merge("twin", reading.find(first).contact_id, NOW)

    [second] = registered(api, event, {**ADA, "email": "twin@contoso.example"})

    assert reading.find(second).contact_id == "twin"
    assert reading.find(second).lead_id == reading.find(first).lead_id


@pytest.mark.rule("EVT-13")
def test_an_event_that_wants_no_leads_makes_none(api):
    [registration_id] = registered(api, published(create_leads=False), ADA)

    found = reading.find(registration_id)

    assert (found.lead_id, leads.of_contact(found.contact_id)) == (None, [])


def test_of_many_submissions_of_one_person_at_once_one_lead_comes(api):
    event = published(create_leads=True)

    def one(number):
        found = registering.read(Submitted(event, [ADA], f"k{number}"), NOW)
        return registering.submit(found, NOW)[0]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(8)))

    [contact_id] = {each.contact_id for each in found}
    assert len(leads.of_contact(contact_id)) == 1
    assert (len(done_by(contact_id)), seats.of(event).taken) == (8, 8)


# Once ----------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("EVT-12")
def test_one_submission_registers_each_attendee_and_the_same_key_registers_nobody_twice(api):
    event = published()

    first = register(api, event, ADA, BO, key="k")
    again = register(api, event, ADA, BO, key="k")

    assert (first[0], again[0], first[1]) == (201, 201, again[1])
    found = [reading.find(each["registration_id"]) for each in first[1]["attendees"]]
    assert [each.attendee for each in found] == [1, 2]
    assert len({each.contact_id for each in found}) == 2
    assert {each.submission_id for each in found} == {first[1]["submission_id"]}
    assert (seats.of(event).taken, len(done_by(found[0].contact_id))) == (2, 1)


@pytest.mark.rule("EVT-12")
def test_an_event_for_one_at_a_time_takes_no_others(api):
    status, problem, _ = register(api, published(multi_attendee=False), ADA, BO)

    assert (status, problem["errors"][0]["field"]) == (400, "attendees")


def test_whoever_dies_between_two_attendees_goes_on_under_the_same_key(api):
    event = published()
    found = registering.read(Submitted(event, [ADA, BO], "k"), NOW)
    registering.submit(registering.Read(found.id, found.event, found.attendees[:1], found.came_by), NOW)

    done = registering.submit(found, NOW + timedelta(minutes=1))

    assert [each.registered_at for each in done] == [NOW, NOW + timedelta(minutes=1)]
    assert seats.of(event).taken == 2


@pytest.mark.rule("EVT-12")
def test_a_form_without_script_registers_one_or_several(api):
    event = published(fields=[{"name": "meal", "label": "Meal", "type": "multiple_choice", "options": ["fish", "veg"]}])
    sent = [
        *ADA.items(),
        ("meal", "fish"),
        ("meal", "veg"),
        *((f"attendees.1.{name}", each) for name, each in BO.items()),
    ]
    with Client(app) as client:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.http.post(f"/events/{event}/registrations", headers=headers, body=urlencode(sent).encode())

    assert answer.status_code == 201
    found = [reading.find(each["registration_id"]) for each in answer.json_body["attendees"]]
    assert [(each.values["email"], each.answers) for each in found] == [
        ("ada@contoso.example", {"meal": ["fish", "veg"]}),
        ("bo@contoso.example", None),
    ]


# Seats ---------------------------------------------------------------------------------------------------------------


def test_of_sixty_four_who_race_for_ten_seats_ten_get_one(api):
    event = published(maximum_capacity=10)

    def one(person):
        found = registering.read(Submitted(event, [person], person["email"]), NOW)
        return insist(lambda: registering.submit(found, NOW), (Unavailable,))[0]

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(one, CROWD))

    assert [each.state for each in found].count("registered") == 10
    assert seats.of(event).taken == seats.of(event).registered == 10
    assert len({each.contact_id for each in found if each.contact_id}) == 10
    assert len(api.get("/contacts?limit=100")["items"]) == len(api.get("/leads?limit=100")["items"]) == 10
    assert len(listed(api, event, "&limit=100")["items"]) == 10
    assert len(listed(api, event, "&state=refused&limit=100")["items"]) == 54


def test_who_gets_no_seat_hears_so_and_nothing_is_kept_but_what_they_sent(api):
    """Decision 39."""
    event = published(maximum_capacity=1, full_message="Sold out, sorry.")
    registered(api, event, ADA)

    status, problem, _ = register(api, event, BO, key="k")
    cancel(api, listed(api, event)["items"][0]["id"])
    again = register(api, event, BO, key="k")
    anew = register(api, event, BO)

    assert (status, problem["detail"]) == (409, "Sold out, sorry.")
    assert (again[0], anew[0]) == (409, 201)  # the same request hears the same, another one finds the seat that is free
    [refused] = listed(api, event, "&state=refused")["items"]
    assert (refused["gathered"]["email"], refused["contact_id"], refused["state"]) == (BO["email"], None, "refused")
    assert len(api.get("/contacts")["items"]) == 2


def test_of_several_some_may_get_a_seat(api):
    status, answer, _ = register(api, published(maximum_capacity=1), ADA, BO)

    assert status == 201
    assert [each["state"] for each in answer["attendees"]] == ["registered", "refused"]


def cancel(api, registration_id):
    status, body, _ = api.call("PATCH", f"/registrations/{registration_id}", {"canceled": True})
    assert status == 200, body
    return body


@pytest.mark.rule("EVT-8")
def test_a_registration_that_is_canceled_stays_and_frees_its_seat_once(api):
    event = published(maximum_capacity=1)
    [registration_id] = registered(api, event, ADA)

    first, again = cancel(api, registration_id), cancel(api, registration_id)

    assert first == again
    assert (first["state"], first["canceled_at"], first["canceled_by"]) == (
        "canceled",
        "2026-11-24T09:00:00Z",
        "key:root",
    )
    assert [each["id"] for each in listed(api, event)["items"]] == [registration_id]
    assert len(done_by(first["contact_id"], "EventRegistrationCanceled")) == 1
    assert seats.of(event).taken == 0
    registered(api, event, BO)
    assert (listed(api, event)["registration_count"], listed(api, event)["seats_left"]) == (1, 0)


@pytest.mark.rule("EVT-9")
def test_a_user_registers_a_contact_whatever_seats_there_are_and_at_the_door(api):
    event = published(maximum_capacity=1, fields=[{"name": "meal", "label": "Meal"}])
    registered(api, event, ADA)
    contacts.create("bo", {"last_name": "Berg", "email": "bo@contoso.example"}, NOW, by="user:u")
    asked = {"event_id": event, "role": "journalist", "answers": {"meal": "fish"}}

    with time_machine.travel(NOW + timedelta(days=6, hours=1), tick=False):
        first = api.post("/contacts/bo/events", asked, Idempotency_Key="k")
        again = api.post("/contacts/bo/events", asked, Idempotency_Key="k")
    wrong = api.call("POST", "/contacts/bo/events", {**asked, "answers": {"colour": "red"}})

    assert first == again
    assert (first["registered_by"], first["role"], first["answers"]) == ("key:root", "journalist", {"meal": "fish"})
    assert (seats.of(event).taken, listed(api, event)["seats_left"]) == (2, 0)
    assert [each.contact_id for each in leads.of_contact("bo")] == ["bo"]
    assert (wrong[0], wrong[1]["errors"][0]["field"]) == (400, "answers.colour")
    assert api.call("POST", "/contacts/nobody/events", asked)[0] == 404
    assert api.call("POST", "/contacts/bo/events", {"event_id": "none"})[0] == 404


# What is asked, until when, and of whom ------------------------------------------------------------------------------


@pytest.mark.rule("EVT-7")
def test_an_event_asks_questions_of_its_own_and_keeps_the_answers(api):
    event = published(
        fields=[
            {"name": "allergies", "label": "Allergies"},
            {"name": "parking", "label": "Parking", "type": "boolean"},
            {"name": "size", "label": "Shirt", "type": "single_choice", "options": ["S", "L"], "required": True},
            {"name": "talks", "label": "Talks", "type": "multiple_choice", "options": ["a", "b", "c"]},
        ]
    )
    answers = {"allergies": "nuts", "parking": True, "size": "L", "talks": ["a", "c"]}

    [registration_id] = registered(api, event, {**ADA, **answers})
    missing = register(api, event, BO)
    no_address = register(api, event, {**BO, **answers}, {**ADA, **answers, "email": "none"})
    strange = register(api, event, BO, {**ADA, "size": "XXL", "talks": ["z"], "colour": "red", "do_not_track": True})

    found = api.get(f"/registrations/{registration_id}")
    assert found["answers"] == answers
    assert found["gathered"] == ADA
    assert (missing[0], [each["field"] for each in missing[1]["errors"]]) == (400, ["attendees.0.size"])
    assert {each["field"] for each in strange[1]["errors"]} == {
        *("attendees.0.size", "attendees.1.size", "attendees.1.talks"),
        *("attendees.1.colour", "attendees.1.do_not_track"),
    }
    assert (no_address[0], no_address[1]["errors"][0]["field"]) == (400, "attendees.1.email")
    assert len(listed(api, event)["items"]) == 1  # of the other one nothing is stored either
    changed = api.change("PATCH", f"/registrations/{registration_id}", found, {"answers": {"size": "S"}})
    assert changed["answers"] == {"size": "S"}
    assert api.call("PATCH", f"/registrations/{registration_id}", {"role": "other"})[0] == 428


@pytest.mark.rule("EVT-7")
def test_questions_that_make_no_sense_keep_an_event_from_going_live(api):
    fields = [
        {"name": "email", "label": "Email"},
        {"name": "size", "label": "Size", "type": "single_choice"},
        {"name": "size", "label": "Size", "options": ["S"]},
    ]
    document = {**DOCUMENT, "fields": fields, "ends_at": "2026-11-28T08:00:00Z"}
    made = api.post("/events", {"name": "Regatta", "document": document})

    found = api.post(f"/events/{made['id']}/check")["problems"]

    assert {each["field"] for each in found} == {
        *("ends_at", "registration_ends_at", "fields", "fields.0.name", "fields.1.options", "fields.2.options"),
    }


@pytest.mark.rule("EVT-11")
def test_after_registration_has_ended_nobody_registers_and_hears_why(api):
    event = published(closed_message="See you next year.")
    ends = NOW + timedelta(days=5)

    with time_machine.travel(ends - timedelta(microseconds=1), tick=False):
        registered(api, event, ADA)
    with time_machine.travel(ends, tick=False):
        status, problem, _ = register(api, event, BO)

    assert (status, problem["detail"]) == (410, "See you next year.")
    assert len(listed(api, event)["items"]) == 1


def test_only_what_is_live_takes_registrations(api):
    event = published()
    definitions.stop("event", event, version=2, by="u", now=NOW)

    assert register(api, event, ADA)[0] == 404
    assert api.get("/contacts")["items"] == []


def test_an_event_without_anonymous_registrations_takes_those_who_were_invited(api):
    event = published(allow_anonymous_registrations=False)
    contacts.create("ada", {"last_name": "Nygård", "email": ADA["email"]}, NOW, by="user:u")
    link = sign("visitor", "ada", "journey", "email")

    refused, forged = register(api, event, ADA), register(api, event, ADA, invitation=link[:-3])
    [registration_id] = registered(api, event, ADA, invitation=link)

    assert (refused[0], forged[0]) == (403, 403)
    [told] = done_by("ada")
    assert (told.attributes["journey_id"], told.attributes["email_id"]) == ("journey", "email")
    assert reading.find(registration_id).contact_id == "ada"


def test_an_event_is_found_by_its_readable_id_which_is_its_own(api):
    event = published(readable_id="regatta-26")
    other = api.post("/events", {"name": "Copy", "document": {**DOCUMENT, "readable_id": "regatta-26"}})

    [registration_id] = registered(api, "regatta-26", ADA)
    taken = api.call("POST", f"/events/{other['id']}/publish", If_Match='"1"')

    assert reading.find(registration_id).event_id == event
    assert (taken[0], taken[1]["errors"][0]["field"]) == (409, "readable_id")


def test_pages_of_other_origins_register_people_where_the_event_says_so(api):
    event = published(allowed_origins=["https://www.contoso.example"])
    path = f"/events/{event}/registrations"

    _, _, allowed = api.call("OPTIONS", path, Origin="https://www.contoso.example")
    foreign = api.call("POST", path, {"attendees": [ADA]}, Origin="https://evil.example")
    wrong, problem, told = api.call("POST", path, {"attendees": [{}]}, Origin="https://www.contoso.example")

    assert (
        allowed["Access-Control-Allow-Origin"] == told["Access-Control-Allow-Origin"] == "https://www.contoso.example"
    )
    assert (foreign[0], wrong, len(problem["errors"])) == (403, 400, 2)


def test_one_network_can_only_send_so_much_in_a_minute(api):
    event = published()
    for number in range(pace.MOST_OF_AN_ADDRESS - 1):
        commit([pace.step(None, "127.0.0.1", f"sent {number}", NOW)])

    sent = [register(api, event, person, key=person["email"])[0] for person in (ADA, BO, ADA)]

    assert sent == [201, 429, 201]  # the third is the first once more
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert register(api, event, ADA)[0] == 201


def test_what_others_change_at_that_moment_is_read_again(api):
    contacts.create("ada", {"last_name": "Nygård", "email": ADA["email"]}, NOW, by="user:u")
    event = published()
    found = registering.read(Submitted(event, [ADA], "k"), NOW)

    with before_the_next_write(lambda: contacts.amend("ada", {"city": "Odense"}, 1, NOW)):
        [done] = registering.submit(found, NOW)

    assert (done.contact_id, contacts.find("ada").city) == ("ada", "Odense")


# Coming --------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("EVT-17", "EVT-3")
def test_who_comes_is_checked_in_by_what_the_qr_code_says_and_twice_is_once(api):
    event = published()
    [registration_id] = registered(api, event, ADA)
    path = f"/registrations/{api.get(f'/registrations/{registration_id}')['qr_code']}"

    early = api.call("PATCH", path, {"checked_out": True})
    first = api.call("PATCH", path, {"checked_in": True, "at": "2026-11-30T08:00:00Z"})
    again = api.call("PATCH", path, {"checked_in": True})
    left = api.call("PATCH", path, {"checked_out": True, "at": "2026-11-30T17:00:00Z"})

    assert (early[0], first[0], first[1]) == (409, 200, again[1])
    [there] = left[1]["check_ins"]
    assert (there["type"], there["checked_in_by"]) == ("event", "key:root")
    assert (there["in_at"], there["out_at"]) == ("2026-11-30T08:00:00Z", "2026-11-30T17:00:00Z")
    [told] = done_by(left[1]["contact_id"], "EventCheckIn")
    assert (told.attributes["event_id"], told.at) == (event, datetime(2026, 11, 30, 8, tzinfo=UTC))
    assert listed(api, event)["check_in_count"] == 1
    assert api.call("PATCH", path, {"checked_in": True, "canceled": True})[0] == 400


@pytest.mark.rule("EVT-17")
def test_who_canceled_is_not_checked_in(api):
    [registration_id] = registered(api, published(), ADA)
    cancel(api, registration_id)

    assert api.call("PATCH", f"/registrations/{registration_id}", {"checked_in": True})[0] == 409
    assert done_by(reading.find(registration_id).contact_id, "EventCheckIn") == []


def test_of_many_doors_that_scan_one_code_at_once_one_counts(api):
    event = published()
    [registration_id] = registered(api, event, ADA)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: service.check_in(registration_id, NOW, f"door{n}", NOW), range(3)))

    assert len({each.checked_in_by for each in found}) == 1
    assert (seats.of(event).checked_in, len(done_by(found[0].contact_id, "EventCheckIn"))) == (1, 1)
