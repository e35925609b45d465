"""Exports of a model's scores: one file with every lead once, whatever crashes or races on the way (SCO-27)."""

import csv
import io
import urllib.request
from datetime import timedelta

import boto3
import pytest
import time_machine
from chalice.test import Client

from app import app
from chalicelib import files
from chalicelib.definitions import jobs
from chalicelib.dynamodb import ConditionFailed
from chalicelib.errors import Unavailable
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.scoring.reports import exports, walks
from chalicelib.settings import settings
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.faults import Faults, Killed, database, injected
from tests.support.meter import metered
from tests.support.scoring import DAY, NOW, click, clicked, lead, person, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")
LEADS = [f"lead-{number:02}" for number in range(40)]


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def model():
    """Forty leads with a score, and one without a parent, who has none."""
    person()
    for number, each in enumerate(LEADS):
        lead(each, first_name="Ada", last_name=["=cmd|' /C calc'!A0", 'Berg, "Bo"', "Łódź\nÅ"][number % 3])
    lead("nobody's", contact_id=None)
    model = publish(clicked(-30), grades=[{"name": "@Cold", "max": 0}])
    click("1")
    rescore()
    return model


def finished(api, world, model):
    status, export, _ = api.call("POST", f"/scoring-models/{model}/exports")
    assert status == 202
    assert export["files"] == []
    world.settle()
    return api.get(f"/scoring-models/{model}/exports/{export['id']}")


def fetched(file):
    with urllib.request.urlopen(file["url"]) as answer:
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="lead-scores-')
        content = answer.read()
    assert content.startswith(b"\xef\xbb\xbf")
    assert len(content) == file["bytes"]
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.rule("SCO-27", "SCO-26")
def test_every_scored_lead_is_exported_once_with_what_made_its_score(api, world, model):
    export = finished(api, world, model)

    assert (export["state"], export["rows"], export["slices_finished"], export["leads_seen"]) == ("done", 40, 16, 41)
    [file] = export["files"]
    rows = fetched(file)
    assert sorted(row["lead_id"] for row in rows) == LEADS
    row = next(row for row in rows if row["lead_id"] == "lead-00")
    assert tuple(row) == exports.COLUMNS
    assert (row["score"], row["grade"], row["contributions"]) == ("-30", "'@Cold", "Clicked: -30")
    assert (row["status"], row["model_version"], row["last_name"]) == ("up_to_date", "1", "'=cmd|' /C calc'!A0")


def test_an_export_of_nothing_is_a_file_with_a_head_only(api, world):
    model = publish(clicked(30))

    export = finished(api, world, model)

    assert (export["rows"], [fetched(file) for file in export["files"]]) == (0, [[]])


def test_more_rows_than_a_spreadsheet_opens_come_in_several_files(api, world, model, monkeypatch):
    monkeypatch.setattr(exports, "MOST_ROWS", 15)

    export = finished(api, world, model)

    rows = [fetched(file) for file in export["files"]]
    assert len(rows) > 2
    assert all(len(each) <= 15 for each in rows)
    assert sorted(row["lead_id"] for each in rows for row in each) == LEADS


def test_putting_files_together_goes_on_behind_those_that_are_there(api, world, model, monkeypatch):
    monkeypatch.setattr(exports, "MOST_ROWS", 15)
    _, started, _ = api.call("POST", f"/scoring-models/{model}/exports")
    path, joined, join = f"/scoring-models/{model}/exports/{started['id']}", [], files.join

    def twice_out_of_time(key, head, parts):
        joined.append(key)
        if len(joined) in {2, 4}:
            assert api.get(path)["files"] == []
            raise Unavailable("out of time")
        return join(key, head, parts)

    monkeypatch.setattr(files, "join", twice_out_of_time)
    world.settle()
    world.advance(timedelta(hours=1))
    world.poll()
    world.settle()

    export = api.get(path)
    assert (export["state"], export["rows"]) == ("done", 40)
    assert len(joined) == len(set(joined)) + 2
    assert sorted(row["lead_id"] for file in export["files"] for row in fetched(file)) == LEADS


def test_a_large_file_is_put_together_piece_by_piece():
    parts = [f"part-{number}" for number in range(20)]
    for number, part in enumerate(parts):
        files.put(part, bytes([65 + number]) * 1_000_000)

    size = files.join("whole", b"head", parts)

    content = files.get("whole")
    assert len(content) == size == 20_000_004
    assert content[:5] == b"headA"
    assert content[4::1_000_000] == bytes(range(65, 85))


@pytest.mark.parametrize("mode", ["dies before", "dies after"])
def test_an_export_that_dies_anywhere_has_every_lead_once(model, mode):
    """Each call of a slice's work dies in its turn, and the page is done once more."""
    pages = [(number, *exports.every_lead({}, number, None)) for number in range(16)]
    number, ids, _ = max(pages, key=lambda page: len(page[1]))
    died = 0
    for at in range(1, 12):
        arguments = {"model": model, "export": f"{mode}-{at}"}
        with injected(Faults(mode, at), *database()):
            try:
                exports.write_part(arguments, ids, NOW)
            except Killed:
                died += 1
        exports.write_part(arguments, ids, NOW)
        [walk] = walks.found(exports.Export.at(arguments["export"])[0])
        assert walk.sums == {"rows": sum(each in LEADS for each in ids)}
        assert sum(rows for _, rows in walk.parts) == walk.sums["rows"]
        assert walk.sk == f"SLICE#{number:02}"
    assert died >= 4


def test_of_two_at_work_on_one_page_one_is_counted(model):
    arguments = {"model": model, "export": "raced"}
    _, ids = max(((n, exports.every_lead({}, n, None)[0]) for n in range(16)), key=lambda page: len(page[1]))

    with (
        before_the_next_write(lambda: exports.write_part(arguments, [*ids, "one-more"], NOW)),
        pytest.raises(ConditionFailed),
    ):
        exports.write_part(arguments, ids, NOW)

    exports.write_part(arguments, ids, NOW)
    [walk] = walks.found(exports.Export.at("raced")[0])
    assert walk.sums == {"rows": len([each for each in ids if each in LEADS])}
    assert set(walk.last) == {*ids, "one-more"}


def test_a_lead_that_is_deleted_on_the_way_is_left_out(api, world, model):
    status, export, _ = api.call("POST", f"/scoring-models/{model}/exports")
    leads.remove("lead-07", lead_reading.find("lead-07").version, NOW)

    world.settle()

    [file] = api.get(f"/scoring-models/{model}/exports/{export['id']}")["files"]
    assert status == 202
    assert "lead-07" not in {row["lead_id"] for row in fetched(file)}


def test_the_same_key_makes_one_export(api, world, model):
    first, again = (
        api.call("POST", f"/scoring-models/{model}/exports", Idempotency_Key="k")[1]["id"] for _ in range(2)
    )

    assert first == again
    assert len([job for job in jobs.unfinished() if job.work == exports.WORK]) == 1


def test_an_export_is_gone_after_a_day_and_never_another_models(api, model):
    with time_machine.travel(NOW, tick=False):
        _, export, _ = api.call("POST", f"/scoring-models/{model}/exports")
    path = f"/scoring-models/{model}/exports/{export['id']}"

    with time_machine.travel(NOW + DAY - timedelta(seconds=1), tick=False):
        assert api.call("GET", path)[0] == 200
    with time_machine.travel(NOW + DAY, tick=False):
        assert api.call("GET", path)[0] == 404
    other = publish(clicked(30))
    assert api.call("GET", f"/scoring-models/{other}/exports/{export['id']}")[0] == 404
    assert api.call("POST", "/scoring-models/nothing/exports")[0] == 404
    assert boto3.client("s3").head_bucket(Bucket=settings.exports_bucket)


def test_an_export_reads_each_lead_in_batches_and_writes_a_row_a_page(model):
    arguments = {"model": model, "export": "measured"}

    with metered() as usage:
        exports.write_part(arguments, LEADS, NOW)

    assert usage.round_trips <= 12  # of a page, however many leads up to a hundred
    assert usage.read_units <= 4 * len(LEADS)
    assert usage.write_units <= 5
