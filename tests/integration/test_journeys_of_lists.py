"""Subscription lists as the audience of journeys: who enters, who is stopped for leaving, and who goes on (26-2)."""

from datetime import timedelta

import pytest

from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import records
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.journeys import service
from chalicelib.journeys.models import Enrolment
from chalicelib.journeys.schemas import GoingLive
from chalicelib.segments import service as segments
from tests.support.journeys import contact, document, publish, ready, ring, wait
from tests.support.merged import merge, undo

HOUR = timedelta(hours=1)
TILES = {"w": wait("PT1H", "r"), "r": ring()}
ON, OFF = State.SUBSCRIBED, State.UNSUBSCRIBED


@pytest.fixture
def live(world):
    """Let a journey go live for these lists and segments, once there are the lists and some contacts."""
    ready()
    for each in ("news", "lamps"):
        records.create(each, {"name": each, "public_name": each}, "user:u", world.now)
    for each in ("c", "twin"):
        contact(each, email=f"{each}@contoso.example")
    publish("segment", "s", {"type": "static"}, world.now)
    publish("trigger", "t", {"attributes": []}, world.now)

    def live(*items, merge="union", forms=(), **more):
        given = [{"subscription_list": each} if each != "s" else {"segment": "s"} for each in items]
        audience = {"segments": {"merge": merge, "items": given}, "forms": list(forms)}
        draft = document(TILES, audience=audience, **more)
        definitions.create("journey", "j", "j", draft, "user:u", world.now)
        service.publish("j", GoingLive.KEEP, 1, "user:u", world.now)
        world.advance(timedelta(minutes=1))
        world.poll("job")
        world.settle(delayed=False)

    return live


def move(world, list_id, wanted, who="c"):
    """Let somebody join or leave a list, and everybody hear of it."""
    said = Evidence(who="user:u", source="test", method="test", reason="asked")
    subscriptions.change_by_user(who, list_id, wanted, said, f"{who}-{list_id}-{world.now}", world.now)
    world.settle(delayed=False)


def enrolments():
    found = (item for item in Enrolment.scan(consistent_read=True) if isinstance(item, Enrolment))
    return sorted(item.enrolment_id for item in found)


def after_the_wait(world, enrolment="c.j.1"):
    world.advance(HOUR + timedelta(minutes=1))
    world.poll("enrolment")
    world.settle()
    found = service.find(enrolment)
    return found.standing, found.reason


# Who enters ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("SBL-4", "JRN-30")
def test_whoever_joins_the_list_enters_and_nobody_else(world, live):
    live("news")

    move(world, "lamps", ON, "twin")
    move(world, "news", ON)

    assert enrolments() == ["c.j.1"]


@pytest.mark.rule("SBL-4", "JRN-12")
def test_whoever_is_on_the_list_already_enters_when_the_journey_goes_live(world, live):
    move(world, "news", ON)
    move(world, "news", ON, "twin")
    move(world, "news", OFF, "twin")

    live("news")

    assert enrolments() == ["c.j.1"]


@pytest.mark.rule("JRN-30")
@pytest.mark.parametrize(("merge", "expected"), [("union", ["c.j.1", "twin.j.1"]), ("intersection", ["c.j.1"])])
def test_lists_and_segments_are_combined_as_the_audience_says(world, live, merge, expected):
    live("s", "news", merge=merge)

    move(world, "news", ON)
    segments.pick("s", ["c", "twin"], world.now)
    world.settle(delayed=False)

    assert enrolments() == expected


@pytest.mark.rule("SBL-3", "SBL-4")
def test_a_person_that_left_as_one_of_its_contacts_does_not_enter_as_another(world, live):
    move(world, "news", ON, "twin")
    move(world, "news", OFF, "twin")
    merge("c", "twin", world.now)
    live("news")
    world.settle()
    before = enrolments()

    undo("c", "twin", world.now)
    move(world, "news", ON)

    assert (before, enrolments()) == ([], ["c.j.1"])


def test_whoever_is_on_the_list_again_because_a_merge_is_undone_enters(world, live):
    move(world, "news", ON)
    move(world, "news", ON, "twin")
    move(world, "news", OFF, "twin")
    merge("c", "twin", world.now)
    live("news")
    before = enrolments()

    undo("c", "twin", world.now)
    world.settle(delayed=False)

    assert (before, enrolments()) == ([], ["c.j.1"])


def test_a_merged_contact_on_the_list_enters_as_the_one_that_counts(world, live):
    move(world, "news", ON, "twin")
    merge("c", "twin", world.now)

    live("news")

    assert enrolments() == ["c.j.1"]


def test_a_repeated_fact_enrols_nobody_twice(world, live):
    live("news")
    move(world, "news", ON)

    world.replay(shuffle=7)

    assert enrolments() == ["c.j.1"]


# Who leaves ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("JRN-15")
@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({}, ("stopped", "left_audience")),
        ({"left_list": "stop"}, ("stopped", "left_audience")),
        ({"left_list": "continue"}, ("finished", None)),
    ],
)
def test_what_becomes_of_who_leaves_the_list_inside_is_a_setting(world, live, setting, expected):
    live("news", **setting)
    move(world, "news", ON)

    move(world, "news", OFF)

    assert after_the_wait(world) == expected


def test_whom_another_item_of_the_audience_holds_goes_on(world, live):
    live("news", "lamps")
    move(world, "news", ON)
    move(world, "lamps", ON)

    move(world, "news", OFF)

    assert after_the_wait(world) == ("finished", None)


def test_whoever_entered_by_a_segment_and_leaves_it_goes_on_though_it_left_the_list_long_before(world, live):
    move(world, "news", ON)
    move(world, "news", OFF)
    world.advance(HOUR)
    live("s", "news")
    segments.pick("s", ["c"], world.now)
    world.settle(delayed=False)

    segments.unpick("s", "c", world.now)

    assert after_the_wait(world) == ("finished", None)


def test_whoever_is_back_on_the_list_when_it_is_its_turn_goes_on(world, live):
    live("news")
    move(world, "news", ON)
    move(world, "news", OFF)

    world.advance(timedelta(minutes=1))
    move(world, "news", ON)

    assert after_the_wait(world) == ("finished", None)


def test_whoever_leaves_as_a_contact_that_was_merged_into_it_is_stopped(world, live):
    live("news")
    move(world, "news", ON)
    merge("c", "twin", world.now)
    world.settle(delayed=False)

    move(world, "news", OFF, "twin")

    assert after_the_wait(world) == ("stopped", "left_audience")


def test_where_forms_let_in_as_well_nobody_is_stopped_for_leaving_a_list(world, live):
    publish("form", "f", {}, world.now)
    live("news", forms=["f"])
    move(world, "news", ON)

    move(world, "news", OFF)

    assert after_the_wait(world) == ("finished", None)


def test_a_deleted_contact_that_was_on_the_list_is_swept_away(world, live):
    live("news")
    move(world, "news", ON)

    contacts.remove("c", contacts.find("c").version, world.now)
    world.settle()

    assert enrolments() == []
    assert subscriptions.of_person(contacts.who_is("c")) == []


# The document ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("SBL-4")
@pytest.mark.parametrize(
    "item",
    [
        {"subscription_list": "news", "containment": "exclude"},
        {"subscription_list": "news", "segment": "s"},
        {"containment": "include"},
    ],
)
def test_a_list_can_only_be_included_and_an_item_names_one_thing(item):
    with pytest.raises(ValueError, match=r"only be included|Name a segment or a subscription list"):
        document(TILES, audience={"segments": {"items": [item]}})
