"""Account-based marketing ends at people: whatever asks about companies resolves to contacts (ABM-1)."""

from datetime import timedelta

import pytest

from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.journeys.models import Enrolment
from chalicelib.leads import service as leads
from chalicelib.messages.models import Send
from tests.support import campaign, journeys

LEISURE = {"field": "account.industry", "operator": "equals", "values": ["leisure"]}


def company(world, account_id="kajak", industry="leisure"):
    accounts.create(account_id, {"name": account_id, "industry": industry}, world.now, by="user:u")


def person(world, contact_id, account_id):
    values = {"last_name": "Juhl", "email": f"{contact_id}@contoso.example", "account_id": account_id}
    contacts.create(contact_id, values, world.now, by="user:u")


def lead(world, lead_id, **parents):
    leads.create(lead_id, {"last_name": "Juhl", **parents}, "user:u", world.now)


def enrolments(journey_id="j"):
    found = [each for each in Enrolment.scan(Enrolment.journey_id == journey_id) if isinstance(each, Enrolment)]
    return sorted((each.contact_id, each.pk) for each in found)


def as_contacts(*contact_ids):
    return [(each, f"CONTACT#{each}") for each in contact_ids]


@pytest.mark.rule("ABM-1")
def test_a_segment_of_companies_brings_their_people_into_a_journey_and_each_gets_a_message(world, office):
    journeys.publish("segment", "s", {"type": "dynamic", "query": LEISURE}, world.now)
    journeys.publish("trigger", "t", {"attributes": []}, world.now)
    campaign.publish(world)
    for account_id, industry in (("kajak", "leisure"), ("bank", "finance")):
        company(world, account_id, industry)

    for contact_id, account_id in (("ada", "kajak"), ("bo", "kajak"), ("eva", "bank")):
        person(world, contact_id, account_id)
    lead(world, "of-account", account_id="kajak")
    world.settle()

    assert enrolments() == as_contacts("ada", "bo")
    assert sorted(each.recipients[0] for each in office.letters()) == ["ada@contoso.example", "bo@contoso.example"]
    assert {each.contact_id for each in Send.scan() if isinstance(each, Send)} == {"ada", "bo"}


@pytest.mark.rule("ABM-1")
def test_a_lead_of_an_account_enters_no_journey_and_one_of_a_contact_brings_the_contact(world, office):
    journeys.publish("trigger", "t", {"attributes": []}, world.now)
    campaign.publish(world, audience={"trigger": {"trigger": "lead-created"}})
    company(world)
    person(world, "ada", "kajak")

    lead(world, "of-account", account_id="kajak")
    world.settle()
    assert enrolments() == []

    lead(world, "of-contact", contact_id="ada", account_id="kajak")
    world.advance(timedelta(minutes=1))
    world.settle()

    assert enrolments() == as_contacts("ada")
