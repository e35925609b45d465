"""Emails, content settings, sends and suppression over HTTP, as a marketer, an administrator and sales use them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.access import service as access
from chalicelib.access.scopes import SCOPES_OF_GROUP
from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked
from chalicelib.dynamodb import commit
from chalicelib.messages import plans, sender

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HTML = """<p><a href="{{ message.subscription_center_url }}">Your email preferences</a></p>
<p>{{ content_settings.address_main }}</p>"""
EMAIL = {
    "subject": "News for {{ contact.first_name }}",
    "from_name": "Contoso",
    "from_address": "news@contoso.example",
    "html": HTML,
    "language": "en",
}
ADDRESS = {"address": "Ada@Contoso.example"}


class Person:
    """Somebody of a group, with a key that may do what the group may."""

    def __init__(self, client, group):
        _, text = access.create_key(group, group, sorted(SCOPES_OF_GROUP[group]), ["*"], NOW)
        self._client, self._key = client, text

    def __call__(self, method, path, body=None, version=None):
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        sent |= {} if version is None else {"If-Match": f'"{version}"'}
        answer = self._client.http.request(method, path, headers=sent, body=json.dumps(body or {}).encode())
        return answer.status_code, json.loads(answer.body or b"null")


@pytest.fixture
def person():
    with Client(app) as client:
        yield lambda group: Person(client, group)


@pytest.fixture
def marketer(person):
    return person("marketer")


@pytest.fixture
def admin(person):
    return person("admin")


def made(who, path="/emails", name="Spring", **document):
    status, draft = who("POST", path, {"name": name, "document": document})
    assert status == 201, draft
    return draft


def live(who, path="/emails", name="Spring", **document):
    draft = made(who, path, name, **document)
    status, published = who("POST", f"{path}/{draft['id']}/publish", version=draft["version"])
    assert status == 200, published
    return published


def fields(problem):
    return [each["field"] for each in problem["errors"]]


# Emails ------------------------------------------------------------------------------------------------------------


def test_an_email_is_drafted_found_by_its_name_and_changed(marketer):
    draft = made(marketer, **EMAIL)
    made(marketer, name="Autumn", **EMAIL)
    one = f"/emails/{draft['id']}"

    status, saved = marketer("PUT", one, {"name": "Spring sale", "document": {**EMAIL, "subject": "Sale"}}, version=1)
    stale, problem = marketer("PUT", one, {"name": "Old", "document": EMAIL}, version=1)
    _, found = marketer("GET", "/emails?name_prefix=spr")
    _, shown = marketer("GET", one)

    assert (draft["state"], draft["live_version"], draft["version"]) == ("draft", 0, 1)
    assert (status, saved["version"], saved["document"]["subject"]) == (200, 2, "Sale")
    assert (stale, problem["detail"].endswith(".")) == (412, True)
    assert [each["name"] for each in found["items"]] == ["Spring sale"]
    assert shown == saved


@pytest.mark.rule("EML-1", "EML-3")
def test_a_check_names_everything_that_is_missing_and_publishing_says_the_same(marketer):
    draft = made(marketer, from_address="nobody", html="<h1>A</h1><h3>B</h3>", automatic_text=False)
    one = f"/emails/{draft['id']}"

    status, checked = marketer("POST", f"{one}/check")
    refused, problem = marketer("POST", f"{one}/publish", version=1)
    _, shown = marketer("GET", one)

    wrong = [each["field"] for each in checked["problems"]]
    assert (status, refused) == (200, 422)
    assert sorted(wrong) == ["from_address", "from_name", "html", "html", "subject", "text"]
    assert {each["message"] for each in checked["warnings"]} == {
        "The headings skip a level.",
        "The language is not set, so English is assumed.",
    }
    assert fields(problem) == wrong
    assert (shown["state"], shown["version"]) == ("draft", 1)


@pytest.mark.rule("EML-1")
def test_a_transactional_email_needs_no_link_to_the_subscription_centre(marketer):
    plain = {**EMAIL, "html": "<p>Your order is on its way.</p>"}
    commercial = made(marketer, **plain)

    refused, problem = marketer("POST", f"/emails/{commercial['id']}/publish", version=1)

    assert (refused, fields(problem)) == (422, ["html", "html"])
    assert live(marketer, legal_designation="transactional", **plain)["state"] == "live"


def test_a_published_email_goes_on_while_its_next_version_is_drafted(marketer):
    published = live(marketer, **EMAIL)
    one = f"/emails/{published['id']}"

    _, edited = marketer("PUT", one, {"name": "Spring", "document": {**EMAIL, "subject": "Next"}}, published["version"])
    going = live_definitions.live("email", published["id"]).document["subject"]
    _, again = marketer("POST", f"{one}/publish", version=edited["version"])
    _, stopped = marketer("POST", f"{one}/stop", version=again["version"])
    _, history = marketer("GET", f"{one}/milestones")

    assert (edited["state"], edited["live_version"], going) == ("live-edited", 1, EMAIL["subject"])
    assert (again["state"], again["live_version"], stopped["state"], stopped["live_version"]) == (
        "live",
        2,
        "stopped",
        0,
    )
    assert [(each["state"], each["version"]) for each in history["items"]] == [("live", 1), ("live", 2), ("stopped", 0)]
    assert {each["by"] for each in history["items"]} == {"key:marketer"}


def test_the_legal_designation_is_open_until_the_email_was_live(marketer):
    draft = made(marketer, **EMAIL)
    one, wanted = f"/emails/{draft['id']}", {"name": "S", "document": {**EMAIL, "legal_designation": "transactional"}}

    before, saved = marketer("PUT", one, wanted, version=1)
    _, published = marketer("POST", f"{one}/publish", version=saved["version"])
    after, problem = marketer("PUT", one, {"name": "S", "document": EMAIL}, version=published["version"])

    assert (before, after) == (200, 409)
    assert "legal designation" in problem["detail"]


def test_only_what_was_never_live_can_be_deleted(marketer):
    draft, published = made(marketer, **EMAIL), live(marketer, **EMAIL)

    assert marketer("DELETE", f"/emails/{draft['id']}", version=1) == (204, None)
    assert marketer("GET", f"/emails/{draft['id']}")[0] == 404
    assert marketer("DELETE", f"/emails/{published['id']}", version=published["version"])[0] == 409
    assert marketer("POST", f"/emails/{made(marketer)['id']}/stop", version=1)[0] == 409


@pytest.mark.rule("EML-5")
def test_whoever_stops_an_email_is_warned_of_the_journey_that_sends_it(marketer):
    published = live(marketer, **EMAIL)
    journey = definitions.create("journey", "j", "Welcome", {}, "user:u", NOW)
    uses = Checked(references=[("email", published["id"])])
    definitions.publish("journey", "j", lambda _: uses, version=journey.version, by="user:u", now=NOW)
    stop = f"/emails/{published['id']}/stop"

    warned, problem = marketer("POST", stop, version=published["version"])
    stopped, email = marketer("POST", stop, {"confirmed": True}, version=published["version"])

    assert (warned, fields(problem)) == (409, ["journey:j"])
    assert (stopped, email["state"]) == (200, "stopped")


# Content settings --------------------------------------------------------------------------------------------------


@pytest.mark.rule("EML-1", "EML-8")
def test_content_settings_go_live_with_a_postal_address_and_fields_of_ones_own(marketer):
    draft = made(marketer, "/content-settings", "Denmark", fields={"phone": "+45 1234"})
    one = f"/content-settings/{draft['id']}"

    refused, problem = marketer("POST", f"{one}/publish", version=1)
    content = {**draft["document"], "address_main": "1 Harbour Street"}
    _, saved = marketer("PUT", one, {"name": "Denmark", "document": content}, version=1)
    _, published = marketer("POST", f"{one}/publish", version=saved["version"])
    _, listed = marketer("GET", "/content-settings")

    assert (refused, fields(problem)) == (422, ["address_main"])
    assert (published["state"], published["document"]["fields"]) == ("live", {"phone": "+45 1234"})
    assert [(each["name"], each["state"]) for each in listed["items"]] == [("Denmark", "live")]


def test_an_address_of_content_settings_is_one_of_the_web(marketer):
    document = {"address_main": "1 Street", "linkedin_url": "javascript:alert(1)", "fields": {"Not a name": "x"}}

    status, problem = marketer("POST", "/content-settings", {"name": "x", "document": document})

    assert status == 400
    assert fields(problem)[0] == "document.linkedin_url"
    assert len(problem["errors"]) == 2


@pytest.mark.rule("EML-6")
def test_the_default_content_settings_are_one_that_is_live(marketer, admin):
    draft = made(marketer, "/content-settings", "Draft", address_main="1 Street")
    chosen = live(marketer, "/content-settings", "Live", address_main="1 Street")
    settings = "/settings/messages"

    refused, problem = admin("PUT", settings, {"default_content_settings_id": draft["id"]}, version=0)
    status, saved = admin("PUT", settings, {"default_content_settings_id": chosen["id"]}, version=0)
    stale, _ = admin("PUT", settings, {}, version=0)

    assert (refused, fields(problem)) == (422, ["default_content_settings_id"])
    assert (status, saved["version"], stale) == (200, 1, 412)
    assert marketer("GET", settings) == (200, saved)
    assert marketer("PUT", settings, {}, version=1)[0] == 403


# Sends -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def queue(marketer):
    """Queue a live email for a contact, as a journey's tile does."""
    email = live(marketer, **EMAIL)
    settings = live(marketer, "/content-settings", "cs", address_main="1 Street")
    named = {"email_id": email["id"], "content_settings_id": settings["id"], "journey_id": "j", "occurrence": "1"}

    def queue(send_id, contact_id="ada", at=NOW):
        place = {"tile": send_id, "visit": 1, "enrolment_id": f"{contact_id}.j.1"}
        commit(plans.queue_send(send_id, contact_id=contact_id, now=at, **named, **place))
        return email["id"]

    return queue


@pytest.fixture
def ada():
    values = {"first_name": "Ada", "last_name": "Berg", "email": "ada@contoso.example"}
    return contacts.create("ada", values, NOW, by="user:u")


def test_a_contact_s_messages_are_listed_newest_first_each_with_why(marketer, ada, queue, office):
    email_id = queue("s0")
    queue("s1", at=NOW + timedelta(minutes=1))
    queue("s2", "somebody-else")
    sender.take_up("s0", NOW, "token")

    _, first = marketer("GET", "/contacts/ada/sends?limit=1")
    _, rest = marketer("GET", f"/contacts/ada/sends?limit=1&cursor={first['next_cursor']}")
    status, shown = marketer("GET", "/sends/s0")

    assert [(each["id"], each["state"]) for each in first["items"]] == [("s1", "queued")]
    assert ([(each["id"], each["state"]) for each in rest["items"]], rest["next_cursor"]) == ([("s0", "sent")], None)
    assert (status, shown) == (200, rest["items"][0])
    assert (shown["email_id"], shown["email_version"], shown["journey_id"], shown["tile"]) == (email_id, 1, "j", "s0")
    assert shown["explanation"].endswith(".")


def test_a_suppressed_address_gets_nothing_and_the_send_says_so(marketer, admin, ada, queue, office):
    admin("POST", "/settings/suppressions", {**ADDRESS, "scope": "all", "reason": "She asked by phone."})
    queue("s")

    sender.take_up("s", NOW, "token")
    _, shown = marketer("GET", "/sends/s")

    assert (shown["state"], shown["reason"]) == ("blocked", "suppressed")
    assert shown["explanation"].startswith("The address is suppressed")
    assert office.letters() == []


def test_a_message_that_is_not_there_is_not_found(marketer):
    assert marketer("GET", "/sends/none")[0] == 404
    assert marketer("GET", "/contacts/none/sends") == (200, {"items": [], "next_cursor": None})


# Suppression -------------------------------------------------------------------------------------------------------


def test_an_address_is_suppressed_looked_up_and_allowed_again(marketer, admin):
    wanted = {**ADDRESS, "scope": "bulk", "reason": "She asked by phone."}

    status, added = admin("POST", "/settings/suppressions", wanted)
    _, twice = admin("POST", "/settings/suppressions", {**wanted, "reason": "Again."})
    _, found = marketer("POST", "/settings/suppressions/search", {"address": "ADA@contoso.example "})
    removed = admin("POST", "/settings/suppressions/remove", wanted)
    again, problem = admin("POST", "/settings/suppressions/remove", wanted)

    [row] = added["items"]
    assert status == 200
    assert (row["scope"], row["reason"], row["note"], row["by"]) == ("bulk", "by-user", wanted["reason"], "key:admin")
    assert found == twice == added
    assert removed == (200, {"items": []})
    assert (again, problem["detail"]) == (404, "This address is not suppressed.")


def test_all_mail_and_bulk_mail_are_suppressed_apart(admin):
    for scope in ("all", "bulk"):
        admin("POST", "/settings/suppressions", {**ADDRESS, "scope": scope, "reason": "r"})

    _, left = admin("POST", "/settings/suppressions/remove", {**ADDRESS, "scope": "bulk", "reason": "r"})

    assert [each["scope"] for each in left["items"]] == ["all"]


@pytest.mark.parametrize("action", ["", "/search", "/remove"])
def test_what_is_no_address_is_refused(admin, action):
    body = {"address": "no address"} if action == "/search" else {"address": "x", "scope": "all", "reason": "r"}

    status, problem = admin("POST", f"/settings/suppressions{action}", body)

    assert (status, fields(problem)) == (400, ["address"])


# Who may -----------------------------------------------------------------------------------------------------------


def test_each_group_does_what_it_may_and_no_more(person):
    viewer, sales, marketer = person("viewer"), person("salesperson"), person("marketer")
    draft = made(marketer, **EMAIL)
    one = f"/emails/{draft['id']}"

    assert viewer("GET", one)[0] == 200
    assert viewer("POST", f"{one}/check")[0] == 403
    assert viewer("POST", f"{one}/publish", version=1)[0] == 403
    assert viewer("POST", "/content-settings", {"name": "x", "document": {}})[0] == 403
    assert sales("GET", "/emails")[0] == 403
    assert sales("GET", "/contacts/ada/sends")[0] == 200
    assert sales("POST", "/settings/suppressions/search", ADDRESS)[0] == 403
    assert marketer("POST", "/settings/suppressions", {**ADDRESS, "scope": "all", "reason": "r"})[0] == 403
