"""The script of a website in a real browser, on a page of somebody else with a strict policy."""

import time

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import visiting
from chalicelib.capture.websites import service as websites
from chalicelib.clock import now
from chalicelib.contacts import service as contacts
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.visitors import of_token
from chalicelib.tokens import sign
from infra.local.demo.company import field, placed
from tests.browser.site import CONTOSO
from tests.support.api import Caller

WEBSITE = {"name": "Contoso", "url": CONTOSO, "origins": [CONTOSO], "session_minutes": 30, "parameters": []}
BANNER = {"text": "May we see which pages you look at?", "link_text": "", "allow": "Yes", "refuse": "No"}


@pytest.fixture(autouse=True)
def registered(cloud):
    for website_id, more in {
        "plain": {"asks_first": False},
        "asking": {"asks_first": True, "banner": {**BANNER, "link_url": None}},
        "anonymous": {"asks_first": False, "anonymize": True},
    }.items():
        websites.create(website_id, {**WEBSITE, **more}, now())


@pytest.fixture
def told(opening):
    """Open a page of the website and collect the answers to what its script tells."""

    def open_(path="/", **options):
        page = opening(**options)
        page.answers = []
        page.on("response", lambda answer: page.answers.append(answer) if "/w/" in answer.url else None)
        page.goto(f"{CONTOSO}{path}")
        return page

    return open_


def posts(page):
    return [answer.status for answer in page.answers if answer.request.method == "POST"]


def cookies(page):
    return {each["name"]: each for each in page.context.cookies()}


def heard(page, number):
    """Wait until so many things were told."""
    while len(posts(page)) < number:
        page.wait_for_event("response", lambda answer: "/w/" in answer.url and answer.request.method == "POST")


def until(page, wanted):
    """Ask until it is so: Playwright's own waiting evaluates text within the page, which its policy forbids."""
    deadline = time.monotonic() + 90
    while not page.evaluate(wanted):
        assert time.monotonic() < deadline, wanted


def visitor(page):
    """Wait until the browser is known, and return who it is."""
    until(page, "document.cookie.includes('itinera_visitor=')")
    return of_token(cookies(page)["itinera_visitor"]["value"])


def rows():
    return sorted(Interaction.scan(), key=lambda each: each.at)


@pytest.mark.rule("WEB-1", "WEB-3")
def test_a_visit_is_told_with_session_and_campaign_and_the_browser_known_again(told):
    page = told("/?utm_source=news&email=ada@example.com#top")
    heard(page, 1)
    first, kept = visitor(page), cookies(page)
    page.goto(f"{CONTOSO}/next")
    heard(page, 2)

    assert posts(page) == [200, 204]
    visit, again = rows()
    assert visit.attributes["url"] == f"{CONTOSO}/?utm_source=news"
    assert visit.attributes["source"] == "news"
    assert (visit.visitor_id, again.visitor_id) == (first, first)
    assert visit.attributes["session_id"] == again.attributes["session_id"] == kept["itinera_session"]["value"]
    age = {name: each["expires"] - now().timestamp() for name, each in kept.items()}
    assert age["itinera_visitor"] > 399 * 24 * 3600  # browsers cut two years to 400 days
    assert 29 * 60 < age["itinera_session"] <= 30 * 60
    assert all(each["secure"] and each["sameSite"] == "Lax" for each in kept.values())


@pytest.mark.rule("WEB-1")
def test_a_link_that_is_followed_is_told_even_as_the_page_goes(told):
    page = told()
    heard(page, 1)
    with page.expect_request(lambda asked: "/w/" in asked.url and "kind=click" in (asked.post_data or "")):
        page.locator("#shop").press("Enter")
    page.wait_for_url("https://shop.example/**")
    page.go_back()
    heard(page, 2)

    [click] = [each for each in rows() if each.type == "WebsiteClicked"]
    assert (click.attributes["link"], click.attributes["url"]) == ("https://shop.example/lamp", f"{CONTOSO}/")


REFUSALS = [
    *(("globalPrivacyControl", path) for path in ("/", "/asking", "/anonymous")),
    *(("doNotTrack", path) for path in ("/", "/asking", "/anonymous")),
    *(("nothing", path) for path in ("/asking", "/anonymous")),
]
SAID = {"globalPrivacyControl": "true", "doNotTrack": "'1'"}


@pytest.mark.rule("WEB-3")
@pytest.mark.parametrize(("refusal", "path"), REFUSALS)
def test_of_who_refuses_or_was_not_asked_nothing_is_told_and_nothing_kept(opening, refusal, path):
    page, asked = opening(), []
    if refusal in SAID:
        page.add_init_script(f"Object.defineProperty(navigator, '{refusal}', {{get: () => {SAID[refusal]}}})")
    page.on("request", lambda request: asked.append(request.method) if "/w/" in request.url else None)
    page.goto(f"{CONTOSO}{path}")
    until(page, "window.itinera !== undefined")
    page.evaluate("document.addEventListener('click', event => event.preventDefault())")
    page.locator("#next").press("Enter")
    with page.expect_response("**/w/plain?last"):  # what had been told before it would have been seen before it
        page.evaluate("fetch('https://itinera.example/w/plain?last', {mode: 'no-cors'})")

    assert "POST" not in asked
    assert cookies(page) == {}


@pytest.mark.rule("WEB-3")
def test_the_banner_of_a_website_is_answered_by_keyboard_and_kept_to(told):
    page = told("/asking")
    page.get_by_text(BANNER["text"]).wait_for()
    assert (cookies(page), rows()) == ({}, [])

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Yes"
    page.keyboard.press("Enter")
    assert visitor(page)
    assert set(cookies(page)) == {"itinera_choice", "itinera_visitor", "itinera_session"}
    page.evaluate("itinera.refuse()")
    assert set(cookies(page)) == {"itinera_choice"}
    page.reload()
    until(page, "window.itinera !== undefined")
    assert page.get_by_text(BANNER["text"]).count() == 0
    assert len(rows()) == 1


@pytest.mark.rule("WEB-4")
def test_a_message_s_link_is_taken_out_of_the_address_and_tells_who_came(told):
    contacts.create("ada", {"last_name": "Berg"}, now(), by="user:u")
    page = told(f"/?itinera_v={sign('visitor', 'ada', 'j', 'e')}")
    heard(page, 1)

    assert page.url == f"{CONTOSO}/"
    assert visiting.contact_of(visitor(page)) == "ada"
    assert [each.contact_id for each in rows()] == ["ada"]


@pytest.mark.rule("WEB-1", "WEB-5")
def test_a_form_of_the_page_is_sent_to_us_as_well_and_says_whose_the_browser_is(told):
    with Client(app) as client:
        api = Caller(client)
        fields = [field("email", "Email", "email", required=True), field("last_name", "Last name", required=True)]
        document = {"fields": fields, "elements": placed(fields, "Send"), "topic": "T", "allowed_origins": [CONTOSO]}
        made = api.post("/forms", {"name": "n", "document": document}, Idempotency_Key="the form")
        api.change("POST", f"/forms/{made['id']}/publish", made)
    page = told()
    assert visitor(page)
    page.evaluate("id => { document.querySelector('form').dataset.itineraForm = id }", made["id"])
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Last name").fill("Berg")
    with page.expect_response(lambda answer: "/submissions" in answer.url) as answer:
        page.get_by_label("Last name").press("Enter")
    page.wait_for_url("**/next?email=ada%40example.com*")  # the page's own server gets it as well

    assert answer.value.status == 201
    [ada] = contacts.by_email("ada@example.com")
    first = visitor(page)
    assert visiting.contact_of(first) == ada.contact_id

    page.goto(f"{CONTOSO}/")
    until(page, "window.itinera !== undefined")
    page.evaluate("id => { document.querySelector('form').dataset.itineraForm = id }", made["id"])
    page.get_by_label("Email").fill("bo@example.com")
    page.get_by_label("Last name").fill("Dahl")
    page.get_by_role("button").click()
    page.wait_for_url("**/next?email=bo*")
    [bo] = contacts.by_email("bo@example.com")
    second = visitor(page)
    assert (second != first, visiting.contact_of(second)) == (True, bo.contact_id)


def test_pages_of_a_stranger_are_not_heard(opening):
    page = opening()
    with page.expect_event("requestfailed", lambda asked: "/w/" in asked.url):
        page.goto("https://stranger.example/")

    opening.expected.append("/w/plain")
    assert rows() == []
