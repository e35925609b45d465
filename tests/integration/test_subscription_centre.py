# ruff: noqa: F401  (fixtures are imported and then named as arguments)
"""The subscription centre: what it offers to whom, what saving does, and what it leaves alone."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture.models import Submission, Visitor
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import records, service
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit, put
from chalicelib.interactions import service as log
from chalicelib.messages import service as messages
from chalicelib.messages.addresses import TEST
from chalicelib.messages.checks import check_content_settings
from chalicelib.messages.ledger import State as SendState
from chalicelib.messages.models import MessageSettings
from chalicelib.messages.schemas import ContentSettingsDocument
from chalicelib.tokens import sign
from tests.integration.test_messages_sending import (
    NOW,
    contact,
    prefer,
    publish,
    published,
    queue,
    stop,
    take_up,
)
from tests.support.accessible import faults
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.centre import Reader
from tests.support.consents import changes
from tests.support.merged import merge

pytestmark = pytest.mark.usefixtures("cloud")

EVIDENCE = Evidence(who="user:u", source="test", method="test", reason="asked")
OFF = "Do not send me marketing emails"


def put_on(contact_id, list_id, state=State.SUBSCRIBED):
    service.change_by_user(contact_id, list_id, state, EVIDENCE, f"{contact_id}-{list_id}-{state}", NOW)


def on(contact_id):
    return {each.list_id for each in service.of_person(contacts.who_is(contact_id)) if each.on}


def offer(*list_ids, **more):
    document = ContentSettingsDocument(address_main="1 Main Street", lists=list(list_ids), **more)
    publish("content-settings", "c", document, check_content_settings)


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def lists(cloud):
    words = {
        "da": {"public_name": "Nyheder", "public_description": "Hver måned"},
        "ar": {"public_name": "أخبار", "public_description": "كل شهر"},
    }
    given = {
        "news": {"public_name": "News", "public_description": "Once a month", "translations": words},
        "lamps": {"public_name": "Lamps"},
        "events": {"public_name": "Events"},
    }
    for list_id, values in given.items():
        records.create(list_id, {"name": f"Internal {list_id}", **values}, "user:u", NOW)
    offer("lamps", "news")


@pytest.fixture
def reader(office, client, lists):
    """Ada, who is on two lists, one of which the centre of her message does not offer; and her message."""
    contact()
    for each in ("lamps", "events"):
        put_on("ada", each)
    queue()
    take_up()
    return Reader(client)


@pytest.mark.rule("SBC-7", "SBL-2")
def test_the_centre_offers_the_lists_of_its_content_settings_in_their_order(reader):
    shown = reader.open()

    assert list(shown.boxes.items()) == [("Lamps", True), ("News", False), (OFF, False)]
    assert "Internal" not in shown.text


@pytest.mark.rule("SBC-7")
def test_the_centre_is_that_of_a_messages_own_content_settings_whichever_are_the_default(reader):
    other = ContentSettingsDocument(address_main="1 Main Street", lists=["events"])
    publish("content-settings", "other", other, check_content_settings)
    wanted = MessageSettings(*MessageSettings.at(), default_content_settings_id="other")
    messages.save_message_settings(wanted, 0)

    assert list(reader.open().boxes) == ["Lamps", "News", OFF]


@pytest.mark.rule("SBC-8", "SBL-2")
def test_what_is_ticked_is_joined_and_what_is_not_is_left(reader):
    after = reader.open().save(Lamps=False, News=True)

    assert after.boxes == {"Lamps": False, "News": True, OFF: False}
    assert on("ada") == {"news", "events"}


@pytest.mark.rule("SBC-8")
def test_a_list_that_the_page_did_not_show_stays_as_it_is(reader):
    opened = reader.open()
    offer("lamps", "news", "events")

    opened.save(Lamps=False)

    assert on("ada") == {"events"}


def test_nobody_joins_what_the_centre_does_not_offer(reader):
    reader.open().send([("shown", "events"), ("shown", "none"), ("list", "none"), ("list", "events")])

    assert on("ada") == {"lamps", "events"}


@pytest.mark.rule("SBC-3", "SBC-4", "SBC-1")
def test_refusing_all_marketing_mail_overrules_the_lists_which_are_kept(reader):
    put_on("ada", "news")

    refused = reader.open().save(**{OFF: True}).boxes
    queue("s2", visit=2)
    blocked = take_up("s2")
    kept = on("ada")
    reader.open().save(**{OFF: False})
    queue("s3", visit=3)

    assert refused == {"Lamps": True, "News": True, OFF: True}
    assert (blocked.state, blocked.reason) == (SendState.BLOCKED, "bulk-email-not-allowed")
    assert kept == {"lamps", "events", "news"}
    assert take_up("s3").state == SendState.SENT


@pytest.mark.rule("SBC-9", "SBC-10", "PRV-13", "FSU-6")
def test_no_submission_is_kept_and_each_change_has_its_proof_and_its_interaction(reader):
    reader.open().save(Lamps=False, News=True)

    assert [item for item in Submission.scan() if isinstance(item, Submission)] == []
    [submitted] = log.of_contact("ada", "EmailSubscriptionSubmit")
    [left] = log.of_contact("ada", "SegmentUnsubscribed")
    joined = next(each for each in log.of_contact("ada", "SegmentSubscribed") if each.attributes["list_id"] == "news")
    assert (joined.attributes["send_id"], left.attributes["list_id"]) == ("s1", "lamps")
    assert submitted.attributes["email_id"] == joined.attributes["email_id"] == "e"
    proof = {each.list_id: each for each in changes("ada") if each.method == "subscription-centre"}
    assert {each: proof[each].wording for each in proof} == {"news": "News", "lamps": "Lamps"}
    assert {(each.who, each.source) for each in proof.values()} == {("contact:ada", "send:s1")}


def test_saving_what_is_shown_changes_nothing_but_is_recorded(reader):
    before = len(changes("ada"))

    reader.open().save()

    assert (len(changes("ada")), on("ada")) == (before, {"lamps", "events"})
    assert len(log.of_contact("ada", "EmailSubscriptionSubmit")) == 1


def test_looking_at_the_centre_changes_nothing(reader):
    before = len(changes("ada"))

    reader.open().open()

    assert len(changes("ada")) == before
    assert log.of_contact("ada", "EmailSubscriptionSubmit") == []


@pytest.mark.parametrize(
    ("language", "lang", "boxes"),
    [
        ("da", "da", ["Lamps", "Nyheder", "Send mig ingen markedsføring på e-mail"]),
        ("da-DK", "da", ["Lamps", "Nyheder", "Send mig ingen markedsføring på e-mail"]),
        ("AR", "ar", ["Lamps", "أخبار", "لا ترسلوا إليّ رسائل تسويقية"]),
        ("tlh", "en", ["Lamps", "News", OFF]),
        (None, "en", ["Lamps", "News", OFF]),
    ],
)
def test_the_centre_speaks_the_contacts_language_where_there_are_words(reader, client, language, lang, boxes):
    contacts.amend("ada", {"language": language}, contacts.find("ada").version, NOW)

    shown = reader.open()
    saved = reader.save()

    assert list(shown.boxes) == boxes
    for text in (shown.text, saved.text):
        assert f'<html lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}">' in text
        assert faults(text, client.http.get(reader._path).headers) == []


def test_the_proof_has_the_words_that_were_read(reader):
    contacts.amend("ada", {"language": "da"}, contacts.find("ada").version, NOW)

    reader.open().save(Nyheder=True)

    [joined] = [each for each in changes("ada") if each.list_id == "news"]
    assert joined.wording == "Nyheder"


@pytest.mark.rule("SBC-6")
def test_without_content_settings_the_shipped_centre_lets_people_leave_what_they_are_on(reader):
    stop("content-settings", "c")

    shown = reader.open()
    offered = shown.boxes
    shown.save(Events=False, **{OFF: True})

    assert offered == {"Events": True, "Lamps": True, OFF: False}
    assert on("ada") == {"lamps"}
    assert consent.preferences("ada").bulk_email is False


@pytest.mark.rule("SBC-6", "SBC-7")
def test_a_message_whose_content_settings_are_stopped_shows_the_centre_of_the_default_ones(reader):
    other = ContentSettingsDocument(address_main="1 Main Street", lists=["events"])
    publish("content-settings", "other", other, check_content_settings)
    stop("content-settings", "c")

    assert reader.open().boxes == {"Events": True, OFF: False}


def test_a_link_never_expires_and_shows_what_is_offered_now(reader, time_machine):
    time_machine.move_to(NOW.replace(year=NOW.year + 20))

    assert list(reader.open().boxes) == ["Lamps", "News", OFF]


@pytest.mark.rule("SBC-8")
def test_whoever_was_merged_is_one_person_at_the_centre(reader):
    contact("twin", "twin@contoso.example")
    for each in ("lamps", "news"):
        put_on("twin", each)
    merge("twin", "ada", NOW)

    after = reader.open().save(Lamps=False)

    assert after.boxes == {"Lamps": False, "News": True, OFF: False}
    assert on("twin") == on("ada") == {"news", "events"}
    assert {row.contact_id for row in log.of_contact("twin", "EmailSubscriptionSubmit")} == {"twin"}


@pytest.mark.rule("SBC-8")
def test_a_contact_that_is_gone_is_not_made_anew(reader):
    opened = reader.open()
    contacts.remove("ada", contacts.find("ada").version, NOW)

    after = opened.save(News=True)

    assert after.boxes == {OFF: False}
    assert (contacts.exists("ada"), "news" in on("ada")) == (False, False)


def test_many_lists_of_many_contacts_are_left_at_once(reader):
    names = [f"l{number}" for number in range(20)]
    for each in names:
        records.create(each, {"name": each, "public_name": each}, "user:u", NOW)
    offer(*names)
    for number in range(3):
        contact(f"twin{number}", f"twin{number}@contoso.example")
        for each in names:
            put_on(f"twin{number}", each)
        merge("ada", f"twin{number}", NOW)

    reader.open().save(**dict.fromkeys(names, False))

    assert on("ada") == {"lamps", "events"}
    assert len(log.of_contact("ada", "SegmentUnsubscribed")) == 20


def merged_into_twin():
    contact("twin", "twin@contoso.example")
    put_on("twin", "lamps")
    merge("twin", "ada", NOW)


@pytest.mark.rule("SBC-8")
@pytest.mark.parametrize("meanwhile", [lambda: put_on("ada", "news"), merged_into_twin])
def test_what_happens_while_somebody_saves_does_not_get_lost(reader, meanwhile):
    opened = reader.open()

    with before_the_next_write(meanwhile):
        opened.save(News=True, Lamps=False)

    assert on("ada") == {"news", "events"}


def test_a_page_that_was_opened_before_the_person_refused_elsewhere_takes_nothing_back(reader):
    opened = reader.open()
    prefer(bulk_email=False)
    put_on("ada", "lamps", State.UNSUBSCRIBED)

    after = opened.save(News=True)

    assert (on("ada"), consent.preferences("ada").bulk_email) == ({"news", "events"}, False)
    assert after.boxes == {"Lamps": False, "News": True, OFF: True}


# Details and the consent level ---------------------------------------------------------------------------------------

DETAILS = ["last_name", "phone", "city"]
MARKETING, NOTHING = "Send me marketing", "Nothing at all"


@pytest.fixture
def corrector(reader):
    """Ada at a centre where she may correct her details and choose her consent level."""
    offer("lamps", centre_fields=DETAILS, centre_consent_level=True)
    return reader


def details(reader):
    labels = {each.given["for"]: each.text for each in reader.root.all("label")}
    typed = [each for each in reader.root.all("input") if each.given["type"] in {"text", "tel"}]
    return {labels[each.given["id"]]: each.given["value"] for each in typed}


@pytest.mark.rule("SBC-8", "PRE-4")
def test_details_are_filled_in_always_and_corrected(corrector):
    shown = details(corrector.open())

    after = corrector.save(City="Odense", Telephone="+45 33 12 34 56")

    assert shown == {"Last name": "Lovelace", "Telephone": "", "City": ""}
    assert (contacts.find("ada").city, contacts.find("ada").phone) == ("Odense", "+4533123456")
    assert details(after)["City"] == "Odense"
    assert [item for item in Submission.scan() if isinstance(item, Submission)] == []


@pytest.mark.rule("SBC-8")
def test_wrong_details_are_told_in_the_persons_language_and_nothing_is_saved(corrector, client):
    contacts.amend("ada", {"language": "da"}, contacts.find("ada").version, NOW)
    corrector.open()

    wrong = corrector.save(status=422, Efternavn=" ", Telefon="none", Lamps=False)

    assert faults(wrong.text, client.http.get(wrong._path).headers) == []
    told = [each.text for each in wrong.root.all("a")]
    assert told == [
        "Efternavn: Udfyld dette felt.",
        "Telefon: Det er ikke et telefonnummer. Begynd med + og landet, for eksempel +45.",
    ]
    assert details(wrong)["Telefon"] == "none"
    assert (on("ada"), contacts.find("ada").last_name) == ({"lamps", "events"}, "Lovelace")
    assert log.of_contact("ada", "EmailSubscriptionSubmit") == []


@pytest.mark.rule("SBC-8", "PRV-2", "PRV-13")
def test_the_person_raises_and_lowers_its_consent_level_and_each_has_its_words(corrector):
    corrector.open().save(pick=MARKETING)
    raised = consent.preferences("ada").consent_level
    corrector.open().save(pick=NOTHING)

    assert (raised, consent.preferences("ada").consent_level) == (4, 0)
    levels = [each for each in changes("ada") if "consent_level" in each.after]
    assert [each.after["consent_level"] for each in levels] == [4, 0]
    assert [each.wording for each in levels] == [f"What may we do? {each}" for each in (MARKETING, NOTHING)]


@pytest.mark.rule("SBC-8")
def test_what_the_centre_does_not_offer_cannot_be_changed(reader):
    reader.open().send([("level", "5"), ("city", "Odense"), ("email", "other@contoso.example")])

    known = contacts.find("ada")
    assert (known.city, known.email, consent.preferences("ada").consent_level) == (None, "ada@contoso.example", 0)


@pytest.mark.rule("SBC-3", "SBC-8")
def test_what_was_ticked_is_not_lost_where_a_detail_is_wrong(corrector):
    corrector.open().save(pick=MARKETING, status=422, **{OFF: True, "Lamps": False, "Telephone": "none"})

    again = corrector.boxes
    corrector.save(Telephone="+45 33 12 34 56")

    assert again == {"Lamps": False, OFF: True}
    known = consent.preferences("ada")
    assert (known.bulk_email, known.consent_level, on("ada")) == (False, 4, {"events"})


def test_a_page_that_lay_open_takes_no_detail_and_no_level_back(corrector):
    opened = corrector.open()
    contacts.amend("ada", {"city": "Aarhus"}, contacts.find("ada").version, NOW)
    prefer(consent_level=3)

    opened.save(Telephone="+45 33 12 34 56")

    known = contacts.find("ada")
    assert (known.city, known.phone, consent.preferences("ada").consent_level) == ("Aarhus", "+4533123456", 3)


def test_details_that_are_changed_elsewhere_while_saving_are_not_lost(corrector):
    opened = corrector.open()

    def elsewhere():
        contacts.amend("ada", {"street": "Havnegade 1"}, contacts.find("ada").version, NOW)

    with before_the_next_write(elsewhere):
        opened.save(City="Odense", Lamps=False)

    assert (contacts.find("ada").city, contacts.find("ada").street) == ("Odense", "Havnegade 1")
    assert on("ada") == {"events"}


@pytest.mark.parametrize("sent", [[("level", "9")], [("level", "x")], [("city", "o" * 5000), ("was_city", "")]])
def test_odd_values_are_no_failure(corrector, sent):
    corrector.open().send(sent)

    assert consent.preferences("ada").consent_level == 0
    assert len(contacts.find("ada").city or "") <= 200


# The document ------------------------------------------------------------------------------------------------------


def test_content_settings_that_name_no_list_or_one_twice_cannot_go_live(client, lists):
    api = Caller(client)
    document = {"address_main": "1 Main Street", "lists": ["news", "news", "none"]}
    made = api.post("/content-settings", {"name": "n", "document": document})

    status, problem, _ = api.call("POST", f"/content-settings/{made['id']}/publish", If_Match='"1"')

    assert status == 422
    assert [each["field"] for each in problem["errors"]] == ["lists", "subscription-list:none"]


@pytest.mark.rule("SBC-7")
def test_a_list_that_live_content_settings_offer_cannot_be_stopped(client, lists):
    status, problem, _ = Caller(client).call("POST", "/subscription-lists/news/stop", If_Match='"1"')

    assert (status, problem["errors"][0]["field"]) == (409, "content-settings:c")


# By a cookie ----------------------------------------------------------------------------------------------------------


def asked(client, path, cookie=""):
    return client.http.get(path, headers={"Cookie": cookie} if cookie else {})


def cookie_of(answer):
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


@pytest.mark.rule("SBC-5", "PRE-5")
def test_a_browser_that_was_there_by_a_personal_link_finds_its_centre_without_one(reader, client):
    opened = asked(client, reader._path)

    again = asked(client, "/subscriptions", f"other=1; {cookie_of(opened)}; x=é")

    assert again.status_code == 200
    assert again.body == opened.body  # its form goes to the personal link, so that the cookie alone changes nothing
    assert again.headers["Cache-Control"] == "no-store"


@pytest.mark.rule("SBC-5")
def test_the_cookie_goes_to_the_centre_alone_and_neither_to_scripts_nor_with_the_forms_of_other_sites(reader, client):
    given = str(asked(client, reader._path).headers["Set-Cookie"]).split("; ")[1:]

    assert given == ["Path=/subscriptions", "Max-Age=2592000", "HttpOnly", "SameSite=Lax", "Secure"]


@pytest.mark.rule("SBC-5")
@pytest.mark.parametrize(
    ("name", "purpose", "named"),
    [
        ("other", "centre-cookie", "s1"),
        ("itinera_centre", "send", "s1"),
        ("itinera_visitor", "visitor-cookie", "v1"),
        ("itinera_centre", "visitor-cookie", "s1"),
        ("itinera_centre", "centre-cookie", "none"),
        ("itinera_centre", None, "x"),
        ("itinera_centre", None, '"'),
        ("", None, ""),
    ],
)
def test_without_a_link_and_a_cookie_of_ours_nobody_is_verified(reader, client, name, purpose, named):
    cookie = f"{name}={sign(purpose, named) if purpose else named}"

    answer = asked(client, "/subscriptions", cookie)

    assert answer.status_code == 400
    assert b"only that tells us who you are" in answer.body
    assert b"<form" not in answer.body


@pytest.mark.rule("SBC-5")
def test_a_visitor_that_was_bound_to_a_contact_by_a_form_does_not_see_its_centre(reader, client):
    commit([put(Visitor(*Visitor.at("v1"), contact_id="ada", since=NOW))])

    assert asked(client, "/subscriptions", f"itinera_visitor={sign('visitor-cookie', 'v1')}").status_code == 400


@pytest.mark.rule("PRE-5")
def test_a_link_goes_before_the_cookie_and_one_of_a_test_shows_nothing_whatever_the_cookie_says(reader, client):
    contact("bo", "bo@contoso.example", first_name="Bo")
    queue("s2", "bo")
    take_up("s2")
    put_on("bo", "news")
    cookie = cookie_of(asked(client, reader._path))

    other = asked(client, f"/subscriptions/{sign('send', 's2')}", cookie)
    test = asked(client, f"/subscriptions/{sign('send', TEST)}", cookie)

    assert cookie_of(other) != cookie
    assert b'name="on"' in other.body
    assert test.status_code == 400


@pytest.mark.rule("SBC-5")
def test_the_cookie_of_somebody_who_is_gone_verifies_nobody(reader, client):
    cookie = cookie_of(asked(client, reader._path))
    contacts.remove("ada", contacts.find("ada").version, NOW)

    assert asked(client, "/subscriptions", cookie).status_code == 400
    assert "Set-Cookie" not in asked(client, reader._path).headers
