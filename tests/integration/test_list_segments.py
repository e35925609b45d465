"""Segments, and everything else that asks conditions, of who is on a subscription list."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import service as contacts
from tests.support.api import Caller
from tests.support.merged import merge

ASKED = {"reason": "asked by phone"}


@pytest.fixture
def api(world):
    for each in ("ada", "twin"):
        contacts.create(each, {"last_name": "Berg"}, world.now, by="user:u")
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def news(api):
    return api.post("/subscription-lists", {"name": "News"})["id"]


def on(list_id):
    return {"field": "subscription.list_id", "operator": "equals", "values": [list_id]}


def segment(api, world, query):
    made = api.post("/segments", {"name": "S", "document": {"type": "dynamic", "query": query}})
    api.change("POST", f"/segments/{made['id']}/publish", made)
    world.settle()
    return made["id"]


def members(api, segment_id):
    return sorted(each["contact_id"] for each in api.get(f"/segments/{segment_id}/members")["items"])


@pytest.mark.rule("SBL-4")
def test_a_segment_holds_who_is_on_a_list_and_lets_go_of_who_leaves(api, world, news):
    segment_id = segment(api, world, on(news))

    api.call("POST", f"/contacts/ada/lists/{news}", ASKED)
    world.settle()
    joined = members(api, segment_id)
    api.call("DELETE", f"/contacts/ada/lists/{news}")
    world.settle()

    assert (joined, members(api, segment_id)) == (["ada"], [])


def test_a_segment_can_ask_who_is_not_on_a_list(api, world, news):
    api.call("POST", f"/contacts/ada/lists/{news}", ASKED)

    segment_id = segment(api, world, {"not": on(news)})

    assert members(api, segment_id) == ["twin"]


def test_a_segment_counts_merged_contacts_as_one_person(api, world, news):
    segment_id = segment(api, world, on(news))
    api.call("POST", f"/contacts/twin/lists/{news}", ASKED)
    world.settle()

    merge("ada", "twin", world.now)
    world.settle()

    assert members(api, segment_id) == ["ada"]


def test_an_answer_says_on_which_list_somebody_is(api, world, news):
    segment_id = segment(api, world, on(news))
    api.call("POST", f"/contacts/ada/lists/{news}", ASKED)

    why = api.get(f"/segments/{segment_id}/why/ada")

    assert why["holds"] is True
    assert news in str(why["reasons"])
