"""Custom fields in messages: what a contact reads, what is refused, what is held while a message is live."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import accounts, service
from chalicelib.contacts.custom.definition import Option
from chalicelib.contacts.fields import of_contact
from chalicelib.messages import notices
from chalicelib.messages.checks import check_content_settings, check_email
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument
from tests.integration.test_messages_sending import EMAIL, contact, publish, queue, take_up
from tests.support.api import Caller
from tests.support.custom import NOW, change, make

WORDS = {
    **EMAIL,
    "subject": "For {{ contact.custom.tier }} at {{ contact.account.custom.staff }}",
    "html": EMAIL["html"]
    + "{% for each in contact.custom.topics %}<p>About {{ each }}</p>{% endfor %}"
    + "{% if contact.custom.weight > 2 %}<p>Heavy {{ contact.custom.weight }}</p>{% endif %}",
}


@pytest.fixture
def api(cloud):
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def fields(cloud):
    for key, type_ in {"tier": "choice", "topics": "multiple_choice", "weight": "decimal"}.items():
        make(key, type_)
    make("staff", "whole_number", "account")


@pytest.mark.rule("EML-9")
@pytest.mark.usefixtures("fields")
def test_a_draft_is_shown_with_the_custom_fields_of_a_contact_or_of_a_sample(api):
    accounts.create("acme", {"name": "Acme", "custom": {"staff": 7}}, NOW, by="u")
    own = {"tier": "gold", "topics": ["gold", "silver"], "weight": "2.5"}
    service.create("ada", {"last_name": "Juhl", "account_id": "acme", "custom": own}, NOW, by="u")
    made = api.post("/emails", {"name": "n", "document": WORDS})
    sample = {"custom.tier": "silver", "account.custom.staff": 9, "first_name": "Bo"}

    real = api.post(f"/emails/{made['id']}/preview", {"contact_id": "ada"})
    made_up = api.post(f"/emails/{made['id']}/preview", {"values": sample})

    assert (real["subject"], made_up["subject"]) == ("For Gold at 7", "For Silver at 9")
    assert all(words in real["html"] for words in ("About Gold", "About Silver", "Heavy 2.5"))
    assert "About" not in made_up["html"]
    told = [warning["message"] for warning in real["warnings"] if "custom" in warning["message"]]
    assert told == []


@pytest.mark.usefixtures("fields")
def test_what_is_sent_reads_what_is_known_then(office):
    office_of = ContentSettingsDocument(address_main="1 Main Street, {{ contact.custom.tier }} desk")
    publish("content-settings", "c", office_of, lambda each: check_content_settings(each, TIERS))
    publish("email", "e", EmailDocument(**{**EMAIL, "subject": "For {{ contact.custom.tier }}"}), knowing_tiers)
    contact(custom={"tier": "gold"})
    service.amend("ada", {"custom": {"tier": "silver"}}, service.find("ada").version, NOW)
    queue()
    take_up("s1")

    [letter] = office.letters()
    assert letter.subject == "For Silver"
    assert "Silver desk" in letter.body("html")


@pytest.mark.rule("EML-9")
@pytest.mark.usefixtures("fields")
def test_a_notice_to_staff_says_choices_in_words_too(office):
    told = {**EMAIL, "subject": "{{ contact.custom.tier }}", "legal_designation": "transactional"}
    publish("email", "e", EmailDocument(**told), knowing_tiers)
    about = of_contact(contact(custom={"tier": "gold"}))

    assert notices.tell(notices.Wanted("n", "e", "sam@contoso.example", about), NOW) is None

    assert [letter.subject for letter in office.letters()] == ["Gold"]


@pytest.mark.rule("EML-9")
@pytest.mark.usefixtures("fields")
def test_a_choice_prints_its_words_in_the_messages_language_and_is_compared_by_its_value(api):
    words = [Option("gold", {"en": "Gold", "da": "Guld"}), Option("silver", {"en": "Silver"})]
    change("contact.tier", options=words)
    change("contact.topics", options=words)
    accounts.create("acme", {"name": "Acme"}, NOW, by="u")
    own = {"tier": "gold", "topics": ["gold", "silver"]}
    service.create("ada", {"last_name": "Juhl", "account_id": "acme", "custom": own}, NOW, by="u")
    html = (
        '{% if contact.custom.tier == "gold" %}is{% endif %}{% if contact.custom.tier == "Guld" %}is not{% endif %}'
        '{% if contact.custom.topics contains "silver" %} has{% endif %}'
        '{% case contact.custom.tier %}{% when "gold" %} case{% endcase %} {{ contact.custom.topics | join: "+" }}'
    )
    document = {**EMAIL, "subject": "{{ contact.custom.tier }}", "html": EMAIL["html"] + html, "language": "da-DK"}
    made = api.post("/emails", {"name": "n", "document": document})

    shown = api.post(f"/emails/{made['id']}/preview", {"contact_id": "ada"})

    assert shown["subject"] == "Guld"
    assert "is has case Guld+Silver" in shown["html"]
    assert "is not" not in shown["html"]


TIERS = {"contact": {"custom.tier"}}


def knowing_tiers(document):
    return check_email(document, TIERS)


@pytest.mark.usefixtures("fields")
def test_a_live_message_holds_the_fields_that_it_names(api):
    made = api.post("/emails", {"name": "n", "document": WORDS})
    api.change("POST", f"/emails/{made['id']}/publish", made)

    for field_id in ("contact.tier", "contact.topics", "account.staff"):
        assert api.call("PATCH", f"/fields/{field_id}", {"retired": True}, If_Match='"1"')[0] == 409
    change("contact.weight", labels={"en": "Weight"})
    unknown = api.post("/emails", {"name": "n", "document": {**WORDS, "subject": "{{ contact.custom.nothing }}"}})
    refused = api.call("POST", f"/emails/{unknown['id']}/publish", If_Match='"1"')
    assert (refused[0], [each["field"] for each in refused[1]["errors"]]) == (
        422,
        ["subject", "custom-field:contact.nothing"],
    )
