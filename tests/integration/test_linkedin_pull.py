"""The pull: it brings what LinkedIn did not tell, in bounded steps, through throttling, lost tokens and crashes."""

import json
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from chalicelib.capture.linkedin import client, pulling
from infra.local.linkedin import Refused
from infra.local.linkedin_leads import ACCOUNT, ORGANIZATION, notice
from tests.support.faults import Killed
from tests.support.linkedin import answers_of, remembering, storm

SUBMITTED = "/rest/leadFormResponses?"


def leads(connected):
    """Every lead, by email."""
    found, cursor = [], ""
    while cursor is not None:
        page = connected.api.get(f"/leads?limit=100{cursor and f'&cursor={cursor}'}")
        found, cursor = [*found, *page["items"]], page["next_cursor"]
    return {lead["email"]: lead for lead in found}


def pulls(connected):
    return [each for each in connected.linkedin.asked if SUBMITTED in each]


def health(connected):
    [shown] = connected.api.get("/operations/health")["connections"]
    return shown


def test_what_linkedin_did_not_tell_is_found(connected):
    connected.send(1)

    connected.pull()
    connected.pull()

    assert leads(connected)["ada1@example.com"]["linkedin_submissions"] == 1
    assert connected.source["last_error"] is None
    assert connected.status["counts"]["created"] == 1


def test_a_connection_brings_what_was_sent_before_it_was_there(connected):
    connected.send(1, at=connected.world.now - timedelta(days=89))
    connected.send(2, at=connected.world.now - timedelta(days=91))
    connected.change("POST", "/reset")

    connected.world.poll("linkedin-pull")
    connected.world.advance(timedelta(seconds=10))
    connected.world.poll("linkedin-pull")

    assert set(leads(connected)) == {"ada1@example.com"}


def test_a_lead_that_linkedin_shows_days_late_is_swept_up(connected):
    late = connected.send(1)
    connected.linkedin.hidden.add(late["id"])
    for _ in range(6):
        connected.pull()
    connected.linkedin.hidden.clear()

    connected.pull()
    assert leads(connected) == {}
    connected.world.advance(timedelta(hours=24))
    connected.pull()

    assert set(leads(connected)) == {"ada1@example.com"}


@pytest.mark.rule("LNK-5")
def test_a_submission_that_comes_late_takes_nothing_back_that_a_later_one_told(connected):
    early, late = connected.world.now - timedelta(days=2), connected.world.now - timedelta(days=1)
    for number, at, changes in (
        (1, late, {"SENIORITY": "Director", "FIRST_NAME": ""}),
        (2, early, {"SENIORITY": "Manager", "FIRST_NAME": "Ada"}),
    ):
        connected.send(number, answers={**answers_of(1), **changes}, at=at)
        connected.change("POST", "/reset")
        connected.pull()

    lead = leads(connected)["ada1@example.com"]
    assert (lead["seniority"], lead["first_name"], lead["linkedin_submissions"]) == ("Director", "Ada", 2)
    assert datetime.fromisoformat(lead["latest_submission_at"]) == late.replace(
        microsecond=late.microsecond // 1000 * 1000
    )


@pytest.mark.rule("LNK-2")
def test_a_reset_pulls_everything_and_makes_nothing_twice(connected):
    for number in range(3):
        connected.send(number)
    old = connected.send(3, at=connected.world.now - timedelta(days=20))
    connected.linkedin.hidden.add(old["id"])
    connected.pull()
    before = leads(connected)
    connected.linkedin.hidden.clear()
    connected.pull()
    assert leads(connected) == before

    connected.change("POST", "/reset")
    connected.pull()

    after = leads(connected)
    assert {email: after[email]["id"] for email in before} == {email: lead["id"] for email, lead in before.items()}
    assert set(after) - set(before) == {"ada3@example.com"}
    assert {lead["linkedin_submissions"] for lead in after.values()} == {1}
    assert connected.status["counts"]["created"] == 4


def test_a_reset_tries_what_failed_again(connected):
    connected.send(1, answers={"LAST_NAME": "Berg", "COMPANY_NAME": "ada1@example.com"})
    connected.pull()
    entries = [each for each in connected.status["mapping"]["entries"] if each["predefined"] != "COMPANY_NAME"]
    entry = {"predefined": "COMPANY_NAME", "contact_field": "email", "lead_field": "email"}
    connected.change("PUT", "/mapping", {"entries": [*entries, entry]})
    connected.pull()
    assert leads(connected) == {}

    connected.change("POST", "/reset")
    connected.pull()

    assert set(leads(connected)) == {"ada1@example.com"}


def test_linkedin_is_asked_in_its_own_words(connected):
    connected.pull()

    [*_, asked] = pulls(connected)
    assert "&owner=(sponsoredAccount:urn%3Ali%3AsponsoredAccount%3A511223344)&leadType=(leadType:SPONSORED)" in asked
    assert "&submittedAtTimeRange=(start:" in asked
    assert "%28" not in asked


@pytest.mark.rule("LNK-2")
def test_linkedin_is_told_once_where_to_tell_us(connected):
    connected.pull()

    [subscription] = connected.linkedin.subscriptions.values()
    assert (
        subscription["webhook"]
        == connected.status["webhook"]
        == f"https://itinera.example/webhooks/linkedin/{connected.id}"
    )
    assert (subscription["owner"], subscription["leadType"]) == ({"sponsoredAccount": ACCOUNT}, "SPONSORED")
    assert connected.source["subscribed"]


def test_a_subscription_that_linkedin_ended_is_made_again_within_a_day(connected):
    connected.linkedin.subscriptions.clear()

    connected.world.advance(timedelta(hours=25))
    connected.pull()

    assert len(connected.linkedin.subscriptions) == 1


@pytest.mark.rule("LNK-2")
@pytest.mark.parametrize(
    ("status", "told", "state"), [(409, "answered 409", "connected"), (403, "(403)", "needs_reauthorisation")]
)
def test_what_keeps_linkedin_from_telling_us_holds_up_no_lead(connected, monkeypatch, status, told, state):
    def refuse(_):
        raise Refused(status, "Not this webhook")

    connected.linkedin.subscriptions.clear()
    with monkeypatch.context() as patched:
        patched.setattr(connected.linkedin, "subscribe", refuse)
        for number in range(2):
            connected.send(number, at=connected.world.now + timedelta(hours=24))
            connected.world.advance(timedelta(hours=24))
            connected.pull()
            assert told in connected.source["last_error"]
            assert connected.status["state"] == state
    assert set(leads(connected)) == {"ada0@example.com", "ada1@example.com"}
    connected.pull()

    assert len(connected.linkedin.subscriptions) == 1
    assert (connected.source["last_error"], connected.status["state"]) == (None, "connected")


def test_what_is_not_taken_any_more_is_unsubscribed_and_not_pulled(connected):
    connected.change("PATCH", "", {"sources": []})
    connected.pull()
    asked = len(connected.linkedin.asked)
    connected.send(1)
    connected.pull()

    assert connected.linkedin.subscriptions == {}
    assert (len(connected.linkedin.asked), leads(connected)) == (asked, {})
    assert connected.api.call("DELETE", connected.path, If_Match=f'"{connected.status["version"]}"')[0] == 204


def test_what_is_taken_from_now_on_is_pulled(connected):
    event = {"owner": ORGANIZATION, "lead_type": "EVENT", "back_pull_days": 30}
    connected.send(1, owner={"organization": ORGANIZATION}, leadType="EVENT")

    connected.change("PATCH", "", {"sources": [{"owner": ACCOUNT}, event]})
    connected.pull()

    assert set(leads(connected)) == {"ada1@example.com"}
    assert len(connected.linkedin.subscriptions) == 2


# Throttling and failures -------------------------------------------------------------------------------------------


def test_throttled_linkedin_is_left_alone_as_long_as_it_says(connected):
    connected.linkedin.quota, connected.linkedin.retry_after = 0, "3600"
    connected.send(1)
    connected.pull()
    asked = len(connected.linkedin.asked)

    connected.world.poll("linkedin-pull")
    connected.tell(notice(connected.send(2)))
    connected.world.settle()
    connected.pull()
    assert len(connected.linkedin.asked) == asked
    assert "asked too often" in connected.source["last_error"]
    connected.linkedin.quota = None
    connected.pull()

    assert set(leads(connected)) == {"ada1@example.com", "ada2@example.com"}
    assert connected.source["last_error"] is None


def test_what_one_source_is_told_holds_for_the_whole_connection(connected):
    event = {"owner": ORGANIZATION, "lead_type": "EVENT"}
    connected.change("PATCH", "", {"sources": [{"owner": ACCOUNT}, event]})
    connected.pull()
    connected.linkedin.quota, connected.linkedin.retry_after = 0, "3600"
    asked = len(connected.linkedin.asked)

    connected.pull()

    assert len(connected.linkedin.asked) == asked + 1


def test_without_being_told_the_pauses_grow(connected):
    connected.linkedin.quota, connected.linkedin.retry_after = 0, ""
    pauses = []
    for _ in range(12):
        connected.world.move_to(next_pull(connected) + timedelta(seconds=10))
        connected.world.poll("linkedin-pull")
        pauses.append(next_pull(connected) - connected.world.now)

    assert pauses[0] < timedelta(minutes=2)
    assert all(later > earlier for earlier, later in pairwise(pauses[:9]))
    assert timedelta(hours=5) < pauses[-1] < timedelta(hours=8)


def next_pull(connected):
    return datetime.fromisoformat(connected.source["next_pull_at"])


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Refused(500, "Oops"), "LinkedIn answered 500"),
        (Refused(302, "Elsewhere", Location="https://evil.example/"), "LinkedIn answered 302"),
        (Refused(426, "Sunset"), "Set a newer LinkedIn-Version"),
        (Refused(400, "What?"), "LinkedIn answered 400"),
    ],
)
def test_a_failure_of_linkedin_is_shown_and_the_pull_goes_on_from_where_it_stood(connected, fault, told):
    connected.send(1)
    connected.linkedin.faults.append(fault)

    connected.pull()
    assert told in connected.source["last_error"]
    connected.pull()

    assert set(leads(connected)) == {"ada1@example.com"}
    assert (connected.source["last_error"], connected.status["state"]) == (None, "connected")


def test_a_linkedin_that_does_not_answer_is_asked_again_later(connected, monkeypatch):
    connected.send(1)
    there = client.settings
    monkeypatch.setattr(client, "settings", type("S", (), {"linkedin_url": "http://127.0.0.1:9"}))
    connected.pull()
    assert "does not answer" in connected.source["last_error"]
    monkeypatch.setattr(client, "settings", there)

    connected.pull()

    assert set(leads(connected)) == {"ada1@example.com"}


def test_one_odd_lead_holds_up_no_other(connected):
    connected.linkedin.add({**connected.send(1), "id": "odd one"})
    connected.send(2)

    connected.pull()

    assert set(leads(connected)) == {"ada1@example.com", "ada2@example.com"}
    [shown] = connected.api.get(f"{connected.path}/set-aside")["items"]
    assert shown["reason"] == "id is not as it should be"
    assert connected.api.call("DELETE", f"{connected.path}/set-aside/{shown['id']}")[0] == 204

    connected.pull()  # which looks back, and finds it again

    assert connected.api.get(f"{connected.path}/set-aside")["items"] == []
    assert connected.api.call("DELETE", f"{connected.path}/set-aside/{shown['id']}")[0] == 404


def test_a_lead_that_cannot_be_taken_comes_by_itself_while_the_others_go_on(connected, monkeypatch):
    connected.send(1)
    connected.send(2)
    take = pulling.taking.take

    def broken(connection, lead, *rest):
        if lead.id == "response-1" and connected.world.queues["linkedin"] == []:
            raise RuntimeError("a failure of ours")
        return take(connection, lead, *rest)

    monkeypatch.setattr(pulling.taking, "take", broken)
    connected.world.advance(timedelta(minutes=31))
    connected.world.invoke("sync_linkedin", pull_of(connected))
    assert set(leads(connected)) == {"ada2@example.com"}
    [waiting] = connected.world.queues["linkedin"]
    assert json.loads(waiting.body)["insist"]
    monkeypatch.setattr(pulling.taking, "take", take)
    connected.world.settle()

    assert set(leads(connected)) == {"ada1@example.com", "ada2@example.com"}


def pull_of(connected):
    body = pulling.message(connected.id, "SPONSORED", ACCOUNT)
    return {"Records": [{"messageId": "p", "body": json.dumps(body)}]}


def test_a_pull_that_dies_goes_on_behind_the_last_page(connected, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 2)
    for number in range(7):
        connected.send(number)
    connected.world.advance(timedelta(minutes=31))
    page, asked = client.Client.page, []

    def dying(*given):
        asked.append(given)
        if len(asked) == 3:
            raise Killed
        return page(*given)

    monkeypatch.setattr(client.Client, "page", dying)
    with pytest.raises(Killed):
        connected.world.invoke("sync_linkedin", pull_of(connected))
    assert len(leads(connected)) == 4
    before = len(pulls(connected))
    connected.world.advance(timedelta(minutes=5))
    connected.world.poll("linkedin-pull")

    assert len(leads(connected)) == 7
    assert "&start=4" in pulls(connected)[before]
    assert connected.status["counts"]["created"] == 7


@pytest.mark.rule("LNK-5")
def test_of_several_submissions_of_one_page_the_last_counts_whatever_their_order(connected, monkeypatch):
    for number, name in ((1, "Maiden"), (2, "Married")):
        at = connected.world.now - timedelta(minutes=10 - number)
        connected.send(number, answers={**answers_of(1), "LAST_NAME": name}, at=at)
    found = connected.linkedin.found

    def newest_first(query):
        answer = found(query)
        return {**answer, "elements": answer["elements"][::-1]}

    monkeypatch.setattr(connected.linkedin, "found", newest_first)
    connected.pull()

    [contact] = connected.api.get("/contacts")["items"]
    assert (contact["last_name"], leads(connected)["ada1@example.com"]["last_name"]) == ("Married", "Married")


def test_what_linkedin_forgets_between_two_pages_hides_no_other_lead(connected, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 2)
    for number in range(7):
        connected.send(number, at=connected.world.now - timedelta(days=30 - number))
    connected.change("POST", "/reset")
    found = connected.linkedin.found

    def forgetting(query):
        if query["start"] == "4":
            for number in range(3):
                connected.linkedin.leads.pop(f"response-{number}", None)
        return found(query)

    monkeypatch.setattr(connected.linkedin, "found", forgetting)
    connected.pull()

    assert set(leads(connected)) == {f"ada{number}@example.com" for number in range(7)}
    assert connected.source["pulled_until"] is not None


def test_a_run_is_bounded_and_the_next_one_goes_on(connected, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 2)
    for number in range(23):
        connected.send(number)
    connected.world.advance(timedelta(minutes=31))

    connected.world.invoke("sync_linkedin", pull_of(connected))
    assert len(leads(connected)) == 2 * pulling.PAGES_A_RUN
    connected.world.settle()

    assert len(leads(connected)) == 23


def test_two_pulls_of_one_source_at_once_take_each_lead_once(connected, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 2)
    for number in range(6):
        connected.send(number)
    connected.world.advance(timedelta(minutes=31))
    racing = []
    page = client.Client.page

    def slow(self, *given):
        if not racing:
            racing.append(True)
            connected.world.invoke("sync_linkedin", pull_of(connected))
        return page(self, *given)

    monkeypatch.setattr(client.Client, "page", slow)
    answer = connected.world.invoke("sync_linkedin", pull_of(connected))
    connected.world.settle()

    assert (racing, answer) == ([True], {"batchItemFailures": []})
    assert {lead["linkedin_submissions"] for lead in leads(connected).values()} == {1}
    assert connected.status["counts"]["created"] == 6


# Tokens ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LNK-2")
def test_a_token_that_has_expired_is_renewed_by_itself(connected):
    connected.linkedin.tokens["token-1"] = 0
    connected.send(1)

    connected.pull()

    assert set(leads(connected)) == {"ada1@example.com"}
    assert (connected.status["state"], len(connected.linkedin.tokens)) == ("connected", 2)


def test_a_token_is_renewed_before_it_expires(connected):
    connected.authorise(access_expires_at=(connected.world.now + timedelta(days=1)).isoformat())

    connected.pull()

    assert len(connected.linkedin.tokens) == 2


@pytest.mark.rule("LNK-2")
def test_an_authorisation_replaces_the_whole_of_the_one_before(connected):
    """Without a token that renews: the former member's would go on letting us in in that member's name."""
    connected.authorise(access_token="token-2", refresh_token=None)

    connected.pull()

    assert connected.status["state"] == "needs_reauthorisation"
    assert set(connected.linkedin.tokens) == {"token-1"}


@pytest.mark.rule("LNK-2")
def test_a_connection_that_is_not_let_in_says_so_and_goes_on_once_it_is_authorised(connected):
    connected.linkedin.tokens["token-1"] = 0
    connected.linkedin.refresh_tokens.clear()
    connected.send(1)
    connected.tell(notice(connected.send(2)))
    connected.world.settle()

    connected.pull()
    connected.world.advance(timedelta(days=20))
    connected.pull()
    assert (connected.status["state"], health(connected)["state"]) == ("needs_reauthorisation",) * 2
    assert "Authorise the connection anew" in connected.status["refused"]
    assert connected.status["warnings"] == health(connected)["warnings"] != []
    assert leads(connected) == {}
    connected.linkedin.tokens["token-2"] = float("inf")
    connected.authorise(access_token="token-2")
    connected.world.advance(timedelta(seconds=10))
    connected.world.poll("linkedin-pull")

    assert set(leads(connected)) == {"ada1@example.com", "ada2@example.com"}
    assert (connected.status["state"], connected.status["refused"]) == ("connected", None)


@pytest.mark.rule("LNK-2")
def test_a_missing_role_is_told_and_heals_when_it_is_given(connected):
    connected.linkedin.without_role.add(ACCOUNT)
    connected.send(1)

    connected.pull()
    assert connected.status["state"] == "needs_reauthorisation"
    assert "role" in connected.status["refused"]
    connected.linkedin.without_role.clear()
    connected.pull()

    assert (connected.status["state"], set(leads(connected))) == ("connected", {"ada1@example.com"})


@pytest.mark.rule("LNK-2")
def test_a_connection_is_let_in_once_it_does_not_take_any_more_what_it_may_not(connected):
    connected.change("PATCH", "", {"sources": [{"owner": ACCOUNT}, {"owner": ORGANIZATION, "lead_type": "EVENT"}]})
    connected.linkedin.without_role.add(ORGANIZATION)
    connected.pull()
    assert connected.status["state"] == "needs_reauthorisation"

    connected.change("PATCH", "", {"sources": [{"owner": ACCOUNT}]})
    connected.pull()

    assert (connected.status["state"], connected.status["warnings"]) == ("connected", [])


def test_a_lead_told_of_while_we_are_not_let_in_is_left_to_the_pull(connected):
    connected.linkedin.without_role.add(ACCOUNT)

    connected.tell(notice(connected.send(1)))
    connected.world.settle()
    assert connected.status["state"] == "needs_reauthorisation"
    connected.linkedin.without_role.clear()
    connected.pull()

    assert set(leads(connected)) == {"ada1@example.com"}


# All of it at once -------------------------------------------------------------------------------------------------


@pytest.mark.rule("LNK-2", "LNK-5")
def test_each_lead_is_there_once_after_two_pulls_whatever_became_of_its_delivery(connected, monkeypatch):
    """As many as a test may take; `make bench` does it with 2,000."""
    remembering(monkeypatch)
    storm(connected, 200)

    found = leads(connected)
    assert len(found) == 200
    assert {lead["linkedin_submissions"] for lead in found.values()} == {1}
    assert len({lead["contact_id"] for lead in found.values()}) == 200
    assert connected.status["counts"] == {"created": 200, "matched": 0, "failed": 0, "test": 0, "withdrawn": 0}
