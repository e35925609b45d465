"""What somebody allowed at any moment, and by which proof: over HTTP, from the log alone."""

import csv
import io
from datetime import timedelta
from urllib.parse import quote

import pytest
from chalice.test import Client

from app import app
from chalicelib.clock import as_text
from chalicelib.consent import history
from chalicelib.consent import service as consent
from chalicelib.consent.subscriptions import records
from chalicelib.contacts import service as contacts
from tests.support import campaign
from tests.support.api import Caller
from tests.support.consents import changes
from tests.support.merged import merge, prefer, undo

DAY = timedelta(days=1)


@pytest.fixture
def api(world):
    for each in ("ada", "twin"):
        campaign.contact(world, each)
    with Client(app) as client:
        yield Caller(client)


def patch(api, **wanted):
    path = "/contacts/ada/preferences"
    return api.change("PATCH", path, api.get(path), {**wanted, "reason": "on the phone"})


def asked(api, at=None, contact_id="ada"):
    return api.get(f"/contacts/{contact_id}/consent{f'?at={quote(as_text(at))}' if at else ''}")


@pytest.mark.rule("PRV-13")
def test_consent_is_known_as_of_any_moment_with_the_record_that_settled_it(api, world):
    born = world.now
    world.advance(DAY)
    patch(api, consent_level=4, prefill=True)
    agreed = world.now
    world.advance(DAY)
    patch(api, bulk_email=False, consent_level=2)

    before, then, now = asked(api, born), asked(api, agreed), asked(api)

    assert (before["consent_level"], before["bulk_email"], before["proof"]) == (0, True, [])
    assert (then["consent_level"], then["bulk_email"], then["prefill"]) == (4, True, True)
    [proof] = then["proof"]
    assert (proof["settles"], proof["reason"], proof["contact_id"]) == (
        ["consent_level", "prefill"],
        "on the phone",
        "ada",
    )
    assert (now["consent_level"], now["bulk_email"]) == (2, False)
    assert [each["settles"] for each in now["proof"]] == [["bulk_email", "consent_level"], ["prefill"]]
    assert api.call("GET", "/contacts/nobody/consent")[0] == 404
    assert api.call("GET", "/contacts/ada/consent?at=2026-11-24T08:00:00")[0] == 400


@pytest.mark.rule("PRV-13")
def test_who_was_one_person_at_the_moment_counted_together(api, world):
    prefer("ada", world.now, consent_level=5)
    prefer("twin", world.now, consent_level=3, bulk_email=False)
    apart = world.now
    world.advance(DAY)
    merge("ada", "twin", world.now)
    together = world.now
    world.advance(DAY)
    undo("ada", "twin", world.now)
    prefer("twin", world.now, consent_level=1)

    for identity in ("ada", "twin"):
        then = asked(api, together, identity)
        assert (then["people"], then["consent_level"], then["bulk_email"]) == (["ada", "twin"], 3, False)
    assert [asked(api, at)["consent_level"] for at in (apart, world.now)] == [5, 5]
    assert [asked(api, at, "twin")["consent_level"] for at in (apart, world.now)] == [3, 1]
    assert asked(api)["people"] == ["ada"]


@pytest.mark.rule("PRV-13")
def test_a_long_log_comes_in_pages_and_as_a_file_that_spreadsheets_open_safely(api, world):
    merge("ada", "twin", world.now)
    for level in range(1, 6):
        world.advance(DAY)
        patch(api, consent_level=level)
    path = "/contacts/twin/consent-changes"

    pages, cursor = [], ""
    while cursor is not None:
        answer = api.get(f"{path}?limit=5{f'&cursor={quote(cursor)}' if cursor else ''}")
        pages.append(answer["items"])
        cursor = answer["next_cursor"]

    assert [len(page) for page in pages] == [5, 5, 2]
    told = [each["id"] for page in pages for each in page]
    assert told == sorted({each.change_id for each in changes("ada")})
    file = history.exported("ada")
    assert file.startswith(b"\xef\xbb\xbf")  # or spreadsheets read it as anything but UTF-8
    rows = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == told
    assert rows[-1]["reason"] == "on the phone"
    assert '"consent_level": 5' in rows[-1]["after"]


def test_a_reason_that_a_spreadsheet_would_compute_is_text_in_the_file(api):
    path = "/contacts/ada/preferences"
    api.change("PATCH", path, api.get(path), {"consent_level": 1, "reason": "=cmd()"})

    answer = history.exported("ada").decode()

    assert ",'=cmd()," in answer


@pytest.mark.rule("PRV-13")
def test_the_log_goes_with_the_contact(api, world):
    patch(api, consent_level=4)
    records.create("news", {"name": "News", "public_name": "News"}, "user:u", world.now)
    api.post("/contacts/ada/lists/news", {"reason": "asked"})
    assert len(changes("ada")) == 2

    contacts.remove("ada", contacts.find("ada").version, world.now)
    world.settle()

    assert changes("ada") == []
    assert history.as_of("ada", world.now).allowed.consent_level == 0


@pytest.mark.rule("PRV-13", "EML-2")
def test_each_send_names_the_records_that_allowed_it(api, world, office):
    campaign.publish(world)
    prefer("ada", world.now, consent_level=4)
    merge("ada", "twin", world.now)
    relied_on = {each: consent.preferences(each).record for each in ("ada", "twin")}
    campaign.enter(world, "ada")
    world.settle()
    prefer("ada", world.now, consent_level=1)

    [send] = campaign.sends()
    shown = api.get(f"/sends/{send.send_id}")

    assert len(office.letters()) == 1
    assert (shown["designation"], shown["consent"]["records"]) == ("commercial", relied_on)
    kept = {each.change_id: each for each in changes("ada")}
    assert set(relied_on.values()) <= kept.keys()
    assert kept[relied_on["ada"]].state == {"consent_level": 4}
