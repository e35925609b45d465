"""GET changes nothing that a person would mind, HEAD records nothing (invariant 10): all public routes, all tables."""

import json

import boto3
import pytest
from chalice.test import Client

from app import app
from chalicelib.capture.websites import redirects
from chalicelib.clock import now
from chalicelib.consent.subscriptions import records
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.messages import plans, sender
from chalicelib.messages.addresses import TEST
from chalicelib.messages.optin import asking, links
from chalicelib.messages.optin.models import Confirmation
from chalicelib.settings import settings
from chalicelib.tokens import sign
from infra.local.demo.company import landing_page, newsletter_form
from tests.integration.test_capture import publish
from tests.support import registering
from tests.support.api import Caller

HTML = """<p><a href="https://shop.example/lamp">The lamp</a> <a href="{{ message.subscription_center_url }}">Mail</a>
{{ content_settings.address_main }}</p>"""
EMAIL = {"subject": "N", "from_name": "C", "from_address": "n@contoso.example", "language": "en", "html": HTML}
LIST = {"name": "News", "public_name": "News"}
ASKED = asking.Asked(now(), "form:f", "en", "Yes", {})
PATHS = {
    "/health": ["/health"],
    "/openapi.json": ["/openapi.json"],
    "/static/{digest}/{name}": ["/static/x/page.css"],
    "/p/{slug}": ["/p/newsletter", "/p/newsletter?v={visitor}", "/p/nowhere"],
    "/confirm/{token}": ["/confirm/{confirm}", "/confirm/{send}"],
    "/t/{token}": ["/t/{link}", "/t/{trap}"],
    "/o/{token}": ["/o/{open}.gif"],
    "/subscriptions": ["/subscriptions"],
    "/subscriptions/{token}": ["/subscriptions/{send}", "/subscriptions/{test}", "/subscriptions/{none}"],
    "/unsubscribe/{token}": ["/unsubscribe/{send}", "/unsubscribe/{test}", "/unsubscribe/{none}"],
    "/e/{event_id}": ["/e/regatta", "/e/regatta?v={visitor}", "/e/nowhere"],
    "/r/{redirect_id}": ["/r/lamps", "/r/nowhere"],
    "/w/{website_id}": ["/w/unknown"],
    "/webhooks/linkedin/{connection_id}": [
        "/webhooks/linkedin/none?challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0",
        "/webhooks/linkedin/none?challengeCode=no-uuid",
    ],
}
RECORDED = {"/p/{slug}", "/t/{token}", "/o/{token}", "/r/{redirect_id}"}
"""Routes whose GET is what somebody did: it is recorded as an interaction, undecided or not, and nothing else."""


def public(*methods):
    return sorted({each.path for each in app.operations if each.scope is None and each.method in methods})


@pytest.fixture
def client(world):
    with Client(app) as client:
        yield client


@pytest.fixture
def tokens(client, world, office):
    """A contact that got a message, and the tokens of what it could open."""
    api = Caller(client)
    form_id = publish(api, "/forms", newsletter_form())
    publish(api, "/pages", landing_page("Letters", "newsletter", form_id))
    content = publish(api, "/content-settings", {"address_main": "1 Main Street"})
    email_id = publish(api, "/emails", EMAIL)
    contacts.create("ada", {"last_name": "Berg", "email": "ada@contoso.example"}, now(), by="user:u")
    asked = asking.for_list(contacts.find("ada"), records.create("l", LIST, "u", now()).list_id, ASKED)
    commit(asked)
    commit(plans.queue_send("s1", contact_id="ada", email_id=email_id, content_settings_id=content, now=now()))
    sender.take_up("s1", now(), "t")
    registering.published(readable_id="regatta", now=now())
    redirects.create("lamps", {"name": "Lamps", "url": "https://shop.example/lamps"}, now())
    world.settle()
    assert len(office.letters()) == 1
    [row] = Confirmation.scan(Confirmation.confirmation_id.exists())
    return {
        "confirm": links.token_of(row),
        "visitor": sign("visitor", "ada", "j", email_id),
        "link": sign("link", "s1", "0"),
        "trap": sign("link", "s1", "trap"),
        "open": sign("open", "s1"),
        "send": sign("send", "s1"),
        "test": sign("send", TEST),
        "none": sign("send", "none"),
    }


def tables(declared):
    """Every item of every table, by table."""
    database = boto3.client("dynamodb")
    return {
        name.removeprefix(f"{settings.prefix}-"): sorted(
            json.dumps(item, sort_keys=True, default=str)
            for page in database.get_paginator("scan").paginate(TableName=name)
            for item in page["Items"]
        )
        for name in declared.tables
    }


def changed(before, after):
    return {name for name in before if before[name] != after[name]}


def test_every_public_route_that_can_be_looked_at_is_tried():
    assert public("GET", "HEAD") == sorted(PATHS)


@pytest.mark.parametrize("route", public("GET"))
def test_opening_a_link_changes_nothing_that_a_person_would_mind(client, world, declared, tokens, route):
    before = tables(declared)

    for path in PATHS[route]:
        assert client.http.get(path.format(**tokens)).status_code < 500
    at_once = changed(before, tables(declared))
    world.settle()

    paced = {"capture"} if route == "/r/{redirect_id}" else set()  # how often it was followed within the minute
    assert at_once == ({"interactions"} | paced if route in RECORDED else set())
    minded = {"access", "activities", "capture", "consent", "contacts", "definitions", "journeys", "leads", "messages"}
    assert minded < before.keys()
    assert changed(before, tables(declared)) & minded == paced


@pytest.mark.parametrize("route", public("GET"))
def test_head_records_nothing(client, world, declared, tokens, route):
    before = tables(declared)

    for path in PATHS[route]:
        assert client.http.request("HEAD", path.format(**tokens)).status_code < 500
    world.settle()

    assert changed(before, tables(declared)) == set()


def test_a_message_can_be_left_with_one_click_at_the_address_that_a_look_leaves_alone(client, declared, tokens, office):
    [letter] = office.letters()
    headers = dict(letter.headers())
    path = headers["List-Unsubscribe"].strip("<>").removeprefix(settings.public_url)
    before = tables(declared)
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert client.http.get(path).status_code == 200
    assert changed(before, tables(declared)) == set()
    assert client.http.post(path, headers=form, body=b"List-Unsubscribe=One-Click").status_code == 200
    assert changed(before, tables(declared)) == {"consent", "messages"}
