"""Children: never profiled, never written to without their guardian's recorded consent, until they are of age."""

from datetime import UTC, datetime, timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.consent import children
from chalicelib.consent import service as consent
from chalicelib.consent.models import GuardianConsent, Ward
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.messages import plans
from chalicelib.scoring import reading
from tests.support import campaign, scoring
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.consents import changes
from tests.support.merged import merge

PATH, SAID = "/contacts/kim/preferences", "/contacts/kim/guardian-consents"
WORDS = {"wording": "I am Kim's mother, and you may write to Kim.", "method": "signed form"}
BORN = "2013-05-04"  # of age in Denmark, at fifteen, on 4 May 2028


@pytest.fixture
def api(world):
    for each in ("kim", "mother", "aunt"):
        campaign.contact(world, each, country="Denmark")
    with Client(app) as client:
        yield Caller(client)


def guarded(api):
    api.change("PATCH", PATH, api.get(PATH), {"is_child": True, "guardian_id": "mother"})


@pytest.mark.rule("PRV-10", "PRV-11", "PRV-13")
def test_a_guardians_consent_is_a_record_of_its_own_with_who_when_and_in_which_words(api, world):
    guarded(api)
    given_at = "2026-01-02T08:00:00Z"

    shown = api.post(SAID, {**WORDS, "given_at": given_at})

    [proof] = api.get(SAID)["items"]
    assert shown["guardian_consent"] is True
    assert (proof["guardian_id"], proof["given_at"], proof["wording"]) == ("mother", given_at, WORDS["wording"])
    assert (proof["given"], proof["method"], proof["recorded_by"]) == (True, "signed form", "key:root")
    change = changes("kim")[-1]
    assert (change.who, change.after, change.wording) == (
        "contact:mother",
        {"guardian_consent": True},
        proof["wording"],
    )

    withdrawn = api.post(SAID, {**WORDS, "given": False, "wording": "No more."})
    assert (withdrawn["guardian_consent"], len(api.get(SAID)["items"])) == (False, 2)
    contacts.remove("kim", contacts.find("kim").version, world.now)
    world.settle()
    assert [row for row in GuardianConsent.scan() if isinstance(row, GuardianConsent)] == []


@pytest.mark.rule("PRV-11")
@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"guardian_consent": True, "reason": "she said so"}, "guardian_consent"),
        ({"consent_level": 5, "reason": "asked"}, "consent_level"),
        ({"guardian_id": "kim"}, "guardian_id"),
        ({"of_age_on": "2020-01-01", "reason": "x"}, "of_age_on"),
        ({"is_child": False, "of_age_on": "2030-01-01", "reason": "x"}, "of_age_on"),
    ],
)
def test_what_would_take_a_childs_protection_away_is_refused_with_its_place(api, wanted, field):
    guarded(api)

    status, problem, _ = api.call("PATCH", PATH, wanted, If_Match=f'"{api.get(PATH)["version"]}"')

    assert (status, [each["field"] for each in problem["errors"]]) == (400, [field])


@pytest.mark.rule("PRV-10")
def test_a_guardian_is_of_age_and_nobody_speaks_for_somebody_without_one(api, world):
    api.change("PATCH", "/contacts/aunt/preferences", {"version": 0}, {"is_child": True})
    child, _, _ = api.call("PATCH", PATH, {"is_child": True, "guardian_id": "aunt"}, If_Match='"0"')
    nobody, problem, _ = api.call("POST", SAID, WORDS)
    guarded(api)
    early, _, _ = api.call("POST", SAID, {**WORDS, "given_at": "2099-01-01T00:00:00Z"})

    assert (child, nobody, early) == (400, 409, 400)
    assert "guardian" in problem["detail"]
    assert api.call("POST", "/contacts/nobody/guardian-consents", WORDS)[0] == 404


@pytest.mark.rule("PRV-11")
def test_the_consent_of_a_guardian_ends_with_its_being_the_guardian(api, world):
    guarded(api)
    api.post(SAID, WORDS)

    changed = api.change("PATCH", PATH, api.get(PATH), {"guardian_id": "aunt"})

    assert (changed["guardian_id"], changed["guardian_consent"]) == ("aunt", False)


@pytest.mark.rule("PRV-10")
def test_a_guardian_that_is_the_child_by_another_contact_is_refused(api, world):
    merge("kim", "aunt", world.now)

    shown = api.get(PATH)
    status, _, _ = api.call("PATCH", PATH, {"is_child": True, "guardian_id": "aunt"}, If_Match=f'"{shown["version"]}"')

    assert status == 400


def by_user(api, world):
    path = "/contacts/mother/preferences"
    api.change("PATCH", path, api.get(path), {"is_child": True})


def by_birth_date(api, world):
    mother = api.get("/contacts/mother")
    api.change("PATCH", "/contacts/mother", mother, {"birth_date": BORN})


def by_being_the_child_itself(api, world):
    merge("kim", "mother", world.now)


@pytest.mark.rule("PRV-10", "PRV-11")
@pytest.mark.parametrize("shown_to_be_a_child", [by_user, by_birth_date, by_being_the_child_itself])
def test_a_guardian_that_turns_out_to_be_a_child_guards_nobody(api, world, shown_to_be_a_child):
    guarded(api)
    api.post(SAID, WORDS)

    shown_to_be_a_child(api, world)
    world.settle(duplicate=True, shuffle=3)

    shown = api.get(PATH)
    assert (shown["is_child"], shown["guardian_id"], shown["guardian_consent"]) == (True, None, False)
    assert changes("kim")[-1].reason == "The guardian is a child itself."
    status, problem, _ = api.call("POST", SAID, WORDS)
    assert (status, "guardian" in problem["detail"]) == (409, True)
    assert [row for row in Ward.scan() if isinstance(row, Ward)] == []


@pytest.mark.rule("PRV-10")
def test_a_guardian_that_is_shown_to_be_a_child_at_this_moment_guards_nobody_either(api, world):
    with before_the_next_write(lambda: by_user(api, world)):
        status, _, _ = api.call("PATCH", PATH, {"is_child": True, "guardian_id": "mother"}, If_Match='"0"')

    assert (status, api.get(PATH)["guardian_id"]) == (412, None)


@pytest.mark.rule("PRV-10", "PRV-11")
def test_until_the_ward_is_let_go_the_word_of_a_guardian_that_is_a_child_does_not_count(api, world):
    guarded(api)
    by_user(api, world)

    status, problem, _ = api.call("POST", SAID, WORDS)
    refused, _, _ = api.call("POST", SAID, {**WORDS, "given": False})

    assert (status, [each["field"] for each in problem["errors"]], refused) == (400, ["guardian_id"], 200)


@pytest.mark.rule("PRV-11", "EML-2")
@pytest.mark.parametrize("designation", ["commercial", "transactional"])
def test_a_child_is_written_to_only_while_its_guardian_consents(api, world, office, designation):
    campaign.publish(world, {"legal_designation": designation})
    guarded(api)
    campaign.enter(world, "kim")
    world.settle()
    assert ([each.reason for each in campaign.sends()], office.letters()) == (["guardian-consent-missing"], [])

    api.post(SAID, WORDS)
    commit(plans.queue_send("again", contact_id="kim", email_id="e", content_settings_id="cs", now=world.now))
    world.settle()

    assert len(office.letters()) == 1
    relied_on = next(each.consent for each in campaign.sends() if each.state == "sent")
    assert relied_on["stood"]["guardian_consent"] is True
    assert relied_on["records"]["kim"] == changes("kim")[-1].change_id


@pytest.mark.rule("PRV-10", "PRV-11", "SCO-33")
def test_who_is_a_child_by_its_birth_date_is_protected_until_the_day_it_is_of_age(api, world):
    scoring.publish(scoring.clicked(30), model_id="m")
    scoring.lead("l-kim", "kim")
    scoring.click("1", contact_id="kim")
    world.settle()
    assert scored() == [30]

    kim = contacts.find("kim")
    contacts.amend("kim", {"birth_date": BORN}, kim.version, world.now)
    world.settle(duplicate=True, shuffle=3)
    shown = api.get(PATH)
    assert (shown["is_child"], shown["of_age_on"], scored()) == (True, "2028-05-04", [])

    contacts.amend("kim", {"birth_date": "1990-01-01"}, contacts.find("kim").version, world.now)
    world.settle()
    assert api.get(PATH)["is_child"]  # anybody may type a birth date

    world.move_to(datetime(2028, 5, 4, 11, 59, tzinfo=UTC))
    world.poll("of-age")
    assert api.get(PATH)["is_child"]
    world.move_to(datetime(2028, 5, 4, 12, 5, tzinfo=UTC))
    world.poll("of-age")
    shown = api.get(PATH)
    assert (shown["is_child"], shown["of_age_on"], shown["bulk_email"], scored()) == (False, None, False, [30])
    assert [each.method for each in changes("kim")] == ["by law", "by law"]
    world.poll("of-age")
    assert len(changes("kim")) == 2


def scored():
    return [each.score for each in reading.scores_of("l-kim")]


@pytest.mark.rule("PRV-10")
def test_other_ages_of_consent_are_asked_of_everybody_anew(api, world):
    contacts.amend("kim", {"birth_date": "2010-01-01"}, contacts.find("kim").version, world.now)
    world.settle()
    assert not api.get(PATH)["is_child"]

    settings = api.get("/settings/consent")
    assert (settings["shipped_ages"]["DK"], settings["default_age"]) == (15, 16)
    api.change("PUT", "/settings/consent", settings, {"ages": {"DK": 18}})
    world.settle()
    world.advance(timedelta(minutes=1))
    world.poll()

    assert api.get(PATH)["is_child"]
    assert api.call("PUT", "/settings/consent", {"ages": {"Denmark": 18}}, If_Match='"1"')[0] == 400
    assert api.call("PUT", "/settings/consent", {"ages": {"DK": 5}}, If_Match='"1"')[0] == 400


def test_who_is_marked_as_a_child_by_hand_gets_its_day_by_the_birth_date(api, world):
    contacts.amend("mother", {"birth_date": BORN, "country": "Nowhere"}, contacts.find("mother").version, world.now)
    mother = "/contacts/mother/preferences"

    shown = api.change("PATCH", mother, api.get(mother), {"is_child": True})
    assert shown["of_age_on"] == "2029-05-04"
    shown = api.change("PATCH", mother, shown, {"is_child": False, "reason": "it was a typing error"})

    assert (shown["is_child"], shown["of_age_on"]) == (False, None)
    children.look("nobody", world.now)
    assert consent.preferences("nobody").version == 0
