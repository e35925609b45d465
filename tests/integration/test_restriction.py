"""People who demand that nothing is done with their data, or object to marketing and profiling."""

from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.consent import recipients
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.errors import Invalid
from chalicelib.interactions import service as interactions
from chalicelib.leads import service as leads
from chalicelib.messages import plans, sender, service, tracking
from chalicelib.scoring import reading
from chalicelib.scoring.reports import exports as score_exports
from chalicelib.scoring.reports import walks as score_walks
from chalicelib.segments import service as segments
from chalicelib.tokens import sign
from tests.integration.test_privacy_requests import carry_out, demand, later
from tests.integration.test_record_exports import finished, rows
from tests.support import campaign, journeys, scoring
from tests.support.api import Caller
from tests.support.consents import changes as consent_changes
from tests.support.imports import finished as finished_import
from tests.support.imports import submitted, table
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


# What is done with many at once ------------------------------------------------------------------------------------


@pytest.mark.rule("PRV-16", "CON-16")
def test_who_is_restricted_stays_a_member_and_is_in_no_file_and_no_action_on_many(api, ada, world):
    journeys.publish("segment", "all", {"type": "static"}, world.now)
    campaign.contact(world, "bo")
    leads.create("m", {"last_name": "Juhl", "contact_id": "bo"}, "user:u", world.now)
    segments.pick("all", ["ada", "bo"], world.now)
    carry_out(api, demand(api, "restrict", ADDRESS))
    world.settle()

    of_segment = finished(api, world, where={"segment_id": "all"})
    of_leads = finished(api, world, record_type="lead")
    chosen = [{"id": "ada"}, {"id": "bo"}]
    answered = {
        action: api.post("/contacts/actions", {"action": action, "contacts": chosen, **more})["items"]
        for action, more in (("set-owner", {"owner_id": "o"}), ("deactivate", {}), ("delete", {}))
    }

    assert {each["contact_id"] for each in api.get("/segments/all/members")["items"]} == {"ada", "bo"}
    assert [row["id"] for row in rows(of_segment)] == ["bo"]
    assert [row["id"] for row in rows(of_leads)] == ["m"]
    for action, (restricted, other) in answered.items():
        assert (restricted["result"], other["result"]) == ("refused", "done"), action
        assert "nothing is done" in restricted["why"]
    assert contacts.find("ada").owner_id is None


@pytest.mark.rule("PRV-16", "SCO-27")
def test_a_score_that_is_still_kept_of_who_is_restricted_is_in_no_file(api, ada, world):
    model = api.get("/scoring-models")["items"][0]["id"]
    carry_out(api, demand(api, "restrict", ADDRESS))
    assert len(reading.scores_of("l")) == 1  # the reaction that takes it away has not come yet

    score_exports.write_part({"model": model, "export": "x"}, ["l"], world.now)

    [walk] = score_walks.found(score_exports.Export.at("x")[0])
    assert walk.sums == {"rows": 0}


@pytest.mark.rule("PRV-16", "IMP-5")
def test_no_list_changes_who_is_restricted(api, ada, world):
    carry_out(api, demand(api, "restrict", ADDRESS))
    world.settle()

    sent = table([["Last name", "Email", "City"], ["Juhl", ADDRESS, "Odense"], ["Holm", "bo@contoso.example", "Ribe"]])
    done = finished_import(api, world, submitted(api, sent, match_by="email"))

    assert (done["counts"]["created"], done["counts"]["failed"]) == (1, 1)
    assert contacts.find("ada").city == "Aarhus"


# To whom it went ---------------------------------------------------------------------------------------------------


@pytest.mark.rule("PRV-16", "PRV-17")
def test_an_officer_sees_for_whom_files_with_the_person_were_made_and_still_does_after_the_erasure(api, ada, world):
    campaign.contact(world, "bo")
    records = finished(api, world)
    model = api.get("/scoring-models")["items"][0]["id"]
    status, scores, _ = api.call("POST", f"/scoring-models/{model}/exports")
    assert status == 202
    world.settle()
    world.advance(timedelta(hours=1))
    log = finished(api, world, consent_log={"since": "2020-01-01T00:00:00Z"})  # nothing of hers is in it
    request = demand(api, "erase", ADDRESS)

    before = api.get(f"/privacy-requests/{request['id']}")["recipients"]
    carry_out(api, request)
    later(world)

    told = {(each["what"], each["export_id"], each["who"]) for each in before}
    who = records["created_by"]
    assert told == {("contacts", records["id"], who), ("scores", scores["id"], who)}
    assert log["rows"] == 0
    erased = api.get(f"/privacy-requests/{request['id']}")
    assert (erased["progress"], erased["recipients"]) == ("completed", before)
    assert recipients.of_person(["ada"]) == []
    assert {row.what for row in recipients.of_person(["bo"])} == {"contacts"}


@pytest.mark.rule("PRV-17")
def test_what_is_only_looked_up_or_released_names_nobody_to_be_told(api, ada, world):
    finished(api, world)
    find, restrict = demand(api, "find", ADDRESS), demand(api, "restrict", ADDRESS)

    done = [carry_out(api, each) for each in (find, restrict)]

    told = [api.get(f"/privacy-requests/{each['id']}")["recipients"] for each in done]
    assert [len(each) for each in told] == [0, 1]
