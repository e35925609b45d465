"""Every page that people see, in a real browser: by keyboard, without script, narrow, right to left, and by axe.

A page is a row of PAGES; what is looked at is the same for all of them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from chalice.test import Client

from app import app
from chalicelib.clock import now
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.messages import plans, sender
from chalicelib.messages.optin import links
from chalicelib.messages.optin.models import Confirmation
from chalicelib.tokens import sign
from infra.local.demo.company import field, placed
from infra.local.environments import LOCAL
from tests.integration.test_capture import publish
from tests.integration.test_pages_accessible import BANNER, CENTRE, everything, page, short, with_banner
from tests.support import mail
from tests.support import registering as events
from tests.support.api import Caller
from tests.support.browsing import OURS
from tests.support.confirming import FORM_EMAIL

SHOTS = LOCAL / "screenshots"
ARABIC = {"error_message": "لم نستطع", "success_message": "شكرا لكم"}


@dataclass(frozen=True)
class Row:
    """A page: what it is called, where it is, and how it comes there in a state of its own."""

    name: str
    path: Callable[[], str]
    right_to_left: bool = False
    then: Callable[[object], None] = lambda _: None


def send_empty(page):
    """Send a form as it is, past what the browser checks itself."""
    page.evaluate("document.querySelector('main form').noValidate = true")
    with page.expect_navigation():  # the page that says what is wrong, however long it takes to come
        page.get_by_role("button").first.click()


PAGES = [
    Row("a landing page", lambda: "/p/all"),
    Row("a landing page with everything wrong", lambda: "/p/all", then=send_empty),
    Row("a landing page with two forms", lambda: "/p/two"),
    Row("a landing page with a banner", lambda: "/p/asking"),
    Row("a landing page, right to left", lambda: "/p/arabic", right_to_left=True),
    Row("a landing page with a banner, right to left", lambda: "/p/arabic-asking", right_to_left=True),
    Row("a page that is not there", lambda: "/p/nowhere"),
    Row("the subscription centre", lambda: f"/subscriptions/{sign('send', 'en')}"),
    Row("the subscription centre, right to left", lambda: f"/subscriptions/{sign('send', 'ar')}", right_to_left=True),
    Row("the preference centre", lambda: f"/subscriptions/{sign('send', 'en-purpose')}"),
    Row("the preference centre, right to left", lambda: f"/subscriptions/{sign('send', 'ar-purpose')}", True),
    Row("the confirmation page", lambda: f"/confirm/{links.token_of(asked_of('en'))}"),
    Row("the confirmation page, right to left", lambda: f"/confirm/{links.token_of(asked_of('ar'))}", True),
    Row("the page of an event", lambda: "/e/regatta"),
    Row("the page of an event with everything wrong", lambda: "/e/regatta", then=send_empty),
    Row("a link that is damaged", lambda: "/subscriptions/damaged"),
]
every_page = pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)

SETTINGS = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def published(shared_cloud):
    """Every page of the rows, and a contact with a message in two languages."""
    with Client(app) as client, mail.opened():
        api = Caller(client)
        everywhere, first, second = (publish(api, "/forms", each) for each in (everything(), short(), short()))
        arabic = publish(api, "/forms", short(**ARABIC))
        publish(api, "/pages", page("all", everywhere))
        publish(api, "/pages", page("two", first, second))
        publish(api, "/pages", page("arabic", arabic, language="ar", title="رسائل"))
        with_banner(api)
        publish(api, "/pages", page("asking", first))
        publish(api, "/pages", page("arabic-asking", arabic, language="ar", title="رسائل"))
        events.published(readable_id="regatta", now=now())
        _sent(api)
        _asked(api, client)
        yield


def asked_of(language):
    """Return what waits to be confirmed in a language."""
    [row] = Confirmation.scan(Confirmation.language == language)
    return row


def _asked(api, client):
    """Send a form that has to be confirmed, in two languages."""
    for language in ("en", "ar"):
        email_id = publish(api, "/emails", {**FORM_EMAIL, "language": language})
        guarded = {"double_opt_in": True, "confirmation_email_id": email_id}
        fields = [*short()["fields"], {**field("language", "Language"), "hidden": True}]
        document = {"fields": fields, "elements": placed(fields, "Send"), "topic": "Short", **guarded}
        form_id = publish(api, "/forms", document)
        values = {"email": f"{language}@example.com", "last_name": "Berg", "language": language}
        body = json.dumps({"values": values}).encode()
        sent = {"Content-Type": "application/json"}
        assert client.http.post(f"/forms/{form_id}/submissions", headers=sent, body=body).status_code == 202


def _sent(api):
    news = api.post("/subscription-lists", {"name": "News", "public_description": "Once a month"})["id"]
    content = publish(api, "/content-settings", {"address_main": "1 Main Street", "lists": [news], **CENTRE})
    html = '<p><a href="{{ message.subscription_center_url }}">Preferences</a> {{ content_settings.address_main }}</p>'
    for language in ("en", "ar"):
        email = {"subject": "N", "from_name": "C", "from_address": "n@contoso.example", "html": html}
        by_purpose = {"language": language, "compliance": {"purpose": "commercial"}}
        emails = {
            language: publish(api, "/emails", {**email, "language": language}),
            f"{language}-purpose": publish(api, "/emails", {**email, **by_purpose}),
        }
        known = {"last_name": "Berg", "email": f"{language}@contoso.example", "language": language}
        contacts.create(language, known, now(), by="user:u")
        for send_id, email_id in emails.items():
            queued = {"contact_id": language, "email_id": email_id, "content_settings_id": content, "tile": send_id}
            commit(plans.queue_send(send_id, **queued, now=now()))
            sender.take_up(send_id, now(), "t")


def shown(opening, row, **options):
    """Open a page and bring it into its state; a page that says what is wrong is no failure of the browser's."""
    found = opening(**options)
    found.goto(f"{OURS}{row.path()}")
    row.then(found)
    opening.expected.append("Failed to load resource: the server responded with a status of 4")
    return found


def shot(found, row, setting):
    path = Path(SHOTS / f"{row.name.replace(' ', '-').replace(',', '')}-{setting}.png")
    found.screenshot(path=path, full_page=True)
    assert path.stat().st_size > 1000


@every_page
@pytest.mark.parametrize("setting", SETTINGS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(published, opening, row, setting):
    found = shown(opening, row, **SETTINGS[setting])
    shot(found, row, setting)

    result = Axe().run(
        found, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in result.response["violations"]] == []
    assert len(result.response["passes"]) > 10
    assert found.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert (found.evaluate("getComputedStyle(document.body).direction") == "rtl") == row.right_to_left


FOCUSED = """() => {
  const each = document.activeElement, box = each.getBoundingClientRect(), style = getComputedStyle(each);
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    tag: each.tagName, name: each.name || each.getAttribute("href") || each.id, ring: parseFloat(style.outlineWidth),
    seen: each === over || each.contains(over) || !!over?.closest("label")?.contains(each),
    size: Math.min(box.width, box.height), inline: style.display === "inline",
  };
}"""
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, select, textarea")].filter(each =>
  each.type !== "hidden" && each.tabIndex >= 0 && !each.disabled &&
  (each.type !== "radio" || each.checked || !document.querySelector(`[name="${each.name}"]:checked`) &&
    each === document.querySelector(`[name="${each.name}"][type=radio]`))).length"""


@every_page
def test_every_control_is_reached_by_the_keyboard_and_one_sees_where_one_is(published, opening, row):
    found = shown(opening, row, viewport={"width": 1280, "height": 800})
    wanted = found.evaluate(REACHABLE)
    found.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(wanted):
        found.keyboard.press("Tab")
        reached.append(found.evaluate(FOCUSED))

    assert "BODY" not in {each["tag"] for each in reached}
    assert [each for each in reached if each["ring"] < 2] == []
    assert [each for each in reached if not each["seen"]] == []
    assert [each for each in reached if each["size"] < 24 and not each["inline"]] == []  # 2.5.8


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_form_is_filled_in_and_sent_by_keyboard(published, opening, script):
    found = opening(java_script_enabled=script)
    found.goto(f"{OURS}/p/two")
    _reach(found, "email")
    found.keyboard.type("ada@example.com")
    found.keyboard.press("Tab")
    found.keyboard.type("Berg")
    found.keyboard.press("Enter")

    found.get_by_role("status").wait_for()
    assert contacts.by_email("ada@example.com")
    shot(found, Row("thanks", lambda: ""), "with-script" if script else "without-script")


def _reach(found, name):
    """Go on by Tab until the control of this name has the focus."""
    for _ in range(30):
        found.keyboard.press("Tab")
        if found.locator(f":focus[name='{name}']").count():
            return
    raise AssertionError(f"{name} is not reached")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("answer", ["yes", "no"])
@pytest.mark.rule("LPC-2")
def test_the_banner_is_answered_by_keyboard(published, opening, script, answer):
    found = opening(java_script_enabled=script)
    found.goto(f"{OURS}/p/asking")
    before = found.context.cookies()
    _reach(found, "_tracking")
    if answer == "no":
        found.keyboard.press("Tab")
    found.keyboard.press("Enter")
    found.wait_for_url(f"{OURS}/p/asking")
    found.get_by_text(BANNER["text"]).wait_for(state="detached")

    kept = {each["name"] for each in found.context.cookies()}
    assert before == []
    assert {"itinera_choice"} <= kept <= {"itinera_choice", "itinera_visitor", "itinera_session"}
    assert ("itinera_visitor" in kept) == (answer == "yes")


@pytest.mark.parametrize(("script", "language"), [(True, "en"), (False, "ar")], ids=["with script", "without script"])
def test_what_was_asked_for_is_confirmed_by_keyboard(published, opening, script, language):
    found = opening(java_script_enabled=script)
    found.goto(f"{OURS}/confirm/{links.token_of(asked_of(language))}")
    found.keyboard.press("Tab")
    found.keyboard.press("Enter")
    found.get_by_role("button").wait_for(state="detached")

    assert contacts.by_email(f"{language}@example.com")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_mail_is_refused_at_the_centre_by_keyboard_and_allowed_again(published, opening, script):
    found = opening(java_script_enabled=script)
    found.goto(f"{OURS}/subscriptions/{sign('send', 'en')}")
    for wanted in (False, True):
        _reach(found, "do_not_bulk_email")
        found.keyboard.press("Space")
        found.keyboard.press("Enter")
        found.get_by_role("status").wait_for()
        assert consent.preferences("en").bulk_email is wanted
        found.goto(found.url)


def test_every_page_that_people_see_is_a_row():
    """The first words of public addresses: a new page fails here until it is a row."""
    no_pages = {"health", "openapi.json", "static", "o", "w", "webhooks", "forms", "events"}
    like_others = {"unsubscribe", "t", "r"}  # the centre once more, or a notice
    public = {each.path.split("/")[1] for each in app.operations if each.scope is None}

    assert {row.path().split("/")[1] for row in PAGES} == public - no_pages - like_others


def test_a_message_that_says_what_is_wrong_has_the_focus_and_leads_to_it(published, opening):
    found = shown(opening, PAGES[1])

    assert found.evaluate("document.activeElement.className") == "errors"
    found.keyboard.press("Tab")
    found.keyboard.press("Enter")
    assert found.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
