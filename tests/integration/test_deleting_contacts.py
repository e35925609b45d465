"""Deleting a contact takes along what is its own, however often and wherever the work dies (decision 40)."""

from datetime import timedelta

import pytest

from chalicelib import sweeping
from chalicelib.clock import new_id
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.dynamodb import commit
from chalicelib.errors import NotFound
from chalicelib.insights import service as insights
from chalicelib.interactions import plans as interactions
from chalicelib.interactions import service as log
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.journeys import service as enrolments
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.messages import feedback, opting, sent, tracking
from chalicelib.messages.events import EmailEvent, Happened
from chalicelib.messages.models import Send
from chalicelib.scoring import reading
from chalicelib.segments import service as segments
from chalicelib.tokens import sign
from tests.support import journeys, scoring


@pytest.fixture
def known(world):
    """A contact with a past: visits, a segment, a journey it waits in, consent, an account, a scored lead."""
    journeys.publish("segment", "s", {"type": "dynamic", "query": {"interaction": "WebsiteVisited"}}, world.now)
    tiles = {"first": journeys.ring("pause"), "pause": journeys.wait("P30D", "last"), "last": journeys.ring()}
    journeys.publish("journey", "j", journeys.document(tiles), world.now)
    scoring.publish(scoring.lives_in("Aarhus"))
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")
    for identity in ("c", "other"):
        email = {"email": "ada@contoso.example"} if identity == "c" else {}
        journeys.contact(identity, account_id="a", city="Aarhus", **email)
        leads.create(f"l-{identity}", {"last_name": "Juhl", "contact_id": identity}, "user:u", world.now)
        visit(world, identity)
        refuse(world, identity)
    world.settle()
    assert segments.is_member("c", "s")
    assert enrolments.find("c.j.1").tile == "pause"
    assert len(reading.scores_of("l-c")) == 1
    return world


def visit(world, identity, **more):
    new = NewInteraction(
        InteractionType.WEBSITE_VISITED, world.now, "test", new_id(), contact_id=identity, attributes={"page_id": "p"}
    )
    commit(interactions.record(new, world.now, **more))


def refuse(world, identity):
    said = Evidence(who="user:u", source="api", method="api")
    consent.change_by_user(identity, {"bulk_email": False}, 0, said, new_id(), world.now)


def delete(world, identity="c"):
    contacts.remove(identity, contacts.find(identity).version, world.now)


def own_rows(world, identity="c"):
    """Everything that lies under a contact, in every table; what is left to do about it aside."""
    return sorted(
        (table.removeprefix("itinera-test-"), sk)
        for table, pk, sk in world.rows()
        if pk == f"CONTACT#{identity}" and sk != "DELETED"
    )


def agenda(world):
    return [key for key, raw in world.rows().items() if raw.get("kind", {}).get("S") == "deleted_contact"]


@pytest.mark.rule("INT-9")
def test_everything_of_its_own_goes_and_nothing_of_others(known):
    before = own_rows(known, "other")

    delete(known)
    known.settle()

    assert own_rows(known) == []
    assert own_rows(known, "other") == before
    assert [each.contact_id for each in accounts.members("a")] == ["other"]
    assert [row for row in known.rows() if row[2] == "MEMBER#c"] == []
    lead = lead_reading.find("l-c")
    assert (lead.contact_id, lead.open) == (None, True)
    assert reading.scores_of("l-c") == []
    assert lead_reading.find("l-other").contact_id == "other"


@pytest.mark.rule("INT-9")
def test_what_it_did_as_a_visitor_and_what_that_came_from_goes_with_it(known):
    past = NewInteraction(InteractionType.WEBSITE_VISITED, known.now, "test", new_id(), visitor_id="v")
    commit(interactions.record(past, known.now))
    assert log.credit("v", "c", known.now).number == 1
    visit(known, "c", once=True)
    assert {pk.partition("#")[0] for _, pk, _ in known.rows()} >= {"VISITOR", "FACT"}

    delete(known)
    known.settle()

    assert [key for key in known.rows() if key[1].startswith(("VISITOR#", "FACT#"))] == []


def test_figures_keep_what_was_counted(known):
    before = insights.figures("journey#j#first")

    delete(known)
    known.settle()

    assert insights.figures("journey#j#first") == before == {"entered": 2, "processed": 2}
    assert insights.figures("journey#j") == {"enrolled": 2, "ended:stopped:contact_deleted": 1}
    assert insights.figures("journey#j#pause")["stopped:contact_deleted"] == 1


def test_bursts_that_nobody_counted_yet_are_counted_before_they_go(known):
    delete(known)
    contact_rows = [sk for _, sk in own_rows(known) if "#HISTORY#" in sk]
    assert contact_rows
    for marker in [key for key in known.rows() if key[1].startswith("COUNT")]:
        _drop(marker)
    known.queues["count"].clear()

    for fact in [{"fact": "due", "contact": "c"}]:
        known.send("sweep", _json(fact))
    known.settle()

    assert insights.figures("journey#j#first") == {"entered": 1, "processed": 1}


def _drop(key):
    import boto3

    boto3.client("dynamodb").delete_item(TableName=key[0], Key={"pk": {"S": key[1]}, "sk": {"S": key[2]}})


def _json(fact):
    import json

    return json.dumps(fact)


def test_its_claims_are_free(known):
    delete(known)

    again = contacts.create("again", {"last_name": "Juhl", "email": "ada@contoso.example"}, known.now, by="user:u")

    assert [each.contact_id for each in contacts.by_email("ada@contoso.example")] == [again.contact_id]
    known.settle()
    assert contacts.find("again").email == "ada@contoso.example"


def test_a_lead_keeps_its_own_claims(known):
    prepared = leads.prepare(
        {"last_name": "Juhl", "email": "ada@contoso.example"}, contact_id="c", strategy_id=None, always_new=False,
        page_id=None, new_id="l-2", context=MarketingContext(), owner_id=None, now=known.now,
    )  # fmt: skip
    commit(prepared.writes)

    delete(known)
    known.settle()

    matched = leads.prepare(
        {"email": "ada@contoso.example"}, contact_id=None, strategy_id=None, always_new=False,
        page_id=None, new_id="l-3", context=MarketingContext(), owner_id=None, now=known.now,
    )  # fmt: skip
    assert matched.record.lead_id == "l-2"
    assert lead_reading.find("l-2").contact_id is None


def test_more_than_one_delivery_can_do_is_taken_up_by_the_agenda(known, monkeypatch):
    monkeypatch.setattr(sweeping, "MOST", 3)
    for _ in range(6):
        visit(known, "c")
    delete(known)
    known.settle()
    assert len([sk for table, sk in own_rows(known) if table == "interactions"]) == 7 - 3

    for _ in range(3):
        known.advance(timedelta(minutes=1))
        known.poll()

    assert own_rows(known) == []
    assert own_rows(known, "other") != []


@pytest.mark.parametrize(("at", "lost"), [(2, "before"), (4, "after"), (7, "before"), (11, "after")])
def test_work_that_dies_half_way_is_taken_up_again(known, at, lost):
    delete(known)
    calls = {"left": at}

    def strike(_, service, operation):
        if service != "dynamodb" or operation not in {"TransactWriteItems", "DeleteItem", "PutItem", "UpdateItem"}:
            return None
        calls["left"] -= 1
        return lost if calls["left"] == 0 else None

    known.fault = strike
    known.settle()
    known.fault = lambda *_: None
    known.advance(timedelta(minutes=2))
    known.poll()

    assert own_rows(known) == []
    assert lead_reading.find("l-c").contact_id is None


def test_messages_that_are_lost_are_made_up_for_by_the_agenda(known):
    delete(known)
    known._route()
    assert known.queues["sweep"]
    known.queues["sweep"].clear()
    known.settle()
    assert own_rows(known) != []

    known.advance(timedelta(minutes=2))
    known.poll()

    assert own_rows(known) == []


def test_a_burst_at_work_is_let_finish(known):
    enrolment = enrolments.find("c.j.1")
    enrolment.token, enrolment.lease_until = "a burst", known.now + timedelta(minutes=5)
    enrolment.save()
    delete(known)
    known.settle()
    assert enrolments.find("c.j.1").standing == "active"

    known.advance(timedelta(minutes=6))
    known.poll()

    assert own_rows(known) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_in_any_order_and_twice(known, seed):
    delete(known)

    known.settle(shuffle=seed, duplicate=True)
    known.replay(shuffle=seed)

    known.advance(timedelta(hours=26))
    known.poll()
    assert own_rows(known) == []
    assert agenda(known) == []


def test_what_came_late_goes_with_the_second_sweep_after_which_nothing_waits(known):
    delete(known)
    known.settle()
    visit(known, "c")  # by a process that read the contact before it was deleted
    known.settle()
    assert len(agenda(known)) == 1

    known.advance(timedelta(hours=24))
    known.poll()
    assert len(agenda(known)) == 1
    known.advance(timedelta(hours=2))
    known.poll()

    assert own_rows(known) == []
    assert agenda(known) == []


def test_a_contact_made_anew_under_its_id_is_left_alone(known):
    delete(known)
    known.settle()
    contacts.create("c", {"last_name": "Juhl"}, known.now, by="user:u")
    visit(known, "c")
    known.settle()

    known.advance(timedelta(hours=26))
    known.poll()

    assert ("contacts", "CONTACT") in own_rows(known)
    assert [sk for table, sk in own_rows(known) if table == "interactions"] != []
    assert agenda(known) == []


# Late facts --------------------------------------------------------------------------------------------------------


@pytest.fixture
def late(known):
    """A deleted contact to which a message had been sent."""
    send = Send(*Send.at("s1"), send_id="s1", state="sent", email_id="e", content_settings_id="cs", contact_id="c")
    send.email_version, send.tracked, send.address_hash, send.settled_at = 1, True, "hash", known.now
    send.save()
    delete(known)
    known.settle()
    return known


def test_opening_a_message_revives_nothing(late):
    tracking.opened(f"{sign('open', 's1')}.gif", "event", "browser", late.now)

    late.settle()
    assert own_rows(late) == []


def test_what_became_of_a_message_revives_nothing(late):
    sent.record("s1", late.now)

    late.settle()
    assert own_rows(late) == []


def test_a_bounce_counts_for_the_address_alone_and_once(late):
    for _ in range(2):
        feedback._record(Send.find(*Send.at("s1")), _bounce(late), late.now)

    late.settle()
    assert own_rows(late) == []
    assert [raw["in_a_row"]["N"] for key, raw in late.rows().items() if key[2] == "BOUNCES"] == ["1"]


def _bounce(world):
    return EmailEvent(Happened.SOFT_BOUNCED, "provider-1", "event-1", world.now, "s1")


def test_opting_out_revives_nothing(late):
    said = Evidence(who="recipient", source="send:s1", method="one-click")

    assert opting.set_bulk(["c"], "change", said, late.now, allow=False) == 0
    with pytest.raises(NotFound):
        refuse(late, "c")

    late.settle()
    assert own_rows(late) == []


def test_a_visitor_who_was_the_contact_is_nobody_now(late):
    late.send("submissions", _json({"fact": "visitor.identified", "visitor": "v", "contact": "c"}))
    past = NewInteraction(InteractionType.WEBSITE_VISITED, late.now, "test", new_id(), visitor_id="v")
    commit(interactions.record(past, late.now))

    late.settle()

    assert own_rows(late) == []
