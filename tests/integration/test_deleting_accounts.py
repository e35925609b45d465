"""Deleting an account takes along what is its own, however often and wherever the work dies (decision 64)."""

from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest
from botocore.exceptions import BotoCoreError
from pynamodb.exceptions import PynamoDBException

import app  # noqa: F401  it says what every domain sweeps
from chalicelib import sweeping
from chalicelib.clock import as_text
from chalicelib.contacts import accounts, deletion
from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import Membership
from chalicelib.dynamodb import ConditionFailed, commit, put, query_raw
from chalicelib.leads import opportunities
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.models import LeadsItem
from chalicelib.scoring import reading
from chalicelib.scoring.accounts import rescoring as scoring
from chalicelib.scoring.accounts import sweeps
from chalicelib.scoring.accounts.items import Child, Logged, Month, Person, month_of
from chalicelib.scoring.models import ScoringItem
from tests.support.faults import MODES, Faults, Killed, database, injected
from tests.support.merged import merge
from tests.support.scoring import NOW, click, clicked, publish

MINUTE = timedelta(minutes=1)
DEATHS = (Killed, ConditionFailed, PynamoDBException, BotoCoreError)
"""After any of them the queue or the agenda brings the work again."""


@pytest.fixture
def known(world):
    """An account with a past, and another like it: Ada, who is the twin as well, was at both; each has its leads."""
    for account_id in ("a", "other"):
        accounts.create(account_id, {"name": account_id}, world.now, by="user:u")
        parents = {"account_id": account_id}
        leads.create(f"based-{account_id}", {"last_name": "Juhl", **parents}, "user:u", world.now)
        leads.create(f"both-{account_id}", {"last_name": "Juhl", "contact_id": None, **parents}, "user:u", world.now)
        opportunities.create(f"o-{account_id}", {"name": "Boats", **parents}, "user:u", world.now)
        contacts.create(f"ada-{account_id}", {"last_name": "Ada", **parents}, world.now, by="user:u")
        contacts.create(f"twin-{account_id}", {"last_name": "Ada"}, world.now, by="user:u")
        merge(f"ada-{account_id}", f"twin-{account_id}", world.now)
    publish(clicked(10), target="account")
    world.settle()
    for account_id in ("a", "other"):
        click(f"click {account_id}", world.now, f"twin-{account_id}")
    world.settle()
    world.advance(2 * MINUTE)
    world.poll(scoring.WORK)
    for account_id in ("a", "other"):
        leave(world, f"ada-{account_id}")
    world.settle()
    assert [score.score for score in reading.scores_of("based-a")] == [10]
    return world


def leave(world, contact_id):
    contacts.amend(contact_id, {"account_id": None}, contacts.find(contact_id).version, world.now)


def delete(world, account_id="a"):
    accounts.remove(account_id, accounts.find(account_id).version, world.now)


def rows_of(world, account_id):
    """Everything that names an account in its key, in every table; what is left to do about it aside."""
    return sorted(
        (pk, sk) for _, pk, sk in world.rows() if account_id in [*pk.split("#"), *sk.split("#")] and sk != "DELETED"
    )


def waiting(world):
    return [key for key, raw in world.rows().items() if raw.get("kind", {}).get("S") == "deleted_account"]


def test_everything_of_its_own_goes_and_nothing_of_others(known):
    before = rows_of(known, "other")
    assert len(before) == len(rows_of(known, "a")) == 8

    delete(known)
    known.settle()

    assert rows_of(known, "a") == []
    assert rows_of(known, "other") == before


@pytest.mark.rule("LEAD-3", "SCO-4")
def test_its_leads_and_opportunities_stay_without_it_and_unscored(known):
    delete(known)
    known.settle()

    assert [lead_reading.find(each).account_id for each in ("based-a", "both-a", "based-other")] == [
        None,
        None,
        "other",
    ]
    assert lead_reading.history("based-a")[-1].why == "the account was deleted"
    assert [opportunities.find(each).account_id for each in ("o-a", "o-other")] == [None, "other"]
    assert (reading.scores_of("based-a"), len(reading.scores_of("based-other"))) == ([], 1)


def test_messages_that_are_lost_are_made_up_for_by_the_agenda(known):
    delete(known)
    known._route()
    assert known.queues["sweep"]
    known.queues["sweep"].clear()
    known.settle()
    assert rows_of(known, "a") != []

    known.advance(2 * MINUTE)
    known.poll()

    assert rows_of(known, "a") == []


@pytest.mark.parametrize("seed", [1, 2])
def test_in_any_order_and_twice_and_nothing_waits_after_the_second_sweep(known, seed):
    delete(known)
    known.settle(shuffle=seed, duplicate=True)
    known.replay(shuffle=seed)
    assert len(waiting(known)) == 1

    known.advance(timedelta(hours=26))
    known.poll()

    assert rows_of(known, "a") == []
    assert waiting(known) == []


def test_an_account_made_anew_under_its_id_is_left_alone(known):
    delete(known)
    known.settle()
    accounts.create("a", {"name": "a"}, known.now, by="user:u")
    contacts.create("new", {"last_name": "Juhl", "account_id": "a"}, known.now, by="user:u")
    known.settle()
    before = rows_of(known, "a")

    known.advance(timedelta(hours=26))
    known.poll()

    assert rows_of(known, "a") == before != []
    assert waiting(known) == []


# Step by step --------------------------------------------------------------------------------------------------------


def big(account_id, number):
    """An account that was deleted, of whose people and log rows are left."""
    accounts.create(account_id, {"name": account_id}, NOW, by="user:u")
    leads.create(f"lead-{account_id}", {"last_name": "Juhl", "account_id": account_id}, "user:u", NOW)
    rows = []
    for each in range(number):
        at = NOW - each * timedelta(days=20)
        place = Logged.place(account_id, "EmailClicked", at, f"{each}")
        rows.append(Logged(*place, interaction_id=f"{each}", type="EmailClicked", at=at, contact_id=f"c{each}"))
        rows.append(Month(*Month.place(account_id, month_of(at)), month=month_of(at)))
        rows.append(Child(*Child.place(account_id, f"c{each}"), contact_id=f"c{each}"))
        rows.append(Person(*Person.place(account_id, f"c{each}"), contact_id=f"c{each}", record={}, contact_version=1))
        past = Membership.at(account_id, f"c{each}", as_text(at))
        rows.append(Membership(*past, contact_id=f"c{each}", since=at, until=NOW))
    for row in rows:
        commit([put(row)])
    accounts.remove(account_id, 1, NOW)


def left(account_id):
    months = [raw["month"]["S"] for raw in query_raw(ScoringItem, f"ACCOUNT#{account_id}", "MONTH#")]
    logs = [raw for month in months for raw in query_raw(ScoringItem, f"ACCOUNT#{account_id}#LOG#{month}")]
    listed = [item.pk for item in LeadsItem.by_account.query(account_id)]
    return [*logs, *query_raw(ScoringItem, f"ACCOUNT#{account_id}"), *accounts.members_of([account_id]), *listed]


@pytest.mark.usefixtures("cloud")
def test_a_sweep_deletes_a_bounded_number_of_rows_and_stays_due_until_none_is_left(monkeypatch):
    monkeypatch.setattr(sweeping, "MOST", 4)
    monkeypatch.setattr(sweeps, "MOST", 4)
    big("a", 9)
    sizes = [len(left("a"))]

    while sizes[-1]:
        deletion.sweep_account("a", NOW)
        sizes.append(len(left("a")))

    assert len(sizes) > 4
    assert max(before - after for before, after in pairwise(sizes)) <= 3 * 4 + 1


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("mode", MODES)
def test_a_sweep_that_dies_at_any_call_is_taken_up_again(mode):
    for at in range(1, 100):
        account_id, faults = f"a{at}", Faults(mode, at)
        big(account_id, 2)
        with injected(faults, *database()), suppress(*DEATHS):
            deletion.sweep_account(account_id, NOW)
        deletion.sweep_account(account_id, NOW)
        assert left(account_id) == [], at
        assert lead_reading.find(f"lead-{account_id}").account_id is None
        if not faults.fired:
            break

    assert not faults.fired
    assert at > 12
