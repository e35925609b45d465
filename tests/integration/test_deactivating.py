"""Deactivated contacts get no messages; they are still found, matched, and members."""

from datetime import UTC, datetime

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import changing, service
from chalicelib.contacts.context import MarketingContext
from chalicelib.dynamodb import commit
from chalicelib.errors import Conflict
from chalicelib.segments import service as segments
from tests.support import journeys
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
INACTIVE = {"field": "contact.inactive", "operator": "equals", "values": [True]}


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def person(identity, now=NOW, **values):
    return service.create(identity, {"last_name": "Nygård", **values}, now, by="user:u")


@pytest.mark.rule("CON-19")
def test_a_contact_is_deactivated_and_activated_by_who_has_read_it(api):
    made = api.post("/contacts", {"last_name": "Nygård"})
    path = f"/contacts/{made['id']}"

    stale, _, _ = api.call("POST", f"{path}/deactivate", If_Match='"7"')
    inactive = api.change("POST", f"{path}/deactivate", made)
    same = api.change("POST", f"{path}/deactivate", inactive)
    active = api.change("POST", f"{path}/activate", same)

    assert (stale, inactive["inactive"], active["inactive"]) == (412, True, False)
    assert (same["version"], active["version"]) == (inactive["version"], inactive["version"] + 1)


@pytest.mark.rule("CON-19", "MAT-1")
def test_an_inactive_contact_matches_and_stays_inactive():
    person("ada", email="ada@contoso.dk")
    changing.deactivate("ada", None, NOW)

    values = {"email": "ada@contoso.dk", "city": "Vejle"}
    prepared = service.prepare(values, strategy_id=None, new_id="new", context=MarketingContext(), now=NOW)
    commit(prepared.writes)

    found = service.find("ada")
    assert (prepared.created, found.city, found.inactive) == (False, "Vejle", True)


@pytest.mark.rule("CON-19")
def test_an_inactive_contact_may_be_a_member_and_segments_may_ask_for_it(world):
    journeys.publish("segment", "hand", {"type": "static"}, world.now)
    journeys.publish("segment", "asleep", {"type": "dynamic", "query": INACTIVE}, world.now)
    person("ada", world.now)
    segments.pick("hand", ["ada"], world.now)
    world.settle()

    changing.deactivate("ada", None, world.now)
    world.settle()
    assert segments.are_members("ada", ["hand", "asleep"]) == {"hand", "asleep"}

    changing.activate("ada", None, world.now)
    world.settle()
    assert segments.are_members("ada", ["hand", "asleep"]) == {"hand"}


def test_what_is_so_already_is_not_written_and_what_changes_meanwhile_is_kept():
    person("ada")
    changing.own("ada", "bo", None, NOW)

    with metered() as usage:
        again = changing.own("ada", "bo", None, NOW)
    with before_the_next_write(lambda: service.amend("ada", {"city": "Vejle"}, again.record.version, NOW)):
        changing.deactivate("ada", None, NOW)

    found = service.find("ada")
    assert (again.changed, usage.write_units) == (False, 0)
    assert (found.owner_id, found.city, found.inactive) == ("bo", "Vejle", True)


def test_who_was_merged_is_changed_as_the_contact_that_counts_only():
    for each in ("ada", "twin"):
        person(each)
    merge("ada", "twin", NOW)

    with pytest.raises(Conflict) as refused:
        changing.deactivate("twin", None, NOW)

    assert [each.message for each in refused.value.problems] == ["ada"]
