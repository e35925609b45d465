"""Business processes of users' own: published, followed by leads, switched; through their real edges."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from chalice.test import Client

from app import app
from chalicelib.dynamodb import commit
from chalicelib.errors import Stale
from chalicelib.leads import plans, service
from chalicelib.leads import process as rules
from chalicelib.leads import reading as lead_reading
from chalicelib.leads.shipped import PROCESS_ID
from tests.support import journeys as definitions
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.processes import process, publish, stage
from tests.support.scoring import DAY, NOW, click, clicked, person, rescore
from tests.support.scoring import publish as publish_model

pytestmark = pytest.mark.usefixtures("cloud")

BUDGETED = process(
    stage("new", required=["budget_amount"]),
    "talks",
    stage("won", queue="sales", accepts="sales_accepted"),
    moves=[{"on": "sales_ready", "to": "won"}, {"on": "first_score", "to": "talks"}],
)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def follow(api, process_id):
    """Let leads that are made from now on follow a process."""
    before = api.get("/settings/leads")
    return api.change("PUT", "/settings/leads", before, {"process_id": process_id})


def made(api, **values):
    return api.post("/leads", {"last_name": "Juhl", **values})


def moved(api, lead, stage_id):
    return api.call("POST", f"/leads/{lead['id']}/move", {"stage": stage_id}, If_Match=f'"{lead["version"]}"')


def history(api, lead):
    return api.get(f"/leads/{lead['id']}/history")["items"]


# Which process a lead follows ----------------------------------------------------------------------------------------


@pytest.mark.rule("BPF-3")
def test_a_lead_follows_the_shipped_process_without_anybody_publishing_one(api):
    lead = made(api)

    assert (lead["process_id"], lead["process_version"], lead["stage"]) == (PROCESS_ID, 1, "inquiry")
    assert [each["stage"] for each in api.get(f"/leads/{lead['id']}/process")["stages"]][-1] == "sales_acceptance"


@pytest.mark.rule("BPF-1", "BPF-3")
def test_leads_follow_the_process_that_replaced_the_shipped_one_and_show_what_their_stage_needs(api):
    process_id = publish(api, "Ours", BUDGETED)
    follow(api, process_id)

    lead = made(api)

    assert (lead["process_id"], lead["process_version"], lead["stage"]) == (process_id, 1, "new")
    shown = api.get(f"/leads/{lead['id']}/process")
    assert (shown["name"], shown["stage"]) == ("Ours", "new")
    assert [each["field"] for each in shown["missing"]] == ["budget_amount"]
    assert [each["id"] for each in api.get("/leads?stage=new")["items"]] == [lead["id"]]


@pytest.mark.rule("BPF-3")
def test_ones_own_process_may_begin_with_the_shipped_one(api):
    ours = publish(api, "Ours", api.get("/lead-process")["document"])
    follow(api, ours)

    lead = made(api)
    for act, body in (("mark", {"flag": "teleprospect_ready"}), ("accept", {}), ("mark", {"flag": "sales_ready"})):
        lead = api.change("POST", f"/leads/{lead['id']}/{act}", lead, body)

    assert (lead["process_id"], lead["stage"]) == (ours, "sales_acceptance")
    assert [each["changes"]["stage"][1] for each in history(api, lead)] == [
        "teleprospecting_acceptance",
        "teleprospecting_qualification",
        "sales_acceptance",
    ]


def test_a_lead_stays_on_its_version_until_it_is_switched(api):
    process_id = publish(api, "Ours", BUDGETED)
    follow(api, process_id)
    lead = made(api)
    publish(api, "Ours", process("new", "other"), process_id)

    assert api.call("POST", f"/leads/{lead['id']}/move", {"stage": "other"}, If_Match='"1"')[0] == 422
    switched = api.change("POST", f"/leads/{lead['id']}/switch-process", lead, {"process_id": process_id})

    assert (switched["process_version"], switched["stage"]) == (2, "new")
    assert moved(api, switched, "other")[0] == 200


def test_leads_made_after_their_process_was_stopped_follow_the_shipped_one(api):
    process_id = publish(api, "Ours", BUDGETED)
    follow(api, process_id)
    earlier = made(api)
    live = api.get(f"/business-processes/{process_id}")
    api.change("POST", f"/business-processes/{process_id}/stop", live)

    assert made(api)["process_id"] == PROCESS_ID
    assert moved(api, earlier, "new")[0] == 200
    assert api.get(f"/leads/{earlier['id']}/process")["id"] == process_id


def test_settings_name_only_a_process_that_is_live(api):
    draft = api.post("/business-processes", {"name": "Draft", "document": BUDGETED})

    status, problem, _ = api.call("PUT", "/settings/leads", {"process_id": draft["id"]}, If_Match='"0"')

    assert (status, problem["errors"][0]["field"]) == (422, "process_id")
    assert api.call("PUT", "/settings/leads", {"process_id": None}, If_Match='"7"')[0] == 412


# Publishing ----------------------------------------------------------------------------------------------------------


def refused(api, document):
    """Return what keeps a process from going live, as checking and as publishing tell it."""
    made = api.post("/business-processes", {"name": "Wrong", "document": document})
    checked = api.post(f"/business-processes/{made['id']}/check")["problems"]
    status, problem, _ = api.call("POST", f"/business-processes/{made['id']}/publish", If_Match='"1"')
    assert (status, problem["errors"]) == (422, checked)
    return [each["field"] for each in checked]


def test_a_process_that_is_wrong_does_not_go_live_and_everything_is_told_at_once(api):
    wrong = process(stage("one", fields=["colour"]), "one", moves=[{"on": "first_score", "to": "nowhere"}])

    assert refused(api, wrong) == ["/stages/1/id", "/stages/1/name", "/moves/0/to", "/stages/0/fields/0"]
    assert refused(api, {"stages": []}) == ["/stages"]


def test_actions_that_name_what_is_not_live_are_refused(api):
    actions = [
        {"kind": "raise_trigger", "trigger_id": "t"},
        {"kind": "notify", "email_id": "e", "addresses": ["a@b.dk"]},
    ]

    assert refused(api, process(stage("one", actions=actions))) == ["trigger:t", "email:e"]


@pytest.mark.rule("TRG-6")
def test_values_that_a_stage_raises_must_be_those_that_its_trigger_declares(api):
    declared = [{"name": "level", "type": "number"}, {"name": "since", "type": "instant", "required": True}]
    definitions.publish("trigger", "t", {"attributes": declared}, NOW)
    wrong = {"kind": "raise_trigger", "trigger_id": "t", "attributes": {"level": "high", "colour": "red"}}
    right = {**wrong, "attributes": {"level": 3, "since": "2026-11-24T09:00:00Z"}}
    tried = process("one", stage("two", actions=[right, wrong]))

    assert refused(api, tried) == [f"/stages/1/actions/1/attributes/{each}" for each in ("colour", "level", "since")]

    made = api.post("/business-processes", {"name": "Wrong", "document": tried})
    told = [each["message"] for each in api.post(f"/business-processes/{made['id']}/check")["problems"]]
    assert told == [
        "There is no such attribute. The trigger t says so.",
        "This must be of the type number. The trigger t says so.",
        "This attribute is required. The trigger t says so.",
    ]
    assert api.get(f"/business-processes/{publish(api, 'Right', process(stage('one', actions=[right])))}")


@pytest.mark.rule("BPF-8")
def test_processes_that_hand_leads_round_in_a_circle_are_refused(api):
    first = publish(api, "First", process("one"))
    second = publish(api, "Second", process("one", hand_over={"on": "sales_ready", "process_id": first}))
    before = api.get(f"/business-processes/{first}")
    back = process("one", hand_over={"on": "sales_accepted", "process_id": second})

    saved = api.change("PUT", f"/business-processes/{first}", before, {"name": "First", "document": back})
    status, problem, _ = api.call("POST", f"/business-processes/{first}/publish", If_Match=f'"{saved["version"]}"')

    assert (status, [each["field"] for each in problem["errors"]]) == (422, ["/hand_over/process_id"])
    assert "circle" in problem["errors"][0]["message"]
    stopping = api.call("POST", f"/business-processes/{first}/stop", If_Match=f'"{saved["version"]}"')
    assert stopping[0] == 409


@pytest.mark.rule("BPF-8")
def test_a_process_hands_leads_over_to_stages_only_that_the_other_one_has(api):
    sales = publish(api, "Sales", process("qualify", "propose"))
    stages = {"one": "propose", "two": "nowhere"}

    told = refused(api, process("one", "two", hand_over={"on": "sales_ready", "process_id": sales, "stages": stages}))

    assert told == ["/hand_over/stages/two"]


# Moving --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def budgeted(api):
    """A lead that needs a budget before it leaves its stage."""
    person()
    follow(api, publish(api, "Ours", BUDGETED))
    return made(api, contact_id="c")


@pytest.mark.rule("BPF-1", "BPF-2")
def test_a_stage_whose_required_fields_are_missing_is_not_left_by_hand(api, budgeted):
    path = f"/leads/{budgeted['id']}"
    for act, body in (("move", {"stage": "won"}), ("complete-stage", {}), ("mark", {"flag": "sales_ready"})):
        status, problem, _ = api.call("POST", f"{path}/{act}", body, If_Match='"1"')
        assert (status, [each["field"] for each in problem["errors"]]) == (422, ["budget_amount"])
    assert api.get(path) == budgeted
    assert history(api, budgeted) == []

    lead = api.change("PATCH", path, budgeted, {"budget_amount": "100"})

    assert api.change("POST", f"{path}/complete-stage", lead, {"why": "called"})["stage"] == "talks"
    assert history(api, budgeted)[0]["why"] == "called"


@pytest.mark.rule("BPF-4", "BPF-7")
def test_a_lead_that_would_move_by_itself_waits_for_what_is_missing_and_says_so(api, budgeted):
    publish_model(clicked(), threshold=1000)
    click("1")

    rescore()

    lead = api.get(f"/leads/{budgeted['id']}")
    assert (lead["stage"], lead["waiting_stage"]) == ("new", "talks")
    assert "budget_amount" in history(api, lead)[0]["why"]
    going = api.change("PATCH", f"/leads/{lead['id']}", lead, {"budget_amount": "100"})
    assert (going["stage"], going["waiting_stage"]) == ("talks", None)


def test_a_lead_at_its_threshold_is_ready_for_sales_even_while_it_waits(api, budgeted):
    publish_model(clicked(), threshold=30)
    click("1")

    rescore()
    rescore()

    lead = api.get(f"/leads/{budgeted['id']}")
    assert (lead["stage"], lead["waiting_stage"], lead["sales_ready"]) == ("new", "won", True)
    assert len(history(api, lead)) == 1


@pytest.mark.rule("BPF-4", "BPF-6")
def test_a_lead_that_waits_for_a_stage_is_not_brought_to_an_earlier_one_by_what_scores_again(api):
    boats = {"field": "lead.topic", "operator": "equals", "values": ["boats"]}
    moves = [{"on": "first_score", "to": "talks"}, {"on": "sales_ready", "to": "won"}]
    follow(api, publish(api, "Ours", process("new", "talks", stage("won", entry_condition=boats), moves=moves)))
    person()
    lead = made(api, contact_id="c")
    publish_model(clicked(within="P7D"), threshold=30)

    for days in (0, 9):  # what scored at first counts no longer when the other one does
        click(f"at {days}", NOW + days * DAY)
        rescore(NOW + days * DAY)
        rescore(NOW + (days + 8) * DAY)

    lead = api.get(f"/leads/{lead['id']}")
    assert (lead["stage"], lead["waiting_stage"]) == ("new", "won")
    assert api.change("PATCH", f"/leads/{lead['id']}", lead, {"topic": "boats"})["stage"] == "won"


def test_a_lead_that_waits_and_is_given_back_to_marketing_waits_no_longer(api, budgeted):
    publish_model(clicked(), threshold=30)
    click("1")
    rescore()
    lead = api.get(f"/leads/{budgeted['id']}")

    back = api.change("POST", f"/leads/{lead['id']}/return-to-marketing", lead)
    filled = api.change("PATCH", f"/leads/{lead['id']}", back, {"budget_amount": "100"})

    assert (lead["waiting_stage"], back["waiting_stage"]) == ("won", None)
    assert (filled["stage"], filled["sales_ready"]) == ("new", False)


def test_a_lead_that_waits_goes_on_with_the_step_that_gives_what_is_missing(api):
    person()
    accepting = stage("new", required=["sales_accepted"], accepts="sales_accepted")
    moves = [{"on": "first_score", "to": "talks"}]
    follow(api, publish(api, "Ours", process(accepting, "talks", moves=moves)))
    lead = made(api, contact_id="c")
    publish_model(clicked(), threshold=1000)
    click("1")
    rescore()
    lead = api.get(f"/leads/{lead['id']}")

    accepted = api.change("POST", f"/leads/{lead['id']}/accept", lead)

    assert (lead["waiting_stage"], accepted["stage"]) == ("talks", "talks")


def test_conditions_over_the_contact_and_the_account_are_asked_and_told(api):
    person(country="SE")
    account = api.post("/accounts", {"name": "Kajak ApS", "industry": "boats"})
    danish = {"field": "contact.country", "operator": "equals", "values": ["DK"]}
    boats = {"field": "account.industry", "operator": "equals", "values": ["boats"]}
    follow(api, publish(api, "Ours", process(stage("one", exit_condition=danish), stage("two", entry_condition=boats))))
    lead = made(api, contact_id="c")

    status, problem, _ = moved(api, lead, "two")

    assert status == 422
    assert len(problem["errors"]) == 2
    contact = api.get("/contacts/c")
    api.change("PATCH", "/contacts/c", contact, {"country": "DK"})
    linked = api.change("PATCH", f"/leads/{lead['id']}", lead, {"account_id": account["id"]})
    assert moved(api, linked, "two")[0] == 200


def test_a_lead_goes_back_whatever_is_missing(api, budgeted):
    lead = api.change("PATCH", f"/leads/{budgeted['id']}", budgeted, {"budget_amount": "100"})
    lead = moved(api, lead, "won")[1]
    lead = api.change("PATCH", f"/leads/{lead['id']}", lead, {"budget_amount": None})

    assert moved(api, lead, "new")[0] == 200


@pytest.mark.rule("BPF-2")
def test_of_two_users_who_move_one_lead_at_once_one_wins_and_there_is_one_row_of_history(api):
    lead = made(api)

    def one(user):
        try:
            rule = lambda way, at: rules.move(way, at, "sales_acceptance")  # noqa: E731
            return service.step(lead["id"], rule, by=user, why="", version=1, now=NOW).stage
        except Stale as told:
            return str(told)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, (f"user:{number}" for number in range(8))))

    assert answers.count("sales_acceptance") == 1
    assert all("Read it again" in answer for answer in answers if answer != "sales_acceptance")
    assert len(history(api, lead)) == 1


def test_a_user_who_moves_between_anothers_reading_and_writing_wins(api):
    lead, other = made(api), []

    with before_the_next_write(lambda: other.append(moved(api, lead, "sales_acceptance"))):
        status, problem, _ = moved(api, lead, "teleprospecting_acceptance")

    assert (status, other[0][0]) == (412, 200)
    assert "Read it again" in problem["detail"]
    assert [each["changes"]["stage"][1] for each in history(api, lead)] == ["sales_acceptance"]


def test_a_stage_that_the_process_does_not_have_is_refused_and_the_stages_are_named(api):
    status, problem, _ = moved(api, made(api), "nowhere")

    assert (status, problem["errors"][0]["field"]) == (422, "stage")
    assert "inquiry" in problem["errors"][0]["message"]


# Switching -----------------------------------------------------------------------------------------------------------


def switched(api, lead, **body):
    return api.call("POST", f"/leads/{lead['id']}/switch-process", body, If_Match=f'"{lead["version"]}"')


@pytest.mark.rule("BPF-3")
def test_a_lead_is_switched_to_another_process_and_its_history_tells(api):
    other = publish(api, "Other", process("first", "inquiry", "last"))
    lead = made(api)

    _, same, _ = switched(api, lead, process_id=other, why="a reseller")
    _, mapped, _ = switched(api, same, process_id=other, stages={"inquiry": "last"})
    _, shipped, _ = switched(api, mapped, process_id=PROCESS_ID)

    assert (same["process_id"], same["stage"]) == (other, "inquiry")
    assert (mapped["stage"], shipped["process_id"], shipped["stage"]) == ("last", PROCESS_ID, "inquiry")
    told = history(api, lead)
    assert told[0]["why"] == "a reseller"
    assert told[0]["changes"]["process_id"] == [None, other]
    assert len(told) == 3


def test_a_lead_is_switched_only_to_what_is_live_and_to_stages_that_are_there(api):
    draft = api.post("/business-processes", {"name": "Draft", "document": BUDGETED})
    lead = made(api)

    for body, field in (
        ({"process_id": draft["id"]}, "process_id"),
        ({"process_id": "nothing"}, "process_id"),
        ({"process_id": PROCESS_ID, "stages": {"inquiry": "nowhere"}}, "stages.inquiry"),
    ):
        status, problem, _ = switched(api, lead, **body)
        assert (status, problem["errors"][0]["field"]) == (422, field)
    assert switched(api, lead, process_id=PROCESS_ID)[1] == lead
    closed = api.change("POST", f"/leads/{lead['id']}/close", lead, {"state": "disqualified"})
    assert switched(api, closed, process_id=PROCESS_ID)[0] == 409


@pytest.mark.rule("BPF-8")
def test_a_lead_that_sales_accept_goes_over_to_the_process_of_sales(api):
    sales = publish(api, "Sales", process("qualify", "propose"))
    hand_over = {"on": "sales_accepted", "process_id": sales, "stages": {"ready": "propose"}}
    ready = stage("ready", accepts="sales_accepted")
    marketing = publish(api, "Marketing", process("one", ready, hand_over=hand_over))
    follow(api, marketing)
    lead = moved(api, made(api), "ready")[1]

    lead = api.change("POST", f"/leads/{lead['id']}/accept", lead, {"owner_id": "s", "why": "mine"})

    assert (lead["process_id"], lead["stage"], lead["sales_accepted"]) == (sales, "propose", True)
    [*_, told] = history(api, lead)
    assert told["why"] == f"mine; handed over to the process {sales}"
    assert told["changes"]["process_id"] == [marketing, sales]


@pytest.mark.rule("BPF-8")
def test_a_lead_that_waits_when_it_is_marked_is_handed_over_once_it_goes_on(api):
    person()
    sales = publish(api, "Sales", process("qualify", "propose"))
    given = {**BUDGETED, "hand_over": {"on": "sales_ready", "process_id": sales, "stages": {"won": "propose"}}}
    follow(api, publish(api, "Marketing", given))
    lead = made(api, contact_id="c")
    publish_model(clicked(), threshold=30)
    click("1")
    rescore()
    lead = api.get(f"/leads/{lead['id']}")

    going = api.change("PATCH", f"/leads/{lead['id']}", lead, {"budget_amount": "100"})

    assert (lead["stage"], lead["waiting_stage"], lead["sales_ready"]) == ("new", "won", True)
    assert (going["process_id"], going["stage"], going["waiting_stage"]) == (sales, "propose", None)
    assert history(api, lead)[-1]["why"] == f"changed by hand; handed over to the process {sales}"


def test_a_tile_makes_a_lead_of_the_process_that_new_leads_follow(api):
    follow(api, publish(api, "Ours", BUDGETED))
    person()

    commit(plans.create_from_tile("t", service.contacts.find("c"), "Kayaks", "Juhl", None, "o", NOW))

    assert lead_reading.find("t").stage == "new"
