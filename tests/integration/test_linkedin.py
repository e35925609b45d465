"""Leads from LinkedIn: told, matched, withdrawn; against a LinkedIn that speaks HTTP, through the real edges."""

import json
import random
from datetime import timedelta

import pytest

from chalicelib.capture import service as capture
from chalicelib.capture.linkedin import matching, models, service
from chalicelib.capture.linkedin.messages import noticed
from chalicelib.capture.service import Submitted
from chalicelib.conditions.facts import Verdict
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import read
from chalicelib.interactions import reading
from chalicelib.interactions import service as interactions
from chalicelib.leads import reading as leads
from infra.local.demo.company import newsletter_form
from infra.local.linkedin_leads import CONSENT, NEWS, notice
from infra.template import load
from tests.support.between import before_the_next_write
from tests.support.between import process as other_process
from tests.support.custom import make
from tests.support.linkedin import answers_of
from tests.support.meter import metered
from tests.support.processes import process, publish

LINKEDIN = "LinkedInFormSubmission"


def only_lead(connected):
    [listed] = connected.api.get("/leads")["items"]
    return listed


def tell(connected, sent, action="CREATED"):
    assert connected.tell(notice(sent, action)) == 200
    connected.world.settle()


def of_contact(lead):
    return interactions.of_contact(lead["contact_id"], LINKEDIN)


@pytest.mark.rule("LNK-1", "LNK-5", "GEN-5", "GEN-10", "GEN-13")
def test_a_lead_that_linkedin_tells_of_comes_with_its_contact(connected):
    sent = connected.send(1)

    tell(connected, sent)

    lead = only_lead(connected)
    assert (lead["last_name"], lead["email"], lead["seniority"]) == ("Berg 1", "ada1@example.com", "Manager")
    assert (lead["lead_source"], lead["linkedin_campaign"]) == ("linkedin_sponsored_form", "Kayaks, autumn")
    assert (lead["linkedin_submissions"], lead["owner_id"], lead["topic"]) == (1, "user:anna", "Webinar Q4, 3")
    contact = contacts.find(lead["contact_id"])
    assert (contact.email, contact.owner_id) == ("ada1@example.com", "user:anna")
    [done] = of_contact(lead)
    assert (done.lead_id, round(done.at.timestamp() * 1000)) == (lead["id"], sent["submittedAt"])
    [shown] = connected.api.get(f"/leads/{lead['id']}/linkedin-submissions")["items"]
    assert shown["answers"]["formResponse"] == sent["formResponse"]
    assert connected.status["counts"]["created"] == 1


@pytest.mark.rule("LNK-1", "LNK-5", "GEN-10")
def test_a_known_lead_is_updated_and_the_submission_attached(connected):
    tell(connected, connected.send(1))
    known = only_lead(connected)

    tell(connected, connected.send(2, answers={**answers_of(1), "SENIORITY": "Director"}))

    lead = only_lead(connected)
    assert (lead["id"], lead["contact_id"]) == (known["id"], known["contact_id"])
    assert (lead["seniority"], lead["linkedin_submissions"], lead["lead_source"]) == (
        "Director",
        2,
        "linkedin_sponsored_form",
    )
    assert len(of_contact(lead)) == 2
    assert len(connected.api.get(f"/leads/{lead['id']}/linkedin-submissions")["items"]) == 2
    assert {name: connected.status["counts"][name] for name in ("created", "matched")} == {"created": 1, "matched": 1}


@pytest.mark.rule("LNK-5")
def test_of_many_submissions_a_lead_shows_the_newest(connected, monkeypatch):
    monkeypatch.setattr(service, "MOST_SHOWN", 2)
    for number in (2, 3, 1, 4):
        connected.send(number, answers=answers_of(1), at=connected.world.now - timedelta(minutes=number))
    connected.pull()

    assert shown_at(connected, only_lead(connected)) == ["response-1", "response-2"]


@pytest.mark.rule("LNK-5")
def test_a_lead_shows_the_submissions_of_one_that_was_merged_into_it(connected):
    activate(connected, strategy(connected, always_create_lead=True))
    for number in (1, 2):
        tell(connected, connected.send(number, answers=answers_of(1)))
    main, other = connected.api.get("/leads")["items"]

    merge = {"other_id": other["id"], "why": "one interest"}
    connected.api.change("POST", f"/leads/{main['id']}/merges", main, merge)

    assert set(shown_at(connected, main)) == {"response-1", "response-2"}


def shown_at(connected, lead):
    return [each["response_id"] for each in connected.api.get(f"/leads/{lead['id']}/linkedin-submissions")["items"]]


@pytest.mark.rule("LNK-1", "GEN-10")
def test_a_lead_of_a_known_contact_is_linked_to_it(connected):
    made = contacts.create("c", {"last_name": "Berg", "email": "ADA1@example.com"}, connected.world.now, by="user:u")

    tell(connected, connected.send(1))

    assert only_lead(connected)["contact_id"] == made.contact_id
    assert contacts.find("c").owner_id is None


@pytest.mark.rule("LNK-1", "LNK-5")
def test_leads_follow_the_process_that_the_settings_name_and_the_worker_may_read_it(connected):
    api, granted = connected.api, load().grants["SyncLinkedin"]
    own = publish(api, "Ours", process("first", "second"))
    api.change("PUT", "/settings/leads", api.get("/settings/leads"), {"process_id": own})
    for each in (connected.send(1), connected.send(2, answers={**answers_of(1), "SENIORITY": "Director"})):
        connected.tell(notice(each))

    with metered() as asked, other_process():
        connected.drain(random.Random(1))

    assert {f"{name.capitalize()}Table" for name in asked.tables} <= set(granted["read"])
    assert "definitions" in asked.tables
    lead = only_lead(connected)
    assert (lead["process_id"], lead["stage"], lead["linkedin_submissions"]) == (own, "first", 2)


def test_deliveries_that_come_again_in_any_order_change_nothing(connected):
    sent = [connected.send(number) for number in range(1, 4)]
    for each in (*sent, *sent):
        assert connected.tell(notice(each)) == 200
    connected.world.settle(duplicate=True, shuffle=7)
    before = connected.world.rows("due", "next_pull_at")

    connected.world.replay(shuffle=3)

    assert [lead["linkedin_submissions"] for lead in connected.api.get("/leads")["items"]] == [1, 1, 1]
    assert connected.status["counts"]["created"] == 3
    changed = {key: row for key, row in connected.world.rows("due", "next_pull_at").items() if before.get(key) != row}
    assert {table.rpartition("-")[2] for table, _, _ in changed} <= {"scoring", "segments", "access"}


def test_of_two_workers_with_one_response_one_takes_it(connected):
    connected.tell(notice(connected.send(1)))
    [waiting] = connected.world.queues["linkedin"]

    with before_the_next_write(connected.world.settle):
        answer = connected.world.invoke("sync_linkedin", {"Records": [{"messageId": "m", "body": waiting.body}]})
    connected.world.settle()

    assert answer == {"batchItemFailures": []}
    assert only_lead(connected)["linkedin_submissions"] == 1
    assert connected.status["counts"]["created"] == 1


@pytest.mark.rule("LNK-4")
def test_what_is_not_mapped_is_kept_with_the_response_only(connected):
    entries = [{"predefined": "EMAIL", "contact_field": "email", "lead_field": "email"}]
    connected.change("PUT", "/mapping", {"entries": entries})

    tell(connected, connected.send(1))

    lead = only_lead(connected)
    assert (lead["last_name"], lead["seniority"], lead["company_name"]) == ("(unknown)", None, None)
    [shown] = connected.api.get(f"/leads/{lead['id']}/linkedin-submissions")["items"]
    assert "Manager" in str(shown["answers"])


def test_a_response_without_what_it_is_matched_by_waits_for_a_person(connected):
    tell(connected, connected.send(1, answers={"LAST_NAME": "Berg", "COMPANY_NAME": "ada1@example.com"}))
    [failed] = connected.api.get("/linkedin-submissions?state=failure")["items"]
    assert failed["problems"][0]["field"] == "email"
    assert connected.api.get("/leads")["items"] == []
    entry = {"predefined": "COMPANY_NAME", "contact_field": "email", "lead_field": "email"}
    entries = [each for each in connected.status["mapping"]["entries"] if each["predefined"] != "COMPANY_NAME"]
    connected.change("PUT", "/mapping", {"entries": [*entries, entry]})

    retried = connected.api.post(f"/linkedin-submissions/{failed['id']}/retry")

    assert (retried["state"], retried["lead_result"]) == ("success", "created")
    assert only_lead(connected)["email"] == "ada1@example.com"
    counts = connected.status["counts"]
    assert (counts["failed"], counts["created"]) == (0, 1)
    assert connected.api.get("/linkedin-submissions?state=failure")["items"] == []


def test_a_response_that_fails_for_an_answer_that_was_no_use_says_which(connected):
    tell(connected, connected.send(1, answers={**answers_of(1), "EMAIL": "ada at example"}))

    [failed] = connected.api.get("/linkedin-submissions?state=failure")["items"]

    assert [each["field"] for each in failed["problems"]] == ["email", "EMAIL"]
    assert "An email address must have an @-sign" in failed["problems"][1]["message"]


# Matching ----------------------------------------------------------------------------------------------------------


def strategy(connected, **given):
    made = connected.api.post("/linkedin-strategies", {"name": "Ours", "lead_fields": ["email"], **given})
    connected.world.settle()  # existing leads claim by these fields
    return made


def activate(connected, made):
    return connected.api.post(f"/linkedin-strategies/{made['id']}/activate")


def active(connected):
    return [each["name"] for each in connected.api.get("/linkedin-strategies")["items"] if each["active"]]


@pytest.mark.rule("LNK-3")
def test_one_strategy_is_active_and_is_only_ever_replaced(connected):
    assert active(connected) == ["Email"]
    first, second = strategy(connected), strategy(connected, name="Other", lead_fields=["email", "page_id"])

    activate(connected, first)
    assert active(connected) == ["Ours"]
    assert connected.api.call("DELETE", f"/linkedin-strategies/{first['id']}")[0] == 409
    activate(connected, second)

    assert active(connected) == ["Other"]
    assert connected.api.call("DELETE", f"/linkedin-strategies/{first['id']}")[0] == 204
    assert connected.api.call("DELETE", "/linkedin-strategies/shipped")[0] == 409


@pytest.mark.rule("LNK-3")
def test_all_fields_of_the_active_strategy_must_match(connected):
    activate(connected, strategy(connected, lead_fields=["email", "company_name"]))
    tell(connected, connected.send(1))

    tell(connected, connected.send(2, answers={**answers_of(1), "COMPANY_NAME": "Canoes A/S"}))
    tell(connected, connected.send(3, answers={**answers_of(1), "COMPANY_NAME": "KAYAKS A/S"}))

    counted = {lead["company_name"]: lead["linkedin_submissions"] for lead in connected.api.get("/leads")["items"]}
    assert counted == {"KAYAKS A/S": 2, "Canoes A/S": 1}


@pytest.mark.rule("MAT-13")
def test_forms_that_match_by_other_fields_leave_linkedin_to_match_by_its_own(connected):
    api = connected.api
    api.post("/matching-strategies", {"target": "lead", "name": "Both", "attributes": ["email", "last_name"]})
    connected.world.settle()
    [both] = [each for each in api.get("/matching-strategies?target=lead")["items"] if each["name"] == "Both"]
    api.post(f"/matching-strategies/{both['id']}/make-default?target=lead")

    tell(connected, connected.send(1))
    tell(connected, connected.send(2, answers={**answers_of(1), "LAST_NAME": "Married"}))
    sent = submitted_by_a_form(connected, "Berg", "Married")

    assert [lead["linkedin_submissions"] for lead in leads_of(connected, "ada1@example.com")] == [2]
    assert [each.lead_result for each in sent] == ["created", "created"]


@pytest.mark.rule("MAT-13")
def test_what_linkedin_matches_by_changes_nothing_for_forms(connected):
    activate(connected, strategy(connected, lead_fields=["email", "last_name"]))

    tell(connected, connected.send(1))
    tell(connected, connected.send(2, answers={**answers_of(1), "LAST_NAME": "Married"}))
    sent = submitted_by_a_form(connected, "Berg", "Married")

    assert [lead["linkedin_submissions"] for lead in leads_of(connected, "ada1@example.com")] == [1, 1]
    assert [each.lead_result for each in sent] == ["created", "updated"]


def leads_of(connected, address):
    return [each for each in connected.api.get("/leads")["items"] if each["email"] == address]


def submitted_by_a_form(connected, *last_names):
    """Let somebody send a form twice, under two last names."""
    fields = [{**each, "lead_field": each["contact_field"]} for each in newsletter_form()["fields"]]
    made = connected.api.post("/forms", {"name": "n", "document": {**newsletter_form(), "fields": fields}})
    connected.api.change("POST", f"/forms/{made['id']}/publish", made)
    typed = {"first_name": "Eva", "email": "eva@example.com"}
    return [
        capture.submit(Submitted(made["id"], {**typed, "last_name": name}, name), connected.world.now)
        for name in last_names
    ]


@pytest.mark.rule("LNK-3")
def test_always_create_lead_makes_one_lead_a_submission(connected):
    activate(connected, strategy(connected, always_create_lead=True))

    tell(connected, connected.send(1))
    tell(connected, connected.send(2, answers=answers_of(1)))

    found = connected.api.get("/leads")["items"]
    assert [lead["linkedin_submissions"] for lead in found] == [1, 1]
    assert len({lead["contact_id"] for lead in found}) == 1


@pytest.mark.rule("LNK-3")
def test_without_contact_creation_a_stranger_leaves_an_orphan_lead(connected):
    activate(connected, strategy(connected, enable_contact_creation=False))
    contacts.create("c", {"last_name": "Berg", "email": "ada2@example.com"}, connected.world.now, by="user:u")

    tell(connected, connected.send(1))
    tell(connected, connected.send(2))

    found = {lead["email"]: lead["contact_id"] for lead in connected.api.get("/leads")["items"]}
    assert found == {"ada1@example.com": None, "ada2@example.com": "c"}
    assert len(connected.api.get("/contacts")["items"]) == 1
    [shown] = [
        each
        for each in connected.api.get(f"/linkedin-submissions?connection_id={connected.id}")["items"]
        if not each["contact_id"]
    ]
    owner = f"SUBMISSION#{shown['id']}"
    assert [row["type"]["S"] for (_, pk, _), row in connected.world.rows().items() if pk == owner] == [LINKEDIN]


@pytest.mark.rule("LNK-3")
def test_without_contact_creation_nothing_is_needed_but_what_leads_are_matched_by(connected):
    activate(connected, strategy(connected, lead_fields=["company_name"], enable_contact_creation=False))

    for number in (1, 2):
        tell(connected, connected.send(number, answers={"LAST_NAME": "Berg", "COMPANY_NAME": "Kayaks A/S"}))

    lead = only_lead(connected)
    assert (lead["company_name"], lead["contact_id"], lead["linkedin_submissions"]) == ("Kayaks A/S", None, 2)
    assert connected.status["counts"]["failed"] == 0


@pytest.mark.rule("LNK-3", "LNK-4")
def test_a_strategy_by_a_field_that_a_connection_does_not_map_is_refused(connected):
    made = strategy(connected, lead_fields=["phone"])
    entries = [each for each in connected.status["mapping"]["entries"] if each["lead_field"] != "phone"]
    connected.change("PUT", "/mapping", {"entries": entries})

    status, problem, _ = connected.api.call("POST", f"/linkedin-strategies/{made['id']}/activate")

    assert status == 409
    assert problem["errors"][0]["message"] == "Leads are matched by phone, so an answer has to go to it."
    assert active(connected) == ["Email"]


@pytest.mark.rule("LNK-4")
def test_a_mapping_without_what_leads_are_matched_by_is_refused(connected):
    status = connected.status
    entries = [each for each in status["mapping"]["entries"] if each["lead_field"] != "email"]

    code, problem, _ = connected.api.call(
        "PUT", f"{connected.path}/mapping", {"entries": entries}, If_Match=f'"{status["version"]}"'
    )

    assert (code, problem["errors"][0]["field"]) == (400, "entries")
    assert connected.status == status


def test_a_lead_strategy_that_linkedin_matches_by_cannot_be_removed(connected):
    made = strategy(connected)
    found = connected.api.get("/matching-strategies?target=lead")["items"]
    [own] = [each["id"] for each in found if each["name"] == "LinkedIn: Ours"]

    refused, problem, _ = connected.api.call("DELETE", f"/matching-strategies/{own}?target=lead")
    connected.api.call("DELETE", f"/linkedin-strategies/{made['id']}")
    gone, _, _ = connected.api.call("DELETE", f"/matching-strategies/{own}?target=lead")

    assert problem["errors"][0]["field"] == f"linkedin-strategy:{made['id']}"
    assert (refused, gone) == (409, 204)


@pytest.mark.rule("LNK-3")
@pytest.mark.parametrize("fields", [["nothing"], ["page_id"], ["email", "custom.tier"]])
def test_a_strategy_by_fields_that_no_answer_can_go_to_is_refused(connected, fields):
    make("tier", of="lead")

    status, problem, _ = connected.api.call("POST", "/linkedin-strategies", {"name": "Ours", "lead_fields": fields})

    assert (status, [each["field"] for each in problem["errors"]]) == (400, ["lead_fields"])
    assert len(connected.api.get("/matching-strategies?target=lead")["items"]) == 1


def test_strategies_are_few_and_read_together(connected, monkeypatch):
    monkeypatch.setattr(matching, "MOST_STRATEGIES", 4)
    for name in ("One", "Two", "Three"):
        strategy(connected, name=name)

    with metered() as asked:
        connected.api.get("/linkedin-strategies")

    assert asked.round_trips == 4  # who asks, the strategies, which is active, what they match by
    status, problem, _ = connected.api.call("POST", "/linkedin-strategies", {"name": "Four"})
    assert (status, problem["detail"]) == (409, "There can be 4 strategies at most. Delete one first.")


# Consent -----------------------------------------------------------------------------------------------------------

ALLOWS = [{"consent_id": CONSENT, "level": 4}, {"consent_id": NEWS, "preference": "prefill"}]


def test_every_box_is_kept_as_evidence_in_the_words_of_its_form(connected):
    connected.map(ALLOWS)

    tell(connected, connected.send(1))

    contact_id = only_lead(connected)["contact_id"]
    changes = connected.api.get(f"/contacts/{contact_id}/consent-changes")["items"]
    told = [(each["wording"], each["method"], each["after"]) for each in changes]
    assert told == [
        ("E-mail me offers", "checkbox ticked", {"consent_level": 4}),
        ("Call me", "checkbox left empty", {}),
    ]
    assert {each["source"] for each in changes} == {"linkedin-form:7234246,3"}
    assert "We keep what you send for two years." in changes[0]["reason"]
    assert "https://example.com/privacy" in changes[0]["reason"]
    assert consent.preferences(contact_id).consent_level == 4
    assert not consent.preferences(contact_id).prefill


def test_what_a_person_once_withdrew_is_never_allowed_again_by_a_box(connected):
    connected.map([{"consent_id": CONSENT, "preference": "bulk_email", "level": 4}])
    tell(connected, connected.send(1))
    contact_id = only_lead(connected)["contact_id"]
    evidence = Evidence(who="u", source="api", method="by user")
    before = consent.preferences(contact_id)
    lower = {"bulk_email": False, "consent_level": 0}
    consent.change_by_user(contact_id, lower, before.version, evidence, "x", connected.world.now)

    tell(connected, connected.send(2, answers=answers_of(1)))

    after = consent.preferences(contact_id)
    assert (after.bulk_email, after.consent_level) == (False, 0)
    assert len(connected.api.get(f"/contacts/{contact_id}/consent-changes")["items"]) == 5


def test_an_unticked_box_takes_nothing_away(connected):
    connected.map(ALLOWS)
    tell(connected, connected.send(1))
    unticked = {"formResponse": {"answers": connected.send(2)["formResponse"]["answers"]}}
    unticked["formResponse"]["consentResponses"] = [{"consentId": CONSENT, "accepted": False}]

    tell(connected, connected.send(3, answers=answers_of(1), **unticked))

    assert consent.preferences(only_lead_of(connected, "ada1@example.com")["contact_id"]).consent_level == 4


def only_lead_of(connected, email):
    [lead] = [each for each in connected.api.get("/leads")["items"] if each["email"] == email]
    return lead


# Test leads and withdrawals ----------------------------------------------------------------------------------------


def test_a_test_lead_is_kept_apart_and_enters_nothing(connected):
    before = connected.world.rows()

    tell(connected, connected.send(1, testLead=True))
    connected.pull()

    assert connected.api.get("/leads")["items"] == connected.api.get("/contacts")["items"] == []
    [shown] = connected.api.get(f"{connected.path}/test-leads")["items"]
    assert shown["response_id"] == "response-1"
    assert connected.status["counts"]["test"] == 1
    made = {table.rpartition("-")[2] for table, _, _ in connected.world.rows().keys() - before.keys()}
    assert made == {"capture"}


def test_a_withdrawal_takes_the_answers_and_counts_no_more(connected):
    sent = connected.send(1)
    tell(connected, sent)
    tell(connected, connected.send(2, answers=answers_of(1)))

    tell(connected, sent, "DELETED")
    tell(connected, sent, "DELETED")

    lead = only_lead(connected)
    assert lead["linkedin_submissions"] == 1
    shown = {
        each["response_id"]: each for each in connected.api.get(f"/leads/{lead['id']}/linkedin-submissions")["items"]
    }
    assert (shown["response-1"]["state"], shown["response-1"]["answers"]) == ("withdrawn", None)
    assert [each.verdict for each in of_contact(lead)] == ["withdrawn", None]
    assert [each.verdict for each in reading.told(lead["contact_id"], LINKEDIN)] == [Verdict.WITHDRAWN, Verdict.HUMAN]
    assert connected.status["counts"]["withdrawn"] == 1


def test_a_response_that_was_withdrawn_before_it_came_is_never_taken(connected):
    sent = connected.send(1)

    tell(connected, sent, "DELETED")
    tell(connected, sent)
    connected.pull()

    assert connected.api.get("/leads")["items"] == []
    submission = models.submission_id_of("response-1")
    assert read([models.Key(models.Response, *models.Response.at(submission))]) == [None]


def test_a_withdrawal_between_reading_and_writing_wins(connected):
    connected.tell(notice(connected.send(1)))
    [waiting] = connected.world.queues["linkedin"]

    with before_the_next_write(lambda: connected.world.invoke("sync_linkedin", withdrawal(connected))):
        connected.world.invoke("sync_linkedin", {"Records": [{"messageId": "m", "body": waiting.body}]})

    assert connected.api.get("/leads")["items"] == connected.api.get("/contacts")["items"] == []


def withdrawal(connected):
    body = noticed(connected.id, "response-1", connected.source["owner"], "SPONSORED", "DELETED")
    return {"Records": [{"messageId": "w", "body": json.dumps(body)}]}


def test_a_withdrawal_after_the_contact_was_deleted_is_done_as_far_as_it_goes(connected):
    sent = connected.send(1)
    tell(connected, sent)
    contact = contacts.find(only_lead(connected)["contact_id"])
    contacts.remove(contact.contact_id, contact.version, connected.world.now)
    connected.world.settle()

    tell(connected, sent, "DELETED")

    assert leads.find(only_lead(connected)["id"]).linkedin_submissions == 0
    [shown] = connected.api.get(f"/linkedin-submissions?connection_id={connected.id}")["items"]
    assert (shown["state"], shown["answers"]) == ("withdrawn", None)
