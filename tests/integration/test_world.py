"""The world of the tests itself: what it delivers is what AWS would deliver."""

from datetime import timedelta
from random import Random

import pytest
from botocore.exceptions import EndpointConnectionError
from chalice.test import Client

import app
from chalicelib import queues
from chalicelib.clock import now
from chalicelib.dynamodb import Key, commit, delete, update
from chalicelib.interactions import plans
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from tests.support import api, permissions
from tests.support.events import reordered


def visit(world, number):
    new = NewInteraction(InteractionType.WEBSITE_VISITED, world.now, "t", str(number), visitor_id=f"v{number}")
    [write] = plans.record(new, world.now)
    commit([write])
    return write.key


def batches(world):
    return [each.event["Records"] for each in world.recorded if each.function == "route_interactions"]


def test_a_change_comes_by_the_stream_as_lambda_gets_it(world):
    place = visit(world, 1)
    commit([update(Key(Interaction, place.pk, place.sk), Interaction.account_id.set("a"))])
    commit([delete(place)])

    world.settle()

    [records] = batches(world)
    assert [each["eventName"] for each in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["NewImage"]["account_id"] == {"S": "a"}
    assert "account_id" not in records[1]["dynamodb"]["OldImage"]
    assert "NewImage" not in records[2]["dynamodb"]


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_records_of_one_item_stay_in_order(world, seed):
    places = [visit(world, number) for number in range(5)]
    for place in places:
        commit([update(Key(Interaction, place.pk, place.sk), Interaction.account_id.set("a"))])

    world.settle(shuffle=seed)

    seen = [record for records in batches(world) for record in records]
    assert len(seen) == 10
    for place in places:
        those = [each["eventName"] for each in seen if each["dynamodb"]["Keys"]["pk"]["S"] == place.pk]
        assert those == ["INSERT", "MODIFY"]


def test_records_are_really_shuffled():
    records = [{"dynamodb": {"Keys": {"pk": number}}, "n": number} for number in range(50)]

    assert reordered(records, Random(1)) != records


def test_the_clock_moves_on_to_a_delayed_message_and_streams_show_its_time(world):
    world.advance(timedelta(days=30))
    visit(world, 1)
    began = world.now
    queues.send("count", [{"fact": "other"}], delay=600)

    world.settle()

    [[record]] = batches(world)
    assert (
        abs(record["dynamodb"]["ApproximateCreationDateTime"] - began.timestamp()) < 60
    )  # however busy the machine is
    assert now() - began >= timedelta(seconds=600)


def test_a_queue_that_the_template_does_not_declare_is_an_error(world):
    with pytest.raises(KeyError, match="no queue nowhere"):
        queues.send("nowhere", [{}])


def test_a_message_that_always_fails_is_given_up_and_says_so(world):
    world.send("jobs", '{"id": "there is no such job"}')

    with pytest.raises(AssertionError, match="there is no such job"):
        world.settle()


def test_a_fault_strikes_before_a_call_or_loses_its_answer(world):
    faults = iter(["before", "after", None])
    world.fault = lambda _, service, __: next(faults, None) if service == "sqs" else None

    with pytest.raises(EndpointConnectionError):
        queues.send("count", [{"fact": "other"}])
    assert world.queues["count"] == []
    with pytest.raises(Exception, match="timeout"):
        queues.send("count", [{"fact": "other"}])
    assert len(world.queues["count"]) == 1


def test_a_router_whose_queue_is_down_gets_its_batch_again(world):
    down = iter(["before"])
    world.fault = lambda _, service, __: next(down, None) if service == "sqs" else None
    new = NewInteraction(InteractionType.WEBSITE_VISITED, world.now, "t", "1", contact_id="c")
    commit(plans.record(new, world.now))

    world.settle()

    assert len(batches(world)) == 2
    assert batches(world)[0] == batches(world)[1]


def test_what_a_function_is_not_granted_fails_the_test_though_the_function_lives_with_it(world, monkeypatch):
    monkeypatch.setattr(permissions, "allows", lambda function, *_: function != "start_jobs")
    world.send("jobs", '{"id": "there is no such job"}')

    with pytest.raises(AssertionError, match=r"not granted: start_jobs: dynamodb:GetItem on .*:table/itinera-test-"):
        world.settle()


def test_a_route_and_who_lets_people_in_are_held_to_their_grants(world, monkeypatch):
    with Client(app.app) as http:
        known = api.Caller(http)
        monkeypatch.setattr(permissions, "allows", lambda function, *_: function == "authorize")
        status, *_ = known.call("GET", "/contacts")

    assert status == 503
    with pytest.raises(AssertionError, match=r"not granted: app: dynamodb:Query on .*/itinera-test-contacts/index/"):
        permissions.nothing_refused()
