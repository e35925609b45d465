"""Requests of people over HTTP: taken down, found, due, carried out; and erasures that die half way."""

import json
import urllib.request
from datetime import timedelta

import boto3
import pytest
from chalice.test import Client

from app import app
from chalicelib import queues
from chalicelib.activities.models import Activity
from chalicelib.capture import pending, states, values
from chalicelib.capture import service as capture
from chalicelib.capture.service import Submitted
from chalicelib.clock import new_id
from chalicelib.contacts import deletion, tombstones
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.holdings import Person
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.models import Lead
from chalicelib.privacy import erasing
from chalicelib.settings import settings
from infra.local.demo.company import newsletter_form
from tests.support import campaign, journeys
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge, undo

ADA, NUMBER = "ada@contoso.example", "+4531415926"


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def ada(api, world):
    """A contact with a lead, a task and a visit; Bo is somebody else."""
    ids = {}
    for name, address in (("Ada", ADA), ("Bo", "bo@contoso.example")):
        given = {"first_name": name, "last_name": "Juhl", "email": address, "mobile_phone": NUMBER}
        ids[name] = api.post("/contacts", given if name == "Ada" else {**given, "mobile_phone": None})["id"]
        lead = api.post("/leads", {"last_name": "Juhl", "topic": f"{name}'s boat", "contact_id": ids[name]})
        about = {"kind": "lead", "id": lead["id"]}
        api.post("/activities", {"kind": "task", "subject": f"Call {name}", "regarding": about})
        visit = NewInteraction(
            InteractionType.WEBSITE_VISITED, world.now, "test", new_id(), contact_id=ids[name], visitor_id=f"v-{name}"
        )
        commit(interactions.record(visit, world.now))
    world.settle()
    return ids


def demand(api, type_, identifier=ADA, **more):
    return api.post("/privacy-requests", {"type": type_, "identifier": identifier, **more})


def carry_out(api, request, body=None, expected=202):
    path = f"/privacy-requests/{request['id']}/carry-out"
    status, answer, _ = api.call("POST", path, body, If_Match=f'"{request["version"]}"')
    assert status == expected, answer
    return answer


def shown(api, request):
    return api.get(f"/privacy-requests/{request['id']}")


def later(world):
    world.settle()
    for hours in (25.5, 1, 1):
        world.advance(timedelta(hours=hours))
        world.poll()


def rows_naming(world, *wanted):
    """Every row that names one of these, but the audit, which keeps ids (that it keeps no more, test_erasure shows)."""
    rows = {key: raw for key, raw in world.rows().items() if not key[0].endswith("-audit")}
    return [key for key, raw in rows.items() if any(each in json.dumps([key, raw]) for each in wanted)]


@pytest.mark.rule("PRV-15")
def test_what_is_demanded_by_a_form_is_a_task_about_the_contact_and_is_answered(api, ada, world, office):
    demands = {**newsletter_form(), "update": "contacts", "topic": "Give me my data"}
    form = api.post("/forms", {"name": "Demands", "document": demands})
    api.change("POST", f"/forms/{form['id']}/publish", form)
    task = {"kind": "task", "subject": "Demand of data", "assign_to": "user", "user": "olga", "next": "m"}
    tiles = {"t": task, "m": journeys.mail("r"), "r": journeys.ring()}
    answer = {"subject": "We have your demand", "legal_designation": "transactional"}
    campaign.publish(world, answer, tiles, audience={"forms": [form["id"]]})

    sent = {"values": {"first_name": "Ada", "last_name": "Juhl", "email": ADA}}
    assert api.call("POST", f"/forms/{form['id']}/submissions", sent)[0] == 201
    world.settle()

    [made] = [each for each in Activity.scan() if isinstance(each, Activity) and each.subject == task["subject"]]
    assert (made.owner_id, made.regarding) == ("olga", f"contact#{ada['Ada']}")
    assert [(each.recipients, each.subject) for each in office.letters()] == [((ADA,), "We have your demand")]


# Taking down -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("PRV-17")
@pytest.mark.parametrize("identifier", [ADA, "ADA@Contoso.example", "+45 31 41 59 26"])
def test_a_request_finds_whom_it_is_about_by_address_or_number_and_is_due_in_a_month(api, ada, world, identifier):
    request = demand(api, "export", identifier, name="Ada Juhl", owner_id="olga")

    assert request["contact_ids"] == [ada["Ada"]]
    assert (request["progress"], request["owner_id"], request["name"]) == ("open", "olga", "Ada Juhl")
    assert request["deadline"][:10] > request["received_at"][:10]
    assert shown(api, request) == request


@pytest.mark.rule("PRV-17")
def test_requests_are_listed_by_when_they_are_due_until_they_are_completed(api, ada, world):
    week = (world.now + timedelta(days=7)).isoformat()
    later_one, urgent = demand(api, "find"), demand(api, "find", deadline=week)
    done = carry_out(api, demand(api, "find"))

    urgent_first = [each["id"] for each in api.get("/privacy-requests?open=true")["items"]]
    all_of_them = [each["id"] for each in api.get("/privacy-requests")["items"]]

    assert urgent_first == [urgent["id"], later_one["id"]]
    assert set(all_of_them) == {urgent["id"], later_one["id"], done["id"]}


def test_an_owner_takes_more_time_and_says_why_as_long_as_nothing_is_done(api, ada, world):
    request = demand(api, "find")
    months = (world.now + timedelta(days=80)).isoformat()

    changed = api.change("PATCH", f"/privacy-requests/{request['id']}", request, {"deadline": months, "note": "many"})
    done = carry_out(api, changed)

    assert (changed["deadline"][:10], changed["note"]) == (months[:10], "many")
    stale = api.call("PATCH", f"/privacy-requests/{request['id']}", {"note": "x"}, If_Match='"1"')
    late = api.call("PATCH", f"/privacy-requests/{request['id']}", {"note": "x"}, If_Match=f'"{done["version"]}"')
    assert (stale[0], late[0]) == (412, 409)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"type": "erase", "identifier": "no address@"}, 400),
        ({"type": "erase", "identifier": "12"}, 400),
        ({"type": "vanish", "identifier": ADA}, 400),
        ({"type": "erase", "identifier": "nobody"}, 400),
        ({"type": "erase", "identifier": ADA, "contact_ids": ["none"]}, 422),
    ],
)
def test_what_cannot_be_is_refused_with_words(api, world, body, status):
    answered, answer, _ = api.call("POST", "/privacy-requests", body)

    assert answered == status
    assert answer["errors"]


def test_where_several_people_have_an_address_somebody_must_say_whom_it_is_about(api, ada, world):
    twin = contacts.create(
        new_id(), {"last_name": "Juhl", "email": "twin@contoso.example", "mobile_phone": NUMBER}, world.now, by="u"
    )
    request = demand(api, "erase", NUMBER)
    assert request["contact_ids"] is None
    refused = carry_out(api, request, expected=422)
    assert refused["errors"][0]["field"] == "contact_ids"

    named = api.change("PATCH", f"/privacy-requests/{request['id']}", request, {"contact_ids": [ada["Ada"]]})
    carry_out(api, named)
    world.settle()

    assert not contacts.exists(ada["Ada"])
    assert contacts.exists(twin.contact_id)


# Find, export, correct ---------------------------------------------------------------------------------------------


@pytest.mark.rule("PRV-16")
def test_finding_tells_all_that_somebody_is_was_and_may_be(api, ada, world):
    second = api.post("/contacts", {"last_name": "Juhl", "email": "home@contoso.example"})["id"]
    merge(ada["Ada"], second, world.now)
    merge(ada["Ada"], ada["Bo"], world.now)
    undo(ada["Ada"], ada["Bo"], world.now)

    found = carry_out(api, demand(api, "find"))

    [person] = found["people"]
    assert found["progress"] == "completed"
    assert (person["contact_id"], person["identities"]) == (ada["Ada"], [ada["Ada"], second])
    assert person["parted"] == [ada["Bo"]]
    assert len(person["leads"]) == 1


@pytest.mark.rule("PRV-15", "PRV-16", "PRV-17")
def test_an_export_holds_everything_of_the_person_and_nothing_of_others(api, ada, world):
    orphan = leads.create(new_id(), {"last_name": "Juhl", "email": ADA, "topic": "An orphan"}, "user:u", world.now)
    for into, other in (("Ada", "Bo"), ("Bo", "Ada")):  # each was taken for the other for a while
        merge(ada[into], ada[other], world.now, {"first_name": "other"})
        undo(ada[into], ada[other], world.now)
    api.change(
        "PATCH",
        f"/contacts/{ada['Bo']}/preferences",
        api.get(f"/contacts/{ada['Bo']}/preferences"),
        {"is_child": True, "guardian_id": ada["Ada"]},
    )
    request = carry_out(api, demand(api, "export"))
    assert (request["progress"], request["files"]) == ("in-progress", [])
    world.settle()

    done = shown(api, request)

    files = {each["name"]: urllib.request.urlopen(each["url"]).read().decode() for each in done["files"]}
    data = json.loads(files["data.json"])
    sections = {each["kind"]: each["rows"] for each in data["sections"]}
    assert done["progress"] == "completed"
    assert [each["email"] for each in sections["Contact"]] == [ADA]
    assert {each["topic"] for each in sections["Lead"]} == {"Ada's boat", "An orphan"}
    assert [each["subject"] for each in sections["Activity"]] == ["Call Ada"]
    assert [each["type"] for each in sections["Interaction"]] == ["WebsiteVisited"]
    assert "How scores are made" in data["explanations"]
    for content in files.values():
        assert "Call Ada" in content
        assert not any(each in content for each in ("bo@contoso.example", "Call Bo", "Bo's boat", "v-Bo"))
        assert "claims" not in content
    assert files["data.html"].startswith("<!doctype html>")
    assert orphan.lead_id in files["data.html"]
    assert done["rows"] == sum(len(rows) for rows in sections.values())


@pytest.mark.rule("PRV-15", "PRV-16")
def test_what_is_wrong_is_put_right(api, ada, world):
    request = demand(api, "correct")
    assert carry_out(api, request, expected=400)["errors"][0]["field"] == "values"

    done = carry_out(api, request, {"values": {"city": "Aarhus", "phone": None}})

    assert done["progress"] == "completed"
    assert contacts.find(ada["Ada"]).city == "Aarhus"
    wrong = carry_out(api, demand(api, "correct"), {"values": {"email": "no"}}, expected=400)
    assert wrong["errors"][0]["field"] == "email"


# Erasing -----------------------------------------------------------------------------------------------------------


def test_who_is_no_contact_is_found_and_forgotten_by_the_address_alone(api, world):
    stranger = leads.create(new_id(), {"last_name": "Holm", "email": "holm@contoso.example"}, "user:u", world.now)
    namesake = leads.create(new_id(), {"last_name": "Holm", "email": "x.holm@contoso.example"}, "user:u", world.now)

    carry_out(api, demand(api, "erase", "holm@contoso.example"))
    later(world)

    assert lead_reading.find_many([stranger.lead_id]) == []
    assert [each.last_name for each in lead_reading.find_many([namesake.lead_id])] == ["Holm"]
    assert tombstones.erased_at({"email": "HOLM@contoso.example"}) is not None


def test_the_receipt_tells_when_and_where_but_not_who(api, ada, world):
    request = carry_out(api, demand(api, "erase", name="Ada Juhl", note="by telephone"))
    later(world)

    done = shown(api, request)

    assert done["progress"] == "completed"
    assert (done["identifier"], done["name"], done["note"], done["contact_ids"]) == (None, None, None, None)
    receipt = done["receipt"]
    assert receipt["runs"] == 2
    assert {"contacts", "leads", "interactions", "files"} <= set(receipt["looked_through"])
    assert len(receipt["tombstones"]) == 3
    assert {"Tombstone", "Suppressed", "Withdrawal"} <= set(receipt["kept"])
    assert ADA not in json.dumps(done)


@pytest.mark.rule("PRV-16")
def test_who_comes_again_by_itself_after_asking_to_be_forgotten_goes_on_and_the_erasure_ends(api, ada, world):
    for form, update in (("all", "contacts_and_leads"), ("leads", "leads")):
        document = {**newsletter_form(), "update": update, "generate_leads_without_matching": True}
        journeys.publish("form", form, document, world.now)
    request = carry_out(api, demand(api, "erase"))
    world.settle()

    world.advance(timedelta(minutes=1))
    values = {"first_name": "Ada", "last_name": "Juhl", "email": ADA}
    for form in ("all", "leads"):
        assert api.call("POST", f"/forms/{form}/submissions", {"values": values})[0] == 201
    [anew] = contacts.by_email(ADA)
    merge(ada["Bo"], anew.contact_id, world.now, {"email": "other"})
    later(world)

    assert shown(api, request)["receipt"]["runs"] == 2
    assert contacts.who_is(anew.contact_id).id == ada["Bo"]
    mine = [each for each in Lead.scan() if isinstance(each, Lead) and each.email == ADA]
    assert sorted(each.source_form_id for each in mine) == ["all", "leads"]
    assert [each.contact_id for each in mine if each.source_form_id == "leads"] == [None]
    undo(ada["Bo"], anew.contact_id, world.now)
    assert [each.contact_id for each in contacts.by_email(ADA)] == [anew.contact_id]


@pytest.mark.rule("PRV-16")
def test_a_lead_that_came_in_between_goes_though_the_sweep_took_its_contact_from_it_before(api, ada, world):
    request = carry_out(api, demand(api, "erase"))
    given = {"last_name": "Juhl", "topic": "Another boat", "contact_id": ada["Ada"]}
    late = leads.create(new_id(), given, "user:u", world.now).lead_id

    erasing.act({"request": request["id"], "run": 1}, [f"contact#{ada['Ada']}"], world.now)
    deletion.sweep(ada["Ada"], world.now)
    before = lead_reading.find(late)
    world.settle()

    assert (before.contact_id, before.email) == (None, None)
    assert lead_reading.find_many([late]) == []


@pytest.mark.rule("PRV-16", "FSU-5")
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_waited_when_its_sender_asked_to_be_forgotten_comes_to_nothing(api, world, when):
    journeys.publish("form", "f", newsletter_form(), world.now)
    form, version = capture.form_of("f")
    read = values.read(form, {"last_name": "Holm", "email": "holm@contoso.example"})
    sent = capture.row_of(Submitted("f", {}, "e"), version, read, world.now)
    waiting = capture.stored(states.waiting(states.kept(sent, read), world.now)).submission_id
    request = demand(api, "erase", "holm@contoso.example")

    if when == "before":
        carry_out(api, request)
        told = pending.finish(waiting, world.now)
    else:
        with before_the_next_write(lambda: carry_out(api, request)):
            pending.finish(waiting, world.now)
        told = pending.finish(waiting, world.now)

    assert (told.state, told.failure) == ("failure", str(tombstones.FORGOTTEN))
    assert contacts.by_email("holm@contoso.example") == []
    left = {pk for _, pk, _ in rows_naming(world, "holm@contoso.example")}
    assert left == {f"SUBMISSION#{waiting}", f"REQUEST#{request['id']}"}  # until the job comes by


@pytest.mark.rule("FSU-5")
def test_what_waits_of_who_came_again_after_being_forgotten_is_finished(api, world):
    journeys.publish("form", "f", newsletter_form(), world.now)
    carry_out(api, demand(api, "erase", "holm@contoso.example"))
    world.settle()
    world.advance(timedelta(minutes=1))
    form, version = capture.form_of("f")
    read = values.read(form, {"last_name": "Holm", "email": "holm@contoso.example"})
    sent = capture.row_of(Submitted("f", {}, "e"), version, read, world.now)
    waiting = capture.stored(states.waiting(states.kept(sent, read), world.now)).submission_id

    assert pending.finish(waiting, world.now).state == "success"
    assert len(contacts.by_email("holm@contoso.example")) == 1


@pytest.mark.rule("INT-9")
def test_erasing_takes_what_belongs_to_the_person_and_leaves_others_alone(api, ada, world):
    carry_out(api, demand(api, "erase"))
    later(world)

    assert rows_naming(world, ADA, ada["Ada"], NUMBER, "Call Ada", "v-Ada") == []
    assert contacts.exists(ada["Bo"])
    assert [each.subject for each in Activity.scan() if isinstance(each, Activity)] == ["Call Bo"]
    assert api.get(f"/interactions?contact_id={ada['Bo']}&type=WebsiteVisited")["items"] != []


def test_who_is_too_many_contacts_to_be_deleted_at_once_is_forgotten_one_by_one(api, ada, world, monkeypatch):
    for number in range(3):
        given = {"last_name": "Juhl", "email": f"ada{number}@contoso.example"}
        merge(ada["Ada"], api.post("/contacts", given)["id"], world.now)
    request = demand(api, "erase")
    monkeypatch.setattr(contacts, "MOST_WRITES", 8)

    carry_out(api, request)
    later(world)

    assert shown(api, request)["progress"] == "completed"
    assert rows_naming(world, ADA, "ada0@", "ada1@", "ada2@") == []


@pytest.mark.parametrize(("at", "lost"), [(3, "before"), (9, "after"), (16, "before"), (24, "after")])
def test_an_erasure_that_dies_anywhere_is_taken_up_again(api, ada, world, at, lost):
    request = carry_out(api, demand(api, "erase"))
    writes = {"left": at}

    def strike(_, service, operation):
        if operation not in {"TransactWriteItems", "DeleteItem", "PutItem", "UpdateItem"}:
            return None
        writes["left"] -= 1
        return lost if writes["left"] in {0, -1, -2, -3, -4} else None

    world.fault = strike
    world.settle()
    world.fault = lambda *_: None
    for _ in range(3):
        world.advance(timedelta(minutes=21))
        world.poll()
    later(world)

    assert writes["left"] <= 0
    assert shown(api, request)["progress"] == "completed"
    assert rows_naming(world, ADA, ada["Ada"], NUMBER, "Call Ada") == []


def test_messages_that_were_set_aside_go_where_they_name_the_person(cloud, declared):
    person = Person(contacts=frozenset({"01CONTACT"}), addresses=frozenset({ADA}))
    sqs, url = boto3.client("sqs"), settings.queue_url("scoring-dead")
    for body in ('{"contact":"01CONTACT"}', f'{{"to":"{ADA}"}}', '{"contact":"02CONTACT"}'):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    weeded = queues.weed("scoring-dead", person.in_file)

    assert weeded == 2
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    known = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    assert sum(int(left[name]) for name in known) == 1
