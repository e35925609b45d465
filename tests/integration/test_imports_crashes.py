"""Imports that die anywhere, race and are cancelled: each good row exactly once, each bad one in the file of errors."""

from collections import Counter
from random import Random

import pytest
from botocore.exceptions import BotoCoreError
from chalice.test import Client
from pynamodb.exceptions import PynamoDBException

from app import app
from chalicelib import dynamodb, files
from chalicelib.contacts.models import Contact
from chalicelib.definitions import carrying
from chalicelib.imports import importing, parsing, parts, service
from chalicelib.imports.models import Import
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.faults import Faults, Killed, database, injected
from tests.support.imports import CONSENT, failed_rows, started, submitted, table, work_through

pytestmark = pytest.mark.usefixtures("cloud")
HEADINGS = ["Last name", "Email", "Phone"]


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def all_contacts():
    return list(Contact.scan(Contact.sk == "CONTACT", consistent_read=True))


def work_until_done(job_id, now, dies):
    """Work at a job as often as it dies, each time from where its rows say that it is."""
    deaths = 0
    carrying.begin(job_id, now)
    while True:
        try:
            with injected(dies(deaths), *database(), files._client()):
                for number in range(16):
                    while not carrying.work_page(job_id, number, now).ended:
                        pass
                assert carrying.finish(job_id, now)
        except Killed:
            deaths += 1
        else:
            return deaths


@pytest.mark.parametrize("mode", ["dies before", "dies after"])
def test_an_import_that_dies_again_and_again_has_every_good_row_once_and_every_bad_one_in_its_file(
    api, world, mode, monkeypatch
):
    monkeypatch.setattr(parsing, "PAGE", 60)
    monkeypatch.setattr(importing, "BATCH", 5)
    bad = set(range(7, 200, 33))
    rows = [[f"Berg {at}", "broken" if at in bad else f"p{at}@x.example", ""] for at in range(200)]
    import_ = started(api, submitted(api, table([HEADINGS, *rows]), match_by="email"))
    chance = Random(mode)

    def dies(deaths):
        return Faults(mode, chance.randint(10, 90) if deaths < 12 else 0)

    deaths = work_until_done(import_["job_id"], world.now, dies)
    deaths += work_until_done(api.get(f"/imports/{import_['id']}")["job_id"], world.now, dies)

    done = api.get(f"/imports/{import_['id']}")
    assert deaths >= 10
    assert (done["state"], done["rows"]) == ("completed", 200)
    assert (done["counts"]["created"], done["counts"]["updated"], done["counts"]["failed"]) == (194, 0, 6)
    found = all_contacts()
    assert Counter(each.last_name for each in found) == Counter(
        each[0] for at, each in enumerate(rows) if at not in bad
    )
    assert {each.version for each in found} == {1}
    assert sorted(int(row["row_number"]) for row in failed_rows(done)) == sorted(at + 2 for at in bad)


@pytest.mark.parametrize("mode", ["dies before", "dies after", "answer lost"])
def test_a_batch_that_dies_at_any_call_comes_to_the_same(api, world, mode, monkeypatch):
    """Each call of a batch fails in its turn, and the batch is done once more."""
    monkeypatch.setattr(parts, "spread", lambda rows: {0: [row for row, _ in rows]})
    known = api.post("/contacts", {"last_name": "Known", "email": "known@x.example"})
    died = calls = at = 0
    while at <= calls + 1:
        at += 1
        rows = [["New", f"new{at}@x.example", ""], ["Twin", f"new{at}@x.example", ""], ["Bad", "broken", ""]]
        rows += [[f"Known {at}", "known@x.example", ""]]
        made = submitted(
            api, table([HEADINGS, *rows]), match_by="email", consent={**CONSENT, "allows": {"consent_level": 2}}
        )
        import_ = started(api, made)
        work_through(import_["job_id"], world.now)
        arguments = {"import": import_["id"], "run": 1}
        faults = Faults(mode, at)
        with injected(faults, *([dynamodb.writer()] if mode == "answer lost" else [*database(), files._client()])):
            try:
                _take_all(arguments, world.now, [0])
            except (Killed, PynamoDBException, BotoCoreError):
                died += 1
        calls = max(calls, faults.calls)
        _take_all(arguments, world.now, [0])

        sums = service.totals(Import.get(*Import.at(import_["id"]))).sums
        assert sums == {"created": 1, "updated": 2, "failed": 1}, (at, faults.names[-1])
        found = [each for each in all_contacts() if each.email == f"new{at}@x.example"]
        assert [(each.last_name, each.version) for each in found] == [("Twin", 2)]
    assert died >= 15 or mode == "answer lost"
    assert api.get(f"/contacts/{known['id']}")["version"] == 1 + at


def _take_all(arguments, now, slices=range(16)):
    for number in slices:
        cursor = "1.0"
        while cursor is not None:
            ids, cursor = importing.pages(arguments, number, cursor)
            if ids:
                importing.act(arguments, ids, now)


def test_of_two_at_work_on_one_batch_each_row_is_taken_once(api, world):
    made = submitted(api, table([HEADINGS, *([f"Berg {at}", f"p{at}@x.example", ""] for at in range(30))]))
    import_ = started(api, made)
    work_through(import_["job_id"], world.now)
    arguments = {"import": import_["id"], "run": 1}

    with before_the_next_write(lambda: _take_all(arguments, world.now)):
        _take_all(arguments, world.now)

    assert service.totals(Import.get(*Import.at(import_["id"]))).sums == {"created": 30}
    assert len(all_contacts()) == 30


def records(world):
    """Every row but what an import is itself, and who started it."""
    apart = ("-imports", "-definitions", "-audit")
    return {key: row for key, row in world.rows().items() if not key[0].endswith(apart)}


@pytest.mark.rule("IMP-6")
def test_a_trial_says_what_the_import_would_come_to_and_writes_no_record(api, world):
    api.post("/contacts", {"last_name": "Known", "email": "known@x.example"})
    rows = [["Known", "known@x.example", ""], ["Changed", "KNOWN@x.example", ""], ["New", "new@x.example", ""]]
    rows += [["New again", "new@x.example", ""], ["Bad", "broken", ""]]
    made = submitted(api, table([HEADINGS, *rows]), match_by="email")
    before = records(world)

    started(api, made, dry_run=True)
    world.settle()
    tried = api.get(f"/imports/{made['id']}")

    after = records(world)
    assert after == before
    counts = ("created", "updated", "unchanged", "failed")
    assert (tried["state"], [tried["checked"][each] for each in counts]) == ("submitted", [1, 2, 1, 1])
    assert [row["Last name"] for row in failed_rows(tried)] == ["Bad"]
    started(api, tried)
    world.settle()
    done = api.get(f"/imports/{made['id']}")
    assert [done["counts"][each] for each in counts] == [tried["checked"][each] for each in counts]


@pytest.mark.rule("IMP-6")
def test_an_import_goes_through_its_states_and_stops_when_it_is_cancelled(api, world):
    made = submitted(api, table([HEADINGS, *([f"Berg {at}", f"p{at}@x.example", ""] for at in range(40))]))
    states = [made["state"]]
    import_ = started(api, made)
    states.append(import_["state"])
    carrying.begin(import_["job_id"], world.now)
    carrying.work_page(import_["job_id"], 0, world.now)
    states.append(api.get(f"/imports/{made['id']}")["state"])
    work_through_rest(import_["job_id"], world.now)
    importing_ = api.get(f"/imports/{made['id']}")
    states.append(importing_["state"])
    carrying.begin(importing_["job_id"], world.now)
    carrying.work_page(importing_["job_id"], 3, world.now)

    api.post(f"/imports/{made['id']}/cancel")

    work_through_rest(importing_["job_id"], world.now)
    done = api.get(f"/imports/{made['id']}")
    assert [*states, done["state"]] == ["submitted", "parsing", "transforming", "importing", "cancelled"]
    assert 0 < done["counts"]["created"] == len(all_contacts()) < 40
    assert api.call("POST", f"/imports/{made['id']}/cancel")[0] == 409
    again = api.call("POST", f"/imports/{made['id']}/start", {}, If_Match=f'"{done["version"]}"')
    assert again[0] == 409


def work_through_rest(job_id, now):
    for number in range(16):
        while not carrying.work_page(job_id, number, now).ended:
            pass
    assert carrying.finish(job_id, now)
