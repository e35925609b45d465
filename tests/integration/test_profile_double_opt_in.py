# ruff: noqa: F811  (fixtures are imported and then named as arguments)
"""Forms that name a compliance profile: what is ticked counts for the address, once that confirms it if it must."""

from datetime import timedelta

import pytest

from chalicelib.capture import pending
from chalicelib.capture.models import Submission
from chalicelib.clock import now
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import service as points
from chalicelib.consent.points.models import PointConsent, PointRefusals
from chalicelib.consent.points.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.interactions import service as log
from chalicelib.messages.optin.models import Confirmation
from chalicelib.registrations.models import Registration
from infra.local.demo.company import landing_page
from tests.integration.test_capture import Browser, publish
from tests.integration.test_double_opt_in import set_up
from tests.integration.test_event_pages import opened, send
from tests.integration.test_form_double_opt_in import api, box, client, holding  # noqa: F401
from tests.integration.test_lists_on_forms import ADA, ada, document, submit
from tests.support.between import before_the_next_write
from tests.support.confirming import FORM_EMAIL
from tests.support.registering import published

BOATS = {"id": "boats", "name": "Boats & more", "description": "All that floats"}
OFFERS, OF_BOATS = "Yes, send me offers", "Yes, also about boats"
IN, OUT = State.OPTED_IN, State.OPTED_OUT


@pytest.fixture
def email_id(api):
    publish(api, "/content-settings", {"address_main": "1 Main Street"})
    return publish(api, "/emails", FORM_EMAIL)


@pytest.fixture
def switched(api, email_id):
    """Let the default profile have a topic, and double opt-in as it is said. Returns how to switch it."""

    def switch(**own):
        before = api.get("/compliance-profiles/default")
        purposes = [{**each, "topics": [BOATS] if each["id"] == "commercial" else []} for each in before["purposes"]]
        changed = {"purposes": purposes, "double_opt_in": {"email_id": email_id, **own}}
        return api.change("PATCH", "/compliance-profiles/default", before, changed)

    return switch


@pytest.fixture
def guarded(switched):
    return switched(enabled=True)


def asking(**more):
    """A form that asks for consent to a purpose and to its topic."""
    boxes = [("commercial", OFFERS), ("commercial/boats", OF_BOATS)]
    elements = [{"kind": "purpose_consent", "choice": choice, "text": text} for choice, text in boxes]
    return document(*elements, **{"compliance_profile_id": "default", **more})


def said():
    consents = points.every(points.point_of(ADA["email"]))
    return {choice: each.state for one in consents for choice, each in one.choices.items()}


def changes():
    return points.log(points.point_of(ADA["email"]), points.Asked()).items


def say(change_id="c", /, **choices):
    by = Evidence(who="recipient", source="test", method="test", reason="asked")
    points.change_by_user(points.point_of(ADA["email"]), "default", choices, by, change_id, now())


def stored():
    return list(Submission.scan(Submission.submission_id.exists()))


def asked(client, world, box, form_id, **values):
    """Ada sends the form. Returns the paths behind the links in her mailbox, the newest last."""
    status, answer = submit(client, form_id, **values)
    assert (status, answer["state"], answer["awaits_confirmation"]) == (202, "unconfirmed", True)
    world.settle()
    return box.paths


# What is ticked ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("RCN-1", "RCN-2", "PRV-13")
def test_what_is_ticked_counts_for_the_address_and_what_is_not_says_nothing(client, api, switched):
    switched()
    form_id = publish(api, "/forms", asking())
    say("before", commercial=IN)

    status, answer = submit(client, form_id, purpose_consent=["commercial/boats", "commercial"])
    again, _ = submit(client, form_id)

    assert (status, again, answer["awaits_confirmation"]) == (201, 201, False)
    assert said() == {"commercial": IN, "commercial/boats": IN}
    [_, change] = changes()
    assert (change.who, change.source, change.source_version) == (f"contact:{ada()}", f"form:{form_id}", 1)
    assert (change.method, change.wording, change.after) == ("checkbox", OF_BOATS, {"commercial/boats": IN})


def test_a_form_that_is_not_confirmed_takes_no_refusal_back(client, api, switched):
    switched()
    form_id = publish(api, "/forms", asking())
    say(commercial=OUT)

    submit(client, form_id, purpose_consent=["commercial", "commercial/boats"])

    assert said() == {"commercial": OUT, "commercial/boats": IN}
    assert changes()[-1].wording == OF_BOATS


def test_a_hosted_page_shows_the_boxes_and_what_a_form_does_not_ask_for_is_refused(client, api, switched):
    switched()
    form_id = publish(api, "/forms", asking(update="leads"))
    publish(api, "/pages", landing_page("Letters", "letters", form_id))

    browser = Browser(client)
    status, text = browser.send("/p/letters", **{**ADA, "email": "none"}, purpose_consent="commercial/boats")
    strange, problem = submit(client, form_id, purpose_consent="tracking")
    done, _ = browser.send("/p/letters", **ADA, purpose_consent="commercial/boats")

    assert (status, text.count('name="purpose_consent"'), text.count(" checked")) == (422, 2, 1)
    assert (strange, [each["field"] for each in problem["errors"]]) == (400, ["purpose_consent"])
    assert (done, said()) == (200, {"commercial/boats": IN})
    assert changes()[-1].who == "recipient"


@pytest.mark.rule("RCN-2", "RCN-7")
def test_a_form_does_not_go_live_with_what_its_profile_does_not_offer(api, switched):
    switched(thank_you_address="https://evil.example/")
    wordless = {"kind": "purpose_consent", "choice": "transactional"}
    no_address = asking()
    no_address["fields"] = [{**each, "required": False} for each in no_address["fields"]]

    def refused(form):
        made = api.post("/forms", {"name": "n", "document": form})
        _, problem, _ = api.call("POST", f"/forms/{made['id']}/publish", If_Match='"1"')
        return {each["field"] for each in problem["errors"]}

    off = {"profile_double_opt_in": False}
    assert refused(asking()) == {"compliance_profile_id"}
    assert refused(asking(compliance_profile_id=None)) == {"compliance_profile_id"}
    assert refused(asking(compliance_profile_id="none")) == {"compliance_profile_id"}
    assert refused({**no_address, **off}) == {"fields"}
    assert refused(document(wordless, compliance_profile_id="default", **off)) == {
        "elements.6.choice",
        "elements.6.text",
    }
    assert refused(document(*asking()["elements"][-1:] * 2, compliance_profile_id="default", **off)) == {"elements"}


@pytest.mark.rule("RCN-8")
def test_double_opt_in_is_off_until_it_is_switched_on_with_a_message_that_can_ask(api, email_id):
    plain = publish(api, "/emails", {**FORM_EMAIL, "content_type": "default", "subject": "S", "html": "<p>x</p>"})
    before = api.get("/compliance-profiles/default")

    def refused(**own):
        path, version = "/compliance-profiles/default", f'"{before["version"]}"'
        status, problem, _ = api.call("PATCH", path, {"double_opt_in": own}, If_Match=version)
        return status, [each["field"] for each in problem["errors"]]

    assert not before["double_opt_in"]["enabled"]
    assert refused(enabled=True) == refused(email_id=plain) == (422, ["double_opt_in.email_id"])
    named = {"thank_you_page_id": "none", "content_settings_id": "none"}
    assert refused(email_id=email_id, **named) == (
        422,
        ["double_opt_in.content_settings_id", "double_opt_in.thank_you_page_id"],
    )


# What waits ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("RCN-8")
def test_nothing_is_made_of_a_submission_before_its_address_confirms_it(client, api, world, box, guarded, declared):
    form_id = publish(api, "/forms", asking())
    [path] = asked(client, world, box, form_id, purpose_consent=["commercial", "commercial/boats"])
    page = box.open(path)
    held = holding(declared, "berglund")
    waited = now()
    world.advance(timedelta(days=27, hours=23))

    for _ in range(2):
        box.press(path)

    assert held == ["messages/confirmation"]
    assert ("Boats &amp; more" in page, "All that floats" in page) == (True, True)
    assert "<li>Boats &amp; more</li>" in box.letters[0].body("html")
    assert said() == {"commercial": IN, "commercial/boats": IN}
    [change] = changes()
    assert (change.method, change.wording) == ("double-opt-in", f"{OFFERS} · {OF_BOATS}")
    assert change.reason.startswith("Asked for at ")
    assert (change.who, change.changed_at > waited) == (f"contact:{ada()}", True)
    assert len(log.of_contact(ada(), "FormSubmitted")) == len(stored()) == 1


@pytest.mark.rule("RCN-8")
def test_the_message_is_made_with_the_content_settings_that_the_profile_names(client, api, world, box, switched):
    html = f"{FORM_EMAIL['html']}<p>{{{{ content_settings.address_main }}}}</p>"
    email_id = publish(api, "/emails", {**FORM_EMAIL, "html": html})
    named = publish(api, "/content-settings", {"address_main": "7 Harbour Lane"})
    by_default = publish(api, "/content-settings", {"address_main": "9 Other Road"})
    before = api.get("/settings/messages")
    api.change("PUT", "/settings/messages", before, {"default_content_settings_id": by_default})
    switched()
    form_id = publish(api, "/forms", asking())

    for chosen in (named, None):
        switched(enabled=True, email_id=email_id, content_settings_id=chosen)
        asked(client, world, box, form_id, purpose_consent="commercial")

    addresses = [("Harbour Lane" in html, "Other Road" in html) for html in (each.body("html") for each in box.letters)]
    assert addresses == [(True, False), (False, True)]


@pytest.mark.rule("RCN-8")
def test_after_28_days_the_link_makes_nothing_and_says_so_and_the_request_goes(client, api, world, box, guarded):
    [path] = asked(client, world, box, publish(api, "/forms", asking()), purpose_consent="commercial")
    [request] = Confirmation.scan(Confirmation.confirmation_id.exists())
    world.advance(timedelta(days=28, minutes=1))

    text, _ = box.press(path, 410)

    assert "28 days" in text
    assert (contacts.by_email(ADA["email"]), said(), stored()) == ([], {}, [])
    assert request.expires <= (request.asked_at + timedelta(days=29)).timestamp()


@pytest.mark.rule("RCN-8")
def test_each_submission_has_to_be_confirmed_also_of_an_address_that_said_something(client, api, world, box, guarded):
    say(commercial=IN)
    form_id = publish(api, "/forms", asking())

    for number in range(2):
        assert len(asked(client, world, box, form_id, first_name=f"N{number}")) == number + 1

    assert stored() == []


@pytest.mark.rule("RCN-8")
def test_or_only_those_of_addresses_that_said_nothing_yet_and_nobody_learns_which_they_are(
    client, api, world, box, switched
):
    switched(enabled=True, when="new-addresses")
    form_id = publish(api, "/forms", asking())

    [path] = asked(client, world, box, form_id, purpose_consent="commercial")
    box.press(path)
    paths = asked(client, world, box, form_id, first_name="Eve", purpose_consent="commercial/boats")

    assert (paths, contacts.find(ada()).first_name) == ([path], "Eve")
    assert said() == {"commercial": IN, "commercial/boats": IN}
    assert {pending.find(each.submission_id).state for each in stored()} == {"success"}


@pytest.mark.rule("RCN-8")
def test_what_an_erasure_left_of_an_address_is_no_consent_record(client, api, world, box, switched):
    switched(enabled=True, when="new-addresses")
    row = {"profile_id": "default", "channel": "email", "changed_at": world.now, "version": 3}
    choices = {"commercial": {"state": OUT, "since": "2026-01-01T00:00:00.000000Z"}}
    point = points.point_of(ADA["email"]).id
    PointRefusals(*PointConsent.at(point, "default"), choices=choices, **row).save()

    [path] = asked(client, world, box, publish(api, "/forms", asking()), purpose_consent="commercial")
    before = said()
    box.press(path)

    assert (before, said()) == ({"commercial": OUT}, {"commercial": IN})


@pytest.mark.rule("RCN-8")
def test_a_form_can_go_without_that_of_its_profile(client, api, box, guarded):
    form_id = publish(api, "/forms", asking(profile_double_opt_in=False))

    status, answer = submit(client, form_id, purpose_consent="commercial")

    assert (status, answer["state"], said()) == (201, "success", {"commercial": IN})


@pytest.mark.rule("RCN-8", "DOI-7")
def test_that_of_the_form_comes_first_with_its_own_message_and_30_days(client, api, world, box, guarded):
    own = publish(api, "/emails", {**FORM_EMAIL, "subject": "Our own"})
    form_id = publish(api, "/forms", asking(double_opt_in=True, confirmation_email_id=own))

    [path] = asked(client, world, box, form_id, purpose_consent="commercial/boats")
    page = box.open(path)
    world.advance(timedelta(days=29, hours=23))
    box.press(path)

    assert ([each.subject for each in box.letters], "All that floats" in page) == (["Our own"], True)
    assert said() == {"commercial/boats": IN}


@pytest.mark.rule("RCN-8")
def test_no_registration_for_an_event_waits(client, world, guarded, box):
    published(now=now(), readable_id="fair")

    answer = send(client.http, "fair", opened(client.http, "fair"), **ADA)
    world.settle()

    assert answer.status_code == 200
    [row] = [each for each in Registration.scan() if isinstance(each, Registration)]
    assert (row.state, contacts.find(ada()).first_name, box.letters) == ("registered", "Ada", [])


# In between ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("RCN-8")
def test_what_is_refused_until_the_button_is_pressed_stays_refused_and_what_was_before_is_back(
    client, api, world, box, guarded
):
    say("1", **{"commercial/boats": OUT, "tracking": IN})
    world.advance(timedelta(minutes=1))
    [path] = asked(
        client, world, box, publish(api, "/forms", asking()), purpose_consent=["commercial", "commercial/boats"]
    )
    world.advance(timedelta(minutes=1))

    with before_the_next_write(lambda: say("2", commercial=OUT)):
        box.press(path)

    assert said() == {"commercial": OUT, "commercial/boats": IN, "tracking": IN}
    assert changes()[-1].wording == OF_BOATS


@pytest.mark.rule("RCN-8")
def test_what_was_set_back_to_nothing_since_it_was_sent_stays_so(client, api, world, box, guarded):
    say("1", commercial=IN)
    [path] = asked(client, world, box, publish(api, "/forms", asking()), purpose_consent="commercial")
    world.advance(timedelta(minutes=1))
    say("2", commercial=None)

    box.press(path)

    assert said() == {}
    assert len(stored()) == 1


@pytest.mark.rule("RCN-8")
def test_a_confirmation_leads_to_the_page_or_the_allowed_address_of_the_profile(client, api, world, box, switched):
    shop = "https://shop.example/thanks"
    page_id = publish(api, "/pages", landing_page("Thanks", "thanks", publish(api, "/forms", document())))
    set_up(api, enabled=False, subscriptions_email_id=None, consent_email_id=None, allowed_addresses=[shop])
    switched(enabled=True, thank_you_address=shop)
    [path] = asked(client, world, box, publish(api, "/forms", asking()))

    _, first = box.press(path, 303)
    switched(enabled=True, thank_you_page_id=page_id)
    _, second = box.press(path, 303)

    assert [each["Location"] for each in (first, second)] == [shop, "https://itinera.example/p/thanks"]
