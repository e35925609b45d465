"""What a contact allows, over HTTP; every change is recorded."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.clock import now
from chalicelib.contacts import service
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("cloud")
PATH = "/contacts/c/preferences"


@pytest.fixture
def api():
    for each in ("c", "guardian", "other"):
        service.create(each, {"last_name": "Juhl"}, now(), by="user:u")
    with Client(app) as client:
        yield Caller(client)


@pytest.mark.rule("CON-4", "CON-10", "CON-11", "CON-13", "CON-14")
def test_a_contact_that_never_said_anything_has_the_defaults(api):
    shown = api.get(PATH)

    names = ("bulk_email", "email", "tracking", "follow_email", "prefill")
    assert [shown[name] for name in names] == [True, True, True, True, False]


@pytest.mark.rule("CON-4")
def test_each_of_the_preferences_is_refused_by_itself(api):
    names, refused = ["bulk_email", "email", "tracking", "follow_email"], []

    for name in names:
        shown = api.change("PATCH", PATH, api.get(PATH), {name: False})
        refused.append([each for each in names if not shown[each]])

    assert refused == [names[:1], names[:2], names[:3], names]


@pytest.mark.rule("CON-6", "PRV-2", "PRV-13")
def test_a_user_raises_the_level_with_a_reason_only_and_the_change_is_recorded(api):
    before = api.get(PATH)
    refused, _, _ = api.call("PATCH", PATH, {"consent_level": 4}, If_Match='"0"')

    api.change("PATCH", PATH, before, {"consent_level": 4, "reason": "asked by phone"})

    assert (refused, api.get(PATH)["consent_level"]) == (400, 4)
    [change] = api.get("/contacts/c/consent-changes")["items"]
    assert (change["before"], change["after"]) == ({"consent_level": 0}, {"consent_level": 4})
    assert (change["source"], change["reason"]) == ("api", "asked by phone")


@pytest.mark.rule("CON-6", "PRV-10")
@pytest.mark.parametrize(("guardian", "status"), [("guardian", 200), ("c", 400), ("nobody", 404)])
def test_a_childs_guardian_is_another_contact(api, guardian, status):
    answered, _, _ = api.call("PATCH", PATH, {"is_child": True, "guardian_id": guardian}, If_Match='"0"')

    assert answered == status
    assert api.get(PATH)["is_child"] is (status == 200)


@pytest.mark.parametrize("guardian", [None, "other"])
def test_a_guardians_consent_ends_with_the_guardian(api, guardian):
    api.change("PATCH", PATH, api.get(PATH), {"is_child": True, "guardian_id": "guardian"})
    shown = api.post("/contacts/c/guardian-consents", {"wording": "I agree", "method": "signed form"})
    assert shown["guardian_consent"] is True

    changed = api.change("PATCH", PATH, shown, {"guardian_id": guardian})

    assert changed["guardian_consent"] is False


def test_a_change_of_preferences_that_have_changed_since_is_refused(api):
    api.change("PATCH", PATH, api.get(PATH), {"email": False})

    status, _, _ = api.call("PATCH", PATH, {"bulk_email": False}, If_Match='"0"')

    assert (status, api.get(PATH)["bulk_email"]) == (412, True)
