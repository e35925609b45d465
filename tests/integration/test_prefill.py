"""Forms that are filled beforehand: with all permissions only, by the browser's own memory or a personal link."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import prefilling
from chalicelib.capture.prefilling import Remembered
from chalicelib.clock import as_text, now
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.messages import plans
from chalicelib.tokens import seal, sign, unseal
from infra.local.demo.company import landing_page, newsletter_form
from tests.integration.test_capture import Page, publish
from tests.integration.test_lists_on_forms import ADA, ada
from tests.support.accessible import faults
from tests.support.api import Caller
from tests.support.consents import changes as consent_changes
from tests.support.mail import letter_links
from tests.support.merged import merge

BOX = "Remember me on this device"
FIELDS = ("first_name", "last_name", "email")  # those of the form that may be filled


def document(**more):
    form = newsletter_form()
    filled = [{**each, "prefill": each["name"] in FIELDS} for each in form["fields"]]
    box = {"kind": "remember_me", "text": BOX}
    return {**form, "fields": filled, "elements": [box, *form["elements"]], "prefill": True, **more}


class Browser:
    """A browser without script: it keeps all its cookies, and shows what the form holds."""

    def __init__(self, client):
        self._client, self.jar, self.headers, self.page = client, {}, {}, None

    def open(self, path="/p/letters", fields=None, status=200):
        method, body = ("GET", b"") if fields is None else ("POST", urlencode(fields).encode())
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items())}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if fields is not None else {}
        answer = self._client.http.request(method, path, headers=headers, body=body)
        assert answer.status_code == status, answer.body
        self.headers, self.page = answer.headers, Page(answer.body.decode())
        if fields is None:
            assert faults(answer.body.decode(), answer.headers) == []
        self._keep(answer.headers.get("Set-Cookie", ""))
        return self

    def _keep(self, given):
        for each in given if isinstance(given, list) else [given]:
            for name, morsel in SimpleCookie(each).items():
                self.jar.pop(name, None) if morsel["max-age"] == "0" else self.jar.update({name: morsel.value})

    def send(self, path="/p/letters", status=200, **typed):
        self.open(path)
        return self.open("/p/letters", {**self.page.hidden, **typed}, status)

    @property
    def shown(self):
        """What the form holds, by field."""
        controls = [each for each in self.page.controls if each.get("type") in {"text", "email"}]
        found = {each["name"]: each["value"] for each in controls if each["name"] != "_more"}
        ticked = {each["name"] for each in self.page.controls if "checked" in each}
        return {name: value for name, value in found.items() if value} | ({"": True} if "remember_me" in ticked else {})


@pytest.fixture
def client(world):
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def form_id(api):
    form_id = publish(api, "/forms", document())
    publish(api, "/pages", landing_page("Letters", "letters", form_id))
    return form_id


@pytest.fixture
def browser(client, form_id):
    return Browser(client)


SEEN = {**ADA, "": True}


def remembered(browser, **more):
    browser.send(**ADA, remember_me="true", **more)
    return browser


def allow(contact_id, reason="asked", **wanted):
    version = consent.of_person(contacts.who_is(contact_id)).version
    evidence = Evidence(who="user:u", source="api", method="by user", reason=reason)
    consent.change_by_user(contact_id, wanted, version, evidence, f"{wanted}{version}", now())


# Remember me ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("PRE-1", "PRE-2", "CON-12")
def test_whoever_ticks_the_box_finds_its_own_words_again_in_that_browser_alone(browser, client):
    remembered(browser, city="Aarhus")

    assert browser.open().shown == SEEN  # not the city, which may not be filled
    assert Browser(client).open().shown == {}
    assert consent.preferences(ada()).prefill is True
    [change] = consent_changes(ada())
    assert (change.after, change.wording, change.method) == ({"prefill": True}, BOX, "checkbox")


@pytest.mark.rule("PRE-2", "CON-12")
def test_whoever_clears_the_box_is_forgotten(browser):
    remembered(browser)

    browser.send(**ADA)

    assert consent.preferences(ada()).prefill is False
    assert "itinera_remember" not in browser.jar
    assert browser.open().shown == {}


@pytest.mark.rule("PRE-2")
def test_without_the_box_nothing_is_remembered(browser):
    browser.send(**ADA)

    assert "itinera_remember" not in browser.jar
    assert consent_changes(ada()) == []


@pytest.mark.rule("PRE-1", "PRE-3", "CON-12")
def test_a_contact_that_does_not_allow_it_sees_an_empty_form_whatever_the_cookie_says(browser):
    remembered(browser)
    allow(ada(), prefill=False)

    assert browser.open().shown == {}


@pytest.mark.rule("PRE-1")
@pytest.mark.parametrize("lacking", ["form", "field"])
def test_a_form_or_a_field_that_is_not_to_be_filled_stays_empty(browser, client, api, form_id, lacking):
    remembered(browser)
    form = document(prefill=lacking != "form")
    if lacking == "field":
        form["fields"] = [{**each, "prefill": each["name"] == "email"} for each in form["fields"]]
    saved = api.change("PUT", f"/forms/{form_id}", api.get(f"/forms/{form_id}"), {"name": "n", "document": form})
    api.change("POST", f"/forms/{form_id}/publish", saved)

    assert browser.open().shown == ({} if lacking == "form" else {"email": "ada@example.com", "": True})


def test_a_browser_shows_nothing_but_what_was_typed_in_it(browser, client, api):
    contacts.create("a", {"last_name": "Secret", "email": "ada@example.com", "city": "Hidden"}, now(), by="user:u")
    allow("a", prefill=True)

    browser.send(email="ada@example.com", last_name="Stranger", remember_me="true")

    assert browser.open().shown == {"last_name": "Stranger", "email": "ada@example.com", "": True}
    contacts.amend("a", {"last_name": "Changed", "first_name": "Ada"}, contacts.find("a").version, now())
    assert browser.open().shown == {"last_name": "Stranger", "email": "ada@example.com", "": True}


def test_what_a_person_took_back_a_form_does_not_allow_again_but_a_mailed_link_does(browser, client):
    remembered(browser)
    browser.send(**ADA)

    remembered(Browser(client))
    by_form = consent.preferences(ada()).prefill
    other = Browser(client)
    other.send(f"/p/letters?v={sign('visitor', ada(), 'j', 'e')}", **ADA, remember_me="true")

    assert (by_form, consent.preferences(ada()).prefill) == (False, True)
    assert other.open().shown == SEEN


def test_a_cookie_never_overrides_what_is_submitted(browser):
    remembered(browser)
    first = contacts.find(ada()).version

    browser.send(last_name="Bo", email="bo@example.com", remember_me="true")

    assert contacts.find(ada()).version == first
    [bo] = contacts.by_email("bo@example.com")
    assert bo.first_name is None
    assert browser.open().shown == {"last_name": "Bo", "email": "bo@example.com", "": True}


def test_what_is_wrong_shows_what_was_typed_and_not_what_is_remembered(browser):
    remembered(browser)

    browser.send(status=422, last_name="", email="none", first_name="")

    assert browser.shown == {"email": "none"}


@pytest.mark.rule("PRE-3")
def test_a_contact_that_is_gone_is_not_remembered_and_a_merged_one_is_the_person(browser):
    remembered(browser)
    contacts.create("main", {"last_name": "Berg"}, now(), by="user:u")
    allow("main", prefill=True)
    contact_id = ada()
    merge("main", contact_id, now())

    merged = browser.open().shown
    contacts.remove("main", contacts.find("main").version, now())

    assert merged == SEEN
    assert browser.open().shown == {}


@pytest.mark.rule("WEB-3")
def test_where_a_website_anonymizes_nothing_is_filled_and_a_form_still_tells_who_sent_it(browser, api):
    remembered(browser)
    [site] = api.get("/websites")["items"]
    api.change("PUT", f"/websites/{site['id']}", site, {"name": "n", "url": site["url"], "anonymize": True})

    shown = browser.open().shown
    browser.send(**ADA, city="Aarhus")

    assert (shown, "itinera_visitor" in browser.jar) == ({}, False)
    assert contacts.find(ada()).city == "Aarhus"


# The cookie -----------------------------------------------------------------------------------------------------------


def test_the_cookie_is_sealed_and_goes_to_our_pages_alone(browser):
    browser.send(**ADA, remember_me="true")

    given = browser.headers["Set-Cookie"]
    value, *rest = given.removeprefix("itinera_remember=").split("; ")
    assert rest == ["Path=/p", "Max-Age=31536000", "HttpOnly", "SameSite=Lax", "Secure"]
    assert not any(b"ada@example.com" in each for each in (value.encode(), urlsafe_b64decode(f"{value}==")))
    assert json.loads(unseal("remember", value))[2]["first_name"] == "Ada"


def test_a_browser_that_is_new_as_a_visitor_gets_both_cookies(browser):
    browser.open()
    fields = {**browser.page.hidden, **ADA, "remember_me": "true"}
    browser.jar.clear()

    browser.open("/p/letters", fields)

    assert set(browser.jar) == {"itinera_visitor", "itinera_remember"}
    assert browser.open().shown == SEEN


@pytest.mark.parametrize("value", ["x", '"', "", "é", "gAAAAA"])
def test_a_damaged_cookie_counts_for_nothing(browser, value):
    browser.jar["itinera_remember"] = value

    assert browser.open().shown == {}


def test_a_cookie_that_we_sealed_for_something_else_or_long_ago_counts_for_nothing(browser, world):
    remembered(browser)
    values = {"last_name": "Berg"}
    foreign = seal("cursor", json.dumps([ada(), as_text(now() + timedelta(days=1)), values]))
    own = browser.jar["itinera_remember"]
    browser.jar["itinera_remember"] = foreign
    assert browser.open().shown == {}

    browser.jar["itinera_remember"] = own
    world.advance(timedelta(days=366))
    assert browser.open().shown == {}


def test_a_cookie_stays_as_small_as_browsers_keep(browser):
    many = {f"f{number}": "é" * 200 for number in range(30)}

    header = prefilling.cookie(Remembered("a", {**many, "last_name": "Berg"}), now())

    assert len(header) < 4000
    kept = prefilling.read(header.partition(";")[0], now()).values
    assert kept["last_name"] == "Berg"
    assert 1 < len(kept) < 31


# Other sites, caches --------------------------------------------------------------------------------------------------


@pytest.mark.rule("PRE-6")
def test_a_form_of_another_site_is_never_filled_and_remembers_nobody(client, api):
    origin = "https://shop.example"
    form_id = publish(api, "/forms", document(allowed_origins=[origin]))
    cookie = prefilling.cookie(Remembered("a", {"last_name": "Oehlenschläger"}), now()).partition(";")[0]
    headers = {"Content-Type": "application/json", "Origin": origin, "Cookie": cookie}
    body = json.dumps({"values": {**ADA, "remember_me": True}}).encode()

    answer = client.http.post(f"/forms/{form_id}/submissions", headers=headers, body=body)

    assert answer.status_code == 201
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Oehlenschläger" not in answer.body.decode()
    assert consent_changes(ada()) == []


@pytest.mark.rule("PRE-6")
def test_a_filled_page_leaks_to_no_other_site_and_no_cache(browser):
    remembered(browser)

    browser.open()

    assert browser.shown == SEEN
    given = {name.lower(): value for name, value in browser.headers.items()}
    assert given["cache-control"] == "no-store"
    assert given["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in given["content-security-policy"]
    assert not [name for name in given if name.startswith("access-control")]


# By a personal link -------------------------------------------------------------------------------------------------


@pytest.fixture
def linked(client, api, world, office, form_id):
    """Ada, who allows to be remembered, got a message that links to the page. Returns the path of the link."""
    known = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "city": "London"}
    contacts.create("ada", known, now(), by="user:u")
    allow("ada", prefill=True)
    content = publish(api, "/content-settings", {"address_main": "1 Main Street"})
    html = '<a href="https://itinera.example/p/letters">Letters</a> {{ content_settings.address_main }}'
    html += '<a href="{{ message.subscription_center_url }}">Preferences</a>'
    news = {"subject": "N", "from_name": "C", "from_address": "n@contoso.example", "language": "en", "html": html}
    email_id = publish(api, "/emails", news)
    commit(plans.queue_send("s1", contact_id="ada", email_id=email_id, content_settings_id=content, now=now()))
    world.settle()
    [letter] = office.letters()
    link = next(each for each in letter_links(letter) if "/t/" in each)
    return link.removeprefix("https://itinera.example")


def followed(client, path):
    answer = client.http.get(path)
    assert answer.status_code == 302
    return answer.headers["Location"].removeprefix("https://itinera.example")


KNOWN = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "": True}


@pytest.mark.rule("PRE-7", "PRE-1")
def test_a_link_in_a_message_fills_the_form_with_what_is_known_for_30_days(linked, browser, client, world):
    early = browser.open(followed(client, linked)).shown
    opened = followed(client, linked)
    world.advance(timedelta(days=30, minutes=1))

    assert early == KNOWN
    assert browser.open(opened).shown == browser.open(followed(client, linked)).shown == {}


@pytest.mark.rule("PRE-7", "PRE-3")
@pytest.mark.parametrize("without", ["prefill", "tracking"])
def test_a_link_fills_nothing_without_the_permission_to_prefill_and_to_track(linked, browser, client, without):
    path = followed(client, linked)
    allow("ada", **{without: False})

    assert browser.open(path).shown == {}


@pytest.mark.rule("PRE-7")
def test_a_link_that_says_nothing_of_filling_or_is_forged_fills_nothing(linked, browser):
    late = as_text(now() + timedelta(days=1))
    for token in (sign("visitor", "ada", "j", "e"), sign("send", "ada", "j", "e", late), "x"):
        assert browser.open(f"/p/letters?v={token}").shown == {}
    assert browser.open(f"/p/letters?v={sign('visitor', 'ada', 'j', 'e', late)}").shown == KNOWN


def test_a_link_of_somebody_else_does_not_show_what_the_browser_remembers(linked, browser, client):
    contacts.create("bo", {"last_name": "Bo", "email": "bo@example.com"}, now(), by="user:u")
    allow("bo", prefill=True)
    remembered(browser)
    late = as_text(now() + timedelta(days=1))

    assert browser.open(f"/p/letters?v={sign('visitor', 'bo', 'j', 'e')}").shown == {}
    assert browser.open(f"/p/letters?v={sign('visitor', 'bo', 'j', 'e', late)}").shown["last_name"] == "Bo"
    assert browser.open().shown == SEEN


# Going live -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("PRE-2", "FRM-3")
def test_a_form_that_is_filled_beforehand_needs_the_box_and_somebody_to_fill_it_for(api):
    box = {"kind": "remember_me", "text": BOX}
    bare = {"elements": newsletter_form()["elements"]}
    unmapped = {"name": "x", "label": "X", "lead_field": "topic", "prefill": True}
    extra = document()
    extra["fields"] = [*extra["fields"], unmapped]
    extra["elements"] = [*extra["elements"], {"kind": "field", "name": "x"}]
    twice = document()
    twice["elements"] = [box, *twice["elements"]]
    fields = [{**each, "lead_field": each["contact_field"]} for each in document()["fields"]]

    def refused(form):
        made = api.post("/forms", {"name": "n", "document": form})
        _, problem, _ = api.call("POST", f"/forms/{made['id']}/publish", If_Match='"1"')
        return sorted(each["field"] for each in problem["errors"])

    assert refused(document(**bare)) == ["elements"]
    assert refused(twice) == ["elements"]
    assert refused(extra) == ["fields.4.prefill"]
    assert "update" in refused(document(update="leads", fields=fields))
