"""Previews and tests of emails: what somebody would get, sent to staff only, and no trace in any figure."""

import json
import re

import pytest
from chalice.test import Client

from app import app
from chalicelib.access import service as access
from chalicelib.clock import now
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.interactions.models import InteractionsItem
from chalicelib.messages import feedback, suppression
from chalicelib.messages.models import MessagesItem
from chalicelib.messages.suppression import Wanted
from tests.support import mail
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("cloud")

HTML = """<h1>Hello {{ contact.first_name | default: "there" }}</h1>
<p><a href="https://shop.example/lamp">The lamp</a></p>
<p><a href="{{ message.subscription_center_url }}">Your email preferences</a></p>
<p>{{ content_settings.address_main }}</p><script>alert(1)</script>"""
EMAIL = {
    "subject": "News for {{ contact.first_name }}",
    "from_name": "Contoso",
    "from_address": "news@contoso.example",
    "html": HTML,
    "language": "en",
}
STAFF = "bao@contoso.example"


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def settings_id(api, cloud):
    made = api.post("/content-settings", {"name": "c", "document": {"address_main": "1 Main Street"}})
    api.change("POST", f"/content-settings/{made['id']}/publish", made)
    return made["id"]


@pytest.fixture
def draft(api, settings_id):
    """Make a draft and return its path."""
    return lambda **changed: f"/emails/{api.post('/emails', {'name': 'e', 'document': {**EMAIL, **changed}})['id']}"


@pytest.fixture
def ada(cloud):
    given = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@else.example"}
    contacts.create("ada", given, now(), by="user:u")
    return "ada"


def sample(**values):
    return {"values": {"first_name": "Bao", "email": "bao@else.example", **values}}


def trial(*addresses, **more):
    return {**sample(), "addresses": list(addresses), **more}


def outcomes(answer):
    return [each["outcome"] for each in answer["items"]]


def said(problems):
    return " ".join(each["message"] for each in problems)


def rows(*tables):
    return sorted(json.dumps(item.serialize(), sort_keys=True) for table in tables for item in table.scan())


@pytest.mark.rule("EML-13")
def test_a_preview_shows_the_draft_as_a_contact_would_get_it(api, draft, ada):
    shown = api.post(f"{draft()}/preview", {"contact_id": ada})

    assert shown["subject"] == "News for Ada"
    assert (shown["sender"], shown["to"]) == ("Contoso <news@contoso.example>", "ada@else.example")
    assert "Hello Ada" in shown["html"]
    assert "1 Main Street" in shown["html"]
    assert "<script" not in shown["html"]
    assert "Hello Ada" in shown["text"]
    assert (shown["problems"], shown["warnings"]) == ([], [])


def test_a_preview_takes_sample_values_and_tells_of_what_is_empty(api, draft):
    path = draft(subject="{{ contact.city }}: news")

    full = api.post(f"{path}/preview", sample(city="Oslo"))
    bare = api.post(f"{path}/preview", {})

    assert (full["subject"], full["warnings"]) == ("Oslo: news", [])
    assert bare["subject"] == ": news"
    assert "Hello there" in bare["html"]
    assert "“contact.city” is empty" in said(bare["warnings"])
    assert "no address that mail can be sent to" in said(bare["warnings"])


@pytest.mark.rule("ABM-6")
def test_a_preview_shows_the_account_of_a_contact_or_a_sample_and_tells_where_there_is_none(api, draft, ada):
    accounts.create("acme", {"name": "Acme"}, now(), by="user:u")
    given = {"first_name": "Bo", "last_name": "Ek", "email": "bo@else.example", "account_id": "acme"}
    contacts.create("bo", given, now(), by="user:u")
    path = draft(subject="News for {{ contact.account.name | default: 'you' }}")

    told = [{"contact_id": "bo"}, sample(**{"account.name": "Kayaks"}), {"contact_id": ada}]
    member, made_up, nobodys = [api.post(f"{path}/preview", each) for each in told]
    status, _, _ = api.call("POST", f"{path}/preview", sample(**{"account.shoe_size": "9"}))

    assert [each["subject"] for each in (member, made_up, nobodys)] == [
        "News for Acme",
        "News for Kayaks",
        "News for you",
    ]
    assert (member["warnings"], made_up["warnings"]) == ([], [])
    assert "“contact.account.name” is empty" in said(nobodys["warnings"])
    assert status == 400


@pytest.mark.rule("EML-3")
def test_a_preview_of_a_faulty_draft_shows_what_it_can_and_names_what_is_wrong(api, draft):
    shown = api.post(f"{draft(from_name='', subject='{{ contact.first_name')}/preview", sample())

    assert shown["subject"] == ""
    assert "Hello Bao" in shown["html"]
    assert {each["field"] for each in shown["problems"]} == {"from_name", "subject"}


def test_a_preview_says_why_this_contact_would_not_get_it(api, draft, ada):
    path = draft()
    suppression.suppress(Wanted(suppression.hash_of("ada@else.example"), "all", "hard-bounce"), now())

    assert "suppressed" in said(api.post(f"{path}/preview", {"contact_id": ada})["warnings"])
    assert api.post(f"{path}/preview", sample())["warnings"] == []


def test_a_preview_without_content_settings_names_them(api):
    made = api.post("/emails", {"name": "e", "document": EMAIL})

    shown = api.post(f"/emails/{made['id']}/preview", sample())

    assert [each["field"] for each in shown["problems"]] == ["content_settings_id"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"contact_id": "nobody"}, 404),
        ({"contact_id": "ada", "values": {"city": "Oslo"}}, 400),
        ({"values": {"shoe_size": "38"}}, 400),
        ({"values": {"city": ["Oslo"]}}, 400),
    ],
)
def test_who_reads_a_preview_must_exist_and_be_one(api, draft, ada, body, status):
    assert api.call("POST", f"{draft()}/preview", body)[0] == status


def test_what_is_known_of_a_contact_needs_the_right_to_read_contacts(client, draft, ada):
    _, key = access.create_key("k", "k", ["emails:read", "emails:write"], ["*"], now())
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    def ask(path, body):
        return client.http.post(path, headers=headers, body=json.dumps(body).encode()).status_code

    path = draft()
    assert ask(f"{path}/preview", sample()) == 200
    assert ask(f"{path}/preview", {"contact_id": ada}) == 403
    assert ask(f"{path}/test-send", {"contact_id": ada, "addresses": [STAFF]}) == 403


def test_a_test_goes_to_staff_marked_untracked_and_counts_nowhere(api, draft, ada, office):
    path = draft()
    before = rows(MessagesItem, InteractionsItem)

    answer = api.post(f"{path}/test-send", {"contact_id": ada, "addresses": [STAFF]})
    for event in office.events:
        feedback.receive(event, now())

    assert outcomes(answer) == ["sent"]
    [letter] = office.letters()
    assert (letter.recipients, letter.subject) == ((STAFF,), "[Test] News for Ada")
    assert "send" not in letter.tags
    assert letter.tags["test"] == [path.rpartition("/")[2]]
    assert "https://shop.example/lamp" in letter.body("html")
    assert "<img" not in letter.body("html")
    assert "List-Unsubscribe" not in dict(letter.headers())
    assert office.events
    assert rows(MessagesItem, InteractionsItem) == before


@pytest.mark.rule("PRV-14")
def test_who_sends_a_test_is_known_and_not_to_whom(api, draft):
    path = draft()
    refused = {"contact_id": "nobody", "addresses": [STAFF]}

    api.post(f"{path}/test-send", trial(STAFF))

    assert api.call("POST", f"{path}/test-send", refused)[0] in {400, 404, 422}
    told = [each for each in api.get("/audit")["items"] if each["action"] == "test-sent"]
    assert [(each["record"], each["who"]) for each in told] == [(f"email#{path.rpartition('/')[2]}", "key:root")]
    assert STAFF not in json.dumps(told)


@pytest.mark.rule("SBC-5")
def test_the_links_of_a_test_are_nobodys(api, draft, office, client):
    api.post(f"{draft()}/test-send", trial(STAFF))
    [letter] = office.letters()
    [centre] = [link for link in mail.letter_links(letter) if "/subscriptions/" in link]
    path = re.sub(r"^https?://[^/]+", "", centre)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    one_click = path.replace("/subscriptions/", "/unsubscribe/")

    shown = client.http.get(path)
    saved = client.http.post(path, headers=form, body=b"do_not_bulk_email=on")
    clicked = client.http.post(one_click, headers=form, body=b"List-Unsubscribe=One-Click")

    assert (shown.status_code, saved.status_code, clicked.status_code) == (400, 400, 400)
    assert "test or a preview" in shown.body.decode()
    assert "<form" not in shown.body.decode()


def test_strangers_suppressed_and_broken_addresses_get_no_test_and_each_is_told_why(api, draft, office):
    suppression.suppress(Wanted(suppression.hash_of("out@contoso.example"), "bulk", "unsubscribed"), now())
    path = draft()

    answer = api.post(f"{path}/test-send", trial("x@else.example", "out@contoso.example", "nobody", STAFF, STAFF))

    assert outcomes(answer) == ["refused", "refused", "refused", "sent"]
    stranger, suppressed, broken, _ = (each["explanation"] for each in answer["items"])
    assert "own staff only" in stranger
    assert "suppressed" in suppressed
    assert "not an email address" in broken
    assert [letter.recipients for letter in office.letters()] == [(STAFF,)]


def test_staff_may_have_other_domains_that_the_settings_name(api, draft, office):
    wanted = {"staff_domains": ["else.example"]}
    api.change("PUT", "/settings/messages", api.get("/settings/messages"), wanted)

    answer = api.post(f"{draft()}/test-send", trial("x@else.example", "x@sub.else.example"))

    assert api.get("/settings/messages")["staff_domains"] == ["else.example"]
    assert outcomes(answer) == ["sent", "refused"]


@pytest.mark.rule("EML-3")
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"from_name": ""}, "sender's name"),
        ({"html": "<p>News</p>"}, "postal address"),
        ({"subject": "{{ contact.region }}"}, "came out empty"),
        ({"from_address": "{{ contact.website }}"}, "sender's address came out invalid"),
    ],
)
def test_a_test_is_checked_like_going_live_and_nothing_goes_out(api, draft, office, changed, words):
    status, answer, _ = api.call("POST", f"{draft(**changed)}/test-send", trial(STAFF))

    assert status == 422
    assert words in said(answer["errors"])
    assert office.letters() == []


@pytest.mark.parametrize("addresses", [[], [f"p{number}@contoso.example" for number in range(6)]])
def test_a_test_goes_to_one_to_five_addresses(api, draft, office, addresses):
    assert api.call("POST", f"{draft()}/test-send", trial(*addresses))[0] == 400
    assert office.letters() == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (mail.REFUSED, ["refused", "sent"]),
        (mail.TOO_FAST, ["not-now", "not-now"]),
        (mail.LOST, ["unknown", "not-now"]),
    ],
)
def test_what_the_provider_answers_is_told_and_nobody_waits_for_a_silent_one(api, draft, office, fault, told):
    office.faults.append(fault)

    assert outcomes(api.post(f"{draft()}/test-send", trial(STAFF, "cai@contoso.example"))) == told
