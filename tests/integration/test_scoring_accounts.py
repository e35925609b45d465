"""Account-based leads: scored by what an account's people did while they belonged to it, at most once a minute."""

from datetime import timedelta

import pytest

from chalicelib.agenda import fallen_due
from chalicelib.clock import as_text
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import accounts, deletion
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import Key, commit, delete
from chalicelib.interactions import service as interactions
from chalicelib.interactions.plans import NewInteraction, record
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.scoring import bulk, reading
from chalicelib.scoring.accounts import log as account_log
from chalicelib.scoring.accounts import rescoring as scoring
from chalicelib.scoring.accounts.items import AccountEvaluation, Belongs, Logged, Person
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import ScoreChange, ScoringItem
from tests.support.scoring import clicked, publish

MINUTE = timedelta(minutes=1)


def of_accounts(*rules, **more):
    return publish(*rules, target="account", **more)


def company(world, account_id="a", **values):
    accounts.create(account_id, {"name": "Kajak ApS", **values}, world.now, by="user:u")


def person(world, contact_id="c", account_id="a", **values):
    contacts.create(contact_id, {"last_name": "Juhl", "account_id": account_id, **values}, world.now, by="user:u")


def lead(world, lead_id="l", contact_id=None, account_id="a", **values):
    parents = {"contact_id": contact_id, "account_id": account_id}
    leads.create(lead_id, {"last_name": "Juhl", **parents, **values}, "user:u", world.now)


def click(world, event, contact_id="c", at=None, type_=InteractionType.EMAIL_CLICKED, **attributes):
    at = at or world.now
    new = NewInteraction(type_, at, "test", event, contact_id=contact_id, attributes=attributes, verdict="human")
    commit(record(new, world.now))


def change(world, contact_id, **values):
    contacts.amend(contact_id, values, contacts.find(contact_id).version, world.now)


def allow(world, contact_id, **fields):
    evidence = Evidence(who="user:u", source="test", method="test")
    before = consent.preferences(contact_id)
    commit(consent_plans.change(before, fields, evidence, f"{contact_id}-{fields}", world.now))


def pass_a_minute(world):
    world.settle()
    world.advance(2 * MINUTE)
    world.poll(scoring.WORK)
    world.settle()


def scores(lead_id="l"):
    return {score.model_id: score.score for score in reading.scores_of(lead_id)}


def evaluation(account_id="a"):
    return AccountEvaluation.find(*AccountEvaluation.at(account_id))


def logged(account_id="a"):
    rows = [
        row for month in account_log.months(account_id) for row in Logged.query(f"ACCOUNT#{account_id}#LOG#{month}")
    ]
    return sorted(row.interaction_id for row in rows)


# What is scored ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("SCO-6", "SCO-1", "ABM-7")
def test_a_model_of_accounts_scores_account_based_leads_by_account_data_and_what_all_contacts_do(world):
    company(world, industry="leisure")
    person(world, "c")
    person(world, "d")
    world.settle()
    lead(world)
    where = [{"field": "industry", "operator": "equals", "values": ["leisure"]}]
    leisure = {"id": "i", "points": 100, "conditions": [{"entity": "account", "where": where}]}
    model, other = of_accounts(clicked(10), leisure), publish(clicked(7))
    click(world, "1", "c")
    click(world, "2", "d")

    pass_a_minute(world)

    assert scores() == {model: 120}
    assert other not in scores()


@pytest.mark.rule("LEAD-3", "SCO-7", "SCO-4")
def test_a_lead_with_both_parents_is_scored_by_its_contact_alone(world):
    company(world)
    person(world)
    lead(world, "both", "c", "a")
    lead(world, "based", None, "a")
    lead(world, "orphan", None, None)
    of_contacts, model = publish(clicked(7)), of_accounts(clicked(10))
    world.settle()
    click(world, "1")

    pass_a_minute(world)

    assert (scores("both"), scores("based"), scores("orphan")) == ({of_contacts: 7}, {model: 10}, {})


@pytest.mark.rule("LEAD-3", "SCO-7")
def test_what_a_stopped_model_left_goes_too_when_the_lead_is_no_account_based_one_any_more(world):
    company(world)
    person(world)
    lead(world)
    model = of_accounts(clicked(10))
    world.settle()
    definitions.stop(KIND, model, version=definitions.get(KIND, model).version, by="user:u", now=world.now)
    assert scores() == {model: 0}

    leads.amend("l", {"contact_id": "c"}, by="user:u", version=lead_reading.find("l").version, now=world.now)
    world.settle()

    assert scores() == {}


@pytest.mark.rule("SCO-4", "LEAD-3")
def test_parents_that_are_set_and_changed_move_the_scores_at_once(world):
    company(world)
    person(world)
    of_contacts, model = publish(clicked(7)), of_accounts(clicked(10))
    world.settle()
    click(world, "1")
    world.settle()
    lead(world, "l", None, None)
    world.settle()
    assert scores() == {}

    leads.amend("l", {"account_id": "a"}, by="user:u", version=lead_reading.find("l").version, now=world.now)
    world.settle()
    assert scores() == {model: 10}

    world.advance(MINUTE / 2)
    leads.amend("l", {"contact_id": "c"}, by="user:u", version=lead_reading.find("l").version, now=world.now)
    world.settle()
    assert scores() == {of_contacts: 7}
    rows = ScoreChange.query("LEAD#l", ScoreChange.sk.startswith(f"HISTORY#{model}"))
    assert [change.why for change in rows] == [None, "The lead is not the account's any more."]


@pytest.mark.rule("ACC-5", "ABM-7")
def test_only_what_a_contact_did_while_it_belonged_to_the_account_counts_also_after_it_left(world):
    """Decision 16."""
    company(world)
    company(world, "b")
    person(world, "c", None)
    world.settle()
    click(world, "before")
    world.advance(MINUTE)
    change(world, "c", account_id="a")
    world.settle()
    lead(world)
    lead(world, "m", account_id="b")
    model = of_accounts(clicked(10))
    world.advance(MINUTE)
    click(world, "inside")
    world.settle()
    world.advance(MINUTE)
    change(world, "c", account_id="b")
    world.settle()
    world.advance(MINUTE)
    click(world, "after")

    pass_a_minute(world)

    assert (scores("l"), scores("m")) == ({model: 10}, {model: 10})


def test_a_fact_that_is_told_before_the_joining_counts_all_the_same(world):
    company(world)
    person(world)
    click(world, "1")
    account_log.record("c", "EmailClicked", f"EmailClicked#{as_text(world.now)}#x")
    assert logged() == []

    world.settle(shuffle=3)

    assert len(logged()) == 1


@pytest.mark.rule("SCO-33")
def test_a_child_among_the_contacts_counts_never_and_from_the_moment_that_it_is_known(world):
    company(world)
    person(world, "c")
    person(world, "d")
    world.settle()
    lead(world)
    model = of_accounts(clicked(10))
    click(world, "1", "c")
    click(world, "2", "d")
    pass_a_minute(world)
    assert scores() == {model: 20}

    allow(world, "d", is_child=True)
    pass_a_minute(world)
    assert scores() == {model: 10}

    allow(world, "d", is_child=False)
    pass_a_minute(world)
    assert scores() == {model: 20}


@pytest.mark.rule("SCO-32")
def test_a_model_of_accounts_counts_those_who_did_not_consent_and_cannot_ask_for_consent(world):
    company(world)
    person(world)
    world.settle()
    allow(world, "c", consent_level=0)
    lead(world)
    model = of_accounts(clicked(10))
    click(world, "1")

    pass_a_minute(world)

    assert scores() == {model: 10}


@pytest.mark.rule("SCO-6", "SCO-20")
def test_a_rule_may_ask_of_the_contacts_one_of_whom_satisfies_all_of_it(world):
    company(world)
    person(world, "c", city="Odense", job_title="Buyer")
    person(world, "d", city="Aarhus", job_title="Owner")
    world.settle()
    lead(world)

    def asked(points, entity, **values):
        where = [{"field": name, "operator": "equals", "values": [value]} for name, value in values.items()]
        condition = {"entity": entity, "where": where}
        return {"id": f"r{points}", "points": points, "conditions": [condition]}

    one, mixed = (
        asked(1, "contact", city="Odense", job_title="Buyer"),
        asked(2, "contact", city="Odense", job_title="Owner"),
    )
    by_buyers = asked(4, "EmailClicked.contact", job_title="Buyer")
    by_clerks = asked(8, "EmailClicked.contact", job_title="Clerk")
    model = of_accounts(one, mixed, by_buyers, by_clerks)
    click(world, "1", "c")
    click(world, "2", "d")

    pass_a_minute(world)

    assert scores() == {model: 5}


def test_who_the_contacts_are_is_asked_as_they_are_now_and_while_they_belong(world):
    company(world)
    person(world, "c", city="Aarhus")
    world.settle()
    lead(world)
    where = [{"field": "city", "operator": "equals", "values": ["Odense"]}]
    model = of_accounts({"id": "r", "points": 5, "conditions": [{"entity": "contact", "where": where}]})
    pass_a_minute(world)
    assert scores() == {model: 0}

    change(world, "c", city="Odense")
    pass_a_minute(world)
    assert scores() == {model: 5}

    change(world, "c", account_id=None)
    pass_a_minute(world)
    assert scores() == {model: 0}


def test_an_account_without_contacts_is_scored_on_its_own_data_and_nobodys_doings(world):
    """Decision 16."""
    company(world)
    world.settle()
    lead(world)
    model = of_accounts(clicked(10), clicked(3, frequency="none"))

    pass_a_minute(world)

    assert scores() == {model: 3}


@pytest.mark.rule("SCO-6")
def test_a_deleted_contact_leaves_nothing_in_the_log(world):
    """Decision 40."""
    company(world)
    person(world, "c")
    person(world, "d")
    world.settle()
    lead(world)
    model = of_accounts(clicked(10))
    click(world, "1", "c")
    click(world, "2", "d")
    pass_a_minute(world)
    contacts.remove("d", contacts.find("d").version, world.now)

    pass_a_minute(world)
    deletion.sweep("d", world.now)

    assert scores() == {model: 10}
    assert len(logged()) == 1
    assert list(Belongs.query("CONTACT#d", Belongs.sk.startswith("AT#"))) == []
    assert [each["id"] for each in account_log.people("a", accounts.members("a"), account_log.known("a"))] == ["c"]
    assert Person.find(*Person.place("a", "d")) is None


# Time, races and repair --------------------------------------------------------------------------------------------


def test_however_many_facts_come_an_account_is_scored_once_a_minute(world):
    company(world)
    person(world)
    world.settle()
    lead(world)
    model = of_accounts(clicked(10))
    click(world, "0")
    world.settle()
    first = evaluation().version

    for number in range(1, 6):
        click(world, str(number))
        world.settle()
    assert scores() == {model: 10}
    assert evaluation().due == evaluation().began_at + MINUTE
    world.poll(scoring.WORK)
    world.settle()
    assert evaluation().version == first

    pass_a_minute(world)
    assert scores() == {model: 60}
    assert evaluation().version == first + 2  # taken, and done
    assert evaluation().due is None


def test_a_fact_that_comes_while_an_account_is_being_scored_is_not_lost(world, monkeypatch):
    company(world)
    person(world)
    world.settle()
    lead(world)
    model = of_accounts(clicked(10))
    click(world, "1")
    world.settle()
    world.advance(2 * MINUTE)
    click(world, "2")
    decide = scoring.decide

    def late(*asked):
        """Another click is recorded and told when everything has been read."""
        monkeypatch.setattr(scoring, "decide", decide)
        found = decide(*asked)
        click(world, "3")
        world.deliver()
        return found

    monkeypatch.setattr(scoring, "decide", late)
    world.settle()
    assert scores() == {model: 20}

    pass_a_minute(world)

    assert scores() == {model: 30}


def test_an_evaluation_that_died_is_taken_up_again_when_its_lease_is_over(world, monkeypatch):
    company(world)
    person(world)
    world.settle()
    lead(world)
    model = of_accounts(clicked(10))
    click(world, "1")
    commit_ = scoring._commit
    monkeypatch.setattr(scoring, "_commit", lambda *_: False)
    world.settle()
    assert scores() == {}
    monkeypatch.setattr(scoring, "_commit", commit_)

    world.advance(scoring.LEASE + MINUTE)
    world.poll(scoring.WORK)
    world.settle()

    assert scores() == {model: 10}


def test_what_ages_out_changes_the_score_when_its_time_has_come(world):
    company(world)
    person(world)
    world.settle()
    lead(world)
    model = of_accounts(clicked(10, within="P7D"))
    click(world, "1")
    pass_a_minute(world)
    assert scores() == {model: 10}

    world.advance(timedelta(days=7))
    assert [item.pk for item in fallen_due(ScoringItem.by_due, scoring.WORK, world.now, 10)] == ["ACCOUNT#a"]
    world.poll(scoring.WORK)
    world.settle()

    assert scores() == {model: 0}


def test_a_recount_makes_good_what_the_log_lacks_and_says_so(world):
    company(world)
    person(world)
    world.settle()
    lead(world)
    model = of_accounts(clicked(10))
    click(world, "1")
    pass_a_minute(world)
    [row] = Logged.query(f"ACCOUNT#a#LOG#{as_text(world.now)[:7]}")
    commit([delete(Key(Logged, row.pk, row.sk))])
    world.advance(2 * MINUTE)

    bulk.recount_account({"fact": "account.recount", "id": "a"}, world.now)

    assert len(logged()) == 1
    assert evaluation().due is not None
    pass_a_minute(world)
    assert scores() == {model: 10}
    assert not scoring.recount("a", world.now)


@pytest.mark.parametrize("seed", range(3))
def test_in_whichever_order_and_however_often_facts_are_told_the_scores_are_those_of_the_facts(world, seed):
    company(world, "a")
    company(world, "b")
    person(world, "c", "a")
    person(world, "d", "a")
    lead(world, "l", account_id="a")
    lead(world, "m", account_id="b")
    model = of_accounts(clicked(10))
    for number in range(3):
        click(world, f"at a {number}", "c")
    click(world, "a child's", "d")
    allow(world, "d", is_child=True)
    world.advance(MINUTE)
    change(world, "c", account_id="b")
    click(world, "late", "c", at=world.now - MINUTE / 2)
    click(world, "at b", "c", at=world.now + MINUTE / 4)

    world.settle(duplicate=True, shuffle=seed)
    world.advance(MINUTE)
    world.replay(shuffle=seed)
    pass_a_minute(world)

    assert (scores("l"), scores("m")) == ({model: 40}, {model: 10})
    assert not scoring.recount("a", world.now)
    assert not scoring.recount("b", world.now)


def test_a_later_verdict_counts_in_whichever_order_it_is_told(world):
    company(world)
    person(world)
    world.settle()
    lead(world)
    model = of_accounts(clicked(10))
    new = NewInteraction(
        InteractionType.EMAIL_CLICKED, world.now, "test", "1", contact_id="c", attributes={}, verdict="undecided"
    )
    commit(record(new, world.now))
    pk, sk = "CONTACT#c", f"EmailClicked#{as_text(world.now)}#{new.id}"
    interactions.decide(pk, sk, "human", ["no sign of a machine"], world.now)

    pass_a_minute(world)
    world.replay(shuffle=1)
    world.settle()

    assert scores() == {model: 10}


@pytest.mark.rule("SCO-5")
def test_publishing_scores_account_based_leads_too_and_stopping_takes_their_scores_away(world):
    company(world)
    person(world)
    world.settle()
    click(world, "1")
    lead(world)
    world.settle()
    model = of_accounts(clicked(10))
    assert scores() == {}

    world.advance(2 * MINUTE)
    bulk.rescore_all({}, ["l"], world.now)
    world.settle()
    assert scores() == {model: 10}


@pytest.mark.rule("SCO-5", "SCO-6")
@pytest.mark.parametrize(("before", "after"), [("contact", "account"), ("account", "contact")])
def test_a_version_with_another_target_takes_away_what_the_one_before_said_of_leads_that_are_none_of_its_own(
    world, before, after
):
    company(world)
    person(world)
    lead(world, "contact", "c")
    lead(world, "account")
    model = publish(clicked(10), target=before)
    click(world, "1")
    pass_a_minute(world)
    assert (scores(before), scores(after)) == ({model: 10}, {})

    publish(clicked(10), target=after, model_id=model)
    bulk.rescore_all({"id": model, "version": 2}, ["contact", "account"], world.now)
    pass_a_minute(world)

    assert (scores(before), scores(after)) == ({}, {model: 10})
    [*_, gone] = ScoreChange.query(f"LEAD#{before}", ScoreChange.sk.startswith("HISTORY#"))
    assert gone.why.startswith("The model scores")


@pytest.mark.rule("SCO-23", "SCO-3")
def test_an_account_based_lead_becomes_ready_by_a_model_of_accounts(world):
    company(world)
    person(world)
    world.settle()
    lead(world)
    of_accounts(clicked(10), threshold=20)
    click(world, "1")
    world.settle()
    assert not lead_reading.find("l").sales_ready
    assert lead_reading.find("l").stage == "automated_marketing_qualification"

    world.advance(2 * MINUTE)
    reached = world.now
    click(world, "2", at=reached)
    world.settle()

    assert lead_reading.find("l").sales_ready
    assert lead_reading.find("l").sales_ready_at == reached


def test_a_resync_makes_good_what_no_stream_told(world):
    company(world)
    person(world)
    lead(world)
    model = of_accounts(clicked(10))
    click(world, "1")
    world.advance(timedelta(days=2))

    scoring.react({"fact": "rebuild", "contact": "c"}, world.now)

    assert scores() == {model: 10}
