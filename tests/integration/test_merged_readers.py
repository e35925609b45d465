"""After a merge every reader sees one person: scores, segments, consent, journeys, messages, lists (decision 46)."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from chalice.test import Client

from app import app
from chalicelib.activities import service as activities
from chalicelib.activities.schemas import NewActivity
from chalicelib.conditions import sources
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import merging
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.insights import service as insights
from chalicelib.interactions import plans as interaction_plans
from chalicelib.interactions import service as log
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.journeys import entry, versions
from chalicelib.journeys import service as enrolments
from chalicelib.journeys.models import Raised, Standing
from chalicelib.journeys.stops import StopReason
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.messages import opting, plans, sender
from chalicelib.messages import service as messages
from chalicelib.messages.ledger import State
from chalicelib.messages.reasons import Reason
from chalicelib.scoring import reading, service
from chalicelib.scoring.models import Evaluation
from chalicelib.segments import service as segments
from tests.support import campaign, journeys, scoring
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge, prefer, undo

DAY = timedelta(days=1)
CLICKED = {"type": "dynamic", "query": {"interaction": "EmailClicked", "at_least": 2}}
PICKED = {"type": "static"}


@pytest.fixture
def pair(world):
    """Ada, and a twin who is she as well; each has clicked once and has a lead."""
    for identity, city in (("ada", "Odense"), ("twin", "Aarhus")):
        journeys.contact(identity, email=f"{identity}@contoso.example", city=city)
        scoring.lead(f"l-{identity}", identity)
        click(world, identity)
    return world


def click(world, identity, event="1"):
    scoring.click(f"{identity}-{event}", at=world.now, contact_id=identity)


def scores():
    return {each: [score.score for score in reading.scores_of(each)] for each in ("l-ada", "l-twin")}


def owners():
    return {score.contact_id for each in ("l-ada", "l-twin") for score in reading.scores_of(each)}


# Scores --------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("RSC-10")
def test_a_merge_is_scored_at_once_and_each_interaction_counts_once(pair):
    scoring.publish(scoring.clicked(30), scoring.lives_in("Odense", 7), model_id=None)
    pair.send("rescore", '{"fact": "rebuild", "contact": "ada"}')
    pair.send("rescore", '{"fact": "rebuild", "contact": "twin"}')
    pair.settle()
    assert scores() == {"l-ada": [37], "l-twin": [30]}

    merge("ada", "twin", pair.now)
    pair.settle(duplicate=True, shuffle=1)

    assert scores() == {"l-ada": [67], "l-twin": [67]}
    assert owners() == {"ada"}
    assert not service.recount("ada", pair.now)
    assert Evaluation.find(*Evaluation.at("twin")) is None

    click(pair, "twin", "2")
    pair.settle()
    assert scores() == {"l-ada": [97], "l-twin": [97]}

    undo("ada", "twin", pair.now)
    pair.settle(duplicate=True, shuffle=2)
    assert scores() == {"l-ada": [37], "l-twin": [60]}
    assert owners() == {"ada", "twin"}
    assert not any(service.recount(each, pair.now) for each in ("ada", "twin"))


@pytest.mark.rule("SCO-31", "SCO-33")
def test_who_may_not_be_profiled_as_one_identity_is_not_profiled_as_any(pair):
    prefer("ada", pair.now, consent_level=5)
    scoring.publish(scoring.clicked(30), minimum_consent=4)
    pair.send("rescore", '{"fact": "rebuild", "contact": "ada"}')
    pair.settle()
    assert scores() == {"l-ada": [30], "l-twin": []}

    merge("ada", "twin", pair.now)
    pair.settle()
    assert scores() == {"l-ada": [], "l-twin": []}

    undo("ada", "twin", pair.now)
    pair.settle()
    assert scores() == {"l-ada": [30], "l-twin": []}


def test_a_lead_of_the_other_that_is_given_to_somebody_else_takes_its_score_along(pair):
    scoring.publish(scoring.clicked(30))
    journeys.contact("bo")
    merge("ada", "twin", pair.now)
    pair.settle()

    leads.amend("l-twin", {"contact_id": "bo"}, by="u", version=lead_reading.find("l-twin").version, now=pair.now)
    pair.settle()

    assert scores() == {"l-ada": [60], "l-twin": [0]}
    assert owners() == {"ada", "bo"}


# Segments ------------------------------------------------------------------------------------------------------------


def test_queries_ask_the_whole_person_and_the_other_is_in_no_segment(pair):
    journeys.publish("segment", "s", CLICKED, pair.now)
    pair.settle()
    assert not segments.is_member("ada", "s")

    merge("ada", "twin", pair.now)
    pair.settle(duplicate=True, shuffle=3)
    assert (segments.is_member("ada", "s"), segments.is_member("twin", "s")) == (True, False)
    assert segments.why("s", "twin", pair.now).holds

    undo("ada", "twin", pair.now)
    pair.settle(duplicate=True, shuffle=4)
    assert (segments.is_member("ada", "s"), segments.is_member("twin", "s")) == (False, False)


@pytest.mark.rule("SEG-16")
def test_whoever_was_picked_as_one_identity_stays_picked_until_the_merge_is_undone(pair):
    for identity, members in (("both", ["ada", "twin"]), ("mine", ["ada"]), ("theirs", ["twin"]), ("none", [])):
        journeys.publish("segment", identity, PICKED, pair.now)
        segments.pick(identity, members, pair.now)
    before = held()

    merge("ada", "twin", pair.now)
    pair.settle(duplicate=True, shuffle=5)
    assert held() == {"ada": {"both", "mine", "theirs"}, "twin": set()}

    segments.pick("none", ["twin"], pair.now)
    assert held()["ada"] == {"both", "mine", "theirs", "none"}
    segments.unpick("none", "twin", pair.now)

    undo("ada", "twin", pair.now)
    pair.settle(duplicate=True, shuffle=6)
    assert held() == before


def test_who_is_taken_out_by_hand_while_merged_stays_out(pair):
    journeys.publish("segment", "theirs", PICKED, pair.now)
    segments.pick("theirs", ["twin"], pair.now)
    merge("ada", "twin", pair.now)
    pair.settle()

    segments.unpick("theirs", "ada", pair.now)
    undo("ada", "twin", pair.now)
    pair.settle()

    assert held() == {"ada": set(), "twin": set()}


def held():
    return {
        each: {name for name, membership in segments.memberships_of(each).items() if membership.holds}
        for each in ("ada", "twin")
    }


# Consent (invariant 7) -----------------------------------------------------------------------------------------------


def test_the_strictest_consent_counts_and_a_change_of_mind_is_one_of_all_identities(pair):
    prefer("ada", pair.now, consent_level=5, prefill=True)
    prefer("twin", pair.now, bulk_email=False, consent_level=3)
    merge("ada", "twin", pair.now)

    allowed = consent.of_person(contacts.who_is("twin"))
    assert (allowed.bulk_email, allowed.consent_level, allowed.prefill) == (False, 3, False)
    assert sources.gather("twin", ["preferences"], {}, pair.now).records("preferences")[0]["consent_level"] == 3

    said = Evidence(who="contact:ada", source="form", method="centre")
    opting.set_bulk(["ada"], "again", said, pair.now, allow=True)
    assert consent.of_person(contacts.who_is("ada")).bulk_email
    opting.set_bulk(["twin"], "no-more", said, pair.now, allow=False)

    undo("ada", "twin", pair.now)
    assert [consent.preferences(each).bulk_email for each in ("ada", "twin")] == [False, False]
    assert [consent.preferences(each).consent_level for each in ("ada", "twin")] == [5, 3]


def test_a_user_sees_and_changes_what_the_whole_person_allows(pair):
    prefer("twin", pair.now, bulk_email=False)
    merge("ada", "twin", pair.now)

    with Client(app) as client:
        api = Caller(client)
        shown = api.get("/contacts/ada/preferences")
        assert (shown["bulk_email"], api.get("/contacts/twin/preferences")["bulk_email"]) == (False, False)
        status, _, _ = api.call(
            "PATCH", "/contacts/ada/preferences", {"bulk_email": True}, If_Match=f'"{shown["version"]}"'
        )
        assert status == 400  # more than before needs a reason
        wanted = {"bulk_email": True, "reason": "asked by telephone"}
        assert api.change("PATCH", "/contacts/ada/preferences", shown, wanted)["bulk_email"]
        status, _, _ = api.call("PATCH", "/contacts/ada/preferences", wanted, If_Match=f'"{shown["version"]}"')
        assert status == 412
        logged = api.get("/contacts/ada/consent-changes")["items"]
        assert [each["method"] for each in logged] == ["test", "merged", "merged", "by user"]


# Messages ------------------------------------------------------------------------------------------------------------


def queue(identity, world, send_id="s1"):
    given = {"journey_id": "j", "occurrence": "1", "tile": "t", "visit": 1, "enrolment_id": f"e-{identity}"}
    named = {"contact_id": identity, "email_id": "e", "content_settings_id": "cs"}
    commit(plans.queue_send(send_id, **named, **given, now=world.now))


@pytest.fixture
def mailing(pair, office):
    journeys.forget_documents()
    journeys.publish("content-settings", "cs", campaign.content_settings(), pair.now)
    journeys.publish("email", "e", campaign.email(), pair.now)
    return office


@pytest.mark.parametrize("identity", ["ada", "twin"])
def test_a_message_to_any_identity_goes_to_the_main_address_unless_one_of_them_refuses(pair, mailing, identity):
    merge("ada", "twin", pair.now)
    queue(identity, pair)
    sender.take_up("s1", pair.now, "t")
    assert [letter.recipients for letter in mailing.letters()] == [("ada@contoso.example",)]

    prefer("twin", pair.now, bulk_email=False)
    queue(identity, pair, "s2")
    sender.take_up("s2", pair.now, "t")
    assert (messages.find("s2").state, messages.find("s2").reason) == (State.BLOCKED, Reason.BULK_EMAIL)


@pytest.mark.parametrize("refused", [True, False])
def test_a_merge_between_the_last_check_and_the_claim_is_not_missed(pair, mailing, refused):
    if refused:
        prefer("twin", pair.now, bulk_email=False)
    queue("ada", pair)

    with before_the_next_write(lambda: merge("ada", "twin", pair.now)):
        sender.take_up("s1", pair.now, "t")

    assert messages.find("s1").state == (State.BLOCKED if refused else State.SENT)
    assert len(mailing.letters()) == (0 if refused else 1)


# Journeys ------------------------------------------------------------------------------------------------------------


TILES = {"first": journeys.ring("pause"), "pause": journeys.wait("P1D", "last"), "last": journeys.ring()}


def enter(world, identity, journey="j"):
    running = versions.running(journey)
    reason = entry.enter(running, identity, entry.Call(entry.FORM), world.now)
    world.settle()
    return reason


def standing(identity, journey="j"):
    found = enrolments.find(f"{identity}.{journey}.1")
    return found.standing, found.reason


def test_a_second_enrolment_in_one_journey_is_stopped_with_the_reason_and_the_first_walks_on(pair):
    journeys.publish("journey", "j", journeys.document(TILES), pair.now)
    enter(pair, "twin")
    pair.advance(timedelta(minutes=1))
    enter(pair, "ada")

    merge("ada", "twin", pair.now)
    pair.settle(duplicate=True, shuffle=7)

    assert standing("ada") == (Standing.STOPPED, StopReason.MERGED)
    assert standing("twin") == (Standing.ACTIVE, None)
    pair.advance(DAY)
    pair.poll()
    pair.settle()
    assert standing("twin") == (Standing.FINISHED, None)


def test_undoing_a_merge_revives_no_enrolment_that_it_stopped_and_later_ones_are_each_contacts_own(pair):
    """Decision 67."""
    journeys.publish("journey", "j", journeys.document(TILES), pair.now)
    enter(pair, "twin")
    pair.advance(timedelta(minutes=1))
    enter(pair, "ada")
    merge("ada", "twin", pair.now)
    pair.settle()
    counted = insights.figures("journey#j")

    undo("ada", "twin", pair.now)
    pair.settle(duplicate=True, shuffle=9)

    assert standing("ada") == (Standing.STOPPED, StopReason.MERGED)
    assert standing("twin") == (Standing.ACTIVE, None)
    assert insights.figures("journey#j") == counted
    assert counted["ended:stopped:merged"] == 1
    journeys.publish("journey", "k", journeys.document(TILES), pair.now)
    assert (enter(pair, "twin", "k"), enter(pair, "ada", "k")) == (None, None)
    pair.settle()
    assert (standing("ada", "k"), standing("twin", "k")) == ((Standing.ACTIVE, None), (Standing.ACTIVE, None))


def test_a_second_enrolment_at_work_is_stopped_before_its_next_effect(pair):
    journeys.publish(
        "journey", "j", journeys.document({"w": journeys.wait("P1D", "m"), "m": journeys.ring()}), pair.now
    )
    enter(pair, "twin")
    pair.advance(timedelta(minutes=1))
    enter(pair, "ada")
    merge("ada", "twin", pair.now)
    pair.queues["enrol"].clear()
    pair.advance(DAY)

    journeys.burst("ada.j.1", pair.now, token="t")

    assert standing("ada") == (Standing.STOPPED, StopReason.MERGED)


def test_who_walks_a_journey_as_one_identity_does_not_enter_it_as_another(pair):
    journeys.publish("journey", "j", journeys.document(TILES), pair.now)
    enter(pair, "twin")
    merge("ada", "twin", pair.now)

    assert enter(pair, "ada") is StopReason.MERGED
    assert [each.reason for each in enrolments.refusals_of("twin")] == [StopReason.MERGED]

    journeys.publish("journey", "k", journeys.document(TILES), pair.now)
    assert enter(pair, "twin", "k") is None
    assert standing("ada", "k") == (Standing.ACTIVE, None)


@pytest.mark.parametrize("merged_first", [True, False])
@pytest.mark.parametrize("deed_of", ["ada", "twin"])
@pytest.mark.parametrize("walks", ["ada", "twin"])
def test_what_one_identity_does_wakes_what_waits_for_the_person(pair, walks, deed_of, merged_first):
    rules = [{"tile": "first", "did": "page_visited", "page": "p"}]
    waits = {"kind": "if_then", "rules": rules, "timeout": "P9D", "yes": "last", "no": None}
    tiles = {"first": journeys.ring("i"), "i": waits, "last": journeys.ring(trigger="yes")}
    journeys.publish("journey", "j", journeys.document(tiles), pair.now)
    enter(pair, walks) if not merged_first else None
    merge("ada", "twin", pair.now)
    pair.settle()
    walks = "ada" if merged_first else walks
    enter(pair, walks) if merged_first else None
    pair.advance(timedelta(minutes=1))
    assert standing(walks) == (Standing.ACTIVE, None)

    visit = NewInteraction(
        InteractionType.WEBSITE_VISITED, pair.now, "t", "v", contact_id=deed_of, attributes={"page_id": "p"}
    )
    commit(interaction_plans.record(visit, pair.now))
    pair.settle()

    assert standing(walks) == (Standing.FINISHED, None)
    assert [each.trigger_id for each in Raised.scan() if isinstance(each, Raised)].count("yes") == 1


def test_a_preview_says_what_the_merge_then_does(pair):
    prefer("twin", pair.now, bulk_email=False, consent_level=2)
    journeys.publish("segment", "theirs", PICKED, pair.now)
    segments.pick("theirs", ["twin"], pair.now)
    journeys.publish("journey", "j", journeys.document(TILES), pair.now)
    enter(pair, "twin")
    pair.advance(timedelta(minutes=1))
    enter(pair, "ada")

    said = merging.preview("ada", "twin", {}).consequences
    merge("ada", "twin", pair.now)
    pair.settle()

    assert said["consent"]["after"] == consent.of_person(contacts.who_is("ada")).fields()
    assert said["consent"]["before"]["bulk_email"] is True
    assert said["leads"] == {"now": ["l-ada"], "of_the_other": ["l-twin"]}
    assert said["segments"] == {"now": [], "of_the_other": ["theirs"]}
    assert held()["ada"] == {"theirs"}
    assert said["enrolments"] == {"inside": ["ada.j.1", "twin.j.1"], "stopped": ["ada.j.1"]}
    assert standing("ada") == (Standing.STOPPED, StopReason.MERGED)


# Lists ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["ada", "twin"])
def test_every_list_of_a_contact_shows_what_all_its_identities_have(pair, asked):
    for number in range(5):
        pair.advance(timedelta(minutes=1))
        click(pair, ("ada", "twin")[number % 2], f"more-{number}")
    for identity in ("ada", "twin"):
        new = NewActivity.model_validate(
            {"kind": "task", "subject": identity, "regarding": {"kind": "contact", "id": identity}}
        )
        activities.create(f"a-{identity}", new, "u", pair.now)
        queue(identity, pair, f"s-{identity}")
    journeys.publish("journey", "j", journeys.document(TILES), pair.now)
    journeys.publish("journey", "k", journeys.document(TILES), pair.now)
    enter(pair, "ada", "j")
    enter(pair, "twin", "k")
    merge("ada", "twin", pair.now)

    with Client(app) as client:
        api = Caller(client)
        clicks = pages(api, f"/interactions?contact_id={asked}&type=EmailClicked&limit=2")
        assert [each["at"] for each in clicks] == sorted((each["at"] for each in clicks), reverse=True)
        assert len(clicks) == 7
        assert {each["contact_id"] for each in clicks} == {"ada", "twin"}
        assert {each["id"] for each in pages(api, f"/leads?contact_id={asked}&limit=1")} == {"l-ada", "l-twin"}
        assert {each["id"] for each in pages(api, f"/contacts/{asked}/sends?limit=1")} == {"s-ada", "s-twin"}
        found = pages(api, f"/activities?regarding_kind=contact&regarding_id={asked}&limit=1")
        assert {each["id"] for each in found} == {"a-ada", "a-twin"}
        found = pages(api, f"/enrolments?contact_id={asked}&limit=1")
        assert [each["id"] for each in found] == ["ada.j.1", "twin.k.1"]


def pages(api, path):
    """Return everything of a list, page by page."""
    found, cursor = [], None
    while True:
        page = api.get(path + (f"&cursor={cursor}" if cursor else ""))
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


# Deleting ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CON-18")
def test_deleting_a_merged_contact_deletes_all_that_it_was(pair):
    scoring.publish(scoring.clicked(30))
    journeys.publish("segment", "s", PICKED, pair.now)
    segments.pick("s", ["twin"], pair.now)
    merge("ada", "twin", pair.now)
    pair.settle()
    assert scores() == {"l-ada": [60], "l-twin": [60]}

    contacts.remove("ada", contacts.find("ada").version, pair.now)
    pair.settle(duplicate=True, shuffle=8)
    pair.advance(DAY * 2)
    pair.poll()
    pair.settle()

    assert contacts.find_many(["ada", "twin"]) == []
    assert scores() == {"l-ada": [], "l-twin": []}
    for identity in ("ada", "twin"):
        assert log.of_contact(identity, "EmailClicked") == []
        assert segments.memberships_of(identity) == {}
        assert contacts.holders(identity) == []
    journeys.contact("new", email="twin@contoso.example")
    assert [each.contact_id for each in contacts.by_email("twin@contoso.example")] == ["new"]


# Every reader, whoever adds one ---------------------------------------------------------------------------------------

OF_A_CONTACT = [
    each
    for each in app.operations
    if each.method == "GET"
    and ("{contact_id}" in each.path or "contact_id" in each.query.model_fields)
    and each.path != "/contacts/{contact_id}/consent-changes/export"  # is no JSON
]
THEMSELVES = {"/contacts/{contact_id}", "/contacts/{contact_id}/merges"}
"""These show the record that is named."""
ASKED = {"type": "EmailClicked"}


def test_whatever_is_read_of_a_contact_is_the_same_for_each_of_its_identities(pair):
    journeys.publish("segment", "s", CLICKED, pair.now)
    merge("ada", "twin", pair.now)
    pair.settle()

    with Client(app) as client:
        api = Caller(client)
        for operation in OF_A_CONTACT:
            ada, twin = (api.get(_path(operation, each)) for each in ("ada", "twin"))
            assert (ada == twin) is (operation.path not in THEMSELVES or ada == {"items": []}), operation.path


def _path(operation, contact_id):
    path = operation.path.format(contact_id=contact_id, segment_id="s")
    asked = {name: ASKED.get(name) for name in operation.query.model_fields if name in ASKED}
    named = {} if "{contact_id}" in operation.path else {"contact_id": contact_id}
    return f"{path}?{urlencode({**asked, **named})}"
