"""What somebody sends who means ill: tokens that are not theirs, bodies that are bombs, names that are programs."""

import json
import re
from email.utils import parseaddr
from html import escape
from urllib.parse import quote

import boto3
import pytest
from chalice.test import Client
from markupsafe import escape as markup

from app import app
from chalicelib.access import service as access
from chalicelib.clock import as_text, new_id, now
from chalicelib.consent.subscriptions import records
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit, put_new
from chalicelib.http import FORM, JSON, MULTIPART
from chalicelib.messages import suppression
from chalicelib.messages.models import Send
from chalicelib.messages.optin import links
from chalicelib.messages.optin.models import Confirmation
from chalicelib.messages.rendering import compose
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument
from chalicelib.settings import settings
from chalicelib.tokens import seal, sign
from infra.local.demo.company import landing_page, newsletter_form
from tests.support import campaign, journeys
from tests.support.accessible import Page
from tests.support.api import Caller
from tests.support.edges import ROUTES

pytestmark = pytest.mark.usefixtures("shared_cloud")

EVIL = "evil.example"
ADDRESS = "ada@contoso.example"
AT = as_text(now())


@pytest.fixture(scope="module")
def client(shared_cloud):
    """A browser of a company with a page, a form, a list, a centre, a contact that got a message and asked for more."""
    form = newsletter_form()
    form["elements"] = [*form["elements"], {"kind": "subscription_list", "list_id": "news", "text": "News, please"}]
    journeys.publish("form", "f", form)
    app_client = Client(app)
    app_client.api = api = Caller(app_client)
    page = api.post("/pages", {"name": "Letters", "document": landing_page("Letters", "letters", "f")})
    api.change("POST", f"/pages/{page['id']}/publish", page)
    centre = ContentSettingsDocument(address_main="1 Main Street", lists=["news"])
    journeys.publish("content-settings", "centre", centre.model_dump(mode="json"))
    journeys.publish("email", "e", campaign.email())
    records.create("news", {"name": "News", "public_name": "News"}, "user:u", now())
    contacts.create("ada", {"last_name": "Berg", "email": ADDRESS}, now(), by="user:u")
    given = {"state": "sent", "email_id": "e", "email_version": 1, "content_settings_id": "centre", "tracked": True}
    send = Send(*Send.at("s1"), send_id="s1", contact_id="ada", address_hash=suppression.hash_of(ADDRESS), **given)
    send.queued_at = now()
    asked = {"confirmation_id": "c1", "what": "list", "contact_id": "ada", "list_id": "news", "state": "sent"}
    hashed = suppression.hash_of(ADDRESS)
    row = Confirmation(*Confirmation.at(hashed, "c1"), address_hash=hashed, asked_at=now(), language="en", **asked)
    row.source, row.expires = "form:f", 0
    commit([put_new(send), put_new(row)])
    app_client.confirm = links.token_of(row)
    return app_client


def stored():
    """Everything that is stored, but what machines remember of how fast somebody asks."""
    database = boto3.client("dynamodb")
    tables = [each for each in database.list_tables()["TableNames"] if each.startswith("itinera-test-")]
    pages = (page for each in tables for page in database.get_paginator("scan").paginate(TableName=each))
    return sorted(json.dumps(raw, sort_keys=True, default=str) for page in pages for raw in page["Items"])


# Tokens --------------------------------------------------------------------------------------------------------------

PARTS = {
    "send": ("s1",),
    "open": ("s1",),
    "link": ("s1", "0"),
    "confirm": ("hash", "c1", AT),
    "visitor": ("ada", "j", "e", AT),
    "visitor-cookie": ("v1",),
    "centre-cookie": ("s1",),
    "nonce": ("f", "n", AT, "j", "e", "ada"),
}
"""What our tokens carry, by their purpose: each is good at one door."""

DOORS = {
    ("GET", "/subscriptions/{}"): "send",
    ("POST", "/subscriptions/{}"): "send",
    ("GET", "/unsubscribe/{}"): "send",
    ("POST", "/unsubscribe/{}"): "send",
    ("GET", "/o/{}"): "open",
    ("GET", "/t/{}"): "link",
    ("HEAD", "/t/{}"): "link",
    ("GET", "/confirm/{}"): "confirm",
    ("POST", "/confirm/{}"): "confirm",
}
BODIES = {"/unsubscribe/{}": b"List-Unsubscribe=One-Click"}


def wrong_tokens(client, purpose):
    """Tokens of all other purposes, and the right one with one thing wrong."""
    right = client.confirm if purpose == "confirm" else sign(purpose, *PARTS[purpose])
    turned = "B" if right[3] != "B" else "C"
    yield from (sign(other, *parts) for other, parts in PARTS.items() if other != purpose)
    yield from (sign(f"{purpose} ", *PARTS[purpose]), sign("", *PARTS[purpose]), seal(purpose, "s1"))
    yield from (right[:-1], right[1:], right[:20], f"{right[:3]}{turned}{right[4:]}", right[::-1], f"{right}{right}")
    yield from ("x", "%00", "AAAA", "=" * 50, "é", "%F0%9F%98%80", "null", "[]", "A" * 7000, "..%2F..%2Fsubscriptions")


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_a_token_that_is_forged_or_of_another_door_opens_nothing(client, method, path):
    before, answers = stored(), []
    for token in wrong_tokens(client, DOORS[method, path]):
        written = quote(token, safe="%")
        sent = {"headers": {"Content-Type": FORM}, "body": BODIES.get(path, b"")} if method == "POST" else {}
        answers.append(client.http.request(method, path.format(written), **sent))

    assert {each.status_code for each in answers} <= {400, 404}
    assert not any("Location" in each.headers or "Set-Cookie" in each.headers for each in answers)
    assert b"Berg" not in b"".join(each.body for each in answers)
    assert stored() == before


@pytest.mark.parametrize(("method", "path"), [each for each in DOORS if each[0] == "GET"])
def test_each_door_opens_to_its_own_token(client, method, path):
    purpose = DOORS[method, path]
    token = client.confirm if purpose == "confirm" else sign(purpose, *PARTS[purpose])

    assert client.http.request(method, path.format(token)).status_code in {200, 302}


COOKIES = {"itinera_visitor": "visitor-cookie", "itinera_remember": "remember", "itinera_centre": "centre-cookie"}


@pytest.mark.parametrize("cookie", COOKIES)
def test_a_cookie_that_is_forged_or_of_another_purpose_is_no_cookie(client, cookie):
    right = COOKIES[cookie]
    foreign = [sign(other, *parts) for other, parts in PARTS.items() if other != right]
    sealed = [seal(other, json.dumps(["ada", AT, {"last_name": "Berg"}])) for other in ("privacy", "cursor")]
    odd = ["", "x", '"', "é", "A" * 6000, "a\x00b", '"\\', "=;=", "null", "[]"]
    for value in [*foreign, *sealed, *odd]:
        headers = {"Cookie": f"{cookie}={value}; {cookie}"}
        shown, own = (client.http.get(path, headers=headers) for path in ("/p/letters", "/subscriptions"))

        assert (shown.status_code, own.status_code) == (200, 400)
        assert b"Berg" not in shown.body + own.body


@pytest.mark.parametrize("token", ["x", "send", "visitor-cookie", "nonce", "é", "A" * 5000])
def test_a_personal_link_that_is_none_says_nothing_of_anybody(client, token):
    path = f"/p/letters?v={quote(sign(token, *PARTS[token]) if token in PARTS else token)}"
    shown = client.http.get(path)
    twice = [client.http.get(f"{path}&v=2"), client.http.post(f"{path}&v=2", headers={"Content-Type": FORM}, body=b"")]

    assert shown.status_code == (200 if len(token) < 1000 else 400)
    assert b"Berg" not in shown.body
    assert {each.status_code for each in twice} <= {200, 400, 404, 422}


@pytest.mark.parametrize("purpose", [*PARTS, "unsigned"])
def test_a_form_is_taken_only_with_the_nonce_of_its_own_page(client, purpose):
    nonce = sign(purpose, *PARTS[purpose]) if purpose not in {"unsigned", "nonce"} else "f.n.x"
    sent = f"_form=f&_nonce={quote(nonce)}&last_name=Berg&email=eve%40contoso.example".encode()
    answer = client.http.post("/p/letters", headers={"Content-Type": FORM}, body=sent)

    assert answer.status_code in {400, 422}
    assert contacts.by_email("eve@contoso.example") == []


# Bodies --------------------------------------------------------------------------------------------------------------

FORMS = {
    "many fields": b"a=1&" * 60_000,
    "many names": b"&".join(b"f%d=1" % number for number in range(30_000)),
    "only separators": b"&" * 100_000,
    "one field many times": b"list=x&" * 1_000,
    "no UTF-8": b"last_name=\xff\xfe",
    "escaped, and no UTF-8": b"last_name=%ff%fe&list=%ff&level=%ff",
    "half a letter": b"last_name=%ED%A0%80&email=%ED%A0%80%40x.dk",
    "null": b"last_name=%00&level=%00&list=%00&shown=%00",
    "half an escape": b"last_name=%&list=%e&shown=%zz",
    "levels": b"level=9999999999999999999999&was_level=-1",
    "a level twice": b"level=1&level=2",
    "details as lists": b"last_name=a&last_name=b&was_last_name=c&was_last_name=d&was_last_name=e",
    "strange lists": b"shown=nobody&list=nobody&shown=news&shown=news&on=nobody",
    "a bomb": b"last_name=" + b"(" * 8_000,
}
TAKING_FORMS = [each for each in ROUTES if FORM in each.operation.content_types]


@pytest.mark.parametrize("route", TAKING_FORMS, ids=str)
def test_a_form_can_be_sent_anything_and_nothing_breaks(client, route):
    tokens = {"/confirm/{token}": client.confirm}
    given = {"token": tokens.get(route.operation.path, sign("send", "s1")), "slug": "letters", "form_id": "f"}
    path = route.path({name: given.get(name, "unknown") for name in route.parameters})
    for what, body in FORMS.items():
        answer = client.http.request(route.operation.method, path, headers={"Content-Type": FORM}, body=body)
        assert answer.status_code < 500, what


PART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"%b\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("; boundary=x", PART % b"\r\nContent-Type: text/plain; charset=nonsense"),
        ("; boundary=x", PART % b"\r\nContent-Type: message/rfc822"),
        ("; boundary=x", PART % b"\r\nContent-Type: multipart/mixed; boundary=y"),
        ("; boundary=x", PART % b"\r\nContent-Type: application/octet-stream"),
        ("; boundary=x", PART % b"\r\nContent-Transfer-Encoding: base64"),
        ("; boundary=x", PART % b"\r\nContent-Transfer-Encoding: nonsense"),
        ("; boundary=x", b"--x\r\n\r\n--x--"),
        ("; boundary=x", b"--x\r\nContent-Disposition: form-data; name*=utf-99''%ff\r\n\r\nx\r\n--x--\r\n"),
        ("; boundary=x", b"--x\r\n" * 1_500),
        ("; boundary=", b"x"),
        ("", b"\xff\xfe\x00"),
        ("; boundary=\xff", b"--\xff\r\n"),
    ],
)
def test_a_mail_program_can_send_any_multipart(client, kind, body):
    path = f"/unsubscribe/{sign('send', 's1')}"
    answer = client.http.post(path, headers={"Content-Type": f"{MULTIPART}{kind}"}, body=body)

    assert answer.status_code in {200, 400, 415}


TWICE = ('{"last_name": "a", "last_name": "b"}', '{"custom": {"x": 1, "x": 2}, "last_name": "a"}')


@pytest.mark.parametrize("body", [*TWICE, TWICE[0].replace("last_name", "last\\u005fname", 1)])
def test_a_body_that_says_two_things_of_one_field_is_refused_with_its_name(client, body):
    _, key = access.create_key(new_id(), "k", ["*"], ["*"], now())
    headers = {"Content-Type": JSON, "Authorization": f"Bearer {key}"}
    answer = client.http.post("/contacts", headers=headers, body=body.encode())

    assert answer.status_code == 400
    assert "twice" in json.loads(answer.body)["detail"]


# Where a browser is led ----------------------------------------------------------------------------------------------

LED = ("next", "url", "redirect", "redirect_url", "return", "continue", "_page_url")


@pytest.mark.parametrize(
    "target", [f"https://{EVIL}/", f"//{EVIL}", f"https:{EVIL}", f"/\\{EVIL}", "javascript:alert(1)"]
)
def test_nothing_that_comes_with_a_request_decides_where_a_browser_is_led(client, target):
    hostile = {"Host": EVIL, "X-Forwarded-Host": EVIL, "Referer": f"https://{EVIL}/", "Forwarded": f"host={EVIL}"}
    query = "&".join(f"{name}={quote(target, safe='')}" for name in LED)
    sent = {"Content-Type": FORM, **hostile}
    send = sign("send", "s1")
    paths = (
        "/p/letters",
        f"/subscriptions/{send}",
        f"/t/{sign('link', 's1', '0')}",
        f"/confirm/{client.confirm}",
        "/r/x",
    )
    answers = [client.http.get(f"{path}?{query}", headers=hostile) for path in paths]
    answers += [client.http.post(f"{path}?{query}", headers=sent, body=query.encode()) for path in paths[:2]]

    led = [str(each.headers.get("Location", "")) for each in answers]
    assert not any(EVIL in each or each.startswith("javascript") for each in led)
    assert EVIL not in b"".join(each.body for each in answers).decode()


# Names that are programs ---------------------------------------------------------------------------------------------

PROGRAMS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}<svg/onload=alert(1)>",
    "</title></textarea></style><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
)


def runs(text):
    """Everything in a page or a letter that would run, or was counted out."""
    own = [f"{settings.public_url}/static/", f"{settings.public_url}/w/"]
    found = []
    for each in Page(text).root.all():
        source = each.given.get("src", "")
        found += [str(each)] if each.tag in {"iframe", "object", "embed", "svg"} else []
        found += [str(each)] if each.tag == "script" and (each.own or not source.startswith(tuple(own))) else []
        found += [f"{each.tag} {name}" for name in each.given if name.startswith("on")]
        led = [each.given.get(name, "") for name in ("href", "src", "action", "formaction")]
        found += [one for one in led if one.strip().lower().startswith(("javascript:", "data:text", "vbscript:"))]
    return [*found, *(["counted out"] if "49" in Page(text).root.text else [])]


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_name_that_is_a_program_is_shown_and_never_run(client, number):
    program, name = PROGRAMS[number], f"evil{number}"
    form = newsletter_form()
    form["fields"] = [{**each, "label": program, "placeholder": program} for each in form["fields"]]
    form["elements"] = [
        *({**each, "text": program} if "text" in each else each for each in form["elements"]),
        {"kind": "subscription_list", "list_id": name, "text": program},
    ]
    journeys.publish("form", name, {**form, "success_message": program, "error_message": program})
    page = landing_page(program, name, name)
    page["blocks"] = [{"kind": "html", "html": f"<p>{program}</p>"}, *page["blocks"][1:]]
    made = client.api.post("/pages", {"name": program, "document": page})
    status, told, _ = client.api.call("POST", f"/pages/{made['id']}/publish", If_Match='"1"')
    assert status == 200, told
    records.create(name, {"name": program, "public_name": program, "public_description": program}, "user:u", now())
    details = ["first_name", "last_name", "city"]
    centre = ContentSettingsDocument(address_main=program, lists=[name], centre_fields=details)
    journeys.publish("content-settings", name, centre.model_dump(mode="json"))
    own = dict.fromkeys((*details, "company_name", "description"), program)
    contacts.create(name, {**own, "email": f"{name}@contoso.example"}, now(), by="user:u")
    hashed = suppression.hash_of(f"{name}@contoso.example")
    send = Send(*Send.at(name), send_id=name, contact_id=name, address_hash=hashed, state="sent", email_id="e")
    send.email_version, send.content_settings_id, send.queued_at = 1, name, now()
    asked = {"what": "list", "contact_id": name, "list_id": name, "state": "sent", "source": "form:f", "expires": 0}
    row = Confirmation(*Confirmation.at(hashed, name), confirmation_id=name, address_hash=hashed, **asked)
    row.asked_at, row.wording, row.language = now(), program, "en"
    commit([put_new(send), put_new(row)])

    typed = f"_form={name}&last_name={quote(program)}&email={quote(program)}&city={quote(program)}".encode()
    sent, mine = {"headers": {"Content-Type": FORM}}, f"/subscriptions/{sign('send', name)}"
    pages = {
        "page": client.http.get(f"/p/{name}"),
        "page again": client.http.post(f"/p/{name}", **sent, body=typed),
        "centre": client.http.get(mine),
        "centre again": client.http.post(mine, **sent, body=f"last_name=&city={quote(program)}".encode()),
        "confirmation": client.http.get(f"/confirm/{links.token_of(row)}"),
        "confirmed": client.http.post(f"/confirm/{links.token_of(row)}", **sent, body=b""),
        "damaged": client.http.get(f"/subscriptions/{quote(program, safe='')}"),
        "nothing": client.http.get(f"/p/{quote(program, safe='')}"),
    }

    for what, answer in pages.items():
        assert answer.status_code < 500, what
        assert runs(answer.body.decode()) == [], what
        assert "default-src 'none'" in answer.headers.get("Content-Security-Policy", "default-src 'none'")
    assert all(str(markup(program)) in pages[each].body.decode() for each in ("page", "centre", "confirmation"))


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_letter_to_a_name_that_is_a_program_holds_no_program(number):
    program = PROGRAMS[number]
    html = "<p title='{{ contact.first_name }}'>Hello {{ contact.first_name }} <a href='{{ contact.city }}'>x</a></p>"
    document = EmailDocument.model_validate({**campaign.EMAIL, "html": campaign.HTML + html})
    shared = ContentSettingsDocument(address_main=program)
    person = {"id": "ada", "email": ADDRESS, "first_name": program, "city": program}
    composed = compose(document, shared, person, "s1", tracked=True, message={"confirmation_object_name": program})

    assert runs(composed.html) == []
    assert escape(program, quote=False) in composed.html or "7 * 7" in composed.html


BCC = "Bcc: eve@evil.example"
INJECTED = (f"Ada\r\n{BCC}", "Ada\nSubject: x", "Ada\rX: y", f"Ada\u2028{BCC}", "a\x00b\x0bc\x85d")


@pytest.mark.parametrize("name", INJECTED)
def test_no_name_adds_a_header_to_a_letter(name):
    every = dict.fromkeys(("subject", "from_name", "preview_text"), "{{ contact.first_name }}")
    document = EmailDocument.model_validate({**campaign.EMAIL, **every, "reply_to": "{{ contact.city }}"})
    person = {"id": "ada", "email": ADDRESS, "first_name": name, "city": f"{name}@contoso.example"}
    composed = compose(document, ContentSettingsDocument(address_main="x"), person, "s1", tracked=True)

    headers = [
        composed.subject,
        composed.sender,
        composed.reply_to,
        *(part for each in composed.headers for part in each),
    ]
    assert not any(re.search(r"[\r\n\x0b\x0c\x85\u2028\u2029]", each or "") for each in headers)
    assert composed.reply_to is None
    assert parseaddr(composed.sender)[1] == "news@contoso.example"
    assert composed.recipient.sendable == ADDRESS
