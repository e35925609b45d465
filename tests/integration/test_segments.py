"""Segments: who joins and who leaves, when and why; through facts, time, hands and races."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from chalice.test import Client

from app import app, evaluate_membership
from chalicelib.agenda import fallen_due
from chalicelib.clock import as_text, now
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.definitions import carrying, jobs
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import commit
from chalicelib.errors import Conflict, Invalid, NotFound, Unprocessable
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import HUMAN, MACHINE, NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.lists import Asked
from chalicelib.segments import asking, service
from chalicelib.segments.facts import facts_of
from chalicelib.segments.models import Evaluation, Interval, SegmentsItem
from chalicelib.segments.schemas import SegmentDocument
from chalicelib.streams import _record
from tests.support import events
from tests.support.api import Caller
from tests.support.scoring import lead

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
IN_OSLO = {"field": "contact.city", "operator": "equals", "values": ["Oslo"]}
IN_BERGEN = {"field": "contact.city", "operator": "equals", "values": ["Bergen"]}
CLICKED = {"interaction": "EmailClicked"}
ENGINEER = {"field": "contact.job_title", "operator": "equals", "values": ["Engineer"]}


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def segment(query=None, identity="s", **more):
    """A live segment: dynamic with a query, static without."""
    given = {"type": "dynamic" if query else "static", "query": query, **more}
    document = SegmentDocument.model_validate(given).model_dump(mode="json", by_alias=True)
    definitions.create("segment", identity, identity, document, "u", NOW)
    check = lambda draft: service.check(SegmentDocument.model_validate(draft))  # noqa: E731
    definitions.publish("segment", identity, check, version=1, by="u", now=NOW)


def person(identity="c", **values):
    return contacts.create(identity, {"last_name": "Juhl", **values}, NOW, by="u")


def amend(identity="c", now=NOW, **values):
    return contacts.amend(identity, values, contacts.find(identity).version, now)


def delete(identity="c"):
    contacts.remove(identity, contacts.find(identity).version, NOW)


def does(at=NOW, type_=InteractionType.EMAIL_CLICKED, identity="c", verdict=HUMAN, **attributes):
    new = NewInteraction(
        type_, at, "test", f"{identity} {at} {attributes}", identity, attributes=attributes, verdict=verdict
    )
    commit(interactions.record(new, at))


def evaluate(identity="c", now=NOW, fact="rebuild", **more):
    service.evaluate_contact({"fact": fact, "contact": identity, **more}, now)


def member(identity="c", segment_id="s"):
    return service.is_member(identity, segment_id)


def holds(query, now=NOW):
    """Whether the contact is a member of a segment of this query, published and evaluated now."""
    identity = str(len(live_definitions.all_live("segment")))
    segment(query, identity)
    evaluate(now=now)
    return member(segment_id=identity)


# Queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("SEG-7", "SEG-9", "SEG-13")
def test_a_query_joins_attributes_and_deeds_by_and_or_and_not():
    person(city="Oslo", job_title="Engineer")
    does()

    assert holds({"all": [IN_OSLO, CLICKED]})
    assert not holds({"all": [IN_BERGEN, CLICKED]})
    assert holds({"any": [IN_BERGEN, CLICKED]})
    assert not holds({"all": [IN_OSLO, {"not": CLICKED}]})
    assert holds({"all": [ENGINEER, {"not": {"any": [IN_BERGEN, {"interaction": "FormSubmitted"}]}}]})
    assert holds({"field": "contact.city", "operator": "equals", "values": ["Bergen", "Oslo"]})


@pytest.mark.rule("CON-13")
def test_who_follows_no_email_can_be_found():
    person()
    asked = {"field": "preferences.follow_email", "operator": "equals", "values": [False]}
    assert not holds(asked)

    said = Evidence(who="user:u", source="api", method="api")
    consent.change_by_user("c", {"follow_email": False}, 0, said, "change", NOW)

    assert holds(asked)


@pytest.mark.rule("PRV-8", "PRV-3")
def test_who_gave_a_level_of_consent_can_be_found_whether_or_not_minimum_consent_counts():
    person()
    asked = {"field": "preferences.consent_level", "operator": "at_least", "values": [3]}
    assert not holds(asked)

    said = Evidence(who="user:u", source="api", method="api", reason="on the phone")
    consent.change_by_user("c", {"consent_level": 4}, 0, said, "change", NOW)

    assert holds(asked)


@pytest.mark.rule("SEG-12")
def test_a_deed_counts_often_enough_within_its_window_and_with_its_attributes():
    person()
    for days in (1, 2, 10):
        does(NOW - days * DAY, email_id="spring")

    assert holds({**CLICKED, "at_least": 3})
    assert not holds({**CLICKED, "at_least": 3, "within": "P5D"})
    assert holds({**CLICKED, "exactly": 2, "within": "P5D"})
    assert holds({**CLICKED, "where": [{"field": "email_id", "operator": "equals", "values": ["spring"]}]})
    assert not holds({**CLICKED, "where": [{"field": "email_id", "operator": "equals", "values": ["autumn"]}]})


def test_what_a_machine_did_makes_nobody_a_member_unless_the_query_says_so():
    person()
    does(verdict=MACHINE)

    assert not holds(CLICKED)
    assert holds({**CLICKED, "include_machine": True})


@pytest.mark.rule("CORE-5", "SEG-2")
def test_a_query_may_begin_with_accounts_and_leads_and_ends_with_their_contacts():
    accounts.create("a", {"name": "Fjord", "industry": "Shipping"}, NOW, by="u")
    person(account_id="a")
    person("other")
    lead(contact_id="c", topic="Boats")
    segment({"field": "account.industry", "operator": "equals", "values": ["Shipping"]}, "by-account")
    segment({"field": "lead.topic", "operator": "equals", "values": ["Boats"]}, "by-lead")

    for identity in ("c", "other"):
        evaluate(identity)

    assert service.are_members("c", ["by-account", "by-lead"]) == {"by-account", "by-lead"}
    assert service.are_members("other", ["by-account", "by-lead"]) == frozenset()


@pytest.mark.rule("CORE-3", "SEG-1")
def test_members_are_contacts_only():
    accounts.create("a", {"name": "Fjord"}, NOW, by="u")
    lead("l", contact_id=None)
    segment(identity="picked")
    segment({"field": "contact.city", "operator": "is_missing"})

    for identity in ("a", "l", "nobody"):
        with pytest.raises(NotFound):
            service.pick("picked", [identity], NOW)
        evaluate(identity)

        assert service.memberships_of(identity) == {}


@pytest.mark.rule("SEG-3")
def test_a_draft_has_no_members_by_query():
    person(city="Oslo")
    document = SegmentDocument.model_validate({"query": IN_OSLO}).model_dump(mode="json", by_alias=True)
    definitions.create("segment", "s", "s", document, "u", NOW)

    evaluate()

    assert not member()


def test_a_query_over_what_there_is_not_does_not_go_live():
    with pytest.raises(Unprocessable) as refused:
        segment(
            {"all": [{"field": "lead.score_rollup", "operator": "equals", "values": [1]}, {"interaction": "Slept"}]}
        )

    assert [problem.field for problem in refused.value.problems] == ["/query/all/0/field", "/query/all/1/interaction"]


def test_relative_dates_follow_the_time_zone_of_the_segment():
    person(birth_date="2026-11-24")
    today = {"field": "contact.birth_date", "operator": "in_last", "values": ["P1D"]}
    segment(today, "early", time_zone="Pacific/Kiritimati")
    segment(today, "late", time_zone="Pacific/Pago_Pago")

    evaluate(now=datetime(2026, 11, 25, 5, tzinfo=UTC))

    assert service.are_members("c", ["early", "late"]) == {"late"}


# Joining and leaving -----------------------------------------------------------------------------------------------


def test_each_time_in_a_segment_is_kept_as_an_interval():
    person(city="Oslo")
    segment(IN_OSLO)
    for number, city in enumerate(("Oslo", "Bergen", "Oslo", "Bergen", "Oslo")):
        at = NOW + number * MINUTE
        amend(city=city, now=at)
        evaluate(now=at)

    found = Interval.query("CONTACT#c", Interval.sk.startswith("INTERVAL#s#"))
    assert [(each.since, each.until) for each in found] == [
        (NOW, NOW + MINUTE),
        (NOW + 2 * MINUTE, NOW + 3 * MINUTE),
    ]
    assert service.memberships_of("c")["s"].since == NOW + 4 * MINUTE
    assert service.memberships_of("c")["s"].holds


def told(world):
    """The facts about segments that were told, in order."""
    heard = []
    for each in world.recorded:
        if each.function == "route_segments":
            heard += _facts(each.event)
    return heard


def _facts(event):
    return [(fact["fact"], fact["id"], fact["contact"]) for raw in event["Records"] for fact in facts_of(_record(raw))]


@pytest.mark.rule("SEG-5")
def test_a_changed_contact_joins_and_leaves_by_itself_and_both_are_facts(world):
    segment(IN_OSLO)
    person(city="Bergen")
    world.settle()
    amend(city="Oslo")
    world.settle()
    assert member()

    amend(city="Bergen")
    world.settle()

    assert not member()
    assert told(world) == [("segment.joined", "s", "c"), ("segment.left", "s", "c")]


@pytest.mark.parametrize(
    "where",
    [
        {"field": "email_id", "operator": "equals", "values": ["spring"]},
        {"field": "url", "operator": "equals", "values": ["https://example.com/a"]},
        {"field": "properties.product", "operator": "equals", "values": ["boat"], "type": "text"},
    ],
    ids=lambda where: where["field"],
)
@pytest.mark.rule("SEG-5", "SEG-12")
def test_a_deed_makes_a_member_whatever_attribute_the_query_asks_for(world, where):
    segment({**CLICKED, "where": [where]})
    person()
    world.settle()

    does(world.now, email_id="spring", url="https://example.com/a", properties={"product": "boat"})
    world.settle()

    assert member()


def test_a_deed_that_no_segment_asks_for_writes_nothing(world):
    segment({**CLICKED, "where": [{"field": "email_id", "operator": "equals", "values": ["spring"]}]})
    person()
    world.settle()
    before = Evaluation.find(*Evaluation.at("c")).version

    does(world.now, email_id="autumn")
    does(world.now, InteractionType.FORM_SUBMITTED, form_id="spring")
    world.settle()

    assert Evaluation.find(*Evaluation.at("c")).version == before


def test_a_contact_that_changes_its_account_is_asked_about_the_new_one(world):
    accounts.create("a", {"name": "Fjord", "industry": "Shipping"}, NOW, by="u")
    segment({"field": "account.industry", "operator": "equals", "values": ["Shipping"]})
    person()
    world.settle()

    amend(account_id="a")
    world.settle()

    assert member()


def test_when_an_account_changes_its_contacts_are_asked_again(world):
    accounts.create("a", {"name": "Fjord"}, NOW, by="u")
    segment({"field": "account.industry", "operator": "equals", "values": ["Shipping"]})
    people = [f"c{number}" for number in range(3)]
    for identity in people:
        person(identity, account_id="a")
    world.settle()

    accounts.amend("a", {"industry": "Shipping"}, 1, NOW)
    world.settle()

    assert [member(identity) for identity in people] == [True] * 3


def test_going_live_asks_everybody_and_a_static_segment_nobody(world, api):
    for number in range(20):
        person(f"c{number}", city="Oslo" if number % 2 else "Bergen")
    made = [api.post("/segments", {"name": "n", "document": {"type": type_, "query": query}})
            for type_, query in (("dynamic", IN_OSLO), ("static", None))]  # fmt: skip
    for each in made:
        api.change("POST", f"/segments/{each['id']}/publish", each)
    world.settle()

    assert len(api.get(f"/segments/{made[0]['id']}/members")["items"]) == 10
    assert [each.name.startswith(f"segment-{made[0]['id']}") for each in world.executions] == [True]


# Time --------------------------------------------------------------------------------------------------------------


def due():
    return [item.due for item in fallen_due(SegmentsItem.by_due, service.WORK, NOW + 365 * DAY, 10)]


@pytest.mark.rule("SEG-12")
def test_a_member_drops_out_when_the_window_has_moved_on(world):
    world.move_to(NOW)
    segment({**CLICKED, "within": "P30D"})
    person()
    does(NOW)
    world.settle()
    assert member()
    assert due() == [NOW + 30 * DAY]

    world.move_to(NOW + 30 * DAY + MINUTE)
    world.poll()

    assert not member()
    assert due() == []


def test_an_evaluation_that_time_does_not_change_waits_for_nothing():
    segment(IN_OSLO)
    person(city="Oslo")

    evaluate()

    assert due() == []


def test_what_is_due_leaves_the_agenda_also_when_no_segment_is_live_any_more():
    segment({**CLICKED, "within": "P1D"})
    person()
    does()
    evaluate()
    definitions.stop("segment", "s", version=definitions.get("segment", "s").version, by="u", now=NOW)

    evaluate(fact="due", now=NOW + 2 * DAY)

    assert due() == []


# Races and repeats -------------------------------------------------------------------------------------------------


def test_evaluations_that_race_leave_one_membership_and_one_fact(world):
    segment(IN_OSLO)
    person(city="Oslo")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: evaluate(now=NOW + number * MINUTE), range(4)))
    world.settle()

    assert member()
    assert told(world) == [("segment.joined", "s", "c")]
    assert Evaluation.find(*Evaluation.at("c")).version >= 4


def test_a_loser_of_a_race_decides_anew_from_what_is_true_now(monkeypatch):
    segment(IN_OSLO)
    person(city="Oslo")
    decide, raced = service.evaluating.decide, []

    def overtaken(*given):
        if not raced:
            raced.append(True)
            amend(city="Bergen")
            evaluate(now=NOW + MINUTE)
        return decide(*given)

    monkeypatch.setattr(service.evaluating, "decide", overtaken)
    evaluate()

    assert not member()


def test_a_message_older_than_the_last_evaluation_is_dropped():
    segment(IN_OSLO)
    person(city="Oslo")
    evaluate()

    evaluate(fact="contact.changed", changed=["city"], at=as_text(NOW - MINUTE), now=NOW + MINUTE)
    assert Evaluation.find(*Evaluation.at("c")).version == 1

    evaluate(fact="contact.changed", changed=["city"], at=as_text(NOW), now=NOW + MINUTE)
    assert Evaluation.find(*Evaluation.at("c")).version == 2


def test_more_segments_than_a_transaction_holds_are_joined_and_left():
    person(city="Oslo")
    for number in range(65):
        segment(IN_OSLO, f"s{number:02}")

    evaluate()
    joined = [each.holds for each in service.memberships_of("c").values()]
    amend(city="Bergen")
    evaluate(now=NOW + MINUTE)

    assert joined == [True] * 65
    assert [each.holds for each in service.memberships_of("c").values()] == [False] * 65
    assert due() == []


def test_an_evaluation_that_dies_half_way_is_taken_up_by_the_agenda(monkeypatch):
    person(city="Oslo")
    for number in range(35):
        segment(IN_OSLO, f"s{number:02}")
    keep = service._keep_part

    def dying(contact_id, version, *rest):
        if version == 1:
            raise ConnectionError
        keep(contact_id, version, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(service, "_keep_part", dying)
        with pytest.raises(ConnectionError):
            evaluate()
    assert due() == [NOW]

    evaluate(fact="due", now=NOW + MINUTE)

    assert sum(each.holds for each in service.memberships_of("c").values()) == 35
    assert due() == []


def test_a_batch_reports_the_message_that_failed_and_does_the_rest():
    segment(IN_OSLO)
    person(city="Oslo")
    messages = [{"fact": "rebuild"}, {"fact": "rebuild", "contact": "c"}]
    event = events.of_queue([(str(number), json.dumps(each), 1) for number, each in enumerate(messages)])

    answer = evaluate_membership(event, events.Context("evaluate_membership"))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert member()


# Deleted contacts --------------------------------------------------------------------------------------------------


def test_a_deleted_contact_leaves_everything_and_the_agenda(world):
    segment({"all": [IN_OSLO, {**CLICKED, "within": "P30D"}]})
    segment(identity="picked")
    person(city="Oslo")
    does(world.now)
    service.pick("picked", ["c"], NOW)
    world.settle()
    assert service.are_members("c", ["s", "picked"]) == {"s", "picked"}

    delete()
    world.settle(duplicate=True)

    assert service.are_members("c", ["s", "picked"]) == frozenset()
    assert service.members("picked", Asked()).items == []
    assert due() == []
    assert {each for each in told(world) if each[0] == "segment.left"} == {
        ("segment.left", "picked", "c"),
        ("segment.left", "s", "c"),
    }


def test_a_contact_deleted_while_it_is_evaluated_joins_nothing(monkeypatch):
    segment(IN_OSLO)
    person(city="Oslo")
    decide, raced = service.evaluating.decide, []

    def deleted_meanwhile(*given):
        if not raced:
            raced.append(True)
            delete()
            evaluate(fact="contact.deleted")
        return decide(*given)

    monkeypatch.setattr(service.evaluating, "decide", deleted_meanwhile)
    evaluate()

    assert raced
    assert not member()


# By hand -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CON-17", "SEG-5", "SEG-16")
@pytest.mark.parametrize("live", [False, True], ids=["draft", "live"])
def test_contacts_are_put_into_a_static_segment_and_taken_out_whether_draft_or_live(api, live):
    made = api.post("/segments", {"name": "VIP", "document": {"type": "static"}})
    if live:
        api.change("POST", f"/segments/{made['id']}/publish", made)
    path = f"/segments/{made['id']}/members"
    people = [person(f"c{number}").contact_id for number in range(3)]

    for _ in range(2):
        assert api.call("POST", path, {"contact_ids": [*people, people[0]]})[0] == 204
    for _ in range(2):
        assert api.call("DELETE", f"{path}/{people[0]}")[0] == 204

    assert sorted(each["contact_id"] for each in api.get(path)["items"]) == people[1:]
    assert [each["why"] for each in api.get(f"/contacts/{people[1]}/segments")["items"]] == ["hand"]


@pytest.mark.rule("CON-17")
def test_nobody_is_put_into_a_dynamic_segment_or_taken_out_by_hand():
    segment(IN_OSLO)
    person(city="Oslo")
    evaluate()

    with pytest.raises(Conflict, match="dynamic"):
        service.pick("s", ["c"], NOW)
    with pytest.raises(Conflict, match="dynamic"):
        service.unpick("s", "c", NOW)
    assert member()


def test_of_a_list_with_somebody_unknown_nobody_is_added():
    segment()
    person()

    with pytest.raises(NotFound) as refused:
        service.pick("s", ["c", "nobody"], NOW)

    assert [problem.message for problem in refused.value.problems] == ["nobody"]
    assert not member()


def test_those_who_pick_the_same_contact_at_once_do_not_disturb_each_other(world):
    segment()
    person()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: service.pick("s", ["c"], NOW + number * MINUTE), range(4)))
    world.settle()

    assert member()
    assert told(world) == [("segment.joined", "s", "c")]


def test_a_picked_member_is_not_taken_out_by_evaluations():
    segment()
    segment(IN_BERGEN, "query")
    person(city="Oslo")
    service.pick("s", ["c"], NOW)

    evaluate(now=NOW + MINUTE)

    assert member()


def test_a_segment_that_was_live_keeps_its_type(api):
    made = api.post("/segments", {"name": "VIP", "document": {"type": "static"}})
    live = api.change("POST", f"/segments/{made['id']}/publish", made)
    stopped = api.change("POST", f"/segments/{made['id']}/stop", live)

    status, problem, _ = api.call(
        "PUT",
        f"/segments/{made['id']}",
        {"name": "VIP", "document": {"type": "dynamic", "query": IN_OSLO}},
        If_Match=f'"{stopped["version"]}"',
    )

    assert (status, "keeps its type" in problem["detail"]) == (409, True)


# Asking ------------------------------------------------------------------------------------------------------------


def test_why_says_what_each_clause_saw_and_until_when(api):
    segment({"all": [IN_OSLO, {**CLICKED, "within": "P30D"}]})
    person(city="Bergen")
    does()

    with time_machine.travel(NOW + DAY, tick=False):
        answer = api.get("/segments/s/why/c")

    assert answer["holds"] is False
    assert [(each["place"], each["holds"], each["saw"]) for each in answer["reasons"]] == [
        ("/query/all/0", False, "Bergen"),
        ("/query/all/1", True, "1"),
    ]
    assert api.call("GET", "/segments/s/why/nobody")[0] == 404


def test_members_are_listed_page_by_page_each_once(api):
    segment()
    people = sorted(person(f"c{number:02}").contact_id for number in range(45))
    service.pick("s", people, NOW)

    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = service.members("s", Asked(7, cursor))
        found += [each.contact_id for each in page.items]
        cursor, pages = page.next_cursor, pages + 1

    assert sorted(found) == people
    assert pages in {7, 8}


def test_the_members_of_nothing_and_a_foreign_cursor_are_refused():
    segment()

    with pytest.raises(NotFound):
        service.members("nothing", Asked())
    with pytest.raises(Invalid):
        service.members("s", Asked(cursor="Zm9v"))


def test_a_lead_that_moves_to_another_contact_takes_the_membership_along(world):
    segment({"field": "lead.topic", "operator": "equals", "values": ["Boats"]})
    person()
    person("d")
    lead("l", contact_id="c", topic="Boats")
    world.settle()
    assert [member("c"), member("d")] == [True, False]

    leads.amend("l", {"contact_id": "d"}, by="u", version=lead_reading.find("l").version, now=NOW)
    world.settle()

    assert [member("c"), member("d")] == [False, True]


# What is settled once a segment has been live ----------------------------------------------------------------------


def saved(api, name="s", **more):
    """Save a draft of the segment that has been live, and return status and detail."""
    known = definitions.get("segment", "s")
    document = {**known.document, **more}
    status, answer, _ = api.call(
        "PUT", "/segments/s", {"name": name, "document": document}, If_Match=f'"{known.version}"'
    )
    return status, answer.get("detail", "")


@pytest.mark.rule("SEG-4")
@pytest.mark.parametrize("stopped", [False, True])
def test_type_name_and_description_are_settled_and_the_query_is_not(api, stopped):
    segment(IN_OSLO, description="Those of Oslo")
    if stopped:
        definitions.stop("segment", "s", version=definitions.get("segment", "s").version, by="u", now=NOW)

    assert saved(api, type="static", query=None)[0] == 409
    assert saved(api, description="Others") == (
        409,
        "A segment that has been live keeps its description. Make another segment instead.",
    )
    assert saved(api, name="Another") == (409, "It keeps its name once it has been live. Make another one instead.")
    assert saved(api, query=IN_BERGEN)[0] == 200
    assert definitions.get("segment", "s").name == "s"


@pytest.mark.rule("SEG-4")
def test_a_draft_that_was_never_live_changes_as_it_likes(api):
    made = api.post("/segments", {"name": "s", "document": {"type": "static"}})

    document = {"type": "dynamic", "description": "new", "query": IN_OSLO}
    api.change("PUT", f"/segments/{made['id']}", made, {"name": "t", "document": document})

    assert api.get(f"/segments/{made['id']}")["name"] == "t"


# Members by query --------------------------------------------------------------------------------------------------


def by_query(api, change, query, identity="s"):
    """Ask, and work the job off as the bulk machine does."""
    status, job, _ = api.call("POST", f"/segments/{identity}/members/by-query", {"change": change, "query": query})
    assert status == 202, job
    assert carrying.begin(job["id"], jobs.get(job["id"]).due) is not None
    for number in range(16):
        while not carrying.work_page(job["id"], number, now()).ended:
            pass
    assert carrying.finish(job["id"], now())


def listed(identity="s"):
    return sorted(each.contact_id for each in service.members(identity, Asked(100)).items)


@pytest.mark.rule("SEG-16")
@pytest.mark.parametrize("live", [False, True])
def test_a_query_puts_members_in_and_takes_them_out_once(api, live):
    if live:
        segment()
    else:
        definitions.create("segment", "s", "s", {"type": "static"}, "u", NOW)
    for identity, city in (("a", "Oslo"), ("b", "Oslo"), ("c", "Bergen")):
        person(identity, city=city, job_title="Engineer" if identity == "a" else None)
    service.pick("s", ["c"], NOW)

    by_query(api, "add", IN_OSLO)
    assert listed() == ["a", "b", "c"]
    amend("b", city="Bergen")  # a query that was asked is not asked again
    evaluate("b")
    assert listed() == ["a", "b", "c"]
    by_query(api, "remove", IN_BERGEN)
    assert listed() == ["a"]
    person("d", city="Oslo")
    evaluate("d")
    assert listed() == ["a"]


@pytest.mark.rule("SEG-16")
def test_a_query_that_cannot_be_asked_and_a_dynamic_segment_are_refused(api):
    segment()
    segment(IN_OSLO, "dynamic")
    nonsense = {"field": "contact.shoe_size", "operator": "equals", "values": [42]}

    unknown, problem, _ = api.call("POST", "/segments/s/members/by-query", {"change": "add", "query": nonsense})
    dynamic, *_ = api.call("POST", "/segments/dynamic/members/by-query", {"change": "add", "query": IN_OSLO})
    missing, *_ = api.call("POST", "/segments/none/members/by-query", {"change": "add", "query": IN_OSLO})

    assert (unknown, dynamic, missing) == (422, 409, 404)
    assert problem["errors"][0]["field"].startswith("/query")


def test_asking_with_the_same_key_twice_asks_once(api):
    segment()
    body = {"change": "add", "query": IN_OSLO}

    jobs_made = {api.call("POST", "/segments/s/members/by-query", body, Idempotency_Key="k")[1]["id"] for _ in range(2)}

    assert len(jobs_made) == 1


# The size before ---------------------------------------------------------------------------------------------------


def drafted(api, **document):
    return api.post("/segments", {"name": "s", "document": document})["id"]


@pytest.mark.rule("SEG-6")
def test_a_few_contacts_are_all_asked_before_the_segment_goes_live(api):
    for number in range(5):
        person(f"c{number}", city="Oslo" if number < 2 else "Bergen")
    draft = drafted(api, query=IN_OSLO)

    found = api.post(f"/segments/{draft}/estimate")

    assert found == {"members": 2, "contacts": 5, "sampled": 5, "exact": True}
    assert listed(draft) == []


@pytest.mark.rule("SEG-6")
def test_of_many_contacts_a_sample_is_asked(api, monkeypatch):
    monkeypatch.setattr(asking, "MOST_SAMPLED", 80)
    for number in range(160):
        contacts.create(f"c{number}", {"last_name": "Juhl", "city": "Oslo"}, NOW + timedelta(minutes=number), by="u")
    draft = drafted(api, query=IN_OSLO)

    found = api.post(f"/segments/{draft}/estimate")

    assert found["exact"] is False
    assert found["sampled"] <= 80
    assert 80 <= found["contacts"] <= 320
    assert found["members"] == found["contacts"]  # the query holds for all


@pytest.mark.rule("SEG-6")
def test_what_cannot_be_estimated_says_why(api):
    static = drafted(api, type="static")
    broken = drafted(api, query={"field": "contact.shoe_size", "operator": "equals", "values": [42]})

    assert [api.call("POST", f"/segments/{each}/estimate")[0] for each in (static, broken, "none")] == [409, 422, 404]
    assert api.post(f"/segments/{drafted(api, query=IN_OSLO)}/estimate")["members"] == 0
