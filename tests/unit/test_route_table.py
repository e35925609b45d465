"""Routes come when they are asked for: those of a request's first word, or all of them."""

from threading import Event, Thread

from chalicelib.http.table import RouteTable

MODULES = {"people": ("contacts", "accounts"), "notes": ("contacts",), "sales": ("leads",)}
PATHS = {
    "people": ["/contacts", "/accounts/{account_id}"],
    "notes": ["/contacts/{contact_id}/notes"],
    "sales": ["/leads"],
}


def table_and_loaded():
    loaded = []

    def load(module):
        loaded.append(module)
        for path in PATHS[module]:
            table[path]["GET"] = module

    table = RouteTable(MODULES, load)
    return table, loaded


def test_a_path_loads_every_module_of_its_first_word_once_and_no_other():
    table, loaded = table_and_loaded()

    assert table["/contacts/{contact_id}/notes"] == {"GET": "notes"}
    assert table["/contacts"] == {"GET": "people"}
    assert sorted(loaded) == ["notes", "people"]


def test_a_path_that_nobody_has_is_empty():
    table, loaded = table_and_loaded()

    assert table["/nowhere"] == {}
    assert loaded == []


def test_who_reads_the_table_reads_all_of_it():
    paths = [path for of_module in PATHS.values() for path in of_module]

    assert sorted(table_and_loaded()[0]) == sorted(paths)
    assert len(table_and_loaded()[0]) == len(paths)
    assert sorted(table_and_loaded()[0].items())[0] == ("/accounts/{account_id}", {"GET": "people"})


def test_no_thread_sees_half_of_the_routes_of_a_module():
    begun, go_on, seen = Event(), Event(), []

    def load(module):
        table["/leads"]["GET"] = module
        begun.set()
        go_on.wait(10)
        table["/leads"]["POST"] = module

    table = RouteTable({"sales": ("leads",)}, load)
    loading = Thread(target=lambda: table["/leads"])
    loading.start()
    assert begun.wait(10)
    asking = Thread(target=lambda: seen.append(sorted(table["/leads"])))
    asking.start()
    asking.join(0.05)  # it has to wait; where it does not, it has seen half by now
    go_on.set()
    for thread in (loading, asking):
        thread.join(10)

    assert seen == [["GET", "POST"]]
