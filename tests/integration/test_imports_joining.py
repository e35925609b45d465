"""Imports that name subscription lists and static segments, which everybody of the file joins."""

import pytest
from chalice.test import Client

from app import app
from tests.support.api import Caller
from tests.support.imports import CONSENT, finished, submitted, table

pytestmark = pytest.mark.usefixtures("cloud")
HEADINGS = ["Last name", "Email"]


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def news(api):
    return api.post("/subscription-lists", {"name": "News"})["id"]


@pytest.fixture
def fair(api):
    return api.post("/segments", {"name": "Fair", "document": {"type": "static"}})["id"]


def on_list(api, list_id):
    return {each["contact_id"] for each in api.get(f"/subscription-lists/{list_id}/members")["items"]}


@pytest.mark.rule("IMP-4")
def test_everybody_joins_with_the_statement_as_proof_but_who_left_the_list_and_the_result_says_so(
    api, world, news, fair
):
    left = api.post("/contacts", {"last_name": "Juhl", "email": "bo@x.example"})
    members = f"/subscription-lists/{news}/members"
    api.call("POST", members, {"contact_ids": [left["id"]], "reason": "by phone"})
    api.call("DELETE", f"/contacts/{left['id']}/lists/{news}")
    assert on_list(api, news) == set()
    rows = [HEADINGS, ["Berg", "ada@x.example"], ["Juhl", "bo@x.example"]]

    import_ = submitted(api, table(rows), match_by="email", lists=[news], segments=[fair])
    tried = finished(api, world, import_, dry_run=True)
    assert (on_list(api, news), tried["checked"]["kept_off"]) == (set(), 1)
    done = finished(api, world, tried)

    counts = done["counts"]
    assert (counts["created"], counts["updated"], counts["failed"], counts["kept_off"]) == (1, 1, 0, 1)
    assert [(each["row"], each["code"]) for each in counts["errors"]] == [(3, "kept_off")]
    ada = next(each["id"] for each in api.get("/contacts")["items"] if each["email"] == "ada@x.example")
    assert on_list(api, news) == {ada}
    picked = {each["contact_id"] for each in api.get(f"/segments/{fair}/members")["items"]}
    assert picked == {ada, left["id"]}
    [change] = api.get(f"/contacts/{ada}/consent-changes")["items"]
    assert (change["wording"], change["reason"], change["source"]) == (
        CONSENT["wording"], CONSENT["source"], f"import:{done['id']}",
    )  # fmt: skip


def test_a_list_that_is_not_there_a_segment_of_a_query_and_leads_are_told_before_anything_begins(api, news):
    query = {"field": "contact.city", "operator": "equals", "values": ["Aarhus"]}
    dynamic = api.post("/segments", {"name": "Aarhus", "document": {"type": "dynamic", "query": query}})["id"]
    joins = {"lists": [news, "gone"], "segments": [dynamic, "gone"]}
    people = submitted(api, table([HEADINGS, ["Berg", "ada@x.example"]]), **joins)
    rows = [["Topic", "Last name", "Company name"], ["Kayaks", "Berg", "Nygaard"]]
    leads = submitted(api, table(rows), "lead", lists=[news])

    told = [refused(api, each) for each in (people, leads)]

    assert told == [{"lists.1", "segments.0", "segments.1"}, {"lists"}]


def refused(api, import_):
    status, answer, _ = api.call("POST", f"/imports/{import_['id']}/start", {}, If_Match=f'"{import_["version"]}"')
    assert status == 422
    return {each["field"] for each in answer["errors"]}
