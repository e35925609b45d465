"""The workbook that is provided: fetched, filled in, sent, imported."""

import io

import pytest
from chalice.test import Client
from openpyxl import load_workbook

from app import app
from chalicelib import files
from chalicelib.access import service as access
from chalicelib.clock import now
from tests.support.api import Caller
from tests.support.custom import make
from tests.support.imports import finished, submitted

pytestmark = pytest.mark.usefixtures("cloud")


def fetched(client, record_type, scope="imports:read"):
    _, key = access.create_key(f"{record_type}-{scope}", "root", [scope], ["*"], now())
    return client.http.get(f"/imports/template?record_type={record_type}", headers={"Authorization": f"Bearer {key}"})


@pytest.mark.rule("IMP-2")
def test_a_template_that_is_filled_in_comes_in_without_mapping_anything(world):
    make("tier", "choice", "lead", required=True)
    with Client(app) as client:
        api, answer = Caller(client), fetched(client, "lead")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, files.TYPES["xlsx"])
        assert "leads.xlsx" in answer.headers["Content-Disposition"]
        book = load_workbook(io.BytesIO(answer.body))
        row = {
            "Topic": "Kayaks",
            "Last name": "Berg",
            "Company name": "Nygaard",
            "Tier": "Gold",
            "Phone": "+4512345678",
        }
        book.worksheets[0].append([row.get(cell.value) for cell in book.worksheets[0][1]])
        book.save(saved := io.BytesIO())

        import_ = submitted(api, saved.getvalue(), "lead")
        done = finished(api, world, import_)

        assert len(import_["options"]["mapping"]) == len(import_["looks"]["columns"])
        assert (done["counts"]["created"], done["counts"]["failed"]) == (1, 0)
        [lead] = api.get("/leads")["items"]
        assert (lead["topic"], lead["phone"], lead["custom"]) == ("Kayaks", "+4512345678", {"tier": "gold"})


def test_a_template_is_for_who_may_read_imports_and_for_records_that_are_imported():
    with Client(app) as client:
        assert fetched(client, "lead", "leads:read").status_code == 403
        assert fetched(client, "segment").status_code == 400
