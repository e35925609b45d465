"""An import is undone: what it made goes where nobody has changed it since, and what was changed is told."""

import pytest
from chalice.test import Client

from app import app
from chalicelib import files
from chalicelib.contacts.models import Contact
from chalicelib.definitions import carrying
from chalicelib.imports import parts, undoing, walks
from tests.support.api import Caller
from tests.support.faults import Faults, Killed, database, injected
from tests.support.imports import finished, started, submitted, table

pytestmark = pytest.mark.usefixtures("cloud")
HEADINGS = ["Last name", "Email"]


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def undone(api, world, import_):
    start(api, import_)
    world.settle()
    return api.get(f"/imports/{import_['id']}")


def start(api, import_, expect=202):
    status, answer, _ = api.call("POST", f"/imports/{import_['id']}/undo", {}, If_Match=f'"{import_["version"]}"')
    assert status == expect, answer
    return answer


def by_email(api):
    return {each["email"]: each for each in api.get("/contacts")["items"]}


@pytest.mark.rule("IMP-6")
def test_what_an_import_made_goes_and_what_was_changed_since_or_was_there_before_stays(api, world):
    known = api.post("/contacts", {"last_name": "Known", "email": "known@x.example"})
    rows = [
        HEADINGS,
        ["Changed by it", "known@x.example"],
        ["Twin", "twin@x.example"],
        ["Twin again", "twin@x.example"],
    ]
    rows += [["Edited", "edited@x.example"], ["Gone", "gone@x.example"], ["Bad", "broken"]]
    done = finished(api, world, submitted(api, table(rows), match_by="email"))
    found = by_email(api)
    api.change("PATCH", f"/contacts/{found['edited@x.example']['id']}", found["edited@x.example"], {"city": "Aarhus"})
    api.change("DELETE", f"/contacts/{found['gone@x.example']['id']}", found["gone@x.example"])

    after = undone(api, world, done)

    assert (after["undo"]["state"], after["undo"]["deleted"], after["undo"]["changed"]) == ("done", 2, 1)
    assert [(each["row"], each["code"]) for each in after["undo"]["kept"]] == [(5, "changed")]
    assert set(by_email(api)) == {"known@x.example", "edited@x.example"}
    assert api.get(f"/contacts/{known['id']}")["last_name"] == "Changed by it"
    start(api, after, expect=409)


@pytest.mark.rule("IMP-6")
@pytest.mark.parametrize(
    ("record_type", "rows"),
    [
        ("account", [["Name"], ["Nygaard"], ["Havn"]]),
        ("lead", [["Topic", "Last name", "Company name"], ["Kayaks", "Berg", "Nygaard"], ["Oars", "Juhl", "Havn"]]),
    ],
)
def test_accounts_and_leads_go_as_well_unless_others_rest_on_them(api, world, record_type, rows):
    done = finished(api, world, submitted(api, table(rows), record_type))
    listed = api.get("/accounts?name_prefix=nygaard" if record_type == "account" else "/leads")["items"]
    if record_type == "account":
        api.post("/contacts", {"last_name": "Berg", "account_id": listed[0]["id"]})

    after = undone(api, world, done)["undo"]

    kept = 1 if record_type == "account" else 0
    assert (after["deleted"], after["in_use"]) == (2 - kept, kept)
    assert len(api.get("/accounts" if record_type == "account" else "/leads")["items"]) == kept


def test_what_was_tried_only_or_has_not_ended_cannot_be_undone(api, world):
    tried = finished(api, world, submitted(api, table([HEADINGS, ["Berg", "ada@x.example"]])), dry_run=True)

    start(api, tried, expect=409)
    running = started(api, tried)
    start(api, running, expect=409)


def test_a_cancelled_import_is_undone_when_its_last_rows_are_taken(api, world):
    rows = [HEADINGS, *([f"Berg {at}", f"p{at}@x.example"] for at in range(40))]
    import_ = started(api, submitted(api, table(rows)))
    work_at(import_["job_id"], world.now, range(16))
    importing = api.get(f"/imports/{import_['id']}")
    carrying.begin(importing["job_id"], world.now)
    carrying.work_page(importing["job_id"], 5, world.now)
    cancelled = api.post(f"/imports/{import_['id']}/cancel")

    start(api, cancelled, expect=409)
    work_at(importing["job_id"], world.now, range(16))
    after = undone(api, world, api.get(f"/imports/{import_['id']}"))

    assert after["undo"]["deleted"] == after["counts"]["created"] > 0
    assert by_email(api) == {}


def work_at(job_id, now, slices):
    carrying.begin(job_id, now)
    for number in slices:
        while not carrying.work_page(job_id, number, now).ended:
            pass
    carrying.finish(job_id, now)


@pytest.mark.parametrize("mode", ["dies before", "dies after"])
def test_an_undoing_that_dies_at_any_call_leaves_nothing(api, world, mode, monkeypatch):
    monkeypatch.setattr(parts, "spread", lambda rows: {0: [row for row, _ in rows]})
    rows = [HEADINGS, *([f"Berg {at}", f"p{at}@x.example"] for at in range(4))]
    import_ = started(api, submitted(api, table(rows)))
    for _ in range(2):
        work_at(api.get(f"/imports/{import_['id']}")["job_id"], world.now, range(16))
    job = start(api, api.get(f"/imports/{import_['id']}"))["undo"]["job_id"]
    carrying.begin(job, world.now)

    deaths = 0
    while deaths < 60:
        try:
            with injected(Faults(mode, deaths + 3), *database(), files._client()):
                ids, _ = undoing.pages({"import": import_["id"]}, 0, None)
                undoing.act({"import": import_["id"]}, ids, world.now)
        except Killed:
            deaths += 1
        else:
            break

    assert deaths > 3
    assert list(Contact.scan(Contact.sk == "CONTACT", consistent_read=True)) == []
    work_at(job, world.now, range(16))
    assert api.get(f"/imports/{import_['id']}")["undo"]["deleted"] == 4


def test_what_is_forgotten_is_not_said_to_be_undone(api, world):
    done = finished(api, world, submitted(api, table([HEADINGS, ["Berg", "berg@x.example"]])))

    world.advance(walks.KEPT)

    assert "90 days" in start(api, done, expect=409)["detail"]
    assert list(by_email(api)) == ["berg@x.example"]
