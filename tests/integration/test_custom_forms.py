"""Custom fields on forms: asked for, filled, cascading, and what becomes of a submission that cannot be taken."""

from base64 import b64encode
from hashlib import sha256

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import pending
from chalicelib.contacts import service as contacts
from chalicelib.leads import reading as leads
from infra.local.demo.company import field, landing_page, placed
from tests.integration.test_capture import Browser, Page, publish
from tests.support.accessible import faults
from tests.support.api import Caller
from tests.support.custom import NOW, change, make, options

pytestmark = pytest.mark.usefixtures("cloud")

EMAIL = field("email", "Email", "email", required=True)
VALUES = {"email": "ada@example.dk"}


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


def own(name, kind, of="contact", *values, **more):
    """A field of a form that writes to a custom field of its name."""
    offered = [{"value": each, "label": each.title()} for each in values]
    given = {"name": name, "label": name.title(), "type": kind, f"{of}_field": f"custom.{name}", **more}
    return {**given, **({"options": offered} if offered else {})}


def form(*fields, **more):
    return {"fields": [EMAIL, *fields], "elements": placed([EMAIL, *fields], "Send"), "update": "contacts", **more}


def submit(api, form_id, **values):
    return api.call("POST", f"/forms/{form_id}/submissions", {"values": {**VALUES, **values}})


def somebody():
    [found] = contacts.by_email("ada@example.dk")
    return found


def test_a_form_fills_custom_fields_of_contacts_and_leads_in_their_types(api):
    for key, type_ in {"tier": "choice", "topics": "multiple_choice", "seats": "whole_number", "at": "instant"}.items():
        make(key, type_)
    make("budget", "money", "lead")
    fields = [
        own("tier", "option_set", "contact", "gold", "silver"),
        own("topics", "multiple_choice", "contact", "gold", "silver"),
        own("seats", "whole_number"),
        own("at", "date_time"),
        own("budget", "decimal", "lead"),
    ]
    made = publish(api, "/forms", form(*fields, update="contacts_and_leads", topic="Lamps"))

    typed = {"tier": "gold", "topics": ["silver"], "seats": "3", "at": "2027-01-01T08:00", "budget": "10.50"}
    status, answer, _ = submit(api, made, **typed)

    assert status == 201, answer
    known = somebody()
    assert known.custom == {"tier": "gold", "topics": ["silver"], "seats": 3, "at": "2027-01-01T08:00:00.000000Z"}
    [lead] = leads.of_contact(known.contact_id)
    assert [str(lead.custom["budget"])] == ["10.5"]
    assert submit(api, made, seats="many")[0] == 400
    assert submit(api, made, tier="bronze")[0] == 422


def test_a_form_names_what_there_is_and_holds_it(api):
    draft = api.post("/forms", {"name": "n", "document": form(own("seats", "whole_number"))})
    unknown = api.call("POST", f"/forms/{draft['id']}/publish", If_Match='"1"')
    make("seats", "whole_number")
    api.change("POST", f"/forms/{draft['id']}/publish", draft)

    retired = api.call("PATCH", "/fields/contact.seats", {"retired": True}, If_Match='"1"')

    assert (unknown[0], unknown[1]["errors"][0]["message"]) == (422, "A form cannot write a contact's custom.seats.")
    assert (retired[0], draft["id"] in str(retired[1])) == (409, True)


@pytest.mark.rule("FLD-4")
def test_an_option_that_is_retired_after_the_form_went_live_fails_and_is_kept(api):
    make("tier", "choice")
    made = publish(api, "/forms", form(own("tier", "option_set", "contact", "gold", "silver")))
    gone = [{"value": "gold", "labels": {"en": "Gold"}, "retired": True}, {"value": "silver", "labels": {"en": "S"}}]
    change("contact.tier", options=gone)

    status, answer, _ = submit(api, made, tier="gold")

    assert (status, answer["errors"][0]["field"]) == (422, "custom.tier")
    [kept] = api.get("/submissions?state=failure")["items"]
    assert (kept["values"]["tier"], contacts.by_email("ada@example.dk")) == ("gold", [])


# What records need and a form does not ask for -----------------------------------------------------------------------


@pytest.mark.rule("FRM-4")
def test_a_form_that_lacks_a_required_field_goes_live_and_makes_no_record_and_the_visitor_is_not_told(api, client):
    make("tier", "choice", required=True)
    draft = api.post("/forms", {"name": "n", "document": form()})
    live = api.change("POST", f"/forms/{draft['id']}/publish", draft)
    publish(api, "/pages", landing_page("Lamps", "lamps", draft["id"]))
    browser = Browser(client)

    status, text = browser.send("/p/lamps", email="ada@example.dk")

    assert [warning["field"] for warning in live["warnings"]] == ["fields"]
    assert (status, "Thank you" in text) == (200, True)
    assert contacts.by_email("ada@example.dk") == []
    [kept] = api.get("/submissions?state=failure")["items"]
    assert [problem["field"] for problem in kept["problems"]] == ["custom.tier"]
    change("contact.tier", required=False)
    api.change("POST", f"/submissions/{kept['id']}/retry", kept)
    assert pending.finish(kept["id"], NOW).state == "success"
    assert somebody().email == "ada@example.dk"


@pytest.mark.rule("FRM-4")
def test_whoever_is_known_already_is_updated_without_it(api):
    made = publish(api, "/forms", form(field("city", "City")))
    contacts.create("ada", {"last_name": "Juhl", "email": "ada@example.dk"}, NOW, by="u")
    make("tier", "choice", required=True)

    assert submit(api, made, city="Oslo")[0] == 201
    assert contacts.find("ada").city == "Oslo"
    program = submit(api, made, email="eva@example.dk")
    assert (program[0], program[1]["errors"][0]["field"]) == (422, "custom.tier")


# Cascading -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("FLD-3")
def test_a_page_hides_a_child_by_its_own_style_and_nothing_else_may_style_it(api, client):
    make("country", "choice", options=options("dk", "no"))
    make("shops", "multiple_choice", options=options("aarhus", "oslo"))
    country = own("country", "option_set", "contact", "dk", "no")
    shops = own("shops", "multiple_choice", "contact", "aarhus", "oslo", parent="country", required=True)
    shops["options"][0]["parent_values"] = ["dk"]
    made = publish(api, "/forms", form(country, shops))
    publish(api, "/pages", landing_page("Lamps", "lamps", made))
    slug = "/p/lamps"
    browser = Browser(client)

    _, text = browser.open(slug)
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}';" in browser.headers["Content-Security-Policy"]
    assert "#f-shops-at{display:none}" in style
    assert faults(text, dict(browser.headers)) == []
    assert [each for each in Page(text).controls if each["name"] == "shops" and "required" in each] == []

    status, text = browser.send(slug, **VALUES, country="no", shops="aarhus")
    assert (status, "does not go with what is chosen above" in text) == (422, True)
    assert faults(text, dict(browser.headers)) == []
    assert browser.send(slug, **VALUES, country="dk", shops="aarhus")[0] == 200
    assert somebody().custom == {"country": "dk", "shops": ["aarhus"]}
    assert browser.send(slug, email="eva@example.dk")[0] == 200
