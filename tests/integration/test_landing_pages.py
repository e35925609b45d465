"""The settings of landing pages, their banner, and what a page records before and after it was answered."""

from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from urllib.parse import quote, urlencode

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import landing, visiting
from chalicelib.capture.websites.service import id_of_page
from chalicelib.clock import now
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.errors import Stale
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.visitors import COOKIE, token_of
from chalicelib.tokens import sign
from infra.local.demo.company import landing_page, newsletter_form
from tests.integration.test_capture import Page, publish, submissions
from tests.integration.test_pages_accessible import BANNER, with_banner
from tests.integration.test_websites import refuse_tracking
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("world")
PERSON = {"first_name": "Ada", "last_name": "Berg", "email": "ada@example.com"}


class Browser:
    """A browser without script; it keeps all its cookies."""

    def __init__(self, client):
        self._client, self.cookies, self.headers = client, {}, {}

    def open(self, path, fields=None, **headers):
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
        if fields is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(fields or {}).encode()
        answer = self._client.http.request("GET" if fields is None else "POST", path, headers=sent, body=body)
        self.headers = answer.headers
        for name, each in SimpleCookie(answer.headers.get("Set-Cookie", "")).items():
            self.cookies = {**self.cookies, name: each.value}
            if each["max-age"] == "0":
                del self.cookies[name]
        if "Location" in answer.headers:
            return self.open(answer.headers["Location"].removeprefix("https://itinera.example"))
        return answer.status_code, answer.body.decode()


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def browser(client):
    return Browser(client)


@pytest.fixture
def page_id(api):
    with_banner(api)
    form_id = publish(api, "/forms", newsletter_form())
    return publish(api, "/pages", landing_page("Letters", "newsletter", form_id))


def recorded():
    return sorted(each.type for each in Interaction.scan())


# The banner --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LPC-2", "WEB-3")
def test_before_the_banner_is_answered_nothing_is_kept_and_nothing_recorded(page_id, browser):
    status, text = browser.open("/p/newsletter")

    assert status == 200
    assert BANNER["text"] in text
    assert f'href="{BANNER["link_url"]}"' in text
    assert (browser.cookies, recorded()) == ({}, [])
    assert "script" not in Page(text).tags
    assert "script-src" not in browser.headers["Content-Security-Policy"]


@pytest.mark.rule("LPC-2", "WEB-3")
def test_who_allows_it_is_a_visitor_from_then_on_and_not_asked_again(page_id, browser):
    browser.open("/p/newsletter")
    _, text = browser.open("/p/newsletter", {"_tracking": "yes"})

    assert BANNER["text"] not in text
    assert set(browser.cookies) == {"itinera_choice", COOKIE}
    assert recorded() == ["FormVisited", "WebsiteVisited"]
    assert browser.open("/p/newsletter")[0] == 200
    assert recorded() == ["FormVisited", "FormVisited", "WebsiteVisited", "WebsiteVisited"]


@pytest.mark.rule("LPC-2", "WEB-3")
def test_who_refuses_it_stays_nobody_and_can_send_a_form_all_the_same(page_id, browser, world):
    _, text = browser.open("/p/newsletter", {"_tracking": "no"})
    status, thanks = browser.open("/p/newsletter", {**Page(text).hidden, **PERSON})
    world.settle()

    assert BANNER["text"] not in text
    assert (status, "Thank you" in thanks, browser.cookies) == (200, True, {"itinera_choice": "no"})
    assert recorded() == ["FormSubmitted"]
    [ada] = contacts.by_email("ada@example.com")
    assert Interaction.count(f"CONTACT#{ada.contact_id}") == 1


@pytest.mark.rule("LPC-2", "WEB-3")
def test_who_refused_it_once_is_nobody_on_pages_without_a_banner_too(api, browser):
    form_id = publish(api, "/forms", newsletter_form())
    publish(api, "/pages", landing_page("Plain", "plain", form_id))
    with_banner(api)
    publish(api, "/pages", landing_page("Letters", "newsletter", form_id))
    browser.open("/p/newsletter", {"_tracking": "no"})

    browser.open("/p/plain")

    assert (browser.cookies, recorded()) == ({"itinera_choice": "no"}, [])


def test_who_changes_its_mind_is_forgotten_by_the_browser(page_id, browser):
    browser.open("/p/newsletter", {"_tracking": "yes"})
    assert COOKIE in browser.cookies

    browser.open("/p/newsletter", {"_tracking": "no"})
    assert browser.cookies == {"itinera_choice": "no"}


@pytest.mark.rule("WEB-3")
@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_a_browser_that_asks_not_to_be_tracked_is_not_even_asked(page_id, browser, header):
    _, text = browser.open("/p/newsletter", **{header: "1"})

    assert BANNER["text"] not in text
    assert (browser.cookies, recorded()) == ({}, [])


def test_what_brought_somebody_is_not_forgotten_over_the_question(page_id, browser):
    contacts.create("ada", {"last_name": "Berg"}, now(), by="user:u")
    _, text = browser.open(f"/p/newsletter?v={quote(sign('visitor', 'ada', 'journey-1', 'email-1'))}")

    browser.open("/p/newsletter", {"_v": Page(text).hidden["_v"], "_tracking": "yes"})

    assert {(each.contact_id, each.attributes["email_id"]) for each in Interaction.scan()} == {("ada", "email-1")}


@pytest.mark.parametrize("header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_a_page_of_another_site_cannot_answer_for_anybody(page_id, browser, header):
    status, text = browser.open("/p/newsletter", {"_tracking": "yes"}, **header)

    assert (status, browser.cookies, recorded()) == (200, {}, [])
    assert BANNER["text"] in text


def test_an_answer_that_is_none_is_a_refusal_and_a_forged_link_leads_back_to_the_page(page_id, browser):
    status, _ = browser.open("/p/newsletter", {"_tracking": "maybe", "_v": "https://evil.example"})

    assert (status, browser.cookies) == (200, {"itinera_choice": "no"})


def known_browser(browser, contact_id):
    """A browser that is known as a contact's."""
    contacts.create(contact_id, {"last_name": "Berg"}, now(), by="user:u")
    commit([visiting.binding(f"v-{contact_id}", contact_id, now())])
    browser.cookies = {COOKIE: token_of(f"v-{contact_id}")}


@pytest.mark.rule("PRV-12")
def test_who_refuses_as_a_contact_is_not_recorded_on_pages_either(api, browser):
    form_id = publish(api, "/forms", newsletter_form())
    publish(api, "/pages", landing_page("Letters", "newsletter", form_id))
    known_browser(browser, "ada")
    refuse_tracking("ada")

    assert browser.open("/p/newsletter")[0] == 200
    assert recorded() == []


def test_a_message_that_was_passed_on_is_the_first_recipient_s_and_the_browser_stays_whose_it_is(api, browser, world):
    form_id = publish(api, "/forms", newsletter_form())
    page_id = publish(api, "/pages", landing_page("Letters", "newsletter", form_id))
    contacts.create("ada", {"last_name": "Berg"}, now(), by="user:u")
    known_browser(browser, "bo")
    told = {"kind": "identify", "event": "event-1-1", "url": "https://itinera.example/p/newsletter"}
    link = sign("visitor", "ada", "journey-1", "email-1")

    browser.open(f"/p/newsletter?v={quote(link)}")
    browser.open(f"/w/{id_of_page(page_id)}", {**told, "personal": link}, Origin="https://itinera.example")
    browser.open("/p/newsletter")
    world.settle()

    seen = {each.contact_id: each.attributes.get("email_id") for each in Interaction.scan()}
    assert seen == {"ada": "email-1", "bo": None}
    assert visiting.contact_of("v-bo") == "bo"


# Each page's own website -------------------------------------------------------------------------------------------


@pytest.mark.rule("PAG-3")
def test_a_page_that_goes_live_has_a_website_and_its_script(api, browser, client):
    form_id = publish(api, "/forms", newsletter_form())
    page_id = publish(api, "/pages", landing_page("Letters", "newsletter", form_id))
    [site] = api.get("/websites")["items"]
    _, text = browser.open("/p/newsletter")

    assert (site["id"], site["page_id"], site["name"]) == (id_of_page(page_id), page_id, "Letters")
    assert site["url"] == "https://itinera.example/p/newsletter"
    assert f'src="https://itinera.example/w/{site["id"]}"' in text
    assert "script-src 'self'; connect-src 'self'" in browser.headers["Content-Security-Policy"]
    assert '"own": true' in client.http.get(f"/w/{site['id']}").body.decode()
    assert {each.attributes.get("website_id") for each in Interaction.scan(Interaction.type == "WebsiteVisited")} == {
        site["id"]
    }


@pytest.mark.rule("PAG-3")
def test_a_page_that_is_published_again_keeps_what_people_made_of_its_website(api, browser):
    form_id = publish(api, "/forms", newsletter_form())
    page_id = publish(api, "/pages", landing_page("Letters", "newsletter", form_id))
    [site] = api.get("/websites")["items"]
    api.change("PUT", f"/websites/{site['id']}", site, {"name": "Mine", "url": site["url"], "anonymize": True})
    live = api.get(f"/pages/{page_id}")
    api.change("PUT", f"/pages/{page_id}", live, {"name": "n", "document": live["document"]})
    api.change("POST", f"/pages/{page_id}/publish", api.get(f"/pages/{page_id}"))

    browser.open("/p/newsletter")

    assert [each["name"] for each in api.get("/websites")["items"]] == ["Mine"]
    assert (browser.cookies, recorded()) == ({}, [])  # a website that anonymizes
    refused, *_ = api.call("DELETE", f"/websites/{site['id']}", If_Match='"2"')
    assert refused == 409


@pytest.mark.rule("PAG-3")
def test_the_script_of_a_page_tells_clicks_of_whom_the_page_knows_and_of_nobody_else(api, browser, client):
    form_id = publish(api, "/forms", newsletter_form())
    site = id_of_page(publish(api, "/pages", landing_page("Letters", "newsletter", form_id)))
    browser.open("/p/newsletter")
    told = {"kind": "click", "event": "event-1-1", "url": "https://itinera.example/p/newsletter"}
    told |= {"link": "https://x.example/a"}

    own = {"Origin": "https://itinera.example"}
    assert browser.open(f"/w/{site}", told, **own)[0] == 204
    browser.cookies = {}
    assert browser.open(f"/w/{site}", {**told, "event": "event-2-2"}, **own)[0] == 204

    [click] = Interaction.scan(Interaction.type == "WebsiteClicked")
    assert click.attributes["link"] == "https://x.example/a"


# The settings ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LPC-3")
def test_the_banner_goes_to_pages_that_are_made_or_edited_and_not_to_those_that_are_live(api, browser):
    form_id = publish(api, "/forms", newsletter_form())
    page_id = publish(api, "/pages", landing_page("Letters", "newsletter", form_id))
    with_banner(api)

    assert BANNER["text"] not in browser.open("/p/newsletter")[1]
    live = api.get(f"/pages/{page_id}")
    api.change("PUT", f"/pages/{page_id}", live, {"name": "n", "document": live["document"]})
    assert BANNER["text"] not in Browser(browser._client).open("/p/newsletter")[1]
    api.change("POST", f"/pages/{page_id}/publish", api.get(f"/pages/{page_id}"))
    assert BANNER["text"] in Browser(browser._client).open("/p/newsletter")[1]


@pytest.mark.rule("LPC-1")
def test_one_of_the_settings_is_the_default_and_making_another_so_clears_it(api):
    made = api.post("/landing-settings", {"name": "Shop", "store_all_submissions": True})
    assert [each["default"] for each in api.get("/landing-settings")["items"]] == [True, False]
    assert api.get("/settings/landing-pages")["store_all_submissions"] is False

    api.post(f"/landing-settings/{made['id']}/default")
    assert [each["default"] for each in api.get("/landing-settings")["items"]] == [False, True]
    assert api.get("/settings/landing-pages")["name"] == "Shop"

    refused, told, _ = api.call("DELETE", f"/landing-settings/{made['id']}", If_Match='"1"')
    assert (refused, "default" in told["detail"]) == (409, True)
    api.post("/landing-settings/standard/default")
    api.change("DELETE", f"/landing-settings/{made['id']}", made)
    assert [each["id"] for each in api.get("/landing-settings")["items"]] == ["standard"]
    assert api.call("DELETE", "/landing-settings/standard", If_Match='"0"')[0] == 409
    assert api.call("POST", f"/landing-settings/{made['id']}/default")[0] == 404


@pytest.mark.rule("LPC-1")
def test_however_many_are_made_the_default_at_once_exactly_one_is(api):
    made = [api.post("/landing-settings", {"name": f"n{number}"})["id"] for number in range(4)]

    def choose(settings_id):
        try:
            return landing.make_default(settings_id).settings_id
        except Stale:
            return None

    with ThreadPoolExecutor(4) as pool:
        chosen = list(pool.map(choose, made))

    assert set(chosen) & set(made)
    assert sum(each["default"] for each in api.get("/landing-settings")["items"]) == 1


@pytest.mark.rule("LPC-2")
def test_new_forms_take_from_the_default_settings_what_they_do_not_say(api):
    made = api.post("/landing-settings", {"name": "Shop", "update_default": "contacts", "contact_strategy_id": "email"})
    api.post(f"/landing-settings/{made['id']}/default")
    silent = api.post("/forms", {"name": "n", "document": newsletter_form()})["document"]
    loud = api.post("/forms", {"name": "n", "document": {**newsletter_form(), "update": "leads"}})["document"]

    assert (silent["update"], loud["update"], silent["contact_strategy_id"]) == ("contacts", "leads", "email")


@pytest.mark.rule("LPC-2")
def test_a_banner_needs_its_words(api):
    status, *_ = api.call("POST", "/landing-settings", {"name": "n", "insert_banner": True})

    assert status == 400


def test_what_was_sent_while_the_banner_was_open_names_no_visitor(page_id, api, browser):
    _, text = browser.open("/p/newsletter")
    browser.open("/p/newsletter", {**Page(text).hidden, **PERSON})

    [kept] = submissions(api.get(f"/pages/{page_id}")["document"]["blocks"][-1]["form_id"])
    assert (kept.state, kept.visitor_id) == ("success", None)
