"""Every page that people see, in each of its states, can be used by everybody; so can its colours, light and dark."""

import re
from pathlib import Path

import pytest
from chalice.test import Client

import chalicelib
from app import app
from chalicelib.accessibility.colours import colour, contrast
from chalicelib.clock import now
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.messages import plans, sender
from chalicelib.messages.addresses import TEST
from chalicelib.tokens import sign
from infra.local.demo.company import field, newsletter_form, placed
from tests.integration.test_capture import Browser, publish
from tests.integration.test_capture import Page as Opened
from tests.support.accessible import Page, faults
from tests.support.api import Caller

CODE = Path(chalicelib.__file__).parent
CHOICES = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]
PERSON = {"first_name": "Ada", "last_name": "Berg", "email": "ada@example.com", "job_title": "a"}


def of_lead(name, label, kind):
    return {**field(name, label, kind, required=True), "contact_field": None, "lead_field": name}


def everything():
    """A form of everything that a form can have."""
    fields = [
        *newsletter_form()["fields"],
        {**field("job_title", "Job", "option_set", required=True), "options": CHOICES, "rendering": "radio"},
        {**field("country", "Country", "option_set"), "options": CHOICES, "placeholder": "Anywhere"},
        field("description", "Words", "text_area", required=True),
        field("website", "Website", "url", required=True),
        field("phone", "Phone", "phone", required=True),
        field("birth_date", "Born on", "date", required=True),
        field("street", "Street", required=True),
        of_lead("employees", "People", "whole_number"),
        of_lead("decision_maker", "Terms", "two_options"),
        {**field("region", "Region"), "hidden": True, "default": "north"},
    ]
    image = {"kind": "image", "url": "https://x.example/a.png", "alt": "A lamp"}
    elements = [
        {"kind": "text", "text": "Words."},
        image,
        {"kind": "divider"},
        *placed(fields, "Send"),
        {"kind": "reset"},
    ]
    return {"fields": fields, "elements": elements, "topic": "Everything"}


def short(**more):
    fields = [field("email", "Email", "email", required=True), field("last_name", "Last name", required=True)]
    return {"fields": fields, "elements": placed(fields, "Send"), "topic": "Short", **more}


def page(slug, *forms, **more):
    html = {"kind": "html", "html": '<h2>Lamps</h2><p><a href="https://x.example/">About our lamps</a></p>'}
    return {
        "title": "Letters",
        "partial_url": slug,
        "language": "en",
        "blocks": [html, *({"kind": "form", "form_id": form_id} for form_id in forms)],
        **more,
    }


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def browser(client):
    return Browser(client)


@pytest.fixture
def shown(browser):
    """Open a page, or send fields to it, and keep what was shown under a name."""
    states = {}

    def show(name, path, fields=None, status=200):
        got, text = browser.open(path, fields)
        assert got == status, (name, got, text)
        states[name] = (text, dict(browser.headers))
        return Opened(text).hidden if fields is None else {}

    show.states = states
    return show


def wrong(shown):
    return {name: found for name, (text, headers) in shown.states.items() if (found := faults(text, headers))}


@pytest.fixture
def api(client, world):
    return Caller(client)


BANNER = {
    "text": "We would like to know which pages you look at.",
    "link_text": "How we treat what we know",
    "link_url": "https://x.example/privacy",
}


def with_banner(api):
    """Let pages that are made from now on ask first."""
    settings = api.get("/settings/landing-pages")
    api.change("PUT", "/settings/landing-pages", settings, {"insert_banner": True, "banner": BANNER})


@pytest.fixture
def published(api):
    everywhere, first, second = (publish(api, "/forms", each) for each in (everything(), short(), short()))
    arabic = publish(api, "/forms", short(error_message="لم نستطع", success_message="شكرا لكم"))
    publish(api, "/pages", page("all", everywhere))
    publish(api, "/pages", page("two", first, second))
    publish(api, "/pages", page("arabic", arabic, language="ar-EG", title="رسائل"))
    publish(api, "/pages", page("undecided", first, language=None))
    with_banner(api)
    publish(api, "/pages", page("asking", first))
    gone = publish(api, "/pages", page("gone", first))
    api.change("POST", f"/pages/{gone}/stop", api.get(f"/pages/{gone}"))


def test_pages_with_forms_can_be_used_by_everybody_in_every_state(published, shown):
    hidden = shown("a form of everything", "/p/all")
    shown("everything wrong", "/p/all", hidden, 422)
    shown("an option that is none", "/p/two", {**shown("two forms", "/p/two"), "email": "no", "other": "x"}, 422)
    shown("a robot", "/p/two", {**shown("two forms again", "/p/two"), "_more": "x"}, 422)
    shown("opened too long ago", "/p/two", {**shown("and again", "/p/two"), "_nonce": "x"}, 422)
    shown("thanks", "/p/two", {**shown("at last", "/p/two"), "email": "ada@example.com", "last_name": "Berg"})
    hidden = shown("right to left", "/p/arabic")
    shown("wrong, right to left", "/p/arabic", hidden, 422)
    shown("thanks, right to left", "/p/arabic", {**hidden, "email": "ada@example.com", "last_name": "Berg"})
    shown("a page without a language", "/p/undecided")
    shown("nothing here", "/p/nowhere", status=404)
    shown("a redirect that leads nowhere", "/r/nowhere", status=404)
    shown("not any more", "/p/gone", status=410)
    shown("a banner", "/p/asking")
    shown("wrong, with a banner", "/p/asking", {**shown("a banner again", "/p/asking"), "email": "no"}, 422)

    assert wrong(shown) == {}


def test_a_broken_sending_is_answered_with_a_page(published, client, browser, shown):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answers = [client.http.post(path, headers=headers, body=b"\xff") for path in ("/p/two", "/subscriptions/x")]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert [faults(answer.body.decode(), answer.headers) for answer in answers] == [[], []]


def test_each_wrong_control_of_a_form_says_so_and_its_message_leads_to_it(published, shown):
    shown("wrong", "/p/all", shown("page", "/p/all"), 422)
    text, _ = shown.states["wrong"]
    root = Page(text).root

    required = [each["name"] for each in everything()["fields"] if each.get("required")]
    told = {
        link.given["href"] for each in root.all("div") if each.given.get("class") == "errors" for link in each.all("a")
    }
    assert told == {f"#f-{name}" if name != "job_title" else "#f-job_title-1" for name in required}
    invalid = {each.given["id"] for each in root.all() if each.given.get("aria-invalid") == "true"}
    assert invalid == {f"f-{name}" for name in required}


def test_what_people_are_asked_about_themselves_can_be_filled_in_by_the_browser(published, shown):
    shown("page", "/p/all")
    text, _ = shown.states["page"]

    tokens = {each.given.get("name"): each.given.get("autocomplete") for each in Page(text).root.all("input", "select")}
    wanted = {
        "first_name": "given-name",
        "email": "email",
        "phone": "tel",
        "street": "address-line1",
        "country": "country-name",
        "website": "url",
        "birth_date": "bday",
    }
    assert {name: tokens[name] for name in wanted} == wanted


CENTRE = {"centre_fields": ["first_name", "last_name", "phone", "city"], "centre_consent_level": True}


def test_the_pages_of_a_message_can_be_used_by_everybody_in_every_state(api, shown, office):
    news = api.post("/subscription-lists", {"name": "News", "public_description": "Once a month"})["id"]
    content = publish(api, "/content-settings", {"address_main": "1 Main Street", "lists": [news], **CENTRE})
    html = '<p><a href="{{ message.subscription_center_url }}">Preferences</a> {{ content_settings.address_main }}</p>'
    email = {"subject": "N", "from_name": "C", "from_address": "n@contoso.example", "language": "en", "html": html}
    email_id = publish(api, "/emails", email)
    contacts.create("ada", {"last_name": "Berg", "email": "ada@contoso.example"}, now(), by="user:u")
    commit(plans.queue_send("s1", contact_id="ada", email_id=email_id, content_settings_id=content, now=now()))
    sender.take_up("s1", now(), "t")
    centre = f"/subscriptions/{sign('send', 's1')}"

    shown("centre", centre)
    shown("unsubscribe", f"/unsubscribe/{sign('send', 's1')}")
    shown("saved, off", centre, {"do_not_bulk_email": "on"})
    shown("saved, on", centre, {"shown": news, "list": news})
    shown("wrong details", centre, {"last_name": "", "phone": "none"}, 422)
    for_purpose = publish(api, "/emails", {**email, "compliance": {"purpose": "commercial"}})
    commit(plans.queue_send("s2", contact_id="ada", email_id=for_purpose, content_settings_id=content, now=now()))
    sender.take_up("s2", now(), "t")
    shown("preferences", f"/subscriptions/{sign('send', 's2')}")
    shown("preferences, saved", f"/subscriptions/{sign('send', 's2')}", {"shown": "commercial"})
    contacts.remove("ada", contacts.find("ada").version, now())
    shown("gone contact", centre)
    shown("gone contact, saved", centre, {"do_not_bulk_email": "on"})
    shown("unknown send", f"/subscriptions/{sign('send', 'none')}")
    shown("damaged", "/subscriptions/damaged", status=400)
    shown("without a link", "/subscriptions", status=400)
    shown("a test's", f"/subscriptions/{sign('send', TEST)}", status=400)
    shown("damaged link", "/t/damaged", status=400)
    shown("link to nowhere", f"/t/{sign('link', 's1', '7')}", status=404)

    assert wrong(shown) == {}
    assert "saved" in Page(shown.states["preferences, saved"][0]).root.all("title")[0].text.lower()
    assert "saved" in Page(shown.states["saved, off"][0]).root.all("title")[0].text.lower()


def test_every_public_page_is_among_those_looked_at():
    """A new public route comes here first: it is looked at above, or shows people nothing."""
    looked_at = {"/p/{slug}", "/subscriptions/{token}", "/unsubscribe/{token}", "/t/{token}", "/r/{redirect_id}"}
    looked_at |= {"/subscriptions"}  # the same page as with a token, or the same notice
    looked_at |= {"/confirm/{token}"}  # by tests.support.confirming.Mailbox, whenever a test opens it
    looked_at |= {"/e/{event_id}"}  # in each of its states, by test_event_pages
    no_pages = {"/health", "/openapi.json", "/static/{digest}/{name}", "/forms/{form_id}/submissions", "/o/{token}"}
    no_pages |= {"/webhooks/linkedin/{connection_id}", "/w/{website_id}", "/events/{event_id}/registrations"}

    assert {each.path for each in app.operations if each.scope is None} == looked_at | no_pages


# Colours -----------------------------------------------------------------------------------------------------------

CANVAS = {"light": "#ffffff", "dark": "#121212"}  # what browsers paint under color-scheme


def test_the_colours_of_hosted_pages_can_be_told_apart_light_and_dark():
    style = (CODE / "static" / "page.css").read_text()
    light, dark = re.findall(r":root \{ ([^}]*)\}", style)

    for scheme, rules in (("light", light), ("dark", f"{light} {dark}")):
        found = dict(re.findall(r"--(\w+): (#\w+);", rules))
        canvas = colour(CANVAS[scheme])
        assert set(found) == {"accent", "edge", "bad"}
        assert contrast(colour(found["accent"]), canvas) >= 4.5  # the words on a button, and the ring of the focus
        assert contrast(colour(found["bad"]), canvas) >= 4.5
        assert contrast(colour(found["edge"]), canvas) >= 3.0  # the edge of a control, 1.4.11
    assert set(re.findall(r"(?<![-\w])color: ([^;]+);", style)) == {
        *("Canvas", "CanvasText", "inherit", "var(--accent)", "var(--bad)")
    }


def test_the_colours_of_the_subscription_centre_can_be_told_apart_light_and_dark():
    style = (CODE / "messages" / "templates" / "centre.css").read_text()
    light, _, dark = style.partition("@media")
    own = {"body": rules(light, "body"), "dark": rules(dark, "body")}

    for ink, paper in [
        (own["body"]["color"], own["body"]["background"]),
        (own["dark"]["color"], own["dark"]["background"]),
        (rules(light, "button")["color"], rules(light, "button")["background"]),
        (rules(light, "button")["color"], rules(light, "button:hover")["background"]),
        (own["body"]["color"], rules(light, ".said")["background"]),
        (own["dark"]["color"], rules(dark, ".said")["background"]),
    ]:
        assert contrast(colour(ink), colour(paper)) >= 4.5, (ink, paper)
    for part, body in ((light, own["body"]), (dark, own["dark"])):
        ring = re.search(r":focus-visible\{outline(?:-color)?:(?:3px solid )?(#\w+)", part)[1]
        assert contrast(colour(ring), colour(body["background"])) >= 3.0


def rules(style, selector):
    """The declarations of a selector; a font's shorthand and the like are among them and do no harm."""
    [found] = re.findall(rf"(?:^|[}}{{\n]){re.escape(selector)}\{{([^}}]*)\}}", style)
    return {name: value for name, _, value in (each.partition(":") for each in found.split(";"))}
