"""Exports of views and segments: files with each record once, safe to open, whatever crashes or races on the way."""

import csv
import io
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from chalice.test import Client
from openpyxl import load_workbook

from app import app
from chalicelib import files
from chalicelib.access import service as access
from chalicelib.contacts import accounts, service
from chalicelib.dynamodb import ConditionFailed
from chalicelib.errors import Unavailable
from chalicelib.leads import service as leads
from chalicelib.segments import service as segments
from chalicelib.views import enumerating, exports, walks
from chalicelib.views.document import ViewDocument
from chalicelib.views.exports import Format
from chalicelib.views.models import Export
from tests.support import journeys
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.faults import Faults, Killed, database, injected
from tests.support.merged import merge

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


def person(identity, **values):
    return service.create(identity, {"last_name": "Nygård", **values}, NOW, by="user:u")


def finished(api, world, **body):
    status, export, _ = api.call("POST", "/exports", body)
    assert (status, export.get("files")) == (202, []), export
    world.settle()
    return api.get(f"/exports/{export['id']}")


def fetched(file):
    with urllib.request.urlopen(file["url"]) as answer:
        return answer.read(), answer.headers


def rows(export):
    found = []
    for file in export["files"]:
        content, _ = fetched(file)
        assert content.startswith(b"\xef\xbb\xbf")
        found += csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return found


@pytest.mark.rule("SEG-17", "CON-16")
def test_the_members_of_a_segment_are_exported_once_each_and_no_cell_is_a_formula(api, world):
    journeys.publish("segment", "s", {"type": "static"}, NOW)
    names = [f"c{number:02}" for number in range(30)]
    for each in names:
        person(each, first_name=FORMULA, city='Å, "by"\nny')
    segments.pick("s", names, NOW)
    merge("c00", "c01", NOW)
    service.remove("c02", 1, NOW)

    export = finished(api, world, where={"segment_id": "s"}, columns=["id", "first_name", "city", "bulk_email"])

    assert (export["state"], export["rows"], export["slices_finished"]) == ("done", 28, 16)
    found = rows(export)
    assert sorted(each["id"] for each in found) == [each for each in names if each not in {"c01", "c02"}]
    assert found[0] | {"id": ""} == {
        "id": "",
        "first_name": f"'{FORMULA}",
        "city": 'Å, "by"\nny',
        "bulk_email": "yes",
    }
    content, headers = fetched(export["files"][0])
    assert (content[:3], len(content)) == (b"\xef\xbb\xbf", export["files"][0]["bytes"])
    assert headers["Content-Disposition"].startswith('attachment; filename="contacts-')


@pytest.mark.rule("CORE-10")
def test_a_saved_view_of_each_type_is_exported_as_it_shows_its_records(api, world):
    accounts.create("a", {"name": "Contoso", "owner_id": "o", "annual_revenue": Decimal("-12.5")}, NOW, by="u")
    person("ada", last_name="Berg", owner_id="o", account_id="a")
    person("bo", last_name="Holm")
    leads.create("l", {"last_name": "Berg", "topic": "Boats", "contact_id": "ada", "owner_id": "o"}, "u", NOW)
    wanted = [
        ("contact", {"name_prefix": "ber"}, "id", ["ada"]),
        ("contact", {"owner_id": "o"}, "id", ["ada"]),
        ("contact", {"account_id": "a"}, "last_name", ["Berg"]),
        ("contact", {}, "last_name", ["Berg", "Holm"]),
        ("account", {"owner_id": "o"}, "annual_revenue", ["-12.5"]),
        ("account", {"name_prefix": "con"}, "name", ["Contoso"]),
        ("account", {}, "id", ["a"]),
        ("lead", {"stage": "inquiry"}, "topic", ["Boats"]),
        ("lead", {"owner_id": "o"}, "id", ["l"]),
        ("lead", {}, "sales_ready", ["no"]),
        ("lead", {}, "contact_id", ["ada"]),
    ]

    for record_type, where, column, expected in wanted:
        document = {"record_type": record_type, "where": where, "columns": [column]}
        view = api.post("/views", {"name": "Mine", "document": document})
        export = finished(api, world, view_id=view["id"])

        assert sorted(each[column] for each in rows(export)) == expected, (record_type, where)
        assert (export["name"], export["record_type"]) == ("Mine", record_type)


def test_a_workbook_has_numbers_as_numbers_and_text_as_text(api, world, monkeypatch):
    monkeypatch.setitem(exports.MOST_ROWS, Format.XLSX, 2)
    for number in range(3):
        accounts.create(
            f"a{number}", {"name": FORMULA + "\x0b", "employees": 7, "annual_revenue": Decimal("1.5")}, NOW, by="u"
        )

    export = finished(api, world, record_type="account", columns=["name", "employees", "annual_revenue"], format="xlsx")

    assert sum(file["rows"] for file in export["files"]) == 3
    assert len(export["files"]) > 1
    content, headers = fetched(export["files"][0])
    head, first, *_ = load_workbook(io.BytesIO(content)).active.iter_rows()
    assert headers["Content-Type"].endswith("spreadsheetml.sheet")
    assert [each.value for each in head] == ["name", "employees", "annual_revenue"]
    assert [(each.value, each.data_type) for each in first] == [(FORMULA, "s"), (7, "n"), (1.5, "n")]


def test_what_was_searched_for_is_not_kept_longer_than_the_files(api, world):
    person("ada", last_name="Berg-Olsson")

    finished(api, world, where={"name_prefix": "berg-olsson"}, columns=["id"])

    holding = {key[0].removeprefix("itinera-test-") for key, row in world.rows().items() if "berg-ols" in str(row)}
    assert holding == {"contacts", "views"}


def test_an_export_that_is_forgotten_ends_without_files(api):
    assert exports.pages({"export": "gone"}, 0, None) == ([], None)
    exports.write_part({"export": "gone"}, ["00.ada"], NOW)
    exports.assemble({"export": "gone"})

    assert list(Export.scan(consistent_read=True)) == []


def test_an_export_of_nobody_is_a_file_with_a_head_only(api, world):
    export = finished(api, world, columns=["id"])

    assert (export["rows"], [file["rows"] for file in export["files"]]) == (0, [0])
    assert rows(export) == []


def test_whoever_may_not_read_the_records_gets_no_file_of_them(api, world):
    export = finished(api, world, record_type="lead")
    _, key = access.create_key("few", "few", ["views:read", "contacts:read"], ["*"], NOW)
    few = Caller.__new__(Caller)
    few._client, few._key = api._client, f"Bearer {key}"

    assert few.call("GET", f"/exports/{export['id']}")[0] == 403
    assert few.call("POST", "/exports", {"record_type": "lead"})[0] == 403
    assert few.call("POST", "/exports", {})[0] == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"view_id": "v", "columns": ["id"]}, 400),
        ({"view_id": "nothing"}, 404),
        ({"where": {"stage": "inquiry"}}, 400),
        ({"columns": ["shoe_size"]}, 400),
        ({"format": "pdf"}, 400),
    ],
)
def test_an_export_of_what_cannot_be_shown_is_refused(api, body, status):
    assert api.call("POST", "/exports", body)[0] == status


def test_a_link_works_for_minutes_and_an_export_is_forgotten_after_a_day(api, world):
    export = finished(api, world, columns=["id"])

    assert "X-Amz-Expires=900" in export["files"][0]["url"]
    world.advance(timedelta(days=1, minutes=1))
    assert api.call("GET", f"/exports/{export['id']}")[0] == 404


def test_the_same_request_again_is_the_same_export(api):
    first, again = (api.call("POST", "/exports", {}, Idempotency_Key="once")[1]["id"] for _ in range(2))

    assert first == again


# Crashes and races -------------------------------------------------------------------------------------------------


@pytest.fixture
def arguments():
    for number in range(60):
        person(f"c{number:02}", owner_id="o")
    view = ViewDocument.model_validate({"where": {"owner_id": "o"}, "columns": ["id"]})
    exports.start(view, "", Format.CSV, "e", "u", NOW)
    return {"export": "e"}


@pytest.mark.usefixtures("api")
def test_whatever_page_comes_again_each_record_is_in_the_file_once(arguments, monkeypatch):
    monkeypatch.setattr(enumerating, "PAGE", 7)
    cursor, page = None, ["first"]
    while page:
        before = cursor
        page, cursor = exports.pages(arguments, 0, before)
        for again in (page, page[2:]):
            exports.write_part(arguments, again, NOW)
        if cursor is None:
            break
    exports.assemble(arguments)

    export = exports.find("e", NOW)
    content = files.get(export.files[0]["key"]).decode("utf-8-sig").split()
    assert (content[0], sorted(content[1:]), export.rows) == ("id", [f"c{number:02}" for number in range(60)], 60)
    assert not any(f"c{number:02}" in str(walk.last) for walk in walks.found(Export.at("e")[0]) for number in range(60))


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("mode", ["dies before", "dies after"])
def test_a_worker_that_dies_at_any_call_writes_no_row_twice(arguments, mode):
    view, died = ViewDocument.model_validate({"where": {"owner_id": "o"}, "columns": ["id"]}), 0
    page, _ = exports.pages(arguments, 0, None)
    for at in range(1, 6):
        exports.start(view, "", Format.CSV, f"e{at}", "u", NOW)
        with injected(Faults(mode, at), *database()):
            try:
                exports.write_part({"export": f"e{at}"}, page, NOW)
            except Killed:
                died += 1
        exports.write_part({"export": f"e{at}"}, page, NOW)

        [walk] = walks.found(Export.at(f"e{at}")[0])
        assert (walk.sums, sum(number for _, number in walk.parts)) == ({"rows": 60}, 60)
    assert died >= 3


@pytest.mark.usefixtures("api")
def test_of_two_at_work_on_one_page_one_writes_it(arguments):
    page, _ = exports.pages(arguments, 0, None)

    with before_the_next_write(lambda: exports.write_part(arguments, page, NOW)), pytest.raises(ConditionFailed):
        exports.write_part(arguments, page, NOW)
    exports.assemble(arguments)

    assert exports.find("e", NOW).rows == 60


@pytest.mark.usefixtures("api")
def test_an_end_that_died_goes_on_behind_the_files_that_it_made(arguments, monkeypatch):
    monkeypatch.setattr(enumerating, "PAGE", 20)
    monkeypatch.setitem(exports.MOST_ROWS, Format.CSV, 20)
    cursor = None
    for _ in range(3):
        page, cursor = exports.pages(arguments, 0, cursor)
        exports.write_part(arguments, page, NOW)
    joined, join = [], files.join

    def dies(key, *more):
        joined.append(key)
        if len(joined) == 2:
            raise Unavailable("no time left")
        return join(key, *more)

    monkeypatch.setattr(files, "join", dies)
    with pytest.raises(Unavailable):
        exports.assemble(arguments)
    half = exports.find("e", NOW)
    exports.assemble(arguments)

    assert ([file["rows"] for file in half.files], half.rows) == ([20], None)
    assert len(joined) == len(set(joined)) + 1 == 4
    assert exports.find("e", NOW).rows == 60


@pytest.mark.rule("PRV-13")
def test_the_log_of_consent_of_everybody_is_exported_between_two_moments(api, world):
    for each in ("ada", "bo", "cy"):
        person(each)
    moments = []
    for each, reason in (("ada", "by phone"), ("bo", FORMULA), ("cy", "by letter")):
        moments.append(world.now)
        found = api.get(f"/contacts/{each}/preferences")
        body = {"consent_level": 3, "reason": reason}
        api.change("PATCH", f"/contacts/{each}/preferences", found, body)
        if each == "bo":
            said = {"address": "di@contoso.example", "choices": {"commercial": "opted-out"}}
            api.post("/contact-points", said)
        world.advance(timedelta(days=1))
    merge("bo", "cy", world.now)  # what a merged contact said stays in the log, under its own id

    since, until = moments[1].isoformat(), (moments[2] + timedelta(hours=1)).isoformat()
    export = finished(api, world, consent_log={"since": since, "until": until})
    everything = finished(api, world, consent_log={}, format="xlsx")

    assert (export["rows"], export["record_type"], export["state"]) == (3, None, "done")
    found = {each["contact_id"]: each for each in rows(export)}
    assert found.keys() == {"bo", "cy", ""}
    assert (found[""]["profile_id"], "di@" in json.dumps(found[""])) == ("default", False)  # by the address's hash
    assert (found["bo"]["reason"], json.loads(found["cy"]["after"])) == (f"'{FORMULA}", {"consent_level": 3})
    assert fetched(export["files"][0])[1]["Content-Disposition"].startswith('attachment; filename="consent-changes-')
    assert everything["rows"] > 3  # those of the merge, too


@pytest.mark.parametrize(
    "body",
    [
        {"consent_log": {}, "where": {}},
        {"consent_log": {}, "view_id": "v"},
        {"consent_log": {"since": "2026-01-02T00:00:00Z", "until": "2026-01-02T00:00:00Z"}},
        {"consent_log": {"since": "yesterday"}},
    ],
)
def test_a_log_that_nobody_can_mean_is_refused(api, world, body):
    status, answer, _ = api.call("POST", "/exports", body)

    assert status == 400
    assert answer["errors"]
