"""Custom fields in imports: mapped by what they are called, checked, tried and undone like all others."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts.custom.definition import Option
from tests.support.api import Caller
from tests.support.custom import change, make
from tests.support.imports import failed_rows, finished, submitted, table

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


@pytest.mark.rule("IMP-3", "IMP-4")
def test_columns_fill_custom_fields_and_rows_that_do_not_fit_fail(api, world):
    make("tier", "choice", required=True, options=(Option("gold", {"en": "Gold", "da": "Guld"}),))
    make("seats", "whole_number", labels={"en": "Number of seats"})
    rows = [
        ["Surname", "E-Mail", "Tier", "Number of Seats"],
        ["Berg", "ada@nygaard.example", "Guld", "3"],
        ["Juhl", "bo@nygaard.example", "bronze", "3"],
        ["Ek", "eva@nygaard.example", "gold", "many"],
        ["Holm", "ib@nygaard.example", "", "1"],
        ["Lund", "lis@nygaard.example", "gold", ""],
    ]
    import_ = submitted(api, table(rows))
    assert {each["column"]: each["field"] for each in import_["options"]["mapping"]} == {
        "Surname": "last_name", "E-Mail": "email", "Tier": "custom.tier", "Number of Seats": "custom.seats",
    }  # fmt: skip

    tried = finished(api, world, import_, dry_run=True)
    done = finished(api, world, tried)

    assert (tried["checked"]["created"], tried["checked"]["failed"]) == (2, 3)
    assert (done["counts"]["created"], done["counts"]["failed"]) == (2, 3)
    found = {each["last_name"]: each["custom"] for each in api.get("/contacts")["items"]}
    assert found == {"Berg": {"tier": "gold", "seats": 3}, "Lund": {"tier": "gold"}}
    assert sorted(each["error_field"] for each in failed_rows(done)) == ["custom.seats", "custom.tier", "custom.tier"]


@pytest.mark.parametrize(("of", "path"), [("account", "/accounts"), ("lead", "/leads")])
def test_accounts_and_leads_are_imported_with_theirs_and_updated_by_id(api, world, of, path):
    make("seats", "whole_number", of)
    make("note", of=of)
    least = {"account": {"name": "Acme"}, "lead": {"topic": "T", "last_name": "Juhl", "company_name": "Acme"}}[of]
    known = api.post(path, {**least, "custom": {"seats": 1, "note": "x"}})
    rows = [["id", *least, "seats", "note"], [known["id"], *least.values(), "2", "-"], ["", *least.values(), "3", "y"]]

    done = finished(api, world, submitted(api, table(rows), of, manner={"clears": "-"}))

    assert (done["counts"]["updated"], done["counts"]["created"]) == (1, 1)
    assert api.get(f"{path}/{known['id']}")["custom"] == {"seats": 2}
    assert sorted(each["custom"]["seats"] for each in api.get(f"{path}?limit=5")["items"]) == [2, 3]


def test_a_field_that_is_made_required_or_retired_keeps_an_import_from_being_started(api):
    make("tier", "choice")
    rows = [["Surname", "Tier"], ["Berg", "gold"]]
    import_ = submitted(api, table(rows))
    make("seats", "whole_number", required=True)
    change("contact.tier", retired=True)

    status, answer, _ = api.call("POST", f"/imports/{import_['id']}/start", {}, If_Match=f'"{import_["version"]}"')

    assert status == 422
    assert {each["field"] for each in answer["errors"]} == {"mapping", "mapping.1.field"}
