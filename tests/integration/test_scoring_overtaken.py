"""Models that are stopped or published anew while somebody who does not know it scores: at each of its calls."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib import wiring
from chalicelib.contacts import accounts
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.scoring import bulk, reading, service
from chalicelib.scoring.accounts import rescoring as of_accounts
from chalicelib.scoring.live import KIND, live_models
from tests.support.between import before_call, process
from tests.support.scoring import NOW, lead, lives_in, person, publish

pytestmark = pytest.mark.usefixtures("cloud")
HOUR = timedelta(hours=1)
MOST_CALLS = 40


@pytest.fixture(autouse=True)
def remembering(monkeypatch):
    """What is live is remembered for longer than a test takes."""
    wiring.wire()
    monkeypatch.setattr(live_definitions, "settings", replace(live_definitions.settings, live_cache_seconds="300"))


class OfContact:
    target = "contact"

    def make(self):
        person(city="Odense")
        lead()

    def rescore(self, now):
        service.rescore("c", now, lead_ids=["l"])


class OfAccount:
    target = "account"

    def make(self):
        accounts.create("a", {"name": "Kajak ApS"}, NOW, by="user:u")
        person(account_id="a", city="Odense")
        lead(contact_id=None, account_id="a")
        of_accounts.rebuild("a", ["c"], NOW)

    def rescore(self, now):
        of_accounts.wake("a", now)
        of_accounts.rescore("a", now, lead_ids=["l"])


@pytest.fixture(params=[OfContact, OfAccount])
def of(request):
    """Whose lead it is: a contact's or an account's."""
    whose = request.param()
    whose.make()
    return whose


def live(of, now, *, scored):
    """Let a model go live that this process remembers, and that has scored the lead or not."""
    model = publish(lives_in("Odense", 20), target=of.target)
    if scored:
        of.rescore(now - HOUR)
    live_models()
    return model, dict(live_definitions._rows)


def stop(model):
    with process():
        before = definitions.get(KIND, model)
        assert bulk.on_stop(before).work == bulk.DROP_SCORES
        definitions.stop(KIND, model, version=before.version, by="user:u", now=NOW)


def drop(model):
    bulk.drop_scores({"id": model, "version": 1}, ["l"], NOW)


def publish_anew(of, model, now):
    with process():
        publish(lives_in("Odense", 7), target=of.target, model_id=model)
        of.rescore(now)


def scores(model):
    return [(score.model_version, score.score) for score in reading.scores_of("l") if score.model_id == model]


def at_each_call(play: Callable[[int], list[str]]) -> Iterator[int]:
    """Play a race in which something happens before the first call of somebody, before the second, and after all."""
    for number in range(1, MOST_CALLS):
        calls = play(number)
        yield number
        if len(calls) < number:
            assert number > 2
            return
    pytest.fail("it has more calls than were thought of")


@pytest.mark.rule("SCO-25")
@pytest.mark.parametrize("scored", [False, True])
def test_a_rescoring_that_does_not_know_of_the_stop_leaves_no_score_wherever_the_drop_meets_it(of, scored):
    def play(number):
        now = NOW + number * 5 * HOUR
        play.model, _ = live(of, now, scored=scored)

        def stopped():
            stop(play.model)
            with process():
                drop(play.model)

        with before_call(number, stopped) as calls:
            of.rescore(now)
        return calls

    for number in at_each_call(play):
        assert scores(play.model) == [], f"the drop came before call {number}"


@pytest.mark.rule("SCO-25")
@pytest.mark.parametrize("scored", [False, True])
def test_a_drop_leaves_no_score_wherever_a_rescoring_meets_it_that_does_not_know_of_the_stop(of, scored):
    def play(number):
        now = NOW + number * 5 * HOUR
        play.model, memory = live(of, now, scored=scored)
        stop(play.model)

        def rescored():
            with process(memory):
                of.rescore(now)

        live_definitions.doubt(KIND)
        with before_call(number, rescored) as calls:
            drop(play.model)
        return calls

    for number in at_each_call(play):
        assert scores(play.model) == [], f"the rescoring came before call {number}"


def test_a_rescoring_by_an_older_version_never_has_the_last_word(of):
    def play(number):
        now = NOW + number * 5 * HOUR
        play.model, memory = live(of, now, scored=number % 2 == 0)
        with before_call(number, lambda: publish_anew(of, play.model, now + HOUR)) as calls:
            of.rescore(now)
        with process(memory):
            of.rescore(now + 2 * HOUR)
        return calls

    for number in at_each_call(play):
        assert scores(play.model) == [(2, 7)], f"it was published anew before call {number}"


def test_a_model_that_is_live_again_scores_and_a_drop_that_comes_late_leaves_its_scores_alone(of):
    def play(number):
        now = NOW + number * 5 * HOUR
        play.model, _ = live(of, now, scored=True)
        stop(play.model)
        live_definitions.doubt(KIND)
        if number % 2:
            drop(play.model)
        with before_call(number, lambda: publish_anew(of, play.model, now)) as calls:
            drop(play.model)
        return calls

    for number in at_each_call(play):
        assert scores(play.model) == [(2, 7)], f"it went live again before call {number}"


def test_what_bars_an_old_version_is_no_score_to_anybody(of):
    model, _ = live(of, NOW + HOUR, scored=True)
    stop(model)
    live_definitions.doubt(KIND)
    drop(model)

    assert list(reading.kept(["l"], model)) == ["l"]
    assert reading.scored(["l"], model) == reading.scores_of("l") == []
