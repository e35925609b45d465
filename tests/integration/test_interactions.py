"""The log of what people did: recorded once, read by type and time, decided once, credited once."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from chalice.test import Client

from chalicelib.access import service as access
from chalicelib.conditions.facts import Verdict
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.errors import Invalid
from chalicelib.interactions import plans, service
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.lists import Asked
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
CLICKED, VISITED = InteractionType.EMAIL_CLICKED, InteractionType.WEBSITE_VISITED


def happened(type_=VISITED, event="1", at=NOW, **more):
    return NewInteraction(type_, at, "test", event, **{"contact_id": "c", **more})


def record(*args, **more):
    new = happened(*args, **more)
    commit(plans.record(new, NOW))
    return new


def ids(type_=VISITED, contact="c", **more):
    return [each.interaction_id for each in service.of_contact(contact, type_, **more)]


@pytest.mark.rule("INT-1")
def test_what_a_contact_did_is_kept_in_detail_by_type_in_the_order_of_time():
    second = record(event="2", at=NOW + timedelta(hours=1), attributes={"page_id": "p"})
    first = record(event="1")
    record(CLICKED, event="3")

    assert ids() == [first.id, second.id]
    assert service.of_contact("c", VISITED)[1].attributes == {"page_id": "p"}


def test_what_lies_in_the_future_is_kept_and_read():
    ahead = record(at=NOW + timedelta(days=400))

    assert ids(since=NOW) == [ahead.id]


def test_a_type_that_begins_like_another_is_not_taken_for_it():
    record(InteractionType.EMAIL_BLOCKED, event="1")
    record(InteractionType.EMAIL_BLOCKED_BY_USER, event="2")

    assert len(ids(InteractionType.EMAIL_BLOCKED)) == 1


def test_a_source_that_delivers_twice_or_at_once_is_recorded_once():
    with ThreadPoolExecutor(8) as pool:
        recorded = set(pool.map(lambda turn: service.record(happened(at=NOW + timedelta(seconds=turn)), NOW), range(8)))

    assert ids() == list(recorded)


def test_a_second_delivery_for_someone_else_changes_nothing():
    service.record(happened(), NOW)
    service.record(happened(contact_id="other"), NOW)

    assert len(ids()) == 1
    assert ids(contact="other") == []


@pytest.mark.rule("INT-4")
def test_what_was_decided_is_not_written_over_by_recording_it_again():
    click = happened(CLICKED, verdict=plans.UNDECIDED)
    commit(plans.record(click, NOW))
    [found] = service.of_contact("c", CLICKED)
    service.decide(found.pk, found.sk, Verdict.MACHINE, ["hidden link"], NOW)

    with pytest.raises(ConditionFailed):
        commit(plans.record(click, NOW))

    assert service.of_contact("c", CLICKED)[0].verdict == Verdict.MACHINE


def test_a_verdict_falls_once_and_changes_nothing_else():
    record(CLICKED, verdict=plans.UNDECIDED, attributes={"email_id": "e"})
    [before] = service.of_contact("c", CLICKED)
    verdicts = [Verdict.HUMAN, Verdict.MACHINE] * 4

    with ThreadPoolExecutor(8) as pool:
        decided = list(pool.map(lambda each: service.decide(before.pk, before.sk, each, [each], NOW), verdicts))

    [after] = service.of_contact("c", CLICKED)
    assert decided.count(True) == 1
    assert after.verdict == verdicts[decided.index(True)] == after.reasons[0]
    assert after.decided_at == NOW
    unchanged = before.serialize()
    assert {name: value for name, value in after.serialize().items() if name in unchanged and name != "verdict"} == {
        name: value for name, value in unchanged.items() if name != "verdict"
    }


def test_a_verdict_on_what_is_gone_makes_nothing():
    assert not service.decide(*Interaction.place("CONTACT#c", CLICKED, NOW, "x"), Verdict.HUMAN, [], NOW)
    assert ids(CLICKED) == []


def test_a_verdict_whose_answer_was_lost_is_known_to_have_fallen(world):
    record(CLICKED, verdict=plans.UNDECIDED)
    [found] = service.of_contact("c", CLICKED)
    lost = iter(["after"])
    world.fault = lambda _, __, operation: next(lost, None) if operation == "UpdateItem" else None

    assert service.decide(found.pk, found.sk, Verdict.HUMAN, ["alone"], NOW)


def test_one_click_with_its_verdict_costs_three_write_units_at_most():
    click = happened(
        CLICKED,
        verdict=plans.UNDECIDED,
        account_id="01JD000000000000000000ACCO",
        attributes=dict.fromkeys(("email_id", "send_id", "journey_id", "enrolment_id"), "01JD0000000000000000000000")
        | {"link": "products", "tile": "welcome", "user_agent": "Mozilla/5.0 (X11; Linux x86_64) " * 4},
    )

    with metered() as usage:
        commit(plans.record(click, NOW))
        [found] = service.of_contact("c", CLICKED)
        service.decide(found.pk, found.sk, Verdict.HUMAN, ["no sign of a machine"], NOW)

    assert usage.write_units <= 3


# A visitor who turns out to be somebody ----------------------------------------------------------------------------


def visits(count, **more):
    for number in range(count):
        record(event=f"v{number}", at=NOW + timedelta(seconds=number), contact_id=None, visitor_id="v", **more)


@pytest.mark.rule("WEB-6")
def test_what_a_visitor_did_is_credited_to_the_contact_under_the_same_ids():
    visits(3, attributes={"page_id": "p"})
    before = [each.interaction_id for each in Interaction.query("VISITOR#v")]

    assert service.credit("v", "c", NOW, account_id="a").number == 3

    credited = service.of_contact("c", VISITED)
    assert [each.interaction_id for each in credited] == before
    assert {(each.contact_id, each.account_id, each.visitor_id) for each in credited} == {("c", "a", "v")}
    assert {each.credited_to for each in Interaction.query("VISITOR#v")} == {"c"}


def test_crediting_again_changes_nothing_and_takes_along_only_what_is_new():
    visits(2)
    service.credit("v", "c", NOW)
    record(event="later", at=NOW + timedelta(days=1), contact_id=None, visitor_id="v")

    assert service.credit("v", "c", NOW).number == 1
    assert service.credit("v", "c", NOW).number == 0
    assert len(ids()) == 3


def test_of_two_contacts_that_claim_a_visitor_at_once_each_visit_goes_to_one():
    visits(120)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda contact: service.credit("v", contact, NOW).number, ["c", "d", "c", "d"]))

    owned = {contact: set(ids(contact=contact)) for contact in ("c", "d")}
    assert not owned["c"] & owned["d"]
    assert len(owned["c"] | owned["d"]) == sum(made) == 120
    assert Counter(each.credited_to for each in Interaction.query("VISITOR#v")) == {
        contact: len(those) for contact, those in owned.items() if those
    }


def test_visits_are_credited_in_parts_in_few_requests():
    size = service.A_PART
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda n: record(event=f"v{n}", at=NOW + timedelta(seconds=n), contact_id=None, visitor_id="v"),
                range(size + 10),
            )
        )

    with metered() as usage:
        first = service.credit("v", "c", NOW)
    rest = service.credit("v", "c", NOW, after=first.after)

    assert (first.number, rest.number, rest.after) == (size, 10, None)
    assert usage.requests["TransactWriteItems"] == size / service.TOGETHER
    assert (
        service.of_contact("c", VISITED)[9].at < NOW + timedelta(seconds=10) <= service.of_contact("c", VISITED)[10].at
    )


def test_a_visit_is_told_of_once_it_has_a_contact(world):
    visits(2)
    world.settle()
    assert sum(map(len, world.queues.values())) == 0

    service.credit("v", "c", NOW)
    world.settle(duplicate=True)

    told = [each for each in world.recorded if each.function == "route_interactions"]
    images = [each["dynamodb"]["NewImage"]["pk"]["S"] for batch in told for each in batch.event["Records"]]
    assert Counter(images)["CONTACT#c"] == 4  # two visits, each delivered twice


# Over HTTP ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def call():
    from app import app

    _, text = access.create_key("root", "root", ["*"], ["*"], NOW)
    with Client(app) as client:

        def call(method, path, body=None, **headers):
            sent = {"Content-Type": "application/json", "Authorization": f"Bearer {text}", **headers}
            answer = client.http.request(method, path, headers=sent, body=json.dumps(body or {}).encode())
            return answer.status_code, json.loads(answer.body or b"null")

        yield call


VISIT = {"contact_id": "c", "type": "WebsiteVisited", "at": "2026-11-24T09:00:00Z", "properties": {"seconds": 4.5}}


def test_what_nobody_did_cannot_be_reported(call):
    status, problem = call("POST", "/interactions", VISIT)

    assert (status, problem["errors"]) == (
        422,
        [{"field": "contact_id", "message": "There is no contact of this id."}],
    )
    assert ids() == []


def test_the_same_key_reports_the_same_event(call):
    contacts.create("c", {"last_name": "Nygaard"}, NOW, by="user:u")
    answers = [call("POST", "/interactions", VISIT, **{"Idempotency-Key": "k"}) for _ in range(2)]
    another = call("POST", "/interactions", VISIT, **{"Idempotency-Key": "l"})

    assert answers[0] == answers[1]
    assert another[1]["id"] != answers[0][1]["id"]
    assert len(ids()) == 2
    assert service.of_contact("c", VISITED)[0].attributes == {"properties": {"seconds": 4.5}}


@pytest.mark.rule("INT-3")
def test_nobody_can_report_that_an_email_was_opened(call):
    status, problem = call("POST", "/interactions", {**VISIT, "type": "EmailOpened"})

    assert status == 400
    assert problem["errors"][0]["field"] == "type"


@pytest.mark.rule("INT-8")
def test_a_contact_s_data_is_read_by_type_and_dates_page_by_page(call):
    made = [record(event=str(n), at=NOW + timedelta(days=n)).id for n in range(5)]
    record(CLICKED, event="other type")
    dates = "date_from=2026-11-25T00:00:00Z&date_to=2026-11-28T12:00:00Z"

    _, first = call("GET", f"/interactions?contact_id=c&type=WebsiteVisited&{dates}&limit=2")
    _, rest = call(
        "GET", f"/interactions?contact_id=c&type=WebsiteVisited&{dates}&limit=2&cursor={first['next_cursor']}"
    )

    assert [each["id"] for each in first["items"] + rest["items"]] == [made[4], made[3], made[2], made[1]]
    assert rest["next_cursor"] is None


@pytest.mark.rule("INT-8")
@pytest.mark.parametrize("missing", ["contact_id=c", "type=WebsiteVisited"])
def test_contact_and_type_must_be_named(call, missing):
    status, _ = call("GET", f"/interactions?{missing}")

    assert status == 400


def test_a_cursor_of_another_list_is_refused_in_words():
    for number in range(3):
        record(event=str(number), at=NOW + timedelta(seconds=number))
    cursor = service.page_of_contact("c", VISITED, None, None, Asked(limit=1)).next_cursor

    with pytest.raises(Invalid, match="another list"):
        service.page_of_contact("c", CLICKED, None, None, Asked(cursor=cursor))
    with pytest.raises(Invalid):
        service.page_of_contact("c", VISITED, None, None, Asked(cursor="made up"))


@pytest.mark.rule("INT-4")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_there_is_no_way_to_change_an_interaction(call, method):
    status, _ = call(method, "/interactions")

    assert status == 405
