"""What the stream of the leads table tells the rest."""

from datetime import UTC, datetime

import pytest

from chalicelib.leads.choices import REASONS, State, StatusReason
from chalicelib.leads.facts import facts_of
from chalicelib.leads.schemas import CloseLead
from chalicelib.streams import StreamRecord
from chalicelib.wiring.reactions import queues_for

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def told(old, new):
    return list(facts_of(StreamRecord(old, new, NOW, expired=False)))


def image(**values):
    return {"kind": "lead", "lead_id": "l", "version": 1, **values}


def test_a_new_lead_is_told_with_its_contact():
    assert told(None, image(contact_id="c")) == [{"fact": "lead.created", "id": "l", "contact": "c"}]


def test_a_lead_without_a_contact_is_told_without_one():
    assert told(None, image()) == [{"fact": "lead.created", "id": "l"}]


@pytest.mark.rule("LEAD-3", "SCO-7")
def test_account_based_leads_are_told_with_the_accounts_that_they_are_or_were_of():
    made = told(None, image(account_id="a"))
    moved = told(image(account_id="a"), image(account_id="b", version=2))
    given = told(image(account_id="a"), image(account_id="a", contact_id="c", version=2))
    both = told(None, image(account_id="a", contact_id="c"))

    assert [fact.get("accounts") for fact in (*made, *moved, *given, *both)] == [["a"], ["a", "b"], ["a"], None]
    assert [fact.get("contact") for fact in (*made, *moved, *given, *both)] == [None, None, "c", "c"]
    assert queues_for(made[0]) == ("rescore",)
    assert queues_for({"fact": "lead.changed", "id": "l"}) == ()


def test_a_new_parent_is_told_to_both_contacts():
    facts = told(image(contact_id="old"), image(contact_id="new", version=2))

    assert [(fact["contact"], fact["changed"]) for fact in facts] == [("new", ["contact_id"]), ("old", ["contact_id"])]


def test_names_of_what_changed_are_told_without_bookkeeping_and_without_values():
    [fact] = told(image(contact_id="c", city="Odense"), image(contact_id="c", city="Aarhus", version=2))

    assert fact == {"fact": "lead.changed", "id": "l", "contact": "c", "changed": ["city"]}


def test_a_deleted_lead_is_told_to_its_contact():
    assert told(image(contact_id="c"), None) == [{"fact": "lead.deleted", "id": "l", "contact": "c"}]


def sale(**values):
    return {"kind": "opportunity", "opportunity_id": "o", "version": 1, **values}


@pytest.mark.rule("SCO-18")
def test_an_opportunity_is_told_once_with_the_accounts_whose_it_is_or_was_also_without_a_contact():
    made = told(None, sale(account_id="a"))
    won = told(sale(account_id="a", state="open"), sale(account_id="a", state="won", version=2))
    moved = told(sale(account_id="a", contact_id="c"), sale(account_id="b", contact_id="c", version=2))
    given = told(sale(account_id="a", contact_id="c"), sale(account_id="a", contact_id="d", version=2))
    gone = told(sale(account_id="a"), None)

    assert made == [{"fact": "opportunity.created", "id": "o", "accounts": ["a"]}]
    assert won == [{"fact": "opportunity.changed", "id": "o", "changed": ["state"], "accounts": ["a"]}]
    assert [(fact["contact"], fact["accounts"]) for fact in moved] == [("c", ["a", "b"])]
    assert [(fact["fact"], fact["contact"], fact.get("accounts")) for fact in given] == [
        ("opportunity.deleted", "c", ["a"]),
        ("opportunity.created", "d", None),
    ]
    assert gone == [{"fact": "opportunity.deleted", "id": "o", "accounts": ["a"]}]
    assert {queues_for(fact) for fact in (*made, *won, *gone)} == {("rescore",)}
    assert told(None, sale()) == []


def test_claims_and_history_tell_nothing():
    assert told(None, {"kind": "lead_owner", "record_id": "l"}) == []
    assert told(None, {"kind": "move", "lead_id": "l"}) == []


@pytest.mark.parametrize("state", [State.QUALIFIED, State.DISQUALIFIED])
def test_each_way_of_closing_has_reasons_of_its_own(state):
    assert CloseLead(state=state).reason is REASONS[state][0]
    for reason in StatusReason:
        if reason in REASONS[state]:
            assert CloseLead(state=state, status_reason=reason).reason is reason
        else:
            with pytest.raises(ValueError, match="no reason"):
                CloseLead(state=state, status_reason=reason)


@pytest.mark.rule("CORE-4")
def test_only_leads_with_a_contact_concern_scores_memberships_and_triggers():
    assert queues_for({"fact": "lead.created", "id": "l"}) == ("leads-work",)  # it may get one
    assert queues_for({"fact": "lead.changed", "id": "l"}) == ()
    for name in ("lead.created", "lead.changed", "lead.deleted"):
        assert {"rescore", "membership"} <= set(queues_for({"fact": name, "id": "l", "contact": "c"}))
