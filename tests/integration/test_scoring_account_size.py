"""An account with 5,000 contacts: how many requests one rescoring takes."""

from datetime import UTC, datetime, timedelta

import pytest

import app  # noqa: F401  it tells conditions what there is
from chalicelib import dynamodb
from chalicelib.clock import as_text
from chalicelib.contacts import accounts
from chalicelib.contacts.fields import FIELDS
from chalicelib.contacts.models import Contact, Membership
from chalicelib.dynamodb import commit, put
from chalicelib.leads import service as leads
from chalicelib.scoring import reading
from chalicelib.scoring.accounts import rescoring as scoring
from chalicelib.scoring.accounts.items import Logged, Month, Person, month_of
from tests.support.meter import metered
from tests.support.scoring import NOW, clicked, publish

pytestmark = pytest.mark.usefixtures("cloud")

CONTACTS = 5_000
JOINED = datetime(2026, 1, 1, tzinfo=UTC)
CITIES = ("Odense", "Aarhus", "Ribe")


def raw(items):
    """Put items 25 at a time, as they lie."""
    client, waiting = dynamodb.writer(), list(items)
    for start in range(0, len(waiting), 25):
        part = waiting[start : start + 25]
        puts = [{"PutRequest": {"Item": item.serialize()}} for item in part]
        answer = client.batch_write_item(RequestItems={part[0].Meta.table_name: puts})
        assert not answer["UnprocessedItems"]


def person(number):
    """Who a contact is, of a usual length."""
    contact_id = f"c{number:05}"
    told = {"city": CITIES[number % 3], "email": f"{contact_id}@example.com", "job_title": "Buyer", "country": "DK"}
    told |= {"street": "Kajakvej 7", "postal_code": "5000", "phone": "+4512345678", "owner_id": "o" * 26}
    made = Contact(*Contact.at(contact_id), contact_id=contact_id, last_name="Juhl", updated_at=JOINED, **told)
    record = {name: raw for name, raw in made.serialize().items() if name in {"contact_id", *FIELDS}}
    return Person(*Person.place("a", contact_id), contact_id=contact_id, record=record, contact_version=1)


def membership(number):
    place = Membership.at("a", f"c{number:05}", as_text(JOINED))
    return Membership(*place, contact_id=f"c{number:05}", since=JOINED)


def done(number):
    """A click of each contact within the last quarter."""
    at, id_ = NOW - timedelta(minutes=number * 25), f"click-{number:05}"
    place = Logged.place("a", "EmailClicked", at, id_)
    attributes = {"email_id": f"email-{number % 9}", "link": "shop", "journey_id": "j" * 20, "send_id": "s" * 40}
    return Logged(
        *place, interaction_id=id_, type="EmailClicked", at=at, contact_id=f"c{number:05}", attributes=attributes,
        verdict="human",
    )  # fmt: skip


@pytest.mark.rule("SCO-6", "ABM-7")
def test_an_account_of_five_thousand_contacts_is_scored_in_twenty_requests():
    accounts.create("a", {"name": "Kajak ApS", "industry": "leisure"}, NOW, by="user:u")
    leads.create("l", {"last_name": "Juhl", "account_id": "a"}, "user:u", NOW)
    clicks = [done(number) for number in range(CONTACTS)]
    raw(clicks)
    months = sorted({month_of(each.at) for each in clicks})
    commit([put(Month(*Month.place("a", month), month=month)) for month in months])
    raw([membership(number) for number in range(CONTACTS)])
    raw([person(number) for number in range(CONTACTS)])
    by_city = {"entity": "EmailClicked.contact", "frequency": "each", "where": [
        {"field": "city", "operator": "equals", "values": ["Odense"]}
    ]}  # fmt: skip
    doings = publish(clicked(1), target="account")
    people = {}

    for asked in ("doings", "people"):
        if asked == "people":
            people = publish({"id": "r", "points": 1, "conditions": [by_city]}, target="account")
        now = NOW + (timedelta(0) if asked == "doings" else timedelta(minutes=5))
        scoring.wake("a", now)
        with metered() as usage:
            assert scoring.rescore("a", now)
        print(f"an account of {CONTACTS} contacts, asked of {asked}: {dict(usage.requests)}, {usage.read_units} units")
        assert usage.round_trips <= 20

    scores = {score.model_id: score.score for score in reading.scores_of("l")}
    assert scores == {doings: CONTACTS, people: len(range(0, CONTACTS, 3))}
