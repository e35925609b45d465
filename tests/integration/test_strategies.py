"""Matching strategies: taken into use by a job, five at most, one default; also where two change them at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import strategies
from chalicelib.errors import Conflict, Stale
from tests.support.api import Caller
from tests.support.between import before_the_next_write

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api(cloud):
    with Client(app) as client:
        yield Caller(client)


def live(target, *names):
    for name in names:
        strategies.create(name, target, name, ["company_name"], NOW)
        strategies.built(target, name)


def defaults(target):
    return [each.id for each in strategies.read_all(target) if each.default]


def make_default(name):
    try:
        strategies.make_default("contact", name)
    except (Conflict, Stale):
        return "refused"
    return name


# One default -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("MAT-4")
@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("other", ["b", "email"])
def test_of_two_that_are_made_the_default_at_once_one_is(other):
    live("contact", "a", "b", "c")
    strategies.make_default("contact", "c")

    with before_the_next_write(lambda: strategies.make_default("contact", other)):
        made = make_default("a")

    assert (made, defaults("contact")) == ("a", ["a"])


@pytest.mark.rule("MAT-4")
@pytest.mark.usefixtures("cloud")
def test_however_many_make_a_default_at_once_there_is_always_one():
    names = ["a", "b", "c", "d"]
    live("contact", *names)

    for _ in range(5):
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(make_default, names))

        [only] = defaults("contact")
        assert only in made
        assert strategies.default("contact").id == only


@pytest.mark.rule("MAT-4")
@pytest.mark.usefixtures("cloud")
def test_one_that_becomes_the_default_while_it_is_removed_stays():
    live("contact", "a")

    with before_the_next_write(lambda: strategies.make_default("contact", "a")), pytest.raises(Conflict):
        strategies.remove("contact", "a")

    assert defaults("contact") == ["a"]


@pytest.mark.rule("MAT-4")
@pytest.mark.parametrize("target", ["contact", "lead"])
def test_the_last_default_cannot_be_removed(api, target):
    for name in ("own", strategies.SHIPPED[target].id):
        live(target, *(["own"] if name == "own" else []))
        api.post(f"/matching-strategies/{name}/make-default?target={target}")

        status, _, _ = api.call("DELETE", f"/matching-strategies/{name}?target={target}")

        assert (status, defaults(target)) == (409, [name])


# Five in use -------------------------------------------------------------------------------------------------------


def ask(api, name="Name", **headers):
    return api.call("POST", "/matching-strategies", {"name": name, "attributes": ["company_name"]}, **headers)


def test_a_sixth_strategy_in_use_is_refused_also_where_two_come_at_once(api):
    live("contact", "a", "b", "c")

    with before_the_next_write(lambda: live("contact", "d")):
        status, problem, _ = ask(api)

    assert (status, problem["detail"]) == (409, "At most 5 strategies of a target can be in use. Remove one first.")
    assert [each.id for each in strategies.read_all("contact")] == ["email", "a", "b", "c", "d"]


def test_the_same_request_again_makes_no_second_strategy(api):
    live("contact", "a", "b", "c")

    first, again = ask(api, Idempotency_Key="once"), ask(api, Idempotency_Key="once")

    assert (first[0], again[:2]) == (201, first[:2])
    assert len(strategies.read_all("contact")) == 5


def test_the_same_request_twice_at_once_makes_one_strategy(api):
    answers = []

    with before_the_next_write(lambda: answers.append(ask(api, Idempotency_Key="once"))):
        answers.append(ask(api, Idempotency_Key="once"))

    assert [status for status, _, _ in answers] == [201, 201]
    assert len(strategies.read_all("contact")) == 2


def test_a_request_whose_strategy_was_removed_since_is_told_so(api):
    _, made, _ = ask(api, Idempotency_Key="once")
    api.call("DELETE", f"/matching-strategies/{made['items'][1]['id']}")

    status, problem, _ = ask(api, Idempotency_Key="once")

    assert (status, "Idempotency-Key" in problem["detail"]) == (409, True)
