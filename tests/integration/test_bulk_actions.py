"""Actions on chosen contacts, and on the members of a segment: each for itself, safe to repeat."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from chalice.test import Client

from app import app
from chalicelib import dynamodb
from chalicelib.access import service as access
from chalicelib.consent.subscriptions import records
from chalicelib.contacts import service
from chalicelib.dynamodb import ConditionFailed
from chalicelib.errors import Unavailable
from chalicelib.segments import service as segments
from chalicelib.views import runs, walks
from chalicelib.views.actions import Order
from chalicelib.views.models import Run
from tests.support import journeys
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.faults import Faults, Killed, database, injected
from tests.support.merged import merge

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DEATHS = ("dies before", "dies after")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def people(*names, now=NOW):
    for each in names:
        service.create(each, {"last_name": "Nygård"}, now, by="user:u")


def act(api, action, *names, **order):
    chosen = [each if isinstance(each, dict) else {"id": each} for each in names]
    return api.call("POST", "/contacts/actions", {"action": action, "contacts": chosen, **order})


def results(api, action, *names, **order):
    status, found, _ = act(api, action, *names, **order)
    assert status == 200, found
    return [each["result"] for each in found["items"]]


def lists_of(api, contact):
    return {each["list_id"]: each["subscribed"] for each in api.get(f"/contacts/{contact}/lists")["items"]}


@pytest.mark.rule("CON-16", "CON-17")
def test_chosen_contacts_are_put_into_a_static_segment_and_taken_out_and_never_into_a_dynamic_one(api):
    people("ada", "bo", "cy")
    journeys.publish("segment", "s", {"type": "static"}, NOW)
    journeys.publish("segment", "d", {"type": "dynamic"}, NOW)
    segments.pick("s", ["bo"], NOW)

    added = results(api, "add-to-segment", "ada", "bo", "nobody", segment_id="s")
    again = results(api, "add-to-segment", "ada", "bo", "nobody", segment_id="s")
    removed = results(api, "remove-from-segment", "ada", "cy", segment_id="s")
    refused, _, _ = act(api, "add-to-segment", "ada", segment_id="d")

    assert (added, again) == (["done", "unchanged", "refused"], ["unchanged", "unchanged", "refused"])
    assert (removed, refused) == (["done", "unchanged"], 409)
    assert [segments.is_member(each, "s") for each in ("ada", "bo", "cy")] == [False, True, False]


@pytest.mark.rule("CON-16", "CON-5")
def test_chosen_contacts_join_a_list_with_a_reason_and_leave_it(api):
    people("ada", "bo", "twin")
    records.create("l", {"name": "News", "public_name": "News"}, "u", NOW)
    merge("ada", "twin", NOW)
    reasonless, problem, _ = act(api, "add-to-list", "ada", list_id="l")

    joined = results(api, "add-to-list", "ada", "bo", list_id="l", reason="signed at the fair")
    again = results(api, "add-to-list", "ada", "twin", list_id="l", reason="signed at the fair")
    left = results(api, "remove-from-list", "bo", list_id="l")

    assert (reasonless, "reason" in str(problem)) == (400, True)
    assert (joined, again, left) == (["done", "done"], ["unchanged", "unchanged"], ["done"])
    assert (lists_of(api, "ada"), lists_of(api, "bo")) == ({"l": True}, {"l": False})
    [first] = [each for each in api.get("/contacts/ada/consent-changes")["items"] if each["after"]]
    assert (first["reason"], first["method"]) == ("signed at the fair", "by user, several at once")


@pytest.mark.rule("CON-16")
def test_owners_are_set_people_deactivated_and_deleted_each_for_itself(api):
    people("ada", "bo", "cy")
    merge("bo", "cy", NOW)

    owned = act(api, "set-owner", "ada", "cy", owner_id="o")[1]
    asleep = results(api, "deactivate", "ada", {"id": "bo", "version": 99})
    awake = results(api, "activate", "ada", "bo")
    deleted = results(api, "delete", "ada", "cy")
    again = results(api, "delete", "ada", "cy")

    assert [each["result"] for each in owned["items"]] == ["done", "refused"]
    assert ("merged into another" in owned["items"][1]["why"], owned["done"], owned["refused"]) == (True, 1, 1)
    assert (asleep, awake) == (["done", "refused"], ["done", "unchanged"])
    assert (deleted, again) == (["done", "refused"], ["unchanged", "refused"])
    assert api.call("GET", "/contacts/ada")[0] == 404
    assert api.get("/contacts/bo")["inactive"] is False


@pytest.mark.rule("CON-16")
def test_who_changes_meanwhile_is_deleted_as_it_is_by_then_unless_a_version_was_named(api):
    people("ada", "bo")

    with before_the_next_write(lambda: service.amend("ada", {"city": "Vejle"}, 1, NOW)):
        assert results(api, "delete", "ada") == ["done"]
    with before_the_next_write(lambda: service.amend("bo", {"city": "Vejle"}, 1, NOW)):
        assert results(api, "delete", {"id": "bo", "version": 1}) == ["refused"]

    assert api.get("/contacts/bo")["city"] == "Vejle"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"action": "delete", "contacts": [{"id": f"c{n}"} for n in range(51)]}, "50"),
        ({"action": "delete", "contacts": [{"id": "a"}, {"id": "a"}]}, "chosen once"),
        ({"action": "set-owner", "contacts": [{"id": "a"}]}, "owner_id"),
        ({"action": "explode", "contacts": [{"id": "a"}]}, "set-owner"),
        ({"action": "delete", "contacts": []}, "1"),
    ],
)
def test_an_order_that_cannot_be_is_refused_before_anything_is_done(api, body, said):
    status, problem, _ = api.call("POST", "/contacts/actions", body)

    assert (status, said in str(problem)) == (400, True)


def test_who_may_not_change_segments_puts_nobody_into_one(api):
    people("ada")
    journeys.publish("segment", "s", {"type": "static"}, NOW)
    _, key = access.create_key("few", "few", ["contacts:write"], ["*"], NOW)
    few = Caller.__new__(Caller)
    few._client, few._key = api._client, f"Bearer {key}"

    assert act(few, "add-to-segment", "ada", segment_id="s")[0] == 403
    assert act(few, "deactivate", "ada")[0] == 200


# Members of a segment ----------------------------------------------------------------------------------------------


@contextmanager
def busy():
    """Let the next changes of contacts meet others at the very same moment, more often than they are tried."""
    events, left = dynamodb.writer().meta.events, [5]

    def contended(**_):
        if not left[0]:
            return None
        left[0] -= 1
        return SimpleNamespace(status_code=400), {"Error": {"Code": "TransactionConflictException", "Message": ""}}

    events.register("before-call.dynamodb.PutItem", contended)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb.PutItem", contended)
    assert left == [0]


@pytest.fixture
def members(world):
    """Forty members of a static segment, one of whom is deleted at once."""
    names = [f"c{number:02}" for number in range(40)]
    people(*names, now=world.now)
    journeys.publish("segment", "s", {"type": "static"}, world.now)
    segments.pick("s", names, world.now)
    world.settle()
    return names


@pytest.mark.rule("CON-16")
def test_an_action_on_a_segment_reaches_every_member_once_and_tells_what_it_came_to(api, world, members):
    records.create("l", {"name": "News", "public_name": "News"}, "u", world.now)
    act(api, "add-to-list", *members[:5], list_id="l", reason="signed")
    records.create("stopped", {"name": "Old", "public_name": "Old"}, "u", world.now)
    records.stop("stopped", 1, world.now)
    body = {"action": "add-to-list", "list_id": "l", "reason": "signed at the fair"}

    status, begun, _ = api.call("POST", "/segments/s/actions", body, Idempotency_Key="once")
    same = api.call("POST", "/segments/s/actions", body, Idempotency_Key="once")[1]
    refused = api.call("POST", "/segments/s/actions", {**body, "list_id": "stopped"})[1]
    world.settle()
    done, none = (api.get(f"/segments/s/actions/{each['id']}") for each in (begun, refused))

    assert (status, same["id"], done["state"], done["seen"]) == (202, begun["id"], "done", 40)
    assert (done["done"], done["unchanged"], done["refused"]) == (35, 5, 0)
    assert (none["refused"], none["refused_because"]) == (40, {"This list is stopped, so nobody can join it.": 40})
    assert all(lists_of(api, each) == {"l": True} for each in (members[0], members[39]))


@pytest.mark.rule("CON-16")
def test_members_are_deleted_while_they_are_enumerated(api, world, members):
    begun = api.call("POST", "/segments/s/actions", {"action": "delete"})[1]
    world.settle()

    assert api.get(f"/segments/s/actions/{begun['id']}")["done"] == len(members)
    assert api.get("/contacts")["items"] == []


def test_a_page_that_comes_again_is_neither_done_nor_counted_twice(members):
    order = Order.model_validate({"action": "set-owner", "owner_id": "o"})
    runs.start("s", order, "r", "u", NOW)
    arguments = {"run": "r"}
    number, (labels, _) = max(
        ((n, runs.pages(arguments, n, None)) for n in range(16)), key=lambda page: len(page[1][0])
    )

    runs.act(arguments, labels, NOW)
    runs.act(arguments, [*labels, f"{number:02}.late"], NOW)
    with before_the_next_write(lambda: runs.act(arguments, labels, NOW)), pytest.raises(ConditionFailed):
        runs.act(arguments, [f"{number:02}.later"], NOW)

    [walk] = walks.found(Run.at("r")[0])
    assert (walk.sums["done"], walk.sums.get("unchanged", 0), walk.sums["refused"]) == (len(labels), 0, 1)
    assert not any(member in str(walk.attribute_values) for member in members)


@pytest.mark.parametrize("mode", DEATHS)
def test_a_worker_that_dies_at_any_call_is_made_up_for_and_nobody_is_counted_twice(members, mode):
    died, number = 0, max(range(16), key=lambda each: len(segments.slice_of_members("s", each, None, 25)[0]))
    for at in range(1, 16):
        runs.start("s", Order.model_validate({"action": "set-owner", "owner_id": f"o{at}"}), f"r{at}", "u", NOW)
        labels, _ = runs.pages({"run": f"r{at}"}, number, None)
        with injected(Faults(mode, at), *database()):
            try:
                runs.act({"run": f"r{at}"}, labels, NOW)
            except Killed:
                died += 1
        runs.act({"run": f"r{at}"}, labels, NOW)

        [walk] = walks.found(Run.at(f"r{at}")[0])
        assert walk.sums.get("done", 0) + walk.sums.get("unchanged", 0) == len(labels) == sum(walk.sums.values())
        assert {service.find(label[3:]).owner_id for label in labels} == {f"o{at}"}
    assert died >= 12


def test_a_page_with_somebody_who_is_busy_comes_again_and_counts_nobody_until_then(members):
    runs.start("s", Order.model_validate({"action": "set-owner", "owner_id": "o"}), "r", "u", NOW)
    number = max(range(16), key=lambda each: len(segments.slice_of_members("s", each, None, 25)[0]))
    labels, _ = runs.pages({"run": "r"}, number, None)

    with busy(), pytest.raises(Unavailable):
        runs.act({"run": "r"}, labels, NOW)
    assert walks.found(Run.at("r")[0]) == []
    runs.act({"run": "r"}, labels, NOW)

    [walk] = walks.found(Run.at("r")[0])
    assert (walk.sums["done"], sum(walk.sums.values()), "refused" in walk.sums) == (1, len(labels), False)


@pytest.mark.usefixtures("api")
def test_an_action_that_is_forgotten_is_done_with_nobody(members):
    assert runs.pages({"run": "gone"}, 0, None) == ([], None)
    runs.act({"run": "gone"}, [f"00.{members[0]}"], NOW)

    assert walks.found(Run.at("gone")[0]) == []


def test_what_an_action_came_to_is_the_segments_own_and_forgotten_after_a_week(api, world, members):
    begun = api.call("POST", "/segments/s/actions", {"action": "deactivate"})[1]
    journeys.publish("segment", "other", {"type": "static"}, world.now)

    assert api.call("GET", f"/segments/other/actions/{begun['id']}")[0] == 404
    assert api.call("POST", "/segments/nothing/actions", {"action": "deactivate"})[0] == 404
    world.advance(timedelta(days=365))
    assert api.call("GET", f"/segments/s/actions/{begun['id']}")[0] == 404
