"""After a restore: whoever was erased since that moment is erased again before anybody is served (invariant 13)."""

import json
from datetime import timedelta

import boto3
import pytest
from chalice.test import Client

from app import app
from chalicelib.clock import new_id
from chalicelib.contacts import service as contacts
from chalicelib.contacts import tombstones
from chalicelib.contacts.models import Contact
from chalicelib.contacts.tombstones import Tombstone
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import SHARDS, commit
from chalicelib.holdings import Person
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.models import Lead
from chalicelib.privacy import replaying, restoring
from chalicelib.privacy.models import Request, Search
from infra import replay
from tests.support.api import Caller
from tests.support.merged import merge, undo

ADA, HOME, NUMBER = "zenobia@contoso.example", "zq@hjemme.example", "+4531415926"
PRIVACY = "itinera-test-privacy"
AUDIT = "itinera-test-audit"  # keeps ids, and is restored with the others


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def known(api, world):
    """Zenobia, with all that a person leaves behind in tables, and Bo; she was taken for him for a while."""
    ids = {}
    for name, address in (("Zenobia", ADA), ("Bo", "bo@contoso.example")):
        given = {"first_name": name, "last_name": f"{name}sen", "email": address}
        ids[name] = api.post("/contacts", given)["id"]
        api.post("/leads", {"last_name": f"{name}sen", "topic": f"{name}'s boat", "contact_id": ids[name]})
        path = f"/contacts/{ids[name]}/preferences"
        api.change("PATCH", path, api.get(path), {"consent_level": 3, "reason": f"{name} asked for it"})
    leads.create(new_id(), {"last_name": "Zenobiasen", "email": ADA, "topic": "An orphan"}, "user:u", world.now)
    ids["home"] = api.post("/contacts", {"last_name": "Zenobiasen", "email": HOME, "mobile_phone": NUMBER})["id"]
    merge(ids["Zenobia"], ids["home"], world.now)
    merge(ids["Bo"], ids["Zenobia"], world.now)
    world.settle()
    return ids


def erase(api, world, identifier=ADA):
    request = api.post("/privacy-requests", {"type": "erase", "identifier": identifier})
    status, answer, _ = api.call(
        "POST", f"/privacy-requests/{request['id']}/carry-out", If_Match=f'"{request["version"]}"'
    )
    assert status == 202, answer
    later(world)
    return api.get(f"/privacy-requests/{request['id']}")


def later(world):
    world.settle()
    for hours in (25.5, 1, 1):
        world.advance(timedelta(hours=hours))
        world.poll()


def restore(world, former, tables=None):
    """Let tables be as they were at a former moment, all but that of the requests."""
    database = boto3.client("dynamodb")
    chosen = {name for name, *_ in former} - {PRIVACY} if tables is None else tables
    for table, pk, sk in [each for each in world.rows() if each[0] in chosen]:
        database.delete_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    for (table, _, _), raw in former.items():
        if table in chosen:
            database.put_item(TableName=table, Item=raw)


def replayed(world):
    """Do what `make replay` does, and let the poller work; nobody is served yet."""
    replay_id = replay.start()
    told = [replay.left(replay_id)]
    world.settle()
    world.poll()
    told.append(replay.left(replay_id))
    return told


def traces(world, *wanted):
    rows = world.rows()
    return sorted({
        key[0] for key, raw in rows.items() if any(one in json.dumps([key, raw], default=str) for one in wanted)
    } - {AUDIT})  # fmt: skip


def found(world):
    """What the second step finds in all tables."""
    ids, replay = [], {"replay": "r"}
    for number in range(SHARDS):
        cursor = ""
        while cursor is not None:
            page, cursor = replaying.pages(replay, number, cursor or None)
            ids += page
    return sorted(ids)


@pytest.mark.rule("PRV-16")
def test_who_was_erased_since_is_erased_again_before_anybody_is_served(api, world, known):
    former = world.rows()
    undo(known["Bo"], known["Zenobia"], world.now)
    receipt = erase(api, world)["receipt"]
    of_her = (ADA, HOME, NUMBER, "Zenobia", known["Zenobia"], known["home"])
    assert traces(world, *of_her) == []

    # Whoever came again is somebody new, and nothing is found of who was there before.
    anew = api.post("/contacts", {"last_name": "Berg", "email": ADA})
    leads.create(new_id(), {"last_name": "Berg", "email": HOME}, "user:u", world.now)
    assert found(world) == []

    restore(world, former)
    assert contacts.exists(known["Zenobia"])
    assert not contacts.exists(anew["id"])
    assert [each for each in Tombstone.scan() if isinstance(each, Tombstone)] == []
    waits, nothing = replayed(world)
    assert (waits is not None, nothing) == (True, None)
    assert traces(world, ADA, HOME, NUMBER, "Zenobia") == []

    later(world)
    assert traces(world, *of_her) == []
    bo = contacts.find(known["Bo"])
    assert (bo.identities or {}, bo.first_name) == ({}, "Bo")
    stones = {each.pk.partition("#")[2] for each in Tombstone.scan() if isinstance(each, Tombstone)}
    assert set(receipt["tombstones"]) <= stones
    done = [each for each in api.get("/privacy-requests")["items"] if each["created_by"] == replaying.BY]
    assert {(each["progress"], each["identifier"], each["contact_ids"]) for each in done} == {("completed", None, None)}


def test_what_comes_back_in_some_tables_is_found_by_its_contact_by_an_address_and_by_being_nobodys(api, world, known):
    gone = known["Zenobia"]
    erased = Person(frozenset({gone}), frozenset({ADA}))
    orphan = next(each.lead_id for each in Lead.scan() if isinstance(each, Lead) and each.contact_id is None)
    own = next(each.lead_id for each in Lead.scan() if isinstance(each, Lead) and each.contact_id == gone)
    leads.close(own, State.DISQUALIFIED, StatusReason.LOST, by="user:u", why="no", version=1, now=world.now)
    assert found(world) == []
    commit(tombstones.plan(erased, "earlier", world.now))
    by_name = found(world)
    for each in (Contact.get(*Contact.at(gone)), Lead.get(*Lead.at(own))):
        each.delete()

    assert {f"contact#{gone}", json.dumps(["itinera-test-leads", *Lead.at(orphan)])} <= set(by_name)
    assert {f"contact#{gone}", f"lead#{own}"} <= set(found(world))
    replaying.act({"replay": "r"}, found(world), world.now)
    replaying.act({"replay": "r"}, found(world), world.now)
    [request] = [each for each in Request.scan() if isinstance(each, Request)]
    assert request.contact_ids == [gone]
    assert {f"contact#{gone}", f"lead#{own}"} <= Search.get(*Search.at(request.request_id)).found
    assert replaying.unfinished() == [request.request_id]
    world.settle()
    assert replaying.unfinished() == []
    assert lead_reading.find_many([orphan, own]) == []


def test_beginning_twice_begins_one(world):
    assert restoring.start("r", world.now) == restoring.start("r", world.now)
    replaying.begin("r", world.now)
    replaying.begin("r", world.now)

    assert {each.job_id for each in Job.scan() if isinstance(each, Job)} == {
        restoring.job_id("r"),
        replaying.job_id("r"),
    }
