"""Imports: a file that somebody sent, row by row through the plans of contacts, accounts and leads."""

import pytest
from chalice.test import Client

from app import app
from tests.support.api import Caller
from tests.support.imports import CONSENT, failed_rows, finished, sent, submitted, table

pytestmark = pytest.mark.usefixtures("cloud")

HEADINGS = ["First name", "Surname", "E-Mail", "Phone", "Born", "Colour"]
PEOPLE = [
    ["Ada", "Berg", "ada@nygaard.example", "+45 12 34 56 78", "1990-05-01", "red"],
    ["Bo", "Juhl", "bo@nygaard.example", "", "", ""],
    ["Åse", "Łódź", "ase@nygaard.example", "", "", "=1+1"],
]


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def contacts(api):
    return {each["email"]: each for each in api.get("/contacts")["items"]}


@pytest.mark.rule("IMP-1", "IMP-2", "IMP-4", "IMP-6")
def test_people_of_a_file_become_contacts_with_what_its_columns_are_called(api, world):
    import_ = submitted(api, table([HEADINGS, *PEOPLE]))
    assert import_["looks"]["columns"] == HEADINGS
    assert {each["column"]: each["field"] for each in import_["options"]["mapping"]} == {
        "First name": "first_name", "Surname": "last_name", "E-Mail": "email", "Phone": "phone",
    }  # fmt: skip

    done = finished(api, world, import_)

    assert (done["state"], done["rows"], done["counts"]["created"], done["counts"]["failed"]) == ("completed", 3, 3, 0)
    assert done["counts"]["verdict"] == "success"
    found = contacts(api)
    ada = found["ada@nygaard.example"]
    assert (ada["first_name"], ada["last_name"], ada["phone"]) == ("Ada", "Berg", "+4512345678")
    assert found["ase@nygaard.example"]["last_name"] == "Łódź"
    assert api.get("/imports")["items"][0]["result"]["created"] == 3


@pytest.mark.rule("IMP-2")
def test_how_a_file_is_written_is_told_and_can_be_said_before_looking_again(api):
    content = "Nachname\tOrt, Land\r\nŽižek\tLjubljana\r\n".encode("cp1250")
    said = submitted(api, content, encoding="cp1250", delimiter="tab", mapping=[])

    looked = api.change("POST", f"/imports/{said['id']}/look", said)

    assert looked["looks"]["writing"] == {"encoding": "cp1250", "delimiter": "tab"}
    assert looked["looks"]["columns"] == ["Nachname", "Ort, Land"]
    assert looked["looks"]["first"][0]["cells"] == ["Žižek", "Ljubljana"]
    wrong = api.call("PATCH", f"/imports/{said['id']}", {"encoding": "utf-7"}, If_Match=f'"{looked["version"]}"')
    assert wrong[0] == 400


def test_whoever_looks_is_shown_the_first_rows_and_nobody_keeps_them(api, world):
    made = api.post("/imports", {"record_type": "contact", "name": "list.csv"})
    sent(made["upload"], table([HEADINGS, *PEOPLE]))

    looked = api.change("POST", f"/imports/{made['id']}/look", made)

    assert [(row["number"], row["cells"][1]) for row in looked["looks"]["first"]] == [
        (2, "Berg"), (3, "Juhl"), (4, "Łódź"),
    ]  # fmt: skip
    assert "nygaard" not in str([row for key, row in world.rows().items() if "imports" in key[0]])


# What keeps an import from being started -----------------------------------------------------------------------------


def refusal(api, import_, status=422):
    found, answer, _ = api.call("POST", f"/imports/{import_['id']}/start", {}, If_Match=f'"{import_["version"]}"')
    assert found == status, answer
    return {each["field"]: each["message"] for each in answer.get("errors", [])}


@pytest.mark.rule("IMP-3")
@pytest.mark.parametrize(
    ("record_type", "required"),
    [("account", ["name"]), ("contact", ["last_name"]), ("lead", ["topic", "last_name", "company_name"])],
)
def test_what_a_record_cannot_be_without_must_be_mapped(api, record_type, required):
    import_ = submitted(api, table([["City"], ["Aarhus"]]), record_type)

    for name in required:
        only = [{"column": "City", "field": name}]
        changed = api.change("PATCH", f"/imports/{import_['id']}", import_, {"mapping": only})
        refused = refusal(api, changed) if len(required) > 1 else {}
        assert not any(f"mapped to {name}" in each for each in refused.values())
        import_ = changed
    without = api.change("PATCH", f"/imports/{import_['id']}", import_, {"mapping": []})
    assert f"mapped to {required[-1]}" in refusal(api, without)["mapping"]


@pytest.mark.rule("IMP-3")
def test_a_row_that_leaves_a_required_field_blank_is_not_imported(api, world):
    done = finished(api, world, submitted(api, table([HEADINGS, ["Ada", " ", "ada@x.example"], PEOPLE[1]])))

    assert (done["counts"]["created"], done["counts"]["failed"], done["counts"]["verdict"]) == (1, 1, "partial_failure")
    [error] = done["counts"]["errors"]
    assert (error["row"], error["field"], error["code"]) == (2, "last_name", "invalid")
    assert list(contacts(api)) == ["bo@nygaard.example"]


def test_nobody_is_imported_without_saying_in_which_words_they_agreed(api):
    import_ = submitted(api, table([HEADINGS, *PEOPLE]))
    without = api.change("PATCH", f"/imports/{import_['id']}", import_, {"consent": None})

    assert "Say in which words" in refusal(api, without)["consent"]
    halves = api.call("PATCH", f"/imports/{import_['id']}", {"consent": {"wording": "Yes"}}, If_Match='"1"')
    assert halves[0] == 400


@pytest.mark.rule("IMP-4")
def test_a_mapping_must_fit_the_file_and_the_record(api):
    wrong = [("Surname", "last_name"), ("E-Mail", "email"), ("Nothing", "city"), ("Phone", "shoe_size")]
    mapping = [{"column": one, "field": each} for one, each in [*wrong, ("Born", "email")]]
    import_ = submitted(api, table([HEADINGS, *PEOPLE]), mapping=mapping, match_by="phone-only")

    assert refusal(api, import_).keys() == {"mapping.2.column", "mapping.3.field", "mapping.4.field", "match_by"}


@pytest.mark.rule("IMP-4")
def test_a_saved_map_is_used_for_the_columns_that_a_file_has(api, world):
    mapping = [{"column": "nachname", "field": "last_name"}, {"column": "Post", "field": "email"}]
    mapping += [{"column": "Art", "field": "marketing_only", "values": {"nur Werbung": "yes"}}]
    document = {"record_type": "contact", "mapping": mapping, "manner": {"country": "DE"}}
    saved = api.post("/import-maps", {"name": "Fair", "document": document})
    rows = [["Nachname", "Art"], ["Berg", "NUR WERBUNG"]]

    import_ = submitted(api, table(rows), map_id=saved["id"])
    done = finished(api, world, import_)

    assert [each["field"] for each in import_["options"]["mapping"]] == ["last_name", "marketing_only"]
    assert import_["options"]["manner"]["country"] == "DE"
    assert done["counts"]["created"] == 1
    assert [each["marketing_only"] for each in api.get("/contacts")["items"]] == [True]
    of_leads = submitted(api, table(rows), "lead")
    told = api.call("PATCH", f"/imports/{of_leads['id']}", {"map_id": saved["id"]}, If_Match=f'"{of_leads["version"]}"')
    assert (told[0], told[1]["errors"][0]["field"]) == (422, "map_id")


def test_a_file_that_never_came_or_cannot_be_read_is_told_in_words(api):
    made = api.post("/imports", {"record_type": "contact", "name": "list.csv"})
    path, tag = f"/imports/{made['id']}", f'"{made["version"]}"'

    absent = api.call("POST", f"{path}/look", {}, If_Match=tag)
    unlooked = api.call("POST", f"{path}/start", {}, If_Match=tag)
    sent(made["upload"], b"PK\x03\x04 torn")
    torn = api.call("POST", f"{path}/look", {}, If_Match=tag)

    assert [each[0] for each in (absent, unlooked, torn)] == [409, 409, 422]
    assert "damaged" in torn[1]["detail"]
    assert made["upload"]["fields"]["key"] == f"imports/{made['id']}/source"


@pytest.mark.rule("IMP-2")
def test_the_address_takes_no_more_than_a_gigabyte(api):
    import base64
    import json

    made = api.post("/imports", {"record_type": "contact", "name": "list.csv"})

    policy = json.loads(base64.b64decode(made["upload"]["fields"]["policy"]))
    assert ["content-length-range", 1, 1024**3] in policy["conditions"]
    assert {"key": f"imports/{made['id']}/source"} in policy["conditions"]


def test_a_file_that_breaks_off_in_its_middle_ends_the_import_and_says_at_which_row(api, world):
    rows = table([HEADINGS, *PEOPLE * 3]) + b'Eva,Holm,"never closed\n' + b"x,y,z\n" * 60_000

    done = finished(api, world, submitted(api, rows))

    assert (done["state"], "Row 11" in done["reason"]) == ("failed", True)
    assert contacts(api) == {}


# Duplicates ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("IMP-5", "CON-20")
@pytest.mark.parametrize(
    ("key", "detects", "twin", "expected"),
    [
        ("email", False, "email", "updated"),
        (None, False, "email", "failed"),
        (None, False, "nobody", "created"),
        (None, True, "email", "failed"),
        (None, True, "phone", "failed"),
        (None, False, "phone", "created"),
        ("email", True, "email", "updated"),
        ("email", True, "phone", "failed"),
        ("email", True, "both", "failed"),
        ("email", False, "phone", "created"),
    ],
)
def test_a_row_with_the_key_of_a_record_updates_it_or_fails_as_the_import_says(
    api, world, key, detects, twin, expected
):
    api.post("/matching-strategies", {"name": "Phone", "attributes": ["phone"]})
    world.settle()
    first = {"last_name": "Berg", "email": "ada@x.example", "phone": "+4512345678"}
    api.post("/contacts", first)
    api.post("/contacts", {"last_name": "Holm", "email": "eva@x.example", "phone": "+4587654321"})
    row = {
        "email": ["Juhl", "ada@x.example", ""],
        "phone": ["Juhl", "bo@x.example", "+4512345678"],
        "both": ["Juhl", "ada@x.example", "+4587654321"],
        "nobody": ["Juhl", "bo@x.example", ""],
    }[twin]

    import_ = submitted(api, table([["Last name", "Email", "Phone"], row]), match_by=key, detect_duplicates=detects)
    tried = finished(api, world, import_, dry_run=True)
    done = finished(api, world, tried)

    for counts in (tried["checked"], done["counts"]):
        assert {name: counts[name] for name in ("created", "updated", "failed")} == {
            "created": 0, "updated": 0, "failed": 0, expected: 1,
        }  # fmt: skip
    assert (contacts(api)["ada@x.example"]["last_name"] == "Juhl") is (expected == "updated")


@pytest.mark.rule("IMP-5")
@pytest.mark.parametrize("record_type", ["contact", "account", "lead"])
def test_a_row_that_names_a_record_by_its_id_changes_that_one(api, world, record_type):
    values = {
        "contact": {"last_name": "Berg", "city": "Aarhus"},
        "account": {"name": "Berg", "city": "Aarhus"},
        "lead": {"last_name": "Berg", "city": "Aarhus", "topic": "Kayaks", "company_name": "Nygaard"},
    }[record_type]
    record = api.post(f"/{record_type}s", values)
    named = [name for name in values if name != "city"]
    rows = [["id", "City", *named], [record["id"], "Odense", *(values[each] for each in named)]]
    rows.append(["nobody's", "Odense", *(values[each] for each in named)])

    done = finished(api, world, submitted(api, table(rows), record_type))

    assert (done["counts"]["updated"], done["counts"]["failed"], done["counts"]["created"]) == (1, 1, 0)
    assert api.get(f"/{record_type}s/{record['id']}")["city"] == "Odense"
    assert done["counts"]["errors"][0]["field"] == "id"


@pytest.mark.rule("IMP-5")
def test_an_account_of_the_same_name_and_website_is_a_duplicate_where_those_are_looked_for(api, world):
    api.post("/accounts", {"name": "Nygaard", "website": "https://nygaard.example"})
    content = table([["Account name", "Website"], ["NYGAARD", "nygaard.example"], ["Other", "nygaard.example"]])
    mapping = [{"column": "Account name", "field": "name"}, {"column": "Website", "field": "website"}]

    done = finished(api, world, submitted(api, content, "account", mapping=mapping, detect_duplicates=True))
    again = finished(api, world, submitted(api, content, "account", mapping=mapping))

    assert (done["counts"]["created"], done["counts"]["failed"]) == (1, 1)
    assert (again["counts"]["created"], again["counts"]["failed"]) == (2, 0)


def test_of_two_rows_of_one_person_the_last_one_wins(api, world):
    rows = [["Last name", "Email"], *([f"Berg {number}", "Ada@X.example"] for number in range(20))]

    done = finished(api, world, submitted(api, table(rows), match_by="email"))

    assert (done["counts"]["created"], done["counts"]["updated"]) == (1, 19)
    assert [each["last_name"] for each in api.get("/contacts")["items"]] == ["Berg 19"]


@pytest.mark.rule("IMP-1", "IMP-3")
def test_imported_leads_wait_for_somebody_to_map_them_to_a_contact(api, world):
    headings = ["Topic", "Last name", "Company name", "Email", "Rating", "Budget", "Decision maker"]
    rows = [["Kayaks", "Berg", "Nygaard", "ada@x.example", "Hot lead", "1.500,50", "yes"], ["", "Juhl", "Havn"]]
    mapping = [{"column": each, "field": each.lower().replace(" ", "_")} for each in headings[:4]]
    mapping += [{"column": "Rating", "field": "rating", "values": {"hot LEAD": "hot"}}]
    mapping += [{"column": "Budget", "field": "budget_amount"}, {"column": "Decision maker", "field": "decision_maker"}]

    import_ = submitted(api, table([headings, *rows]), "lead", mapping=mapping, manner={"decimal": ","})
    done = finished(api, world, import_)

    assert (done["counts"]["created"], done["counts"]["failed"]) == (1, 1)
    [lead] = api.get("/orphan-leads")["items"]
    assert (lead["topic"], lead["rating"], lead["budget_amount"], lead["decision_maker"]) == (
        "Kayaks", "hot", "1500.5", True,
    )  # fmt: skip


# Values --------------------------------------------------------------------------------------------------------------


def test_blank_cells_leave_what_is_there_and_a_word_of_ones_own_clears(api, world):
    api.post("/contacts", {"last_name": "Berg", "email": "ada@x.example", "city": "Aarhus", "job_title": "Captain"})
    rows = [["Last name", "Email", "City", "Job title"], ["Berg", "ada@x.example", "", "(none)"]]

    import_ = submitted(api, table(rows), match_by="email", manner={"clears": "(none)"})
    finished(api, world, import_)

    ada = contacts(api)["ada@x.example"]
    assert (ada["city"], ada["job_title"]) == ("Aarhus", None)


def test_dates_and_phone_numbers_are_read_as_they_are_written_where_the_file_is_from(api, world):
    rows = [["Last name", "Email", "Born", "Phone"]]
    rows += [["A", "a@x.example", "01.05.1990", "12 34 56 78"], ["B", "b@x.example", "31.02.1990", ""]]
    rows += [["C", "c@x.example", "1990-05-01", "4.5E+10"]]
    mapping = [
        {"column": one, "field": each}
        for one, each in zip(rows[0], ["last_name", "email", "birth_date", "phone"], strict=True)
    ]

    import_ = submitted(api, table(rows), mapping=mapping, manner={"dates": "dmy", "country": "DK"})
    done = finished(api, world, import_)

    assert [(each["row"], each["field"]) for each in done["counts"]["errors"]] == [(3, "birth_date"), (4, "phone")]
    ada = contacts(api)["a@x.example"]
    assert (ada["birth_date"], ada["phone"]) == ("1990-05-01", "+4512345678")


def test_rows_that_failed_come_back_with_their_reasons_and_can_be_sent_again(api, world):
    rows = [["Name", "Email", "Phone"], ["=Berg", "ada@x.example", "+4512345678"], ["Juhl", "bo", "+4587654321"]]
    rows += [["+Holm", "eva@x.example", "+45 1"], ["N\x00l", "nul@x.example", ""]]
    mapping = [{"column": "Name", "field": "last_name"}, {"column": "Email", "field": "email"}]
    mapping += [{"column": "Phone", "field": "phone"}]

    done = finished(api, world, submitted(api, table(rows), mapping=mapping))
    failed = sorted(failed_rows(done), key=lambda row: int(row["row_number"]))

    assert done["error_file"]["rows"] == 3
    assert [(row["row_number"], row["error_field"]) for row in failed] == [
        ("3", "email"), ("4", "phone"), ("5", "last_name"),
    ]  # fmt: skip
    assert all(row["error_message"].endswith(".") for row in failed)
    assert (failed[1]["Name"], failed[1]["Phone"]) == ("'+Holm", "'+45 1")
    failed[0]["Email"], failed[1]["Phone"], failed[2]["Name"] = "bo@x.example", "'+4512121212", "Nul"
    corrected = table([list(failed[0]), *(list(row.values()) for row in failed)])
    again = finished(api, world, submitted(api, corrected, mapping=mapping))

    assert (again["counts"]["created"], again["counts"]["failed"]) == (3, 0)
    found = contacts(api)
    assert {each["last_name"] for each in found.values()} == {"=Berg", "Juhl", "+Holm", "Nul"}
    assert (found["eva@x.example"]["phone"], found["bo@x.example"]["phone"]) == ("+4512121212", "+4587654321")


def test_a_row_that_fails_again_comes_back_with_one_reason_and_a_row_of_too_many_cells_is_no_row(api, world):
    content = b"Name,Email\r\nBerg,broken\r\nBerg, Ada,ada@x.example\r\n"
    mapping = [{"column": "Name", "field": "last_name"}, {"column": "Email", "field": "email"}]

    done = finished(api, world, submitted(api, content, mapping=mapping))
    failed = sorted(failed_rows(done), key=lambda row: int(row["row_number"]))

    assert done["counts"]["failed"] == 2
    assert [row["error_field"] for row in failed] == ["email", ""]
    assert "more cells than there are headings" in failed[1]["error_message"]
    assert failed[1][None] == ["ada@x.example"]
    again = finished(api, world, submitted(api, table([list(failed[0]), list(failed[0].values())]), mapping=mapping))
    [row] = failed_rows(again)
    assert list(row) == ["Name", "Email", "row_number", "error_code", "error_field", "error_message"]
    assert (row["Email"], row["row_number"]) == ("broken", "2")


# Consent -------------------------------------------------------------------------------------------------------------


def preferences(api, email):
    return api.get(f"/contacts/{contacts(api)[email]['id']}/preferences")


def test_what_the_people_of_a_list_agreed_to_is_kept_with_its_words(api, world):
    content = table([["Last name", "Email"], ["Berg", "ada@x.example"]])

    finished(api, world, submitted(api, content, consent={**CONSENT, "allows": {"consent_level": 4}}))

    assert preferences(api, "ada@x.example")["consent_level"] == 4
    [change] = api.get(f"/contacts/{contacts(api)['ada@x.example']['id']}/consent-changes")["items"]
    assert (change["wording"], change["reason"], change["method"]) == (CONSENT["wording"], CONSENT["source"], "import")


def test_an_import_never_brings_back_what_somebody_withdrew_but_takes_away_at_once(api, world):
    ada = api.post("/contacts", {"last_name": "Berg", "email": "ada@x.example"})
    path = f"/contacts/{ada['id']}/preferences"
    for body in ({"consent_level": 4, "reason": "by phone"}, {"consent_level": 1}, {"bulk_email": False}):
        api.change("PATCH", path, api.get(path), body)
    rows = [["Last name", "Email", "Bulk", "Tracking"], ["Berg", "ada@x.example", "yes", "no"]]
    mapping = [
        {"column": one, "field": each}
        for one, each in zip(
            rows[0], ["last_name", "email", "preferences.bulk_email", "preferences.tracking"], strict=True
        )
    ]
    consent = {**CONSENT, "allows": {"consent_level": 5, "prefill": True}}

    done = finished(api, world, submitted(api, table(rows), mapping=mapping, match_by="email", consent=consent))

    assert done["counts"]["updated"] == 1
    found = api.get(path)
    assert (found["consent_level"], found["bulk_email"], found["tracking"], found["prefill"]) == (1, False, False, True)


def test_a_list_can_say_that_somebody_is_a_child_and_never_that_one_is_none(api, world):
    child = api.post("/contacts", {"last_name": "Berg", "email": "ada@x.example"})
    path = f"/contacts/{child['id']}/preferences"
    api.change("PATCH", path, api.get(path), {"is_child": True})
    rows = [["Last name", "Email", "Child"], ["Berg", "ada@x.example", "no"], ["Juhl", "bo@x.example", "yes"]]
    fields = ["last_name", "email", "preferences.is_child"]
    mapping = [{"column": one, "field": each} for one, each in zip(rows[0], fields, strict=True)]

    done = finished(api, world, submitted(api, table(rows), mapping=mapping, match_by="email"))

    assert (done["counts"]["created"], done["counts"]["unchanged"]) == (1, 1)
    assert api.get(path)["is_child"]
    assert preferences(api, "bo@x.example")["is_child"]


def test_a_list_cannot_speak_for_guardians(api):
    import_ = submitted(api, table([["Last name"], ["Berg"]]))
    consent = {**CONSENT, "allows": {"guardian_consent": True}}

    status, _, _ = api.call("PATCH", f"/imports/{import_['id']}", {"consent": consent}, If_Match='"3"')

    assert status == 400
