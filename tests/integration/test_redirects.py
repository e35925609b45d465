"""Redirect addresses: they lead where their record says, and count who follows them."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import visiting
from chalicelib.capture.websites import pace
from chalicelib.clock import now
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.interactions import service as interactions
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.visitors import COOKIE, token_of
from tests.integration.test_websites import refuse_tracking
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("world")
LAMPS = "https://shop.example/lamps?token=secret&utm_campaign=autumn"


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def redirect(api):
    return api.post("/redirects", {"name": "Lamps", "url": LAMPS})


def follow(client, redirect, method="GET", **headers):
    path = redirect["address"].removeprefix("https://itinera.example")
    answer = client.http.request(method, path, headers={name.replace("_", "-"): each for name, each in headers.items()})
    return answer.status_code, answer.headers.get("Location"), answer.headers


def known(contact_id="ada"):
    contacts.create(contact_id, {"last_name": "Berg"}, now(), by="user:u")
    commit([visiting.binding("v", contact_id, now())])
    return f"{COOKIE}={token_of('v')}"


@pytest.mark.rule("WEB-2")
def test_a_redirect_leads_on_and_counts_each_who_follows_it_with_the_country(client, api, redirect, world):
    for country in ("DK", "DK", "NO"):
        status, location, headers = follow(client, redirect, CloudFront_Viewer_Country=country)
        assert (status, location) == (302, LAMPS)
        assert "Set-Cookie" not in headers
    follow(client, redirect, CloudFront_Viewer_Country="<x>")
    follow(client, redirect, "HEAD")
    world.settle(duplicate=True)
    world.replay(shuffle=2)

    figures = api.get(f"/redirects/{redirect['id']}/figures")["figures"]
    assert figures == {"RedirectLinkClicked": 4, "country:DK": 2, "country:NO": 1, "country:unknown": 1}
    assert {each.attributes["url"] for each in Interaction.scan(Interaction.type == "RedirectLinkClicked")} == {
        "https://shop.example/lamps?utm_campaign=autumn"
    }


@pytest.mark.rule("WEB-2")
def test_who_is_known_by_the_cookie_is_recorded_as_the_contact_and_nobody_else(client, redirect, world):
    follow(client, redirect, Cookie=known())
    follow(client, redirect, Cookie=f"{COOKIE}=forged")
    world.settle()

    [clicked] = interactions.of_contact("ada", "RedirectLinkClicked")
    assert (clicked.attributes["redirect_id"], clicked.attributes["campaign"]) == (redirect["id"], "autumn")


@pytest.mark.rule("PRV-12")
def test_who_refuses_to_be_tracked_is_led_on_and_not_recorded(client, redirect):
    cookie = known()
    refuse_tracking("ada")

    assert follow(client, redirect, Cookie=cookie)[:2] == (302, LAMPS)
    assert follow(client, redirect, DNT="1")[:2] == (302, LAMPS)
    assert list(Interaction.scan()) == []


def test_whoever_follows_it_too_often_is_led_on_and_not_counted(client, redirect, world):
    cookie = known()
    world.begin_minute()
    for _ in range(pace.MOST + 2):
        assert follow(client, redirect, Cookie=cookie)[0] == 302

    assert len(interactions.of_contact("ada", "RedirectLinkClicked")) == pace.MOST


def test_a_redirect_is_changed_listed_and_removed(client, api, redirect):
    changed = {"name": "Lamps", "url": "https://shop.example/new"}
    api.change("PUT", f"/redirects/{redirect['id']}", redirect, changed)
    assert follow(client, redirect)[1] == "https://shop.example/new"
    assert [each["id"] for each in api.get("/redirects")["items"]] == [redirect["id"]]

    api.change("DELETE", f"/redirects/{redirect['id']}", api.get(f"/redirects/{redirect['id']}"))
    assert follow(client, redirect)[0] == 404
    status, told, _ = api.call("POST", "/redirects", {"name": "n", "url": "javascript:alert(1)"})
    assert (status, told["errors"][0]["field"]) == (400, "url")
