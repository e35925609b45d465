"""People who demand that nothing is done with their data, or object to marketing and profiling."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.errors import Invalid
from chalicelib.interactions import service as interactions
from chalicelib.leads import service as leads
from chalicelib.messages import plans, sender, service, tracking
from chalicelib.scoring import reading
from chalicelib.tokens import sign
from tests.integration.test_privacy_requests import carry_out, demand
from tests.support import campaign, journeys, scoring
from tests.support.api import Caller
from tests.support.consents import changes as consent_changes
from tests.support.merged import merge, prefer

ADDRESS = "ada@contoso.example"


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def ada(api, world, office):
    """A contact with a scored lead and a message that waits to be sent."""
    campaign.publish(world)
    scoring.publish(scoring.lives_in("Aarhus"))
    campaign.contact(world, "ada", city="Aarhus")
    leads.create("l", {"last_name": "Juhl", "contact_id": "ada"}, "user:u", world.now)
    world.settle()
    assert len(reading.scores_of("l")) == 1
    return "ada"


def queued(world, send_id="s1"):
    commit(plans.queue_send(send_id, contact_id="ada", email_id="e", content_settings_id="cs", now=world.now))


@pytest.mark.rule("PRV-15")
def test_who_is_restricted_gets_no_mail_of_any_kind_and_is_not_scored(api, ada, world, office):
    done = carry_out(api, demand(api, "restrict", ADDRESS))
    queued(world)
    world.settle()

    assert done["progress"] == "completed"
    assert (service.find("s1").state, service.find("s1").reason) == ("blocked", "processing-restricted")
    assert office.letters() == []
    assert reading.scores_of("l") == []
    assert api.get("/contacts/ada/preferences")["restricted"] is True
    [change] = consent_changes("ada")
    assert (change.method, change.source.partition(":")[0]) == ("privacy request", "privacy-request")


@pytest.mark.rule("PRV-15", "CON-14")
def test_what_who_is_restricted_does_is_not_recorded(api, ada, world, office):
    queued(world)
    sender.take_up("s1", world.now, "t")
    carry_out(api, demand(api, "restrict", ADDRESS))

    tracking.opened(f"{sign('open', 's1')}.gif", "event", "browser", world.now)

    assert interactions.of_contact("ada", "EmailOpened") == []


@pytest.mark.rule("PRV-15")
def test_who_objects_gets_no_marketing_and_is_not_profiled_from_that_moment(api, ada, world):
    prefer("ada", world.now, consent_level=4)

    carry_out(api, demand(api, "object", ADDRESS))
    world.settle()

    allowed = consent.preferences("ada")
    assert (allowed.objected, allowed.bulk_email, allowed.tracking) == (True, False, False)
    assert allowed.consent_level == 2
    assert reading.scores_of("l") == []
    assert [(row.scope, row.reason) for row in service.suppressions(ADDRESS)] == [("bulk", "unsubscribed")]
    assert allowed.email is True  # what concerns existing business may still be sent


def test_an_address_that_nobody_has_can_object_too(api, world):
    done = carry_out(api, demand(api, "object", "nobody@contoso.example"))

    assert done["progress"] == "completed"
    assert [row.scope for row in service.suppressions("nobody@contoso.example")] == ["bulk"]


@pytest.mark.rule("PRV-15")
def test_whoever_takes_it_back_is_scored_again_but_allows_nothing_by_that(api, ada, world):
    carry_out(api, demand(api, "object", ADDRESS))
    world.settle()

    carry_out(api, demand(api, "release", ADDRESS))
    world.settle()

    allowed = consent.preferences("ada")
    assert (allowed.objected, allowed.bulk_email, allowed.tracking) == (False, False, False)
    assert len(reading.scores_of("l")) == 1


def test_a_restriction_is_lifted_by_nobody_without_a_reason(api, ada, world):
    carry_out(api, demand(api, "restrict", ADDRESS))
    evidence = Evidence(who="user:u", source="api", method="by user")

    with pytest.raises(Invalid):
        consent.change_by_user("ada", {"restricted": False}, 1, evidence, "c", world.now)


def test_of_who_was_merged_the_restriction_of_one_holds_for_all(api, ada, world):
    other = contacts.create("other", {"last_name": "Juhl", "email": "o@contoso.example"}, world.now, by="user:u")
    carry_out(api, demand(api, "restrict", ADDRESS))

    merge(other.contact_id, "ada", world.now)

    assert consent.of_person(contacts.who_is("other")).restricted
    assert api.get("/contacts/other/preferences")["restricted"] is True


def test_journeys_of_who_is_restricted_end_and_none_begins(api, ada, world, office):
    tiles = {"w": journeys.wait("PT1H", "m"), **campaign.TILES}
    journeys.publish("journey", "j2", journeys.document(tiles, audience={"forms": ["f"]}), world.now)

    carry_out(api, demand(api, "restrict", ADDRESS))

    assert campaign.enter(world, "ada") == "processing_restricted"
