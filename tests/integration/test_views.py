"""Saved views: records by a segment or an indexed search, with chosen columns, in pages."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from chalice.test import Client

from app import app
from chalicelib.access import service as access
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import accounts, service
from chalicelib.imports.fields import RecordType
from chalicelib.leads import service as leads
from chalicelib.segments import service as segments
from chalicelib.views.columns import COLUMNS, cell
from chalicelib.views.document import MOST_COLUMNS
from tests.support import journeys
from tests.support.api import Caller
from tests.support.custom import make
from tests.support.merged import merge

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def person(identity, **values):
    return service.create(identity, {"last_name": "Nygård", **values}, NOW, by="user:u")


def view(api, **document):
    return api.post("/views", {"name": "Mine", "document": document})


def rows(api, made, query=""):
    return api.get(f"/views/{made['id']}/rows{query}")


@pytest.mark.rule("CORE-10")
def test_a_view_finds_each_type_of_record_by_its_indexes_and_shows_the_columns_it_names(api):
    accounts.create("a", {"name": "Contoso", "owner_id": "o"}, NOW, by="user:u")
    accounts.create("b", {"name": "Fabrikam"}, NOW, by="user:u")
    person("ada", first_name="Ada", last_name="Berg", owner_id="o", account_id="a")
    person("bo", last_name="Holm")
    leads.create("l", {"last_name": "Berg", "topic": "Boats", "contact_id": "ada", "owner_id": "o"}, "u", NOW)
    leads.create("m", {"last_name": "Holm", "topic": "Sails"}, "u", NOW)
    api.change("POST", "/leads/m/move", api.get("/leads/m"), {"stage": "sales_acceptance"})

    def found(record_type, column, **where):
        made = view(api, record_type=record_type, where=where, columns=[column])
        return [each["values"][column] for each in rows(api, made)["items"]]

    assert found("contact", "last_name", name_prefix="ber") == ["Berg"]
    assert found("contact", "id", owner_id="o") == ["ada"]
    assert found("contact", "first_name", account_id="a") == ["Ada"]
    assert set(found("contact", "id")) == {"ada", "bo"}
    assert found("account", "name", owner_id="o") == found("account", "name", name_prefix="c") == ["Contoso"]
    assert set(found("account", "name")) == {"Contoso", "Fabrikam"}
    assert set(found("lead", "topic")) == {"Boats", "Sails"}
    assert found("lead", "topic", stage="inquiry") == found("lead", "topic", owner_id="o") == ["Boats"]


@pytest.mark.rule("CORE-10", "SEG-1")
def test_a_view_of_a_segment_shows_its_members_in_pages_each_person_once(api):
    journeys.publish("segment", "s", {"type": "static"}, NOW)
    for number in range(12):
        person(f"c{number}", email=f"c{number}@contoso.dk")
    segments.pick("s", [f"c{number}" for number in range(12)], NOW)
    merge("c0", "c1", NOW)
    made = view(api, where={"segment_id": "s"})

    found, cursor = [], ""
    while cursor is not None:
        page = rows(api, made, f"?limit=5{cursor}")
        found += [each["id"] for each in page["items"]]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None

    assert sorted(found) == sorted(f"c{number}" for number in range(12) if number != 1)
    assert page["columns"][:3] == ["id", "first_name", "last_name"]


@pytest.mark.parametrize("record_type", RecordType)
def test_every_column_that_there_is_can_be_shown(api, record_type):
    accounts.create("a", {"name": "Contoso", "annual_revenue": Decimal("1.5")}, NOW, by="user:u")
    person("ada", account_id="a", birth_date="1990-01-02")
    leads.create("l", {"last_name": "Berg", "topic": "Boats", "contact_id": "ada"}, "u", NOW)
    known = COLUMNS[record_type]

    for start in range(0, len(known), MOST_COLUMNS):
        columns = known[start : start + MOST_COLUMNS]
        [shown] = rows(api, view(api, record_type=record_type, columns=columns))["items"]
        assert list(shown["values"]) == columns


def test_a_view_shows_custom_fields_as_columns_of_their_own(api):
    make("shoe_size", "whole_number")
    make("colours", "multiple_choice")
    person("ada", **{"custom.shoe_size": 42, "custom.colours": ["gold", "silver"]})

    made = view(api, columns=["custom.shoe_size", "custom.colours", "id"])

    [shown] = rows(api, made)["items"]
    assert shown["values"] == {"custom.shoe_size": 42, "custom.colours": ["gold", "silver"], "id": "ada"}
    assert cell(["gold", "silver"]) == "gold; silver"


def test_a_view_shows_what_people_allow_the_strictest_of_all_that_they_are(api):
    for each in ("ada", "twin", "bo"):
        person(each)
    evidence = Evidence(who="u", source="api", method="by user")
    consent.change_by_user("twin", {"bulk_email": False}, 0, evidence, "change", NOW)
    merge("ada", "twin", NOW)

    found = rows(api, view(api, columns=["id", "bulk_email", "email_allowed", "consent_level"]))["items"]

    told = {each["id"]: each["values"] for each in found}
    assert told.keys() == {"ada", "bo"}
    assert (told["ada"]["bulk_email"], told["bo"]["bulk_email"]) == (False, True)
    assert (told["ada"]["email_allowed"], told["bo"]["consent_level"]) == (True, 0)


@pytest.mark.rule("CORE-10")
@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"where": {"stage": "inquiry"}}, "where.stage"),
        ({"record_type": "lead", "where": {"segment_id": "s"}}, "where.segment_id"),
        ({"where": {"owner_id": "o", "name_prefix": "b"}}, "where"),
        ({"where": {"segment_id": "nothing"}}, "where.segment_id"),
        ({"columns": ["shoe_size"]}, "columns"),
        ({"columns": ["email", "email"]}, "columns"),
    ],
)
def test_a_view_that_nothing_answers_is_refused_and_says_what_there_is(api, document, field):
    status, problem, _ = api.call("POST", "/views", {"name": "Mine", "document": document})

    assert (status in {400, 422}, [each["field"] for each in problem["errors"]]) == (True, [field])


def test_a_view_is_changed_by_who_has_read_it_and_deleted(api):
    person("ada")
    made = view(api, columns=["id"])

    document = {"columns": ["last_name"], "where": {"name_prefix": "Nyg"}}
    saved = api.change("PUT", f"/views/{made['id']}", made, {"name": "Nygårds", "document": document})
    stale, _, _ = api.call("PUT", f"/views/{made['id']}", {"name": "x", "document": {}}, If_Match='"1"')

    assert ([each["name"] for each in api.get("/views?name_prefix=nyg")["items"]], stale) == (["Nygårds"], 412)
    assert rows(api, made)["items"] == [{"id": "ada", "values": {"last_name": "Nygård"}}]
    api.change("DELETE", f"/views/{made['id']}", saved)
    assert api.call("GET", f"/views/{made['id']}/rows")[0] == 404


def test_who_may_not_read_leads_sees_no_view_of_leads(api):
    made = view(api, record_type="lead")
    _, key = access.create_key("few", "few", ["views:read", "contacts:read"], ["*"], NOW)
    few = Caller.__new__(Caller)
    few._client, few._key = api._client, f"Bearer {key}"

    assert few.call("GET", f"/views/{made['id']}/rows")[0] == 403
    assert few.call("GET", f"/views/{view(api)['id']}/rows")[0] == 200
