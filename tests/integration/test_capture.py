"""Forms and pages from publishing to what a submission leaves behind, over HTTP, as browsers and programs see them."""

import json
from html.parser import HTMLParser
from urllib.parse import quote, urlencode

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import pending as capture
from chalicelib.capture import visiting
from chalicelib.capture.models import Submission
from chalicelib.clock import digest, now
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.contacts import strategies
from chalicelib.interactions import service as interactions
from chalicelib.leads import reading as leads
from chalicelib.tokens import sign
from infra.local.demo.company import field, landing_page, newsletter_form, placed
from tests.support.api import Caller
from tests.support.between import before_the_next_write

pytestmark = pytest.mark.usefixtures("world")

PERSON = {"first_name": "Ada", "last_name": "Berg", "email": "Ada@Example.com"}


class Page(HTMLParser):
    """What a page holds: its language, its controls, its labels and where links lead."""

    VOID = ("input", "img", "meta", "link", "hr", "br")

    def __init__(self, text):
        super().__init__()
        self.controls, self.labels, self.ids, self.links, self.tags = [], set(), set(), [], []
        self.language = self.action = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.ids |= {given["id"]} if "id" in given else set()
        if tag == "html":
            self.language = given.get("lang")
        elif tag == "form":
            self.action = given["action"]
        elif tag == "label":
            self.labels.add(given["for"])
        elif tag == "a":
            self.links.append(given["href"])
        elif tag in {"input", "select", "textarea"}:
            self.controls.append(given)

    @property
    def hidden(self):
        return {each["name"]: each["value"] for each in self.controls if each.get("type") == "hidden"}


class Browser:
    """A browser without script: it keeps its cookie."""

    def __init__(self, client):
        self.client, self.cookie, self.headers = client, "", {}

    def open(self, path, fields=None):
        method, body = ("GET", b"") if fields is None else ("POST", urlencode(fields).encode())
        headers = {"Cookie": self.cookie, "Accept": "text/html"}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.client.http.request(method, path, headers=headers, body=body)
        self.headers = answer.headers
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer.status_code, answer.body.decode()

    def send(self, path, **typed):
        """Open a page and send its form."""
        _, text = self.open(path)
        return self.open(path, {**Page(text).hidden, **typed})


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


def publish(api, path, document):
    made = api.post(path, {"name": "n", "document": document})
    api.change("POST", f"{path}/{made['id']}/publish", made)
    return made["id"]


def form(api, **more):
    return publish(api, "/forms", {**newsletter_form(), **more})


def paged(api, **more):
    form_id = form(api, **more)
    return form_id, publish(api, "/pages", landing_page("Letters", "newsletter", form_id))


def submit(client, form_id, values, **headers):
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): each for name, each in headers.items()}}
    body = json.dumps({"values": values}).encode()
    answer = client.http.request("POST", f"/forms/{form_id}/submissions", headers=sent, body=body)
    return answer.status_code, json.loads(answer.body), answer.headers


def stored(made):
    return capture.find(made["submission_id"])


def submissions(form_id):
    """Every submission of a form, whatever its state."""
    found = Submission.scan(Submission.form_id == form_id)
    return sorted(found, key=lambda each: each.submitted_at)


def done(contact_id, type_="FormSubmitted"):
    return interactions.of_contact(contact_id, type_)


# What a submission makes -------------------------------------------------------------------------------------------


@pytest.mark.rule("SUB-1", "SUB-5", "GEN-3", "GEN-8", "GEN-13", "MAT-4")
def test_a_submission_makes_a_contact_and_its_lead_and_one_interaction_of_both(client, api):
    form_id = form(api, owner_id="sam")

    status, made, _ = submit(client, form_id, PERSON)
    kept = stored(made)
    contact, lead = contacts.find(kept.contact_id), leads.find(kept.lead_id)

    assert (status, made["state"], kept.contact_result, kept.lead_result) == (201, "success", "created", "created")
    assert (contact.last_name, lead.contact_id, lead.topic) == ("Berg", contact.contact_id, "Newsletter")
    assert (contact.owner_id, lead.owner_id) == ("sam", "sam")
    assert (contact.source_form_id, lead.source_form_id) == (form_id, form_id)
    [happened] = done(contact.contact_id)
    assert (happened.lead_id, happened.attributes["form_id"]) == (lead.lead_id, form_id)


@pytest.mark.rule("SUB-1", "GEN-8")
def test_whoever_is_known_is_matched_and_changed(client, api):
    form_id = form(api)
    first = stored(submit(client, form_id, PERSON)[1])
    again = stored(submit(client, form_id, {**PERSON, "email": "ADA@example.COM", "city": "Oslo"})[1])

    assert (again.contact_id, again.lead_id) == (first.contact_id, first.lead_id)
    assert (again.contact_result, contacts.find(first.contact_id).city) == ("updated", "Oslo")
    assert len(done(first.contact_id)) == 2


@pytest.mark.parametrize(("clears", "city"), [(False, "Oslo"), (True, None)])
def test_what_is_sent_blank_stays_unless_the_form_says_that_blank_clears(client, api, clears, city):
    """The other form has no topic of its own: one that nobody could fill in is not blank."""
    fields = [{**each, "lead_field": each["contact_field"], "required": False} for each in newsletter_form()["fields"]]
    named = stored(submit(client, form(api, fields=fields), {**PERSON, "city": "Oslo"})[1])
    blank = {**PERSON, "last_name": "", "city": ""}
    again = stored(submit(client, form(api, fields=fields, topic="", blank_clears=clears), blank)[1])

    contact, lead = contacts.find(named.contact_id), leads.find(named.lead_id)
    assert (again.contact_id, again.lead_id) == (named.contact_id, named.lead_id)
    assert (contact.city, contact.last_name) == (city, "Berg")
    assert (lead.city, lead.last_name, lead.topic) == (city, "Berg", "Newsletter")


def test_a_known_contact_keeps_its_owner(client, api):
    first = stored(submit(client, form(api, owner_id="sam"), PERSON)[1])
    submit(client, form(api, owner_id="kim"), {**PERSON, "city": "Oslo"})

    assert contacts.find(first.contact_id).owner_id == "sam"


@pytest.mark.rule("SUB-1")
def test_leads_without_matching_are_made_each_time(client, api):
    form_id = form(api, generate_leads_without_matching=True)
    first, again = (stored(submit(client, form_id, PERSON)[1]) for _ in range(2))

    assert first.contact_id == again.contact_id
    assert first.lead_id != again.lead_id


@pytest.mark.rule("SUB-2")
def test_only_leads_leaves_contacts_alone_and_takes_the_parent_from_the_browser(client, api, browser):
    only_leads = form(api, update="leads")
    anonymous = stored(submit(client, only_leads, PERSON)[1])
    assert (anonymous.contact_id, leads.find(anonymous.lead_id).contact_id) == (None, None)

    paged(api)
    browser.send("/p/newsletter", **PERSON)
    publish(api, "/pages", landing_page("More", "more", only_leads))
    browser.send("/p/more", last_name="Other", email="other@example.com")
    known = submissions(only_leads)[-1]

    assert known.contact_id is not None
    assert leads.find(known.lead_id).contact_id == known.contact_id
    assert contacts.by_email("other@example.com") == []


@pytest.mark.rule("SUB-3")
def test_only_contacts_makes_no_lead(client, api):
    kept = stored(submit(client, form(api, update="contacts"), PERSON)[1])

    assert (kept.lead_id, kept.lead_result) == (None, None)
    assert done(kept.contact_id)[0].lead_id is None


@pytest.mark.rule("SUB-4")
def test_no_update_needs_the_setting_stores_always_and_changes_nobody(client, api):
    document = {**newsletter_form(), "update": "none"}
    draft = api.post("/forms", {"name": "n", "document": document})
    refused, *_ = api.call("POST", f"/forms/{draft['id']}/publish", If_Match='"1"')
    api.change("PUT", "/settings/landing-pages", {"version": 0}, {"allow_without_update": True})
    kept = stored(submit(client, publish(api, "/forms", document), PERSON)[1])

    assert refused == 422
    assert (kept.contact_id, kept.lead_id, kept.values["last_name"]) == (None, None, "Berg")
    assert contacts.by_email("ada@example.com") == []


def visit_by_message(browser, slug, contact_id, **typed):
    """Open a page by the link of a message, and send its form."""
    token = quote(sign("visitor", contact_id, "journey-1", "email-1"))
    _, text = browser.open(f"/p/{slug}?v={token}")
    return browser.open(f"/p/{slug}", {**Page(text).hidden, **typed})


@pytest.fixture
def asking(api):
    """A page with a form that updates nothing, and a contact that gets messages."""
    api.change("PUT", "/settings/landing-pages", {"version": 0}, {"allow_without_update": True})
    form_id, _ = paged(api, update="none")
    contacts.create("ada", {"last_name": "Berg", "email": "ada@example.com"}, now(), by="user:u")
    return form_id


@pytest.mark.rule("SUB-4")
def test_no_update_credits_whoever_came_by_the_link_of_a_message(browser, asking, world):
    before = contacts.find("ada").version

    status, _ = visit_by_message(browser, "newsletter", "ada", **PERSON)
    world.settle()

    [kept] = submissions(asking)
    assert (status, kept.state, kept.contact_id, kept.lead_id) == (200, "success", "ada", None)
    assert kept.values["last_name"] == "Berg"
    [happened] = done("ada")
    assert (happened.lead_id, happened.submission_id) == (None, kept.submission_id)
    assert visiting.contact_of(kept.visitor_id) is None  # nothing else is stored (decision 12)
    assert contacts.find("ada").version == before


@pytest.mark.rule("SUB-4")
def test_no_update_credits_nobody_who_was_deleted_and_nobody_by_a_forged_link(browser, asking, world):
    contacts.remove("ada", 1, now())

    visit_by_message(browser, "newsletter", "ada", **PERSON)
    _, text = browser.open("/p/newsletter?v=forged")
    browser.open("/p/newsletter", {**Page(text).hidden, **PERSON, "last_name": "Other"})

    assert [kept.contact_id for kept in submissions(asking)] == [None, None]
    world.settle()
    assert done("ada") == []


@pytest.mark.rule("SUB-2")
def test_only_leads_takes_no_parent_from_the_link_of_a_message(api, browser):
    form_id, _ = paged(api, update="leads")
    contacts.create("ada", {"last_name": "Berg"}, now(), by="user:u")

    visit_by_message(browser, "newsletter", "ada", **PERSON)

    [kept] = submissions(form_id)
    assert (kept.contact_id, leads.find(kept.lead_id).contact_id) == (None, None)


@pytest.mark.rule("PRV-12", "CON-10", "CON-14")
@pytest.mark.parametrize(
    ("box", "name", "text", "words"),
    [
        ("do_not_bulk_email", "bulk_email", "", "Please send me no newsletters"),
        ("do_not_track", "tracking", "", "Please do not record what I open and click"),
        ("do_not_track", "tracking", "Leave me alone", "Leave me alone"),
    ],
)
def test_a_box_on_a_form_refuses_in_its_words_and_never_allows_again(client, api, browser, box, name, text, words):
    besides = [each for each in newsletter_form()["elements"] if each["kind"] != box]
    form_id, _ = paged(api, elements=[*besides, {"kind": box, "text": text}])
    _, shown = browser.open("/p/newsletter")
    assert words in shown

    made = stored(submit(client, form_id, {**PERSON, box: True})[1])
    submit(client, form_id, {**PERSON, box: False})

    assert getattr(consent.preferences(made.contact_id), name) is False
    [change] = api.get(f"/contacts/{made.contact_id}/consent-changes")["items"]
    assert (change["after"], change["wording"], change["method"]) == ({name: False}, words, "checkbox")
    assert (change["source"], change["source_version"]) == (f"form:{form_id}", 1)
    assert change["who"] == f"contact:{made.contact_id}"


@pytest.mark.rule("PRV-12", "FSU-5")
def test_a_refusal_waits_with_a_submission_that_failed(client, api, world):
    document = newsletter_form()
    document["fields"][2]["required"] = False
    submit(client, publish(api, "/forms", document), {"last_name": "Berg", "do_not_track": True})
    [failed] = api.get("/submissions?state=failure")["items"]

    api.change("PATCH", f"/submissions/{failed['id']}", failed, {"values": {"email": "ada@example.com"}})
    api.post(f"/submissions/{failed['id']}/retry")
    world.settle()

    kept = consent.preferences(capture.find(failed["id"]).contact_id)
    assert (kept.tracking, kept.bulk_email) == (False, True)


@pytest.mark.rule("PRV-12", "CON-14", "WEB-5")
def test_who_refuses_tracking_visits_pages_unseen_also_before_it_was_known(api, browser, world):
    form_id, _ = paged(api, elements=[*newsletter_form()["elements"], {"kind": "do_not_track"}])
    browser.open("/p/newsletter")
    browser.send("/p/newsletter", **PERSON, do_not_track="true")
    [kept] = submissions(form_id)
    world.settle()

    browser.open("/p/newsletter")
    world.settle()

    assert visiting.contact_of(kept.visitor_id) == kept.contact_id
    assert done(kept.contact_id, "WebsiteVisited") == []
    assert done(kept.contact_id, "FormVisited") == []
    assert len(done(kept.contact_id, "FormSubmitted")) == 1


# Hosted pages ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("SUB-7", "WEB-3", "WEB-4", "WEB-5", "GEN-3")
def test_a_page_takes_its_form_without_script_and_binds_the_browser(api, browser, world):
    form_id, page_id = paged(api)
    status, _ = browser.open("/p/newsletter")
    policy, cookie = browser.headers["Content-Security-Policy"], browser.headers["Set-Cookie"]
    sent, thanks = browser.send("/p/newsletter", **PERSON)
    [kept] = submissions(form_id)
    lead = leads.find(kept.lead_id)

    assert (status, sent, kept.state) == (200, 200, "success")
    assert "Thank you" in thanks
    assert "default-src 'none'" in policy
    assert "Max-Age=63072000" in cookie
    assert (lead.source_page_id, lead.source_form_id, kept.page_id) == (page_id, form_id, page_id)
    assert visiting.contact_of(kept.visitor_id) == kept.contact_id

    assert done(kept.contact_id, "WebsiteVisited") == []
    world.settle(duplicate=True)
    assert len(done(kept.contact_id, "WebsiteVisited")) == 2  # both visits before anybody knew who it was
    assert len(done(kept.contact_id, "FormVisited")) == 2
    browser.open("/p/newsletter")
    world.settle()
    assert len(done(kept.contact_id, "WebsiteVisited")) == 3


def test_a_page_can_be_used_by_everybody(api, browser):
    options = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]
    fields = [
        *newsletter_form()["fields"],
        {**field("job_title", "Job", "option_set"), "options": options, "rendering": "radio", "required": True},
        {**field("country", "Country", "option_set"), "options": options},
        field("description", "Words", "text_area"),
    ]
    paged(api, fields=fields, elements=placed(fields, "Send"))
    page = Page(browser.open("/p/newsletter")[1])
    status, text = browser.open("/p/newsletter", {**page.hidden, "email": "ada@example.com", "job_title": ""})
    again = Page(text)

    visible = [each for each in page.controls if each.get("type") != "hidden"]
    assert {each["id"] for each in visible} == page.labels
    assert (page.language, status) == ("en", 422)
    assert 'role="alert"' in text
    assert {"#f-last_name", "#f-job_title-1"} == set(again.links)
    assert {link[1:] for link in again.links} <= again.ids
    typed = {each.get("name"): each.get("value") for each in again.controls}
    assert typed["email"] == "ada@example.com"
    invalid = [each for each in again.controls if each.get("aria-invalid")]
    assert all(each["aria-describedby"] in again.ids for each in invalid)


def test_the_same_sending_counts_once_and_a_foreign_one_not_at_all(api, browser):
    form_id, _ = paged(api)
    hidden = Page(browser.open("/p/newsletter")[1]).hidden
    for _ in range(2):
        assert browser.open("/p/newsletter", {**hidden, **PERSON})[0] == 200
    status, text = browser.open("/p/newsletter", {**hidden, "_nonce": "forged", **PERSON})

    assert len(submissions(form_id)) == 1
    assert status == 422
    assert 'role="alert"' in text


@pytest.mark.rule("FRM-5")
def test_what_a_robot_fills_in_is_told_so_and_not_taken(api, browser):
    form_id, _ = paged(api, limit_message="Too much.")
    status, text = browser.send("/p/newsletter", _more="buy", **PERSON)

    assert (status, submissions(form_id)) == (422, [])
    assert "Too much." in text


def test_a_form_may_lead_elsewhere_and_the_policy_lets_it(api, browser):
    paged(api, redirect_url="https://shop.example/thanks")
    browser.open("/p/newsletter")
    policy = browser.headers["Content-Security-Policy"]
    status, _ = browser.send("/p/newsletter", **PERSON)

    assert (status, browser.headers["Location"]) == (303, "https://shop.example/thanks")
    assert "form-action 'self' https://shop.example;" in policy


@pytest.mark.rule("PAG-1", "PAG-2", "FRM-2", "FRM-6")
def test_pages_show_what_is_live_and_nothing_that_was_stopped(api, browser):
    draft = api.post("/forms", {"name": "n", "document": newsletter_form()})
    page = api.post("/pages", {"name": "p", "document": landing_page("Letters", "newsletter", draft["id"])})
    early, *_ = api.call("POST", f"/pages/{page['id']}/publish", If_Match='"1"')
    assert early == 422
    assert browser.open("/p/newsletter")[0] == 404

    form_id = draft["id"]
    api.change("POST", f"/forms/{form_id}/publish", draft)
    api.change("POST", f"/pages/{page['id']}/publish", page)
    live = api.get(f"/forms/{form_id}")
    document = newsletter_form()
    document["fields"][0]["label"] = "Given name"
    api.change("PUT", f"/forms/{form_id}", live, {"name": "n", "document": document})
    assert "Given name" not in browser.open("/p/newsletter")[1]
    api.change("POST", f"/forms/{form_id}/publish", api.get(f"/forms/{form_id}"))
    assert "Given name" in browser.open("/p/newsletter")[1]
    api.change("POST", f"/pages/{page['id']}/stop", api.get(f"/pages/{page['id']}"))
    assert browser.open("/p/newsletter")[0] == 410


def test_only_our_own_static_files_are_served(browser):
    assert browser.open("/static/x/page.css")[0] == 200
    assert browser.open("/static/x/..%2Fweb.py")[0] == 404


# What keeps a form from going live ---------------------------------------------------------------------------------


def without_button(document):
    document["elements"].pop()


def twice_the_same(document):
    document["fields"][3]["contact_field"] = "first_name"


def without_mapping(document):
    del document["fields"][3]["contact_field"]


def without_address(document):
    document["fields"].pop(2)
    document["elements"].pop(2)


def kept_nowhere(document):
    without_mapping(document)
    document["fields"][3]["only_kept"] = True


def kept_and_written(document):
    document["store_all_submissions"] = True
    document["fields"][3]["only_kept"] = True


@pytest.mark.parametrize(
    "spoil",
    [
        kept_nowhere,
        kept_and_written,
        pytest.param(without_button, marks=pytest.mark.rule("FRM-3")),
        pytest.param(twice_the_same, marks=pytest.mark.rule("FLD-1")),
        without_mapping,
        pytest.param(without_address, marks=pytest.mark.rule("MAT-6")),
    ],
)
def test_a_broken_form_does_not_go_live(api, spoil):
    document = newsletter_form()
    spoil(document)
    made = api.post("/forms", {"name": "n", "document": document})
    status, problem, _ = api.call("POST", f"/forms/{made['id']}/publish", If_Match='"1"')

    assert status == 422
    assert problem["errors"]


@pytest.mark.rule("FRM-1")
@pytest.mark.parametrize("type_", ["subscription_center", "forward_to_a_friend"])
def test_forms_and_pages_are_of_one_type(api, type_):
    pages = {**landing_page("t", "t", "f"), "type": type_}

    assert api.call("POST", "/forms", {"name": "n", "document": {**newsletter_form(), "type": type_}})[0] == 400
    assert api.call("POST", "/pages", {"name": "n", "document": pages})[0] == 400


@pytest.mark.rule("MAT-4", "MAT-12", "LPC-4")
def test_a_form_keeps_the_defaults_of_the_day_it_was_made(api):
    first = api.post("/forms", {"name": "n", "document": newsletter_form()})
    api.change("PUT", "/settings/landing-pages", {"version": 0}, {"store_all_submissions": True})
    second = api.post("/forms", {"name": "n", "document": newsletter_form()})
    kept = api.get(f"/forms/{first['id']}")

    assert first["document"]["contact_strategy_id"] == strategies.SHIPPED["contact"].id
    assert kept["document"]["store_all_submissions"] is False
    assert second["document"]["store_all_submissions"] is True


@pytest.mark.rule("MAT-4", "MAT-12")
@pytest.mark.parametrize("target", ["contact", "lead"])
def test_another_default_strategy_is_for_forms_that_are_made_from_then_on(client, api, target):
    first = form(api)
    strategies.create("by-name", target, "By email and name", ["email", "last_name"], now())
    strategies.built(target, "by-name")
    api.post(f"/matching-strategies/by-name/make-default?target={target}")
    second = form(api)

    kept, new = (api.get(f"/forms/{each}")["document"] for each in (first, second))
    assert kept[f"{target}_strategy_id"] == strategies.SHIPPED[target].id
    assert new[f"{target}_strategy_id"] == "by-name"
    told = [stored(submit(client, each, {**PERSON, "last_name": name})[1]) for each, name in (
        (first, "Berg"), (first, "Married"), (second, "Other"))]  # fmt: skip
    results = [getattr(each, f"{target}_result") for each in told]
    assert results == ["created", "updated", "created"]


@pytest.fixture
def by_name():
    """A strategy of contacts and one of leads, both live and neither the default."""
    for target in ("contact", "lead"):
        strategies.create(f"{target}-name", target, "By email and name", ["email", "last_name"], now())
        strategies.built(target, f"{target}-name")


def remove_strategy(api, target):
    status, answer, _ = api.call("DELETE", f"/matching-strategies/{target}-name?target={target}")
    return status, [each["field"] for each in (answer or {}).get("errors", [])]


@pytest.mark.usefixtures("by_name")
@pytest.mark.parametrize("target", ["contact", "lead"])
def test_a_strategy_that_a_live_form_names_stays_until_the_form_lets_go_of_it(api, target):
    document = {**newsletter_form(), f"{target}_strategy_id": f"{target}-name"}
    kept, other = publish(api, "/forms", document), publish(api, "/forms", document)
    api.post("/forms", {"name": "a draft", "document": document})

    assert remove_strategy(api, target) == (409, sorted([f"form:{kept}", f"form:{other}"]))
    saved = api.change("PUT", f"/forms/{kept}", {"version": 2}, {"name": "n", "document": newsletter_form()})
    api.change("POST", f"/forms/{kept}/publish", saved)
    assert remove_strategy(api, target) == (409, [f"form:{other}"])
    api.change("POST", f"/forms/{other}/stop", {"version": 2})
    assert remove_strategy(api, target) == (204, [])


@pytest.mark.usefixtures("by_name")
@pytest.mark.parametrize("more", [{"update": "contacts"}, {"generate_leads_without_matching": True}])
def test_a_form_that_matches_no_leads_holds_no_strategy_of_theirs(api, more):
    form(api, lead_strategy_id="lead-name", **more)

    assert remove_strategy(api, "lead") == (204, [])


@pytest.mark.usefixtures("by_name")
def test_a_form_that_goes_live_while_its_strategy_is_removed_keeps_it(api):
    live = []
    with before_the_next_write(lambda: live.append(form(api, contact_strategy_id="contact-name"))):
        told = remove_strategy(api, "contact")

    assert told == (409, [f"form:{live[0]}"])


@pytest.mark.usefixtures("by_name")
def test_a_form_whose_strategy_is_removed_while_it_goes_live_does_not(api):
    made = api.post("/forms", {"name": "n", "document": {**newsletter_form(), "contact_strategy_id": "contact-name"}})
    with before_the_next_write(lambda: strategies.remove("contact", "contact-name")):
        status, problem, _ = api.call("POST", f"/forms/{made['id']}/publish", If_Match='"1"')

    assert (status, [each["field"] for each in problem["errors"]]) == (422, ["matching-strategy:contact:contact-name"])
    assert api.get(f"/forms/{made['id']}")["state"] == "draft"


# Once, wrongly, and again ------------------------------------------------------------------------------------------


def test_an_idempotency_key_takes_a_submission_once(client, api):
    form_id = form(api)
    first, again = (submit(client, form_id, PERSON, Idempotency_Key="k")[1] for _ in range(2))

    assert first["submission_id"] == again["submission_id"]
    assert len(done(stored(first).contact_id)) == 1


@pytest.mark.rule("FLD-2")
def test_an_untouched_placeholder_is_no_answer(client, api):
    document = newsletter_form()
    document["fields"][1]["placeholder"] = "Your name"
    status, problem, _ = submit(client, publish(api, "/forms", document), {**PERSON, "last_name": "Your name"})

    assert (status, problem["errors"][0]["field"]) == (400, "last_name")


@pytest.mark.parametrize("values", [{"email": "no address"}, {"other": "x"}, {"city": ["a"]}])
def test_what_is_wrong_is_told_and_not_stored(client, api, values):
    form_id = form(api)
    status, problem, _ = submit(client, form_id, {**PERSON, **values})

    assert (status, submissions(form_id)) == (400, [])
    assert problem["errors"][0]["field"] == next(iter(values))


@pytest.mark.parametrize("body", [b"\xff", b"{", b"[]"])
def test_a_body_that_is_not_json_is_refused(client, api, body):
    path = f"/forms/{form(api)}/submissions"
    answer = client.http.request("POST", path, headers={"Content-Type": "application/json"}, body=body)

    assert answer.status_code == 400


@pytest.mark.rule("FSU-1", "FSU-2", "FSU-3", "FSU-4", "FSU-5", "FSU-7", "MAT-6")
@pytest.mark.parametrize("new_interaction", [False, True])
def test_a_failure_is_kept_put_right_and_retried(client, api, world, new_interaction):
    document = newsletter_form()
    document["fields"][2]["required"] = False
    form_id = publish(api, "/forms", document)
    status, problem, _ = submit(client, form_id, {"last_name": "Berg"})
    [failed] = api.get("/submissions?state=failure")["items"]
    path = f"/submissions/{failed['id']}"

    assert (status, problem["errors"][0]["field"]) == (422, "email")
    assert (failed["state"], failed["form_id"], failed["values"]) == ("failure", form_id, {"last_name": "Berg"})
    assert api.call("PATCH", path, {"values": {"email": "ada@example.com"}})[0] == 428
    assert api.call("PATCH", path, {"values": {"email": "a@b.com"}}, If_Match='"9"')[0] == 412
    api.change("PATCH", path, failed, {"values": {"email": "ada@example.com"}})
    pending = api.post(f"{path}/retry", {"new_interaction": new_interaction})
    world.settle(duplicate=True)
    kept = capture.find(failed["id"])

    assert (pending["state"], kept.state, kept.values) == ("pending", "success", None)
    [happened] = done(kept.contact_id)
    # No: what is recorded takes the place of the first try's interaction; yes: it is one of its own.
    assert (happened.interaction_id == digest("submission", failed["id"])) is not new_interaction
    assert api.get("/submissions?state=failure")["items"] == []


@pytest.mark.rule("FSU-2")
def test_an_unknown_option_fails_and_is_kept(client, api):
    document = newsletter_form()
    document["fields"][3] |= {"type": "option_set", "options": [{"value": "a", "label": "A"}]}
    form_id = publish(api, "/forms", document)

    assert submit(client, form_id, {**PERSON, "city": "b"})[0] == 422
    assert submissions(form_id)[0].state == "failure"


@pytest.mark.rule("FSU-1")
@pytest.mark.parametrize("every", [False, True])
def test_values_of_successes_are_kept_only_if_the_form_says_so(client, api, every):
    kept = stored(submit(client, form(api, store_all_submissions=every), PERSON)[1])

    assert (kept.values is not None) is every


# Pages of other origins --------------------------------------------------------------------------------------------


def test_only_a_forms_own_origins_may_submit_and_read_what_is_wrong(client, api):
    form_id = form(api, allowed_origins=["https://shop.example"])
    path = f"/forms/{form_id}/submissions"
    asked = client.http.request("OPTIONS", path, headers={"Origin": "https://shop.example"})
    taken, _, headers = submit(client, form_id, PERSON, Origin="https://shop.example")
    wrong, _, told = submit(client, form_id, {}, Origin="https://shop.example")

    assert (asked.status_code, taken, wrong) == (204, 201, 400)
    for each in (asked.headers, headers, told):
        assert each["Access-Control-Allow-Origin"] == "https://shop.example"
    for foreign in ("https://evil.example", "null", "https://itinera.exampl"):
        assert submit(client, form_id, PERSON, Origin=foreign)[0] == 403
        assert client.http.request("OPTIONS", path, headers={"Origin": foreign}).status_code == 403
    assert submit(client, form_id, PERSON, Origin="https://itinera.example")[0] == 201


def test_a_visitor_that_a_program_names_is_bound_and_a_damaged_one_is_nobody(client, api):
    form_id = form(api)
    path, headers = f"/forms/{form_id}/submissions", {"Content-Type": "application/json"}
    for visitor, expected in ((sign("visitor-cookie", "v1"), "v1"), ("damaged", None)):
        body = json.dumps({"values": PERSON, "visitor": visitor}).encode()
        answer = client.http.request("POST", path, headers=headers, body=body)
        assert stored(json.loads(answer.body)).visitor_id == expected
    assert visiting.contact_of("v1") is not None
