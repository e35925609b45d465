"""Notes about contacts, accounts and leads: written, changed, listed as of the whole person, gone with it."""

from datetime import UTC, datetime

import pytest
from chalice.test import Client

from app import app
from chalicelib.activities import notes
from chalicelib.activities.models import ActivitiesItem
from chalicelib.contacts import account_merging, accounts, service
from chalicelib.contacts.joining import Wish
from chalicelib.errors import NotFound
from chalicelib.leads import merging as lead_merging
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.noting import LEAD
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api():
    for each in ("ada", "twin"):
        service.create(each, {"last_name": "Nygård"}, NOW, by="user:u")
        accounts.create(each, {"name": "Contoso"}, NOW, by="user:u")
        leads.create(each, {"last_name": "Nygård", "topic": f"Boats of {each}"}, "user:u", NOW)
    with Client(app) as client:
        yield Caller(client)


def texts(api, record):
    return [each["text"] for each in api.get(f"/{record}/notes")["items"]]


@pytest.mark.rule("LEAD-11")
@pytest.mark.parametrize("noun", ["contacts", "accounts", "leads"])
def test_a_note_is_written_once_changed_by_who_has_read_it_and_deleted(api, noun):
    path = f"/{noun}/ada/notes"
    made = api.post(path, {"text": " Called, wants a boat. "}, Idempotency_Key="once")
    again = api.post(path, {"text": "Called, wants a boat."}, Idempotency_Key="once")
    api.post(path, {"text": "Called again."})

    changed = api.change("PATCH", f"{path}/{made['id']}", made, {"text": "Called, wants a kayak."})
    stale, _, _ = api.call("PATCH", f"{path}/{made['id']}", {"text": "x"}, If_Match='"1"')
    kept, _, _ = api.call("DELETE", f"{path}/{made['id']}", If_Match='"1"')

    assert (again, made["text"], made["created_by"]) == (made, "Called, wants a boat.", "key:root")
    assert (changed["version"], changed["updated_by"], stale, kept) == (2, "key:root", 412, 412)
    assert texts(api, f"{noun}/ada") == ["Called again.", "Called, wants a kayak."]
    api.change("DELETE", f"{path}/{made['id']}", changed)
    assert texts(api, f"{noun}/ada") == ["Called again."]


def test_notes_of_merged_records_are_those_of_one(api):
    for noun in ("contacts", "accounts", "leads"):
        api.post(f"/{noun}/twin/notes", {"text": "before"})
    merge("ada", "twin", NOW)
    account_merging.merge("ada", "twin", Wish("m", {}, by="u", why="same"), 1, NOW)
    lead_merging.merge("ada", "twin", Wish("m", {}, by="u", why="same"), 1, NOW)

    for noun in ("contacts", "accounts", "leads"):
        api.post(f"/{noun}/twin/notes", {"text": "after"})
        [after, before] = api.get(f"/{noun}/ada/notes")["items"]
        changed = api.change("PATCH", f"/{noun}/ada/notes/{before['id']}", before, {"text": "changed"})

        assert (after["text"], changed["text"], texts(api, f"{noun}/twin")) == (
            "after",
            "changed",
            ["after", "changed"],
        )


def test_notes_are_no_activities(api):
    api.post("/contacts/ada/notes", {"text": "Called."})

    assert api.get("/activities?regarding_kind=contact&regarding_id=ada")["items"] == []


@pytest.mark.parametrize("noun", ["contacts", "accounts", "leads"])
def test_nobody_has_no_notes_and_nobodys_note_is_not_found(api, noun):
    assert api.call("GET", f"/{noun}/nobody/notes")[0] == 404
    assert api.call("POST", f"/{noun}/nobody/notes", {"text": "x"})[0] == 404
    assert api.call("DELETE", f"/{noun}/ada/notes/nothing", If_Match='"1"')[0] == 404


def test_notes_go_with_whom_they_are_about(world):
    for about, create in ((notes.CONTACT, service.create), (notes.ACCOUNT, accounts.create)):
        for each in ("gone", "stays"):
            create(each, {"last_name": "Nygård"} if about is notes.CONTACT else {"name": "C"}, world.now, by="u")
            notes.create(about, each, f"{about.noun}-{each}", "Called.", "u", world.now)

    for each, parent in (("gone", {}), ("gone too", {"contact_id": "stays"}), ("stays", {})):
        leads.create(each, {"last_name": "Holm", "topic": each, **parent}, "u", world.now)
        notes.create(LEAD, each, f"lead-{each}", "Called.", "u", world.now)
    world.settle()

    service.remove("gone", 1, world.now)
    accounts.remove("gone", 1, world.now)
    for each in ("gone", "gone too"):
        leads.remove(each, lead_reading.find(each).version, world.now)
    world.settle(duplicate=True)

    left = {item.pk for item in ActivitiesItem.scan(consistent_read=True)}
    assert left == {"CONTACT#stays", "ACCOUNT#stays", "LEAD#stays"}


@pytest.mark.usefixtures("api")
def test_nobody_is_left_a_note_that_is_deleted_meanwhile():
    with before_the_next_write(lambda: service.remove("ada", 1, NOW)), pytest.raises(NotFound):
        notes.create(notes.CONTACT, "ada", "n", "Called.", "u", NOW)

    assert list(ActivitiesItem.scan(consistent_read=True)) == []
