"""Rows that name other records by what people know of them: an account by its name, a contact by its address."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.dynamodb import read
from chalicelib.imports import lookups
from chalicelib.imports.mapping import Lookup
from tests.support.api import Caller
from tests.support.imports import failed_rows, finished, submitted, table
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def mapped(*columns):
    return [{"column": one, "field": field, **({"key": key} if key else {})} for one, field, key in columns]


OF_LEADS = mapped(
    ("Topic", "topic", None), ("Name", "last_name", None), ("Firm", "company_name", None),
    ("Who", "contact_id", "email"), ("Where", "account_id", "website"),
)  # fmt: skip


@pytest.mark.rule("IMP-4")
def test_a_lead_names_its_contact_by_its_address_and_its_account_by_its_website(api, world):
    ada = api.post("/contacts", {"last_name": "Berg", "email": "ada@nygaard.example"})
    firm = api.post("/accounts", {"name": "Nygaard", "website": "https://www.nygaard.example/kayaks"})
    rows = [["Topic", "Name", "Firm", "Who", "Where"], ["Oars", "Berg", "Nygaard", "ADA@nygaard.example", ""]]
    rows += [["Kayaks", "Berg", "Nygaard", "ada@nygaard.example", "nygaard.example"]]
    rows += [["Paddles", "Juhl", "Havn", "bo@havn.example", ""], ["Boats", "Juhl", "Havn", "bo", "havn.example"]]

    tried = finished(api, world, submitted(api, table(rows), "lead", mapping=OF_LEADS), dry_run=True)
    done = finished(api, world, tried)

    for counts in (tried["checked"], done["counts"]):
        assert (counts["created"], counts["failed"]) == (2, 2)
        assert [(each["row"], each["field"]) for each in counts["errors"]] == [(4, "contact_id"), (5, "contact_id")]
    assert "no contact of this email" in done["counts"]["errors"][0]["message"]
    found = {each["topic"]: (each["contact_id"], each["account_id"]) for each in api.get("/leads")["items"]}
    assert found == {"Oars": (ada["id"], None), "Kayaks": (ada["id"], firm["id"])}


@pytest.mark.rule("IMP-4")
def test_an_account_that_several_are_called_or_none_fails_the_row_and_says_what_to_do(api, world):
    known = api.post("/accounts", {"name": "Nygaard A/S"})
    for website in ("one.example", "two.example"):
        api.post("/accounts", {"name": "Havn", "website": website})
    rows = [["Surname", "Company"], ["Berg", "nygaard a/s"], ["Juhl", "Havn"], ["Holm", "Gone"], ["Lund", ""]]
    mapping = mapped(("Surname", "last_name", None), ("Company", "account_id", "name"))

    done = finished(api, world, submitted(api, table(rows), mapping=mapping))

    assert (done["counts"]["created"], done["counts"]["failed"]) == (2, 2)
    failed = {row["Surname"]: row["error_message"] for row in failed_rows(done)}
    assert "several accounts of this name" in failed["Juhl"]
    assert "no account of this name" in failed["Holm"]
    [member] = api.get(f"/contacts?account_id={known['id']}")["items"]
    assert member["last_name"] == "Berg"


def test_an_account_that_was_merged_into_another_is_known_by_what_the_other_is_called(api, world):
    into, other = (api.post("/accounts", {"name": name}) for name in ("Nygaard", "Nygaard Kayaks"))
    wish = {"other_id": other["id"], "why": "the same"}
    status, _, _ = api.call("POST", f"/accounts/{into['id']}/merges", wish, If_Match=f'"{into["version"]}"')
    assert status == 201
    rows = [["Surname", "Company"], ["Berg", "Nygaard Kayaks"], ["Juhl", "Nygaard"]]
    mapping = mapped(("Surname", "last_name", None), ("Company", "account_id", "name"))

    done = finished(api, world, submitted(api, table(rows), mapping=mapping))

    assert (done["counts"]["created"], done["counts"]["errors"][0]["row"]) == (1, 2)
    assert [each["account_id"] for each in api.get("/contacts")["items"]] == [into["id"]]


def test_a_name_that_many_rows_have_is_looked_up_once_for_a_batch(api):
    firm = api.post("/accounts", {"name": "Nygaard"})
    wanted = Lookup("account_id", RecordType.ACCOUNT, "name", "Nygaard")

    with metered() as usage:
        found = lookups.found([wanted] * 60, read)

    assert found == {wanted: firm["id"]}
    assert usage.requests["Query"] == 16  # the shards of the index


@pytest.mark.rule("IMP-4")
def test_a_key_that_nobody_can_look_up_keeps_an_import_from_being_started(api):
    mapping = mapped(
        ("Topic", "topic", "name"), ("Name", "last_name", None), ("Firm", "company_name", None),
        ("Who", "contact_id", "city"), ("Where", "account_id", "phone"),
    )  # fmt: skip
    rows = [["Topic", "Name", "Firm", "Who", "Where"], ["Kayaks", "Berg", "Nygaard", "x", "y"]]
    import_ = submitted(api, table(rows), "lead", mapping=mapping)

    status, answer, _ = api.call("POST", f"/imports/{import_['id']}/start", {}, If_Match=f'"{import_["version"]}"')

    assert status == 422
    assert {each["field"] for each in answer["errors"]} == {"mapping.0.key", "mapping.3.key", "mapping.4.key"}
