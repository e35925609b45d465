"""Websites from their record to what their script tells, over HTTP, as the browsers of visitors call it."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture.websites import pace, webpages
from chalicelib.clock import now
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.insights.models import Counted
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.visitors import of_token
from chalicelib.tokens import sign
from infra.local.demo.company import newsletter_form
from tests.integration.test_capture import publish
from tests.support.api import Caller
from tests.support.websites import ORIGIN, Pages, website

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def pages(client, api):
    return Pages(client, website(api))


def rows(owner):
    return list(Interaction.query(owner, consistent_read=True))


def done(visitor):
    return rows(f"VISITOR#{of_token(visitor)}")


def refuse_tracking(contact_id):
    evidence = Evidence(who="user:u", source="api", method="user", reason="asked for it")
    consent.change_by_user(contact_id, {"tracking": False}, 0, evidence, "c1", now())


# The record --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("WEB-1", "WEB-3")
def test_a_website_has_a_script_that_knows_its_settings_and_goes_into_every_page(client, api):
    banner = {"text": "</script>", "link_text": "Privacy", "link_url": f"{ORIGIN}/privacy"}
    made = api.post("/websites", {"name": "Contoso", "url": ORIGIN, "session_minutes": 20, "banner": banner})
    answer = client.http.get(f"/w/{made['id']}")
    text = answer.body.decode()

    assert made["script"] == f'<script async src="https://itinera.example/w/{made["id"]}"></script>'
    assert (made["asks_first"], made["origins"], made["session_minutes"]) == (True, [], 20)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert f'"to": "https://itinera.example/w/{made["id"]}"' in text
    assert '"session": 1200' in text
    assert '"kept": 63072000' in text  # two years
    assert len(text) < 8 * 1024

    [listed] = api.get("/websites")["items"]
    api.change("PUT", f"/websites/{made['id']}", made, {"name": "C", "url": ORIGIN, "anonymize": True})
    assert listed["id"] == made["id"]
    assert '"anonymize": true' in client.http.get(f"/w/{made['id']}").body.decode()
    api.change("DELETE", f"/websites/{made['id']}", api.get(f"/websites/{made['id']}"))
    assert client.http.get(f"/w/{made['id']}").status_code == 404


@pytest.mark.parametrize("origin", ["https://x.example/", "http://x.example", "x.example", "https://X.example", "null"])
def test_an_origin_that_is_none_is_refused(api, origin):
    status, told, _ = api.call("POST", "/websites", {"name": "n", "url": ORIGIN, "origins": [origin]})

    assert status == 400
    assert "https://www.example.com" in told["errors"][0]["message"]


# What it tells -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("WEB-1", "WEB-4")
def test_visits_and_clicks_are_those_of_an_anonymous_visitor_with_campaign_and_session(pages):
    first = pages.visit(
        "/lamps?utm_source=news&utm_campaign=autumn&email=ada@x.example#top",
        referrer="https://search.example/?q=ada",
        session="s1",
        headers={"CloudFront-Viewer-Country": "DK"},
    )
    again = pages.click("https://shop.example/lamp?token=x", "/lamps", session="s1")
    click, visit = sorted(done(pages.visitor), key=lambda each: each.type)

    assert (first, again) == (200, 204)
    assert (visit.type, visit.contact_id) == ("WebsiteVisited", None)
    kept = dict(visit.attributes)
    assert len(kept.pop("web_page")) == 12
    assert kept == {
        "website_id": pages.website_id,
        "url": "https://www.contoso.example/lamps?utm_source=news&utm_campaign=autumn",
        "referrer": "search.example",
        "session_id": "s1",
        "country": "DK",
        "source": "news",
        "campaign": "autumn",
    }
    assert (click.type, click.attributes["link"]) == ("WebsiteClicked", "https://shop.example/lamp")
    assert pages.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_only_pages_of_registered_origins_are_heard(client, api):
    strangers = Pages(client, website(api), "https://stranger.example")
    closed = Pages(client, website(api, origins=[]))

    assert (strangers.visit(), closed.visit()) == (403, 403)
    assert closed.tell(headers={"Origin": ""}) == 403
    assert Pages(client, "unknown").visit() == 404
    assert list(Interaction.scan()) == []


def test_what_is_told_again_counts_once_and_too_much_is_refused(pages, world):
    pages.visit()
    world.begin_minute()
    for _ in range(2):
        assert pages.visit(event="the-same-event") == 204
    seen = len(done(pages.visitor))
    statuses = [pages.visit(f"/{number}") for number in range(pace.MOST)]

    assert seen == 2
    assert statuses[-1] == 429
    assert len(done(pages.visitor)) == pace.MOST + 1  # the first one was told by nobody who was known


def test_a_visitor_that_was_made_up_is_another_one(pages):
    pages.visit()
    known = of_token(pages.visitor)
    pages.visitor = pages.visitor[:-3] + "AAA"

    assert pages.visit() == 200
    assert of_token(pages.visitor) != known


def test_more_than_a_script_says_is_refused(pages):
    assert pages.tell(link="x" * 3000) == 400
    assert pages.tell(link="x" * 5000) == 413
    assert pages.tell(kind="order") == 400
    assert pages.tell(event="short") == 400
    assert pages.tell(more="x") == 400
    assert pages.tell(url="mailto:ada@x.example") == 200  # nothing that is a page: nothing is recorded
    assert done(pages.visitor) == []


# Who refuses -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("WEB-3")
@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_a_browser_that_asks_not_to_be_tracked_is_not(pages, header):
    status = pages.tell(headers={header: "1"})

    assert (status, pages.visitor, list(Interaction.scan())) == (204, "", [])


@pytest.mark.rule("WEB-3")
def test_a_website_that_anonymizes_knows_nobody(client, api):
    pages = Pages(client, website(api, anonymize=True))

    assert (pages.visit(allowed="yes"), pages.visitor, list(Interaction.scan())) == (204, "", [])


@pytest.mark.rule("WEB-3")
def test_a_website_that_asks_first_records_nothing_before_it_may(client, api):
    pages = Pages(client, website(api, asks_first=True))
    before = (pages.visit(), pages.visitor)

    assert before == (204, "")
    assert (pages.visit(allowed="yes"), len(done(pages.visitor))) == (200, 1)


@pytest.mark.rule("PRV-12")
def test_of_a_contact_that_refuses_it_no_visit_is_recorded(api, pages, world):
    submit_as(form(api), pages, "ada@example.com")
    [ada] = contacts.by_email("ada@example.com")
    world.settle()
    pages.visit()
    before = len(rows(f"CONTACT#{ada.contact_id}"))
    refuse_tracking(ada.contact_id)

    assert pages.visit() == 204
    assert len(rows(f"CONTACT#{ada.contact_id}")) == before


def form(api):
    return publish(api, "/forms", {**newsletter_form(), "allowed_origins": [ORIGIN]})


def submit_as(form_id, pages, email):
    """Send a form of another origin, as the script does."""
    if not pages.visitor:
        pages.visit()
    body = {"last_name": "Berg", "first_name": "A", "email": email, "_visitor": pages.visitor, "_page_url": ORIGIN}
    return pages.send_form(form_id, body)


@pytest.mark.rule("WEB-4")
def test_the_link_of_a_message_tells_who_comes(pages, world):
    contacts.create("ada", {"last_name": "Berg", "email": "ada@example.com"}, now(), by="user:u")
    pages.visit("/before")

    pages.visit("/lamps", personal=sign("visitor", "ada", "journey-1", "email-1"))
    world.settle(duplicate=True)
    pages.visit("/after")

    urls = [each.attributes["url"].rpartition("/")[2] for each in rows("CONTACT#ada") if each.type == "WebsiteVisited"]
    assert urls == ["before", "lamps", "after"]
    [told] = [each for each in rows("CONTACT#ada") if each.attributes["url"].endswith("lamps")]
    assert (told.attributes["email_id"], told.attributes["journey_id"]) == ("email-1", "journey-1")


def test_a_forged_link_tells_nothing(pages):
    assert pages.visit(personal="forged") == 200
    assert [each.contact_id for each in done(pages.visitor)] == [None]


# Figures -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("WEB-7")
def test_insights_name_the_most_seen_pages_countries_and_days_each_visit_once(api, pages, world):
    for number in range(12):
        for _ in range(number + 1):
            pages.visit(f"/{number:02}?utm_source=x", session="s1", headers={"CloudFront-Viewer-Country": "NO"})
        pages.visitor = ""
    pages.visit("/00", session="s2")
    pages.click("https://shop.example/", "/11", session="s2")
    world.settle(duplicate=True, shuffle=3)
    submit_as(form(api), pages, "ada@example.com")
    world.settle(duplicate=True)
    world.replay(shuffle=1)

    found = api.get(f"/websites/{pages.website_id}/insights?months=1")
    assert (found["visits"], found["clicks"], found["sessions"]) == (79, 1, 2)
    assert [each["url"].rpartition("/")[2] for each in found["pages"]] == [f"{n:02}" for n in range(11, 1, -1)]
    assert found["pages"][0] == {"url": f"{ORIGIN}/11", "visits": 12}
    assert found["countries"] == [{"country": "NO", "visits": 78}, {"country": "unknown", "visits": 1}]
    assert found["timeline"] == [{"day": now().date().isoformat(), "visits": 79, "clicks": 1}]


@pytest.mark.rule("WEB-7")
def test_a_visit_that_is_credited_long_after_it_was_counted_is_not_counted_again(api, pages, world):
    pages.visit("/lamps")
    world.settle()
    for marker in Counted.scan(Counted.pk.startswith("COUNTED#")):  # after 30 days
        marker.delete()

    submit_as(form(api), pages, "ada@example.com")
    world.settle()

    assert api.get(f"/websites/{pages.website_id}/insights")["visits"] == 1


@pytest.mark.rule("WEB-7")
def test_pages_beyond_those_that_figures_are_kept_of_count_as_one(api, pages, world, monkeypatch):
    monkeypatch.setattr(webpages, "MOST", 2)
    for path in ("/a", "/b", "/c", "/d", "/a"):
        pages.visit(path)
    world.settle()

    found = api.get(f"/websites/{pages.website_id}/insights")["pages"]
    assert [(each["url"], each["visits"]) for each in found] in (
        [(f"{ORIGIN}/a", 2), (None, 2), (f"{ORIGIN}/b", 1)],
        [(None, 2), (f"{ORIGIN}/a", 2), (f"{ORIGIN}/b", 1)],
    )
