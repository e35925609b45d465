"""Routes come when they are asked for: those of a request's first word, or all of them."""

import json
from threading import Event, Thread

import pytest
from chalice.app import RouteEntry

from chalicelib.access.authorizer import authorize
from chalicelib.http.table import RouteTable

MODULES = {"people": ("contacts", "accounts"), "notes": ("contacts",), "sales": ("leads",), "forms": ("forms", "p")}
PATHS = {
    "people": ["/contacts", "/accounts/{account_id}"],
    "notes": ["/contacts/{contact_id}/notes"],
    "sales": ["/leads"],
    "forms": [
        "/forms/{form_id}",
        "/forms/{form_id}/publish",
        "/forms/{form_id}/merges/{merge_id}",
        "/forms/{form_id}/merges/preview",
        "/forms/{form_id}/submissions",
        "/forms/{form_id}/submissions/{submission_id}",
        "/p/{slug}",
    ],
}
PUBLIC = {"/forms/{form_id}/submissions", "/p/{slug}"}
GATEWAY = [
    "/accounts/{account_id}",
    "/contacts",
    "/contacts/{contact_id}/{step_1}",
    "/forms/{form_id}",
    "/forms/{form_id}/submissions",
    "/forms/{form_id}/submissions/{submission_id}",
    "/forms/{form_id}/{step_1}",
    "/forms/{form_id}/{step_1}/{step_2}",
    "/leads",
    "/p/{slug}",
]


def entry(path, method="GET"):
    return RouteEntry(
        lambda **_: None, f"view of {path}", path, method, authorizer=None if path in PUBLIC else authorize
    )


def table_and_loaded():
    loaded = []

    def load(module):
        loaded.append(module)
        for path in PATHS[module]:
            table[path]["GET"] = entry(path)

    table = RouteTable(MODULES, load)
    return table, loaded


def test_a_path_loads_every_module_of_its_first_word_once_and_no_other():
    table, loaded = table_and_loaded()

    assert table["/contacts/{contact_id}/notes"]["GET"].view_name == "view of /contacts/{contact_id}/notes"
    assert table["/contacts"]["GET"].view_name == "view of /contacts"
    assert sorted(loaded) == ["notes", "people"]


def test_a_path_that_nobody_has_is_empty():
    table, loaded = table_and_loaded()

    assert table["/nowhere"] == {}
    assert loaded == []


def test_who_reads_the_table_reads_all_of_it_as_the_gateway_has_it():
    assert sorted(table_and_loaded()[0]) == GATEWAY
    assert len(table_and_loaded()[0]) == len(GATEWAY)
    assert [path for path, methods in sorted(table_and_loaded()[0].items()) if "GET" in methods] == GATEWAY


@pytest.mark.parametrize(
    ("steps", "own"),
    [
        ({"step_1": "publish"}, ("/forms/{form_id}/publish", {"form_id": "f"})),
        (
            {"step_1": "merges", "step_2": "m"},
            ("/forms/{form_id}/merges/{merge_id}", {"form_id": "f", "merge_id": "m"}),
        ),
        ({"step_1": "merges", "step_2": "preview"}, ("/forms/{form_id}/merges/preview", {"form_id": "f"})),
    ],
)
def test_the_steps_below_a_record_lead_to_the_operation_and_a_word_goes_before_a_parameter(steps, own):
    table, _ = table_and_loaded()
    path = "/".join(["/forms/{form_id}", *(f"{{{name}}}" for name in steps)])

    assert table.own(path, {"form_id": "f", **steps}) == own


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/forms/{form_id}/{step_1}", {"form_id": "f", "step_1": "nothing"}),
        ("/forms/{form_id}/{step_1}", {"form_id": "f", "step_1": "{step_1}"}),
        ("/forms/{form_id}/submissions", {"form_id": "f"}),
        ("/forms/{form_id}/publish", {"form_id": "f"}),
        ("/nowhere/{id}/{step_1}", {"id": "1", "step_1": "publish"}),
    ],
)
def test_an_address_that_leads_nowhere_else_stays_as_it_is(path, given):
    assert table_and_loaded()[0].own(path, given) == (path, given)


def test_what_stands_for_operations_asks_who_is_there_and_has_nothing_to_say_itself():
    table, _ = table_and_loaded()

    standing = table["/forms/{form_id}/{step_1}"]["GET"]

    assert standing.authorizer is authorize
    assert standing.view_args == ["form_id", "step_1"]
    answer = standing.view_function(form_id="f", step_1="nothing")
    assert (answer.status_code, json.loads(answer.body)["title"]) == (404, "Not Found")
    assert "/forms/{form_id}/{step_1}" not in table.data


def test_no_thread_sees_half_of_the_routes_of_a_module():
    begun, go_on, seen = Event(), Event(), []

    def load(module):
        table["/leads"]["GET"] = entry("/leads")
        begun.set()
        go_on.wait(60)
        table["/leads"]["POST"] = entry("/leads", "POST")

    table = RouteTable({"sales": ("leads",)}, load)
    loading = Thread(target=lambda: table["/leads"])
    loading.start()
    assert begun.wait(60)
    asking = Thread(target=lambda: seen.append(sorted(table["/leads"])))
    asking.start()
    asking.join(0.05)  # it has to wait; where it does not, it has seen half by now
    go_on.set()
    for thread in (loading, asking):
        thread.join(60)

    assert seen == [["GET", "POST"]]
