"""What merged contacts did counts for the accounts of all, and after undoing for those of each (decision 63)."""

import re
from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest

from chalicelib.clock import as_text
from chalicelib.consent import service as consent
from chalicelib.contacts import accounts, identity, merging
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import Key, commit, delete
from chalicelib.errors import Conflict
from chalicelib.interactions import service as interactions
from chalicelib.leads import service as leads
from chalicelib.scoring import reading
from chalicelib.scoring.accounts import log as account_log
from chalicelib.scoring.accounts import rescoring as scoring
from chalicelib.scoring.accounts.items import Logged
from chalicelib.scoring.models import ScoringItem
from tests.support.merged import merge, prefer, undo
from tests.support.meter import metered
from tests.support.scoring import click, clicked, publish

MINUTE = timedelta(minutes=1)
ACCOUNTS = {"a": "l-a", "b": "l-b", "c": "l-c"}
PEOPLE = ("ada", "bo", "twin")
PROJECTED = ("logged", "log_month", "belongs", "aliases", "child", "person")


@pytest.fixture
def companies(world):
    """Three accounts with a lead each; Ada at one, her twin at the second, Bo at none."""
    for account_id, lead_id in ACCOUNTS.items():
        accounts.create(account_id, {"name": account_id}, world.now, by="user:u")
        leads.create(lead_id, {"last_name": "Juhl", "account_id": account_id}, "user:u", world.now)
    for contact_id, account_id in (("ada", "a"), ("twin", "b"), ("bo", None)):
        contacts.create(contact_id, {"last_name": contact_id, "account_id": account_id}, world.now, by="user:u")
    publish(clicked(1), target="account")
    world.settle()
    world.advance(MINUTE)
    return world


def go(world, contact_id, account_id):
    contacts.amend(contact_id, {"account_id": account_id}, contacts.find(contact_id).version, world.now)


def did(world, contact_id):
    """A click at this moment, and a minute goes by."""
    click(f"{contact_id}-{as_text(world.now)}", world.now, contact_id)
    world.advance(MINUTE)


def scores():
    """The score of each account's lead."""
    return [sum(score.score for score in reading.scores_of(lead_id)) for lead_id in ACCOUNTS.values()]


def counted():
    """What the scores are by what the domains themselves say now: no log, no projection."""
    found = []
    for account_id in ACCOUNTS:
        seen = {
            each.interaction_id
            for contact_id in PEOPLE
            if not consent.of_person(who := identity.of(contact_id)).is_child
            for each in interactions.of_contact(contact_id, "EmailClicked")
            for time in (time for one in who.ids for time in accounts.memberships(account_id, one))
            if time.since <= each.at and (time.until is None or each.at < time.until)
        }
        found.append(len(seen))
    return found


def come_to_rest(world, **delivery):
    world.settle(**delivery)
    world.advance(2 * MINUTE)
    world.poll(scoring.WORK, **delivery)


def logged(account_id):
    months = account_log.months(account_id)
    return sorted(row.contact_id for month in months for row in Logged.query(f"ACCOUNT#{account_id}#LOG#{month}"))


def forget(world):
    """Take away all that was made of facts, so that the recount makes it from nothing."""
    found = [Key(ScoringItem, pk, sk) for (_, pk, sk), raw in world.rows().items() if _kind(raw) in PROJECTED]
    for start in range(0, len(found), 50):
        commit([delete(key) for key in found[start : start + 50]])
    account_log.note_month.cache_clear()


def _kind(raw):
    return raw.get("kind", {}).get("S")


def recount(world):
    for account_id in ACCOUNTS:
        world.send("rescore", f'{{"fact": "account.recount", "id": "{account_id}"}}')
    come_to_rest(world)


# The cases -----------------------------------------------------------------------------------------------------------


def case_merge_across_accounts(world):
    did(world, "ada")
    did(world, "twin")
    merge("ada", "twin", world.now)
    did(world, "twin")
    return [3, 2, 0]  # with Ada from here on, but what Ada did while the twin was at b is the person's as well


def case_undo(world):
    case_merge_across_accounts(world)
    undo("ada", "twin", world.now)
    did(world, "twin")
    return [1, 3, 0]  # the twin was never away


def case_the_account_is_taken_over(world):
    did(world, "bo")
    did(world, "twin")
    merge("bo", "twin", world.now)
    did(world, "bo")
    return [0, 3, 0]


def case_the_account_taken_over_is_given_back(world):
    case_the_account_is_taken_over(world)
    undo("bo", "twin", world.now)
    did(world, "bo")
    return [0, 1, 0]


def case_join_after_the_merge(world):
    merge("ada", "bo", world.now)
    did(world, "bo")
    go(world, "ada", "c")
    did(world, "bo")
    did(world, "ada")
    return [1, 0, 2]


def case_leave_after_the_merge(world):
    merge("ada", "twin", world.now)
    go(world, "ada", None)
    did(world, "twin")
    did(world, "ada")
    return [0, 0, 0]


def case_join_after_the_merge_and_undo(world):
    case_join_after_the_merge(world)
    undo("ada", "bo", world.now)
    return [0, 0, 1]


def case_a_chain(world):
    did(world, "twin")
    merge("ada", "twin", world.now)
    did(world, "ada")
    merge("bo", "ada", world.now)
    did(world, "twin")
    undo("bo", "ada", world.now)
    did(world, "bo")
    return [3, 1, 0]


def case_one_of_them_is_a_child(world):
    did(world, "ada")
    prefer("twin", world.now, is_child=True)
    merge("ada", "twin", world.now)
    did(world, "ada")
    return [0, 0, 0]


def case_one_of_them_was_a_child(world):
    case_one_of_them_is_a_child(world)
    undo("ada", "twin", world.now)
    return [2, 0, 0]


def case_the_choice_moves_the_main_contact(world):
    did(world, "ada")
    merge("ada", "twin", world.now, {"account_id": "other"})
    did(world, "ada")
    return [1, 2, 0]


def case_the_choice_is_undone(world):
    case_the_choice_moves_the_main_contact(world)
    undo("ada", "twin", world.now)
    return [2, 0, 0]


CASES = [value for name, value in list(globals().items()) if name.startswith("case_")]


@pytest.mark.rule("RSC-10", "ACC-5", "ABM-7")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.removeprefix("case_"))
def test_the_scores_of_accounts_are_those_of_a_recount_from_nothing(companies, case):
    expected = case(companies)
    come_to_rest(companies, shuffle=1)

    assert scores() == counted() == expected
    assert not any(scoring.recount(each, companies.now) for each in ACCOUNTS)

    forget(companies)
    recount(companies)
    assert scores() == expected


# Any order, and what is left -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1])
def test_whatever_is_merged_and_undone_in_whichever_order_it_is_told_the_scores_are_those_of_the_facts(companies, seed):
    random = Random(seed)
    for number in range(12):
        one, other = random.sample(PEOPLE, 2)
        with suppress(Conflict):  # who was merged is not changed, nor merged again
            random.choice((merge_any, undo_any, go_anywhere))(companies, one, other, random)
        did(companies, other)
        if number % 4 == 0:
            companies.deliver()

    come_to_rest(companies, duplicate=True, shuffle=seed)

    assert scores() == counted()
    assert not any(scoring.recount(each, companies.now) for each in ACCOUNTS)


def merge_any(world, one, other, _):
    merge(one, other, world.now)


def undo_any(world, one, *_):
    for each in merging.merges(one):
        merging.undo(one, each.merge_id, "user:u", world.now)


def go_anywhere(world, one, _, random):
    go(world, one, random.choice((*ACCOUNTS, None)))


def test_of_a_deleted_person_nothing_is_left_at_any_account_of_its_identities(companies):
    did(companies, "ada")
    did(companies, "twin")
    did(companies, "bo")
    merge("ada", "twin", companies.now)
    come_to_rest(companies)
    assert (logged("a"), logged("b")) == (["ada", "twin"], ["ada", "twin"])

    contacts.remove("ada", contacts.find("ada").version, companies.now)
    come_to_rest(companies)

    assert scores() == [0, 0, 0]
    named = [key for key in companies.rows() if {"ada", "twin"} & set(re.split("[#/]", f"{key[1]}#{key[2]}"))]
    assert [key for key in named if key[0].endswith("scoring")] == []
    assert logged("a") == logged("b") == []


def test_who_was_never_merged_costs_an_interaction_no_request_more(companies):
    click("once", companies.now, "ada")
    [row] = interactions.of_contact("ada", "EmailClicked")

    with metered() as usage:
        assert account_log.record("ada", "EmailClicked", row.sk) == ["a"]

    assert dict(usage.requests) == {"Query": 1, "GetItem": 1, "PutItem": 2}
