"""Tasks, phone calls and appointments: made, changed, ended, listed by who has to do them."""

from datetime import UTC, datetime

import pytest
from chalice.test import Client

from app import app
from chalicelib.activities import plans, service
from chalicelib.dynamodb import ConditionFailed, commit
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def task(api, subject, due=None, **values):
    return api.post("/activities", {"subject": subject, "due": due, "owner_id": "o", **values})


def subjects(api, query):
    return [each["subject"] for each in api.get(f"/activities?{query}")["items"]]


def test_what_somebody_has_to_do_is_listed_by_due_date_and_what_is_done_after_it(api):
    task(api, "whenever")
    task(api, "later", "2026-12-02T09:00:00Z")
    first = task(api, "first", "2026-12-01T09:00:00Z")
    task(api, "soon", "2026-12-01T10:00:00+01:00")

    api.change("POST", f"/activities/{first['id']}/complete", first)

    assert subjects(api, "owner_id=o") == ["soon", "later", "whenever", "first"]
    assert subjects(api, "owner_id=o&state=open") == ["soon", "later", "whenever"]


def test_an_activity_ends_once(api):
    made = task(api, "call", kind="phone_call", phone_number="+4512345678")
    path = f"/activities/{made['id']}"

    done = api.change("POST", f"{path}/cancel", made)

    assert (done["state"], bool(done["ended_at"]), bool(done["ended_by"])) == ("canceled", True, True)
    version = f'"{done["version"]}"'
    assert api.call("POST", f"{path}/complete", If_Match=version)[0] == 409
    assert api.call("PATCH", path, {"subject": "other"}, If_Match=version)[0] == 409


def test_a_new_due_date_moves_it_in_its_owners_list(api):
    early = task(api, "a", "2026-12-01T09:00:00Z")
    task(api, "b", "2026-12-02T09:00:00Z")

    api.change("PATCH", f"/activities/{early['id']}", early, {"due": "2026-12-03T09:00:00Z"})

    assert subjects(api, "owner_id=o") == ["b", "a"]


def test_a_change_needs_the_version_that_was_read(api):
    made = task(api, "a")
    path = f"/activities/{made['id']}"

    assert api.call("PATCH", path, {"subject": "b"})[0] == 428
    assert api.call("PATCH", path, {"subject": "b"}, If_Match='"9"')[0] == 412
    assert api.call("PATCH", path, {"subject": None}, If_Match='"1"')[0] == 400
    assert api.call("GET", "/activities/none")[0] == 404


def test_an_appointment_needs_a_start_and_ends_after_it(api):
    assert api.call("POST", "/activities", {"subject": "a", "kind": "appointment"})[0] == 400
    times = {"starts_at": "2026-12-01T10:00:00Z", "ends_at": "2026-12-01T09:00:00Z"}
    status, problem, _ = api.call("POST", "/activities", {"subject": "a", "kind": "appointment", **times})
    assert (status, problem["errors"][0]["field"]) == (400, "ends_at")


def test_who_makes_an_activity_for_nobody_has_to_do_it(api):
    made = api.post("/activities", {"subject": "a"}, Idempotency_Key="k")
    again = api.post("/activities", {"subject": "a"}, Idempotency_Key="k")

    assert made["owner_id"]
    assert again == made


def test_lists_without_an_index_are_refused(api):
    for query in ("", "owner_id=o&regarding_id=c", "regarding_id=c&state=open", "owner_id=o&state=completed"):
        status, problem, _ = api.call("GET", f"/activities?{query}")
        assert (status, "owner_id" in problem["detail"]) == (400, True)


@pytest.mark.rule("JRN-62")
def test_a_tile_makes_an_activity_regarding_the_contact_once(api):
    def write():
        return plans.create(
            "a",
            kind="task",
            subject="Call",
            description=None,
            owner_id="salesperson",
            due=NOW,
            regarding_contact_id="c",
            journey_id="j",
            enrolment_id="e",
            now=NOW,
        )

    commit(write())
    with pytest.raises(ConditionFailed):
        commit(write())

    [made] = api.get("/activities?regarding_id=c")["items"]
    assert (made["contact_id"], made["owner_id"], made["journey_id"], made["kind"]) == ("c", "salesperson", "j", "task")
    assert service.find("a").regarding == "contact#c"
