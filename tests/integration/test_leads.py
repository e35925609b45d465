"""Leads: made by hand and by submissions, matched, moved, closed; each through its real edge."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import service as contacts
from chalicelib.contacts import strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.definitions import jobs
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.errors import Unprocessable
from chalicelib.leads import deletion, matching, plans, service
from chalicelib.leads import reading as lead_reading
from chalicelib.leads.choices import State, StatusReason
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.insisting import insist

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def contact(identity="c", **values):
    return contacts.create(identity, {"last_name": "Juhl", **values}, NOW, by="user:u")


def prepare(new_id, email="a@b.dk", page="p", contact_id=None, **options):
    values = {"last_name": "Juhl", **({"email": email} if email else {}), **options.pop("values", {})}
    return service.prepare(
        values,
        **{
            "contact_id": contact_id,
            "strategy_id": None,
            "always_new": False,
            "page_id": page,
            "new_id": new_id,
            "context": MarketingContext(form_id="f", page_id=page, submission_id="s", at=NOW),
            "owner_id": None,
            "now": NOW,
            **options,
        },
    )


def submit(new_id, *args, **options):
    prepared = prepare(new_id, *args, **options)
    commit(prepared.writes)
    return prepared


def close(lead_id, now=NOW):
    lead = lead_reading.find(lead_id)
    return service.close(
        lead_id, State.DISQUALIFIED, StatusReason.LOST, by="user:u", why="", version=lead.version, now=now
    )


# By hand -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("GEN-6", "CON-2", "CORE-6", "LEAD-1")
def test_a_lead_is_made_by_hand_and_linked_to_its_contact(api):
    contact()

    lead = api.post("/leads", {"last_name": "Juhl", "topic": "Kayaks", "contact_id": "c", "budget_amount": "1200.5"})

    assert lead["stage"] == "inquiry"
    assert (lead["state"], lead["status_reason"]) == ("open", "new")
    assert (lead["contact_id"], lead["budget_amount"]) == ("c", "1200.5")
    assert api.get(f"/leads/{lead['id']}") == lead


@pytest.mark.rule("LEAD-8")
def test_a_lead_may_be_made_without_a_parent_and_linked_later(api):
    contact()
    lead = api.post("/leads", {"last_name": "Juhl"})

    changed = api.change("PATCH", f"/leads/{lead['id']}", lead, {"contact_id": "c"})

    assert (lead["contact_id"], changed["contact_id"]) == (None, "c")
    [move] = api.get(f"/leads/{lead['id']}/history")["items"]
    assert move["changes"] == {"contact_id": [None, "c"]}


def test_a_parent_has_to_exist(api):
    status, problem, _ = api.call("POST", "/leads", {"last_name": "Juhl", "contact_id": "nobody"})

    assert status == 422
    assert problem["errors"] == [{"field": "contact_id", "message": "This contact does not exist."}]
    assert api.call("POST", "/leads", {"last_name": "J", "account_id": "nothing"})[0] == 404


def test_the_same_request_again_makes_no_second_lead(api):
    first = api.post("/leads", {"last_name": "Juhl", "email": "a@b.dk"}, Idempotency_Key="k")
    second = api.post("/leads", {"last_name": "Juhl", "email": "a@b.dk"}, Idempotency_Key="k")

    assert first["id"] == second["id"]
    assert len(api.get("/leads")["items"]) == 1


def test_a_lead_with_the_key_of_an_open_one_is_refused_and_that_one_named(api):
    first = api.post("/leads", {"last_name": "Juhl", "email": "a@b.dk"})

    status, problem, _ = api.call("POST", "/leads", {"last_name": "Other", "email": " A@B.dk "})

    assert status == 409
    assert problem["errors"] == [{"field": "lead_id", "message": first["id"]}]


def taken(owner):
    """Return what a change is answered that would take the details of an open lead."""
    return 409, [{"field": "lead_id", "message": owner["id"]}]


def rename(api, lead, email="a@b.dk"):
    """Give a lead as it was made another address; returns the status and what the answer names."""
    status, answer, _ = api.call("PATCH", f"/leads/{lead['id']}", {"email": email}, If_Match='"1"')
    return status, answer.get("errors")


def test_a_change_to_the_key_of_an_open_lead_is_refused_and_that_one_named(api):
    lead, owner = (api.post("/leads", {"last_name": "Juhl", **each}) for each in ({}, {"email": "a@b.dk"}))

    assert rename(api, lead) == taken(owner)


def test_a_change_to_a_key_that_another_lead_takes_at_that_moment_names_it(api):
    lead, others = api.post("/leads", {"last_name": "Juhl"}), []

    with before_the_next_write(lambda: others.append(api.post("/leads", {"last_name": "B", "email": "a@b.dk"}))):
        told = rename(api, lead)

    assert told == taken(*others)
    assert api.get(f"/leads/{lead['id']}") == lead


@pytest.mark.parametrize("meanwhile", ["b@b.dk", "a@b.dk"])
def test_a_lead_is_made_while_another_one_joins_the_heirs_of_a_key_that_they_share(api, meanwhile):
    api.post("/matching-strategies", {"name": "By topic", "target": "lead", "attributes": ["topic"]})
    api.post("/leads", {"last_name": "Juhl", "topic": "Kayaks"})
    body, others = {"last_name": "B", "topic": "Kayaks", "email": "a@b.dk"}, []

    with before_the_next_write(lambda: others.append(api.post("/leads", {**body, "email": meanwhile}))):
        status, answer, _ = api.call("POST", "/leads", body)

    if meanwhile == "a@b.dk":
        assert (status, answer["errors"]) == taken(*others)
    else:
        assert status == 201
        assert rename(api, others[0]) == taken(answer)


def test_a_change_from_a_key_whose_heir_closes_at_that_moment_is_made(api):
    lead = api.post("/leads", {"last_name": "Juhl", "email": "a@b.dk"})
    submit("heir", page=None, always_new=True)

    with before_the_next_write(lambda: close("heir")):
        told = rename(api, lead, "c@d.dk")

    assert told == (200, None)
    assert api.get(f"/leads/{lead['id']}")["email"] == "c@d.dk"


def test_of_two_changes_of_one_lead_at_once_the_second_is_told_to_read_again(api):
    lead = api.post("/leads", {"last_name": "Juhl"})

    with before_the_next_write(lambda: api.change("PATCH", f"/leads/{lead['id']}", lead, {"city": "Odense"})):
        status, _ = rename(api, lead)

    assert (status, api.get(f"/leads/{lead['id']}")["email"]) == (412, None)


@pytest.mark.parametrize(
    "body",
    [{}, {"last_name": ""}, {"last_name": "J", "rating": "boiling"}, {"last_name": "J", "colour": "red"},
     {"last_name": "J", "email": "nowhere"}, {"last_name": "J", "employees": "many"}, {"last_name": 5}],
)  # fmt: skip
def test_what_a_lead_cannot_be_is_told(api, body):
    status, problem, _ = api.call("POST", "/leads", body)

    assert status == 400
    assert problem["errors"]


def test_a_change_needs_the_version_that_was_read(api):
    lead = api.post("/leads", {"last_name": "Juhl"})
    path = f"/leads/{lead['id']}"

    assert api.call("PATCH", path, {"city": "Odense"})[0] == 428
    assert api.call("PATCH", path, {"city": "Odense"}, If_Match='"7"')[0] == 412
    changed = api.change("PATCH", path, lead, {"city": "Odense", "rating": "hot", "topic": None})
    assert (changed["city"], changed["rating"], changed["version"]) == ("Odense", "hot", 2)
    assert api.call("PATCH", path, {"last_name": None}, If_Match='"2"')[0] == 400
    assert api.call("PATCH", path, {"status_reason": "lost"}, If_Match='"2"')[0] == 400


def test_a_deleted_lead_is_gone_and_its_key_is_free(api):
    lead = api.post("/leads", {"last_name": "Juhl", "email": "a@b.dk"})

    api.change("DELETE", f"/leads/{lead['id']}", lead)

    assert api.call("GET", f"/leads/{lead['id']}")[0] == 404
    assert prepare("x", page=None).created


# Lists -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CORE-10")
def test_leads_are_listed_by_owner_stage_contact_and_account_in_pages(api):
    contact()
    account = api.post("/accounts", {"name": "Kajak ApS"})
    for number in range(3):
        api.post("/leads", {"last_name": str(number), "contact_id": "c", "owner_id": "o", "account_id": account["id"]})
    other = api.post("/leads", {"last_name": "other", "owner_id": "p"})
    api.change("POST", f"/leads/{other['id']}/move", other, {"stage": "sales_acceptance"})

    for query in ("owner_id=o", "contact_id=c", f"account_id={account['id']}"):
        assert [lead["last_name"] for lead in api.get(f"/leads?{query}")["items"]] == ["2", "1", "0"]
    assert [lead["last_name"] for lead in api.get("/leads?stage=sales_acceptance")["items"]] == ["other"]
    first = api.get("/leads?limit=3")
    rest = api.get(f"/leads?limit=3&cursor={first['next_cursor']}")
    assert len({lead["id"] for lead in first["items"] + rest["items"]}) == 4
    assert rest["next_cursor"] is None


def test_a_list_that_has_no_index_says_which_there_are(api):
    status, problem, _ = api.call("GET", "/leads?owner_id=o&contact_id=c")

    assert status == 400
    assert "owner_id, stage, contact_id, account_id" in problem["detail"]
    assert api.call("GET", "/leads?city=Odense")[0] == 400


# The process -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("BPF-1")
def test_the_process_is_described(api):
    stages = api.get("/lead-process")["stages"]

    assert [stage["number"] for stage in stages] == [1, 2, 3, 4, 5]
    assert stages[-1]["stage"] == "sales_acceptance"


def test_a_lead_goes_through_teleprospecting_to_sales_and_its_history_tells_who_and_why(api):
    lead = api.post("/leads", {"last_name": "Juhl"})
    path = f"/leads/{lead['id']}"

    lead = api.change("POST", f"{path}/mark", lead, {"flag": "teleprospect_ready", "why": "asked for a call"})
    assert lead["stage"] == "teleprospecting_acceptance"
    lead = api.change("POST", f"{path}/accept", lead, {})
    assert (lead["stage"], lead["teleprospect_accepted"]) == ("teleprospecting_qualification", True)
    lead = api.change("POST", f"{path}/mark", lead, {"flag": "sales_ready"})
    assert (lead["stage"], lead["sales_ready"]) == ("sales_acceptance", True)
    assert [each["id"] for each in api.get("/leads?stage=sales_acceptance")["items"]] == [lead["id"]]
    lead = api.change("POST", f"{path}/accept", lead, {"owner_id": "salesperson"})
    assert (lead["sales_accepted"], lead["owner_id"]) == (True, "salesperson")

    moves = api.get(f"{path}/history")["items"]
    assert [move["changes"].get("stage", [None, None])[1] for move in moves] == [
        "teleprospecting_acceptance",
        "teleprospecting_qualification",
        "sales_acceptance",
        None,
    ]
    assert moves[0]["why"] == "asked for a call"
    assert all(move["by"] and move["at"] for move in moves)


@pytest.mark.rule("LEAD-7")
def test_sales_give_a_lead_back_to_marketing(api):
    lead = api.post("/leads", {"last_name": "Juhl"})
    path = f"/leads/{lead['id']}"
    lead = api.change("POST", f"{path}/mark", lead, {"flag": "sales_ready"})

    lead = api.change("POST", f"{path}/return-to-marketing", lead, {"why": "no budget"})

    assert (lead["stage"], lead["recycled"], lead["sales_ready"]) == ("automated_marketing_qualification", True, False)
    assert lead["sales_ready_at"] is None
    assert api.call("POST", f"{path}/return-to-marketing", If_Match=f'"{lead["version"]}"')[0] == 409


def test_setting_trigger_recycle_gives_a_lead_back_too_once(api):
    lead = api.post("/leads", {"last_name": "Juhl"})
    path = f"/leads/{lead['id']}"
    lead = api.change("POST", f"{path}/mark", lead, {"flag": "sales_ready"})
    assert lead["trigger_recycle"] is False

    lead = api.change("PATCH", path, lead, {"trigger_recycle": True, "topic": "no budget"})

    assert (lead["stage"], lead["recycled"], lead["sales_ready"]) == ("automated_marketing_qualification", True, False)
    assert (lead["trigger_recycle"], lead["topic"]) == (True, "no budget")
    [*_, move] = api.get(f"{path}/history")["items"]
    assert move["changes"]["stage"] == ["sales_acceptance", "automated_marketing_qualification"]
    again = api.change("PATCH", path, lead, {"trigger_recycle": True})
    assert again["recycled_at"] == lead["recycled_at"]
    ready = api.change("POST", f"{path}/mark", again, {"flag": "sales_ready"})
    assert (ready["trigger_recycle"], ready["stage"]) == (False, "sales_acceptance")


def test_a_lead_that_is_with_marketing_cannot_be_recycled(api):
    lead = api.post("/leads", {"last_name": "Juhl"})
    body = {"trigger_recycle": True, "topic": "x"}

    status, problem, *_ = api.call("PATCH", f"/leads/{lead['id']}", body, If_Match='"1"')

    assert (status, problem["detail"]) == (409, "This lead is with marketing already.")
    assert api.get(f"/leads/{lead['id']}")["topic"] is None


@pytest.mark.rule("BPF-2")
def test_a_user_moves_a_lead_back_and_staying_writes_nothing(api):
    lead = api.post("/leads", {"last_name": "Juhl"})
    path = f"/leads/{lead['id']}/move"
    lead = api.change("POST", path, lead, {"stage": "teleprospecting_qualification"})

    lead = api.change("POST", path, lead, {"stage": "inquiry"})
    again = api.change("POST", path, lead, {"stage": "inquiry"})

    assert (lead["stage"], again["version"]) == ("inquiry", lead["version"])


def test_a_closed_lead_is_in_no_stage_list_and_does_not_move(api):
    lead = api.post("/leads", {"last_name": "Juhl"})
    path = f"/leads/{lead['id']}"

    closed = api.change("POST", f"{path}/close", lead, {"state": "disqualified", "status_reason": "cannot_contact"})

    assert (closed["state"], closed["status_reason"]) == ("disqualified", "cannot_contact")
    assert api.get("/leads?stage=inquiry")["items"] == []
    version = f'"{closed["version"]}"'
    assert api.call("POST", f"{path}/move", {"stage": "sales_acceptance"}, If_Match=version)[0] == 409
    assert api.call("POST", f"{path}/close", {"state": "qualified"}, If_Match=version)[0] == 409
    assert api.call("POST", f"{path}/close", {"state": "open"}, If_Match=version)[0] == 400
    assert api.change("POST", f"{path}/reopen", closed)["state"] == "open"


# Matching ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("MAT-1", "MAT-9", "GEN-8")
def test_a_submission_updates_the_lead_that_it_matches():
    first = submit("l1", values={"city": "Odense"})
    second = submit("l2", email="A@B.dk", values={"city": "Aarhus", "email": "A@B.dk"})

    assert (first.created, second.created, second.changed) == (True, False, True)
    assert second.record.lead_id == "l1"
    assert lead_reading.find("l1").city == "Aarhus"


@pytest.mark.parametrize(("clears", "city"), [(False, "Odense"), (True, None)])
def test_blank_values_leave_a_lead_as_it_is_unless_blank_clears(clears, city):
    submit("l1", values={"city": "Odense", "employees": 7})

    submit("l2", values={"city": " ", "employees": None, "last_name": " "}, blank_clears=clears)

    lead = lead_reading.find("l1")
    assert (lead.city, lead.employees, lead.last_name) == (city, None if clears else 7, "Juhl")


def test_a_new_lead_without_a_name_is_called_unknown_also_where_blank_clears():
    made = submit("l1", values={"city": " ", "last_name": ""}, blank_clears=True).record

    assert (made.last_name, made.city) == (matching.NO_NAME, None)


@pytest.mark.rule("MAT-3", "MAT-8", "LEAD-2")
def test_one_person_has_a_lead_for_each_page():
    submit("l1", page="kayaks", contact_id="c")
    submit("l2", page="tents", contact_id="c")

    assert {lead.source_page_id for lead in lead_reading.of_contact("c")} == {"kayaks", "tents"}


@pytest.mark.rule("MAT-7")
def test_all_forms_without_a_page_look_the_same():
    submit("l1", page=None)

    assert submit("l2", page=None).record.lead_id == "l1"


@pytest.mark.rule("MAT-6")
def test_without_an_attribute_of_the_strategy_the_submission_fails_and_names_it():
    with pytest.raises(Unprocessable) as refused:
        prepare("l1", email=None)

    assert [problem.field for problem in refused.value.problems] == ["email"]


@pytest.mark.rule("SUB-1")
def test_a_matched_lead_gets_the_contact_that_submitted_as_its_parent():
    submit("l1", contact_id="old")

    submit("l2", contact_id="new")

    assert lead_reading.find("l1").contact_id == "new"
    assert [move.changes for move in lead_reading.history("l1")] == [{"contact_id": ["old", "new"]}]


@pytest.mark.rule("SUB-2")
def test_without_a_contact_a_matched_lead_keeps_its_parent():
    submit("l1", contact_id="c")

    submit("l2", contact_id=None, values={"city": "Odense"})

    assert lead_reading.find("l1").contact_id == "c"


@pytest.mark.rule("SUB-5")
def test_the_marketing_context_is_that_of_the_first_submission():
    submit("l1")
    later = MarketingContext(form_id="other", page_id="p", journey_id="j", at=LATER)

    submit("l2", context=later, values={"city": "Odense"})

    lead = lead_reading.find("l1")
    assert (lead.source_form_id, lead.source_journey_id, lead.source_submission_id) == ("f", None, "s")


def test_what_has_not_changed_is_not_written():
    submit("l1", contact_id="c")

    same = submit("l2", email="A@b.dk", contact_id="c")

    assert (same.created, same.changed) == (False, False)
    assert lead_reading.find("l1").version == 1


def test_a_lead_without_matching_is_always_new_and_the_heir_of_the_key():
    submit("l1", contact_id="c")
    submit("l2", contact_id="c", always_new=True)

    assert {lead.lead_id for lead in lead_reading.of_contact("c")} == {"l1", "l2"}
    close("l1")
    assert submit("l3").record.lead_id == "l2"


def test_a_closed_lead_does_not_match_and_a_new_one_takes_its_key():
    submit("l1", contact_id="c")
    close("l1")

    assert submit("l2", contact_id="c").created
    lead = lead_reading.find("l1")
    service.reopen("l1", by="user:u", why="", version=lead.version, now=LATER)

    assert submit("l3").record.lead_id == "l2"
    close("l2", LATER)
    assert submit("l4").record.lead_id == "l1"


def test_a_lead_that_closes_between_matching_and_writing_is_noticed():
    submit("l1")
    prepared = prepare("l2")
    close("l1")

    with pytest.raises(ConditionFailed):
        commit(prepared.writes)

    assert submit("l2").created


def test_of_many_that_submit_one_key_at_once_one_makes_the_lead():
    def one(number):
        return insist(lambda: submit(f"l{number}", values={"city": f"city {number}"})).record.lead_id

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(one, range(16)))

    assert len(made) == 1


@pytest.mark.rule("GEN-11", "GEN-12", "JRN-60")
def test_a_tile_makes_a_lead_of_its_own_once():
    submit("l1", contact_id="c")
    person = contact(email="a@b.dk")
    write = lambda: plans.create_from_tile("t", person, "Kayaks", "Juhl", MarketingContext(journey_id="j"), "o", NOW)  # noqa: E731
    commit(write())

    with pytest.raises(ConditionFailed):
        commit(write())

    assert {lead.lead_id for lead in lead_reading.of_contact("c")} == {"l1", "t"}
    made = lead_reading.find("t")
    assert (made.topic, made.source_journey_id, made.owner_id, made.last_name) == ("Kayaks", "j", "o", "Juhl")


def test_the_leads_of_a_deleted_contact_stay_without_it():
    submit("l1", contact_id="c")

    deletion.orphan("c", NOW)

    assert lead_reading.find("l1").contact_id is None
    assert submit("l2").record.lead_id == "l1"


@pytest.mark.rule("MAT-1")
def test_a_strategy_of_leads_is_live_once_the_open_ones_have_claimed(world):
    submit("first", page="one", values={"topic": "Kayaks"})
    strategies.create("topic", "lead", "Email and topic", ["email", "topic"], world.now)

    world.settle()

    again = submit("second", page="two", strategy_id="topic", values={"topic": "kayaks"})
    assert jobs.get("strategy-topic").state == jobs.JobState.DONE
    assert (again.created, again.record.lead_id) == (False, "first")
