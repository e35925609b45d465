"""Scores under races, crashes and many leads; and after anything, what is stored equals a recount."""

from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from chalicelib import dynamodb
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import racing, read
from chalicelib.errors import Conflict, Unavailable
from chalicelib.leads import process
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.fields import record_of
from chalicelib.leads.models import lead_key
from chalicelib.leads.shipped import Stage
from chalicelib.scoring import engine, reading, service
from chalicelib.scoring.deciding import LeadFacts, shown
from chalicelib.scoring.live import live_models
from chalicelib.scoring.models import Evaluation, Score, ScoreChange
from tests.support.faults import Faults, Killed, injected
from tests.support.scoring import DAY, NOW, click, clicked, lead, lives_in, person, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")


@contextmanager
def before_write(act, on=("PutItem", "TransactWriteItems"), times=1):
    """Run `act` once the next write of scoring is decided and before it is made. Yields how often it did."""
    events, fired = dynamodb.writer().meta.events, []

    def interrupt(model, **_):
        if model.name in on and len(fired) < times:
            fired.append(model.name)
            act()

    events.register("before-call.dynamodb.*", interrupt)
    try:
        yield fired
    finally:
        events.unregister("before-call.dynamodb.*", interrupt)


def points(lead_id="l"):
    [score] = reading.scores_of(lead_id)
    return score.score


def test_a_fact_between_reading_and_writing_is_not_lost_to_a_slower_reaction():
    person()
    lead()
    publish(clicked(30))
    rescore()
    click("1")

    def quicker():
        click("2")
        rescore(NOW + timedelta(seconds=1))

    with before_write(quicker) as fired:
        rescore(NOW)

    assert len(fired) == 1
    assert points() == 60
    assert not service.recount("c", NOW + timedelta(seconds=1))


def test_a_reaction_that_saw_no_change_still_stops_a_staler_one():
    person()
    lead()
    publish(clicked(30, frequency="none"))
    rescore()
    assert points() == 30
    click("1")

    with before_write(lambda: rescore(NOW + timedelta(seconds=1))) as fired:
        rescore(NOW)

    assert len(fired) == 1
    assert points() == 0
    assert Evaluation.find(*Evaluation.at("c")).version == 3


def test_the_clock_of_the_record_never_goes_back():
    person()
    lead()
    publish(clicked(30))
    rescore(NOW + DAY)

    rescore(NOW)

    assert Evaluation.find(*Evaluation.at("c")).evaluated_at == NOW + DAY


def test_a_user_who_moves_the_lead_at_the_same_moment_is_not_overwritten():
    person()
    lead()
    publish(clicked(100))
    click("1")
    to = Stage.TELEPROSPECTING_QUALIFICATION

    def moved():
        leads.step("l", lambda way, at: process.move(way, at, to), by="user:u", why="", version=1, now=NOW)

    with before_write(moved, on=("TransactWriteItems",)) as fired:
        rescore()

    assert len(fired) == 1
    made = lead_reading.find("l")
    assert (made.stage, made.sales_ready, made.version) == ("sales_acceptance", True, 3)
    assert {move.by for move in lead_reading.history("l")} == {"scoring", "user:u"}


def test_who_loses_every_race_asks_the_queue_to_try_again():
    person()
    lead()
    publish(clicked(30))
    rescore()
    key = Evaluation.find(*Evaluation.at("c")).key

    def quicker():
        dynamodb.change(dynamodb.update(key, Evaluation.version.add(1), condition=Evaluation.pk.exists()))

    with before_write(quicker, on=("PutItem",), times=99) as fired, pytest.raises(Conflict, match="others"):
        rescore()
    assert len(fired) == racing.TRIES


def test_many_leads_are_scored_in_several_transactions_that_a_crash_may_part():
    person()
    publish(clicked(30))
    for number in range(40):
        lead(f"l{number:02}")
    click("1")
    crashed = Unavailable("crashed")
    calls = []

    def crash():
        calls.append(1)
        if len(calls) == 2:
            raise crashed

    with before_write(crash, on=("TransactWriteItems",), times=9), pytest.raises(Unavailable):
        rescore()

    record = Evaluation.find(*Evaluation.at("c"))
    assert record.evaluated_at is None
    assert record.due == NOW
    rescore(NOW, due=True)
    found = [reading.scores_of(f"l{number:02}") for number in range(40)]
    assert [score.score for [score] in found] == [30] * 40
    assert Evaluation.find(*Evaluation.at("c")).due is None


@pytest.mark.rule("SCO-5")
def test_more_models_than_a_transaction_has_room_for_score_a_lead_also_where_a_crash_parts_them():
    """The lead moves on with the first of the transactions, each score comes with its history."""
    person(city="Odense")
    lead()
    models = {publish(lives_in("Odense", 20)) for _ in range(51)}

    with injected(Faults("dies before", 2), dynamodb.writer()), pytest.raises(Killed):
        rescore()
    assert Stage(lead_reading.find("l").stage) is Stage.MARKETING_QUALIFICATION
    rescore(NOW, due=True)

    assert {score.model_id: score.score for score in reading.scores_of("l")} == dict.fromkeys(models, 20)
    history = ScoreChange.query("LEAD#l", ScoreChange.sk.startswith("HISTORY#"))
    assert sorted(change.model_id for change in history) == sorted(models)


def test_a_delivery_repeated_changes_nothing_but_the_record():
    person()
    lead()
    model = publish(clicked(30))
    click("1")
    rescore()
    before = read([Score(*Score.at("l", model)).key, lead_key("l")])

    for _ in range(3):
        rescore()

    after = read([Score(*Score.at("l", model)).key, lead_key("l")])
    assert [item.serialize() for item in before] == [item.serialize() for item in after]


EVENTS = some.lists(
    some.one_of(
        some.tuples(some.just("click"), some.integers(-20, 10)),
        some.tuples(some.just("city"), some.sampled_from(["Odense", "Aarhus"])),
        some.tuples(some.just("react"), some.integers(0, 12)),
        some.tuples(some.just("lead"), some.integers(0, 2)),
        some.tuples(some.just("back"), some.integers(0, 2)),
    ),
    min_size=1,
    max_size=12,
)
RULES = some.lists(
    some.one_of(
        some.builds(
            clicked,
            some.integers(1, 60),
            some.sampled_from(["each", "at_least", "none"]),
            some.sampled_from([None, "P2D", "P9D"]),
        ),
        some.builds(lives_in, some.sampled_from(["Odense", "Aarhus"]), some.integers(-40, 40).filter(bool)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda rule: rule["id"],
)
_people = count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(rules=RULES, events=EVENTS, threshold=some.integers(1, 90))
def test_after_any_sequence_of_reactions_the_stored_record_equals_a_recount(rules, events, threshold):
    contact_id = f"person-{next(_people)}"
    person(contact_id)
    lead(f"{contact_id}-0", contact_id)
    publish(*rules, threshold=threshold)
    clock = NOW

    for number, (what, value) in enumerate(events):
        clock = max(clock, NOW + value * DAY) if what == "react" else clock
        HAPPEN[what](contact_id, number, value, clock)
    rescore(clock, contact_id)

    compare_with_recount(contact_id, clock)
    assert not service.recount(contact_id, clock)
    due = Evaluation.find(*Evaluation.at(contact_id)).due
    if due is not None:
        assert due > clock
        assert not service.decide(contact_id, None, [], due - timedelta(microseconds=1)).differs


def compare_with_recount(contact_id, clock):
    """Hold what is stored against the engine's answer from the facts alone."""
    models = live_models()
    facts = reading.facts(contacts.who_is(contact_id), models, clock)
    for found in lead_reading.of_contact(contact_id):
        stored = {score.model_id: score for score in reading.scores_of(found.lead_id)}
        assert set(stored) == {model.id for model in models}
        for model in models:
            recounted = engine.score(model.compiled, LeadFacts(record_of(found), facts), clock)
            kept = stored[model.id]
            assert (kept.score, kept.grade) == (recounted.score, recounted.grade)
            assert kept.contributions == [shown(each) for each in recounted.contributions]
            assert sum(part["points"] for part in kept.contributions) == kept.score


def _move_to(contact_id, _, city, __):
    contacts.amend(contact_id, {"city": city}, contacts.find(contact_id).version, NOW)


def _make_lead(contact_id, _, value, __):
    leads.create(f"{contact_id}-{value}", {"last_name": "J", "contact_id": contact_id}, "u", NOW)


def _give_back(contact_id, _, value, clock):
    found = lead_reading.find_many([f"{contact_id}-{value}"])
    if found and found[0].sales_ready:
        back = process.return_to_marketing
        leads.step(found[0].lead_id, back, by="user:u", why="", version=found[0].version, now=clock)


HAPPEN = {
    "click": lambda contact_id, number, value, _: click(f"{contact_id}-{number}", NOW + value * DAY, contact_id),
    "city": _move_to,
    "react": lambda contact_id, _, __, clock: rescore(clock, contact_id),
    "lead": _make_lead,
    "back": _give_back,
}
