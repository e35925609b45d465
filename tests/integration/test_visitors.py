"""Who a browser turns out to be, and what it did before: credited once, whatever repeats, races or dies on the way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import service as capture
from chalicelib.capture import visiting
from chalicelib.capture.models import CaptureItem, Visitor
from chalicelib.capture.service import Submitted
from chalicelib.clock import now
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.interactions import plans
from chalicelib.interactions import service as interactions
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.interactions.visitors import COOKIE, of_cookies, of_token, token_of
from chalicelib.messages import plans as messages
from chalicelib.messages import sender
from chalicelib.tokens import sign
from infra.local.demo.company import landing_page, newsletter_form
from tests.integration.test_capture import Browser, publish
from tests.integration.test_websites import form, refuse_tracking, submit_as
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.faults import Killed
from tests.support.websites import ORIGIN, Pages, website

pytestmark = pytest.mark.usefixtures("world")
ADA = {"first_name": "Ada", "last_name": "Berg", "email": "ada@example.com"}
BO = {"first_name": "Bo", "last_name": "Dahl", "email": "bo@example.com"}


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def browser(client, api):
    publish(api, "/pages", landing_page("Letters", "newsletter", publish(api, "/forms", newsletter_form())))
    return Browser(client)


def person(email):
    [found] = contacts.by_email(email)
    return found.contact_id


def visits(contact_id):
    return interactions.of_contact(contact_id, "WebsiteVisited")


def visited(visitor_id, number, *, before=timedelta(days=1)):
    at = now() - before + timedelta(seconds=number)
    new = NewInteraction(InteractionType.WEBSITE_VISITED, at, "visit", f"{visitor_id}{number}", visitor_id=visitor_id)
    commit(plans.record(new, now()))


def bound(visitor_id="v", contact_id="ada"):
    contacts.create(contact_id, ADA, now(), by="user:u")
    commit([visiting.binding(visitor_id, contact_id, now())])


@pytest.mark.rule("WEB-5", "WEB-6")
def test_a_submission_at_another_site_ties_its_visitor_to_the_contact_and_credits_what_it_did(client, api, world):
    pages = Pages(client, website(api))
    for path in ("/", "/lamps", "/prices"):
        pages.visit(path)

    submit_as(form(api), pages, "ada@example.com")
    world.settle(duplicate=True, shuffle=5)
    pages.visit("/thanks")

    assert visiting.contact_of(of_token(pages.visitor)) == person("ada@example.com")
    assert len({each.interaction_id for each in visits(person("ada@example.com"))}) == 4
    assert len(visits(person("ada@example.com"))) == 4


@pytest.mark.rule("WEB-4", "WEB-5")
def test_who_is_identified_second_at_one_device_is_a_visitor_of_its_own(browser, world):
    browser.send("/p/newsletter", **ADA)
    first = of_cookies(browser.cookie)
    browser.open("/p/newsletter")
    browser.send("/p/newsletter", **BO)
    second = of_cookies(browser.cookie)
    browser.open("/p/newsletter")
    world.settle(duplicate=True)

    assert first != second
    assert [visiting.contact_of(each) for each in (first, second)] == [person(each["email"]) for each in (ADA, BO)]
    assert (
        len(visits(person("ada@example.com"))) == 3
    )  # what the second one did before nobody knew of it is the first's
    assert len(visits(person("bo@example.com"))) == 1


@pytest.mark.rule("WEB-5")
def test_the_second_person_is_the_same_visitor_each_time_and_the_first_stays_who_it_is(client, api):
    form_id, pages = form(api), Pages(client, website(api))
    submit_as(form_id, pages, "ada@example.com")
    shared = pages.visitor

    submit_as(form_id, pages, "bo@example.com")
    once = pages.visitor
    pages.visitor = shared
    submit_as(form_id, pages, "bo@example.com")
    again = pages.visitor
    pages.visitor = shared
    told = submit_as(form_id, pages, "ada@example.com")

    assert once == again != shared
    assert told["visitor"] is None
    assert visiting.contact_of(of_token(shared)) == person("ada@example.com")


@pytest.mark.rule("WEB-5")
def test_of_two_who_tie_one_browser_at_once_it_stays_the_first_ones(client):
    for contact_id, values in (("ada", ADA), ("bo", BO)):
        contacts.create(contact_id, values, now(), by="user:u")

    with before_the_next_write(lambda: visiting.bind("v", "bo", now())):
        whose = visiting.bind("v", "ada", now())

    assert (whose, visiting.contact_of("v")) == ("bo", "bo")
    commit([visiting.binding("v", "bo", now())])  # once more the same is no quarrel
    with pytest.raises(ConditionFailed):
        commit([visiting.binding("v", "ada", now())])


@pytest.mark.rule("WEB-5")
def test_a_submission_whose_browser_somebody_else_ties_meanwhile_is_of_a_visitor_of_its_own(client, api):
    form_id, pages = form(api), Pages(client, website(api))
    pages.visit()
    shared = pages.visitor
    contacts.create("bo", BO, now(), by="user:u")

    with before_the_next_write(lambda: visiting.bind(of_token(shared), "bo", now())):
        submit_as(form_id, pages, "ada@example.com")

    assert visiting.contact_of(of_token(shared)) == "bo"
    assert pages.visitor != shared
    assert visiting.contact_of(of_token(pages.visitor)) == person("ada@example.com")


def test_of_two_who_are_identified_at_once_by_one_browser_each_gets_a_visitor(client, api, world):
    form_id, pages = form(api), Pages(client, website(api))
    pages.visit()
    visitor, emails = of_token(pages.visitor), [f"p{number}@example.com" for number in range(4)]

    def submit(email):
        """Below HTTP: an application has one request at a time."""
        typed = {"email": email, "last_name": "Berg"}
        return capture.submit(Submitted(form_id, typed, email, visitor_id=visitor), now()).visitor_id

    with ThreadPoolExecutor(4) as pool:
        became = list(pool.map(submit, emails))
    world.settle()

    assert len(set(became)) == 4
    assert visitor in became
    assert [visiting.contact_of(each) for each in became] == [person(each) for each in emails]
    assert sum(len(visits(person(each))) for each in emails) == 1


@pytest.mark.rule("WEB-6")
def test_a_long_past_is_credited_part_by_part_and_only_as_much_as_is_bounded(world, monkeypatch):
    monkeypatch.setattr(interactions, "A_PART", 7)
    monkeypatch.setattr(visiting, "MOST", 28)
    for number in range(40):
        visited("v", number)

    bound()
    world.settle(duplicate=True, shuffle=2)

    credited = visits("ada")
    assert len(credited) == 28
    assert min(each.at for each in credited) > min(each.at for each in Interaction.query("VISITOR#v"))  # the newest


@pytest.mark.rule("WEB-6")
def test_what_was_written_by_whoever_did_not_know_yet_is_credited_by_a_second_look(world):
    bound()
    world.settle()
    visited("v", 1, before=timedelta(0))
    assert visits("ada") == []
    world.poll("visitor")
    assert visits("ada") == []

    world.advance(visiting.LATER + timedelta(seconds=10))
    world.poll("visitor")

    assert len(visits("ada")) == 1
    assert list(CaptureItem.by_due.query("visitor#0")) == []
    assert Visitor.find(*Visitor.at("v")).due is None


@pytest.mark.parametrize("at", [1, 3, 5, 8])
def test_whoever_dies_while_crediting_is_made_up_for(world, monkeypatch, at):
    monkeypatch.setattr(interactions, "A_PART", 5)
    for number in range(20):
        visited("v", number)
    bound()
    writes = iter(range(1000))

    def dies(_number, _service, operation):
        if operation == "TransactWriteItems" and next(writes) == at:
            raise Killed

    world.fault = dies
    world.settle()
    world.fault = lambda *_: None
    world.advance(visiting.LATER + timedelta(seconds=10))
    world.poll("visitor")

    assert len(visits("ada")) == len({each.interaction_id for each in visits("ada")}) == 20


@pytest.mark.rule("PRV-12")
def test_who_refuses_to_be_tracked_gets_nothing_credited(world):
    visited("v", 1)
    contacts.create("ada", ADA, now(), by="user:u")
    refuse_tracking("ada")
    commit([visiting.binding("v", "ada", now())])
    world.settle()

    assert visits("ada") == []


@pytest.mark.rule("WEB-4")
def test_saving_the_subscription_centre_tells_whose_the_browser_is(client, api, world, office):
    content = publish(api, "/content-settings", {"address_main": "1 Main Street"})
    html = '<p><a href="{{ message.subscription_center_url }}">P</a> {{ content_settings.address_main }}</p>'
    email = {"subject": "N", "from_name": "C", "from_address": "n@contoso.example", "language": "en", "html": html}
    email_id = publish(api, "/emails", email)
    contacts.create("ada", ADA, now(), by="user:u")
    commit(messages.queue_send("s1", contact_id="ada", email_id=email_id, content_settings_id=content, now=now()))
    sender.take_up("s1", now(), "t")
    visited("v", 1)
    cookie = {"Cookie": f"{COOKIE}={token_of('v')}"}
    sent = {"Content-Type": "application/x-www-form-urlencoded", **cookie}
    path = f"/subscriptions/{sign('send', 's1')}"

    assert client.http.get(path, headers=cookie).status_code == 200
    world.settle()
    assert visiting.contact_of("v") is None  # looking tells nothing
    assert client.http.post(path, headers=sent, body=b"shown=").status_code == 200
    world.settle(duplicate=True)

    assert visiting.contact_of("v") == "ada"
    assert len(visits("ada")) == 1


def test_a_deleted_contact_leaves_nothing_of_its_browsers(world):
    visited("v", 1)
    visited("other", 1)
    bound()
    world.settle()
    contacts.remove("ada", contacts.find("ada").version, now())
    world.settle()

    assert visiting.contact_of("v") is None
    assert list(Interaction.query("VISITOR#v")) == []
    assert len(list(Interaction.query("VISITOR#other"))) == 1


@pytest.mark.rule("WEB-4")
def test_a_message_s_link_to_a_website_that_is_tracked_says_who_comes_and_one_to_strangers_does_not(
    client, api, world, office
):
    site = website(api)
    content = publish(api, "/content-settings", {"address_main": "1 Main Street"})
    html = (
        f'<p><a href="{ORIGIN}/lamps?x=1">Lamps</a> <a href="https://stranger.example/">Elsewhere</a> '
        '<a href="{{ message.subscription_center_url }}">P</a> {{ content_settings.address_main }}</p>'
    )
    email = {"subject": "N", "from_name": "C", "from_address": "n@contoso.example", "language": "en", "html": html}
    email_id = publish(api, "/emails", email)
    contacts.create("ada", ADA, now(), by="user:u")
    commit(messages.queue_send("s1", contact_id="ada", email_id=email_id, content_settings_id=content, now=now()))
    sender.take_up("s1", now(), "t")

    ours, strangers = (client.http.get(f"/t/{sign('link', 's1', index)}").headers["Location"] for index in ("0", "1"))
    query = parse_qs(urlsplit(ours).query)
    pages = Pages(client, site)
    pages.visit("/lamps", personal=query["itinera_v"][0])

    assert (strangers, query["x"]) == ("https://stranger.example/", ["1"])
    assert visiting.contact_of(of_token(pages.visitor)) == "ada"
    [visit] = visits("ada")
    assert visit.attributes["email_id"] == email_id
