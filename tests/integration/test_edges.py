"""Every route, asked in every wrong way: what is wrong is said in words, and nothing is ever a failure of ours."""

import io
import json
import logging
import re

import boto3
import pytest

from app import app
from chalicelib.capture.schemas import FieldType, SubmissionRequest
from chalicelib.contacts import service as contacts
from chalicelib.http import FORM
from chalicelib.observability import logger
from chalicelib.tokens import seal
from infra.local.demo.company import field, placed
from tests.support.custom import make, options
from tests.support.edges import ROUTES, Asker, faults
from tests.support.wrong import NEVER, SPOILS, shape

pytestmark = pytest.mark.usefixtures("shared_cloud")


def each(chosen):
    return pytest.mark.parametrize("route", [route for route in ROUTES if chosen(route)], ids=str)


@pytest.fixture(scope="module")
def asker(shared_cloud):
    return Asker()


class Notes:
    """What was asked of a route, and everything that was not as it should be."""

    def __init__(self, asker, route):
        self.asker, self.route, self.wrong = asker, route, []

    def ask(self, what, path, body=None, *, expect=None, **headers):
        answer = self.asker.ask(what, self.route, path, body, **headers)
        self.wrong += faults(self.route, answer)
        if expect and answer.status not in expect:
            self.wrong.append(f"{answer}: expected {expect}")
        return answer


@pytest.fixture
def notes(asker, route):
    kept = Notes(asker, route)
    yield kept
    assert kept.wrong == []


# Bodies ------------------------------------------------------------------------------------------------------------

NO_JSON = {
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1",
    "broken": b'{"name": ',
    "two": b"{} {}",
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "a mark before it": b"\xef\xbb\xbf{}",
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "endless": b'{"name": 1e999}',
    "half a letter": b'{"name": "\\ud800"}',
    "half a letter in a name": b'{"\\udfff": 1}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "deep where it may be": b'{"document": {"query": ' + b'{"not":' * 150 + b"{}" + b"}" * 150 + b"}}",
    "many digits": b'{"name": ' + b"9" * 5000 + b"}",
    "two of a name": b'{"name": "a", "name": "b"}',
    "two of a name, spelled otherwise": b'{"name": "a", "n\\u0061me": "b"}',
    "an unknown field": b'{"no such field": 1}',
    "many unknown fields": json.dumps({f"{number}" + "x" * 500: 1 for number in range(400)}).encode(),
    "one unknown field, very long": json.dumps({"x" * 200_000: 1}).encode(),
}


@each(lambda route: route.takes_json)
def test_a_body_that_is_none_is_refused(notes, route):
    path = route.path({})
    for what, body in NO_JSON.items():
        notes.ask(what, path, body, expect={400})
    notes.ask("nothing", path, b"")


@each(lambda route: route.writes)
def test_a_body_that_is_too_large_or_of_another_type_is_refused(notes, route):
    path = route.path({})
    largest = 1_100_000 if "/webhooks/" in path else 400_000
    notes.ask("too large", path, b" " * largest, expect={413})
    for kind in ("text/plain", "application/xml", "nonsense", "", "x" * 5000, "application/jsonx"):
        notes.ask(f"as {kind[:20]}", path, expect={415}, Content_Type=kind)


MODELS = {route.operation.body: route for route in ROUTES if route.takes_json}


@pytest.mark.parametrize("route", MODELS.values(), ids=str)
def test_no_field_takes_what_it_cannot_hold(notes, route):
    path = route.path({})
    for where, what, body in shape(route.operation.body).spoiled():
        notes.ask(f"{where}: {what}", path, body, expect={400} if what in (*NEVER, "unknown field") else None)


# Addresses and queries ---------------------------------------------------------------------------------------------

ODD_IDS = (
    *("%00", "..", "%23", "a%2Fb", "%20", "%FF", "%25", "%0d%0aX", "*", "9" * 30, "a.b.c", "a.b.9e9", "x" * 2000),
    "%F0%9F%98%80" * 60,
)


@each(lambda route: route.parameters)
def test_an_id_can_be_anything(notes, route):
    for odd in ODD_IDS:
        notes.ask(odd[:40], route.path(dict.fromkeys(route.parameters, odd)), route.body(), If_Match='"1"')


@each(lambda route: route.parameters and (route.writes or route.operation.method == "DELETE"))
def test_what_is_not_there_cannot_be_changed(notes, route):
    public = route.operation.scope is None
    notes.ask(
        "nothing there", route.path({}), route.body(), If_Match='"1"', expect=THERE_OR_NOT if public else {404, 409}
    )


THERE_OR_NOT = {400, 404, 422}


def is_list(route):
    return "limit" in route.operation.query.model_fields


@each(is_list)
def test_a_list_bounds_what_can_be_asked(notes, route):
    for limit in ("0", "-1", "101", "abc", "", "1.5", "1e2", "9" * 5000, str(10**30), "NaN", "٣x", "%00"):
        notes.ask(f"limit {limit[:9]}", route.path({}, limit=limit), expect={400})
    notes.ask("two limits", route.path({}, limit=1) + "&limit=2", expect={400})


@pytest.fixture(scope="module")
def cursors(asker):
    """Cursors of other lists, and what looks like one."""
    people = next(route for route in ROUTES if str(route) == "POST /contacts")
    listing = next(route for route in ROUTES if str(route) == "GET /contacts")
    for _ in range(3):
        asker.ask("to list it", people, "/contacts", people.body())
    of_all = asker.ask("to go on", listing, "/contacts?limit=1").json["next_cursor"]
    by_name = asker.ask("to go on", listing, "/contacts?limit=1&name_prefix=sam").json["next_cursor"]
    return [of_all, by_name, of_all[:-5], "x", "", "AAAA", "eyJhIjoxfQ", "é", "%00", "x" * 5999, "x" * 7000]


@each(is_list)
def test_a_list_goes_on_from_its_own_cursors_only(notes, route, cursors):
    query = {"owner_id": "o"} if "owner_id" in route.operation.query.model_fields else {}
    ids = notes.asker.made(route)
    for cursor in cursors:
        expect = None if cursor == "" else {400}
        notes.ask(f"cursor {cursor[:20]}", route.path(ids, cursor=cursor, **query), expect=expect)


@each(lambda route: route.operation.path.endswith("/scores/history"))
def test_a_history_goes_on_from_the_cursor_of_its_own_model_only(notes, route):
    cursor = seal("score-changes", "HISTORY#another-model#2026-11-24T08:00:00.000000Z")

    notes.ask("another's cursor", route.path({}, cursor=cursor), expect={400})


UNASKED = "fbclid=IwAR0x&utm_source=news%20letter&utm_source=again&a%5Bb%5D=1"


@each(lambda route: route.operation.scope is None)
def test_what_others_append_to_a_public_address_changes_nothing(notes, route):
    """Mail and ad systems mark the links that people follow."""
    plain = notes.ask("as it is", route.path({}), route.body())
    marked = notes.ask("marked", f"{route.path({})}?{UNASKED}", route.body())

    assert (marked.status, marked.body) == (plain.status, plain.body)


@each(lambda route: route.operation.scope is not None)
def test_a_filter_that_is_not_known_is_refused_and_the_known_ones_are_named(notes, route):
    known = route.operation.query.model_fields
    for name in ("no_such_filter", "sort", "x" * 3000, "é", "a[b]"):
        answer = notes.ask(name[:20], route.path({}, **{name: "1"}), route.body(), expect={400})
        if answer.status == 400 and not all(each in answer.json["detail"] for each in known):
            notes.wrong.append(f"{answer}: names none of {list(known)}")


@each(lambda route: route.operation.query.model_fields)
def test_a_filter_can_hold_anything(notes, route):
    for name in route.operation.query.model_fields:
        for value in ("", " ", "\x00", "x" * 3000, "é😀", "[1]", "2026-13-45T99", "a#b"):
            notes.ask(f"{name}={value[:9]}", route.path({}, **{name: value}))


# Headers -----------------------------------------------------------------------------------------------------------


def needs_version(asker, route):
    """Return ids of a fresh record and whether the route asks which version it changes."""
    ids = asker.made(route)
    return ids, asker.ask("without a version", route, route.path(ids), route.body()).status == 428


TAGS = ("", "abc", "*", 'W/"1"', '"-1"', "²", "9" * 5000, '"1", "2"')


@each(lambda route: route.operation.method not in {"GET", "HEAD", "OPTIONS"} and route.operation.scope)
def test_a_change_names_the_version_that_it_was_made_for(notes, route):
    ids, versioned = needs_version(notes.asker, route)
    path = route.path(ids)
    for tag in TAGS:
        notes.ask(f"If-Match {tag[:9]}", path, route.body(), If_Match=tag, expect={400} if versioned and ids else None)
    settings = versioned and not route.parameters
    notes.ask(
        "stale", path, route.body(), If_Match='"999999"', expect={412} if (versioned and ids) or settings else None
    )


@each(lambda route: route.operation.method in {"PUT", "PATCH"})
def test_every_change_of_a_record_is_guarded(notes, route):
    _, versioned = needs_version(notes.asker, route)
    if not versioned and notes.asker.made(route):
        notes.wrong.append(f"{route} asks for no version")


@each(lambda route: route.operation.method == "POST")
def test_a_key_makes_a_repeat_the_same(notes, route):
    ids = notes.asker.made(route)
    path, key = route.path(ids), f"key of {route}"
    first = notes.ask("first", path, route.body(), Idempotency_Key=key)
    again = notes.ask("again", path, route.body(), Idempotency_Key=key)
    if first.status == 201 and again.status != 409 and again.json.get("id") != first.json.get("id"):
        notes.wrong.append(f"{again}: not what {first} was")
    for name in shape(route.operation.body).schema.get("properties", {}):
        notes.ask(f"another {name}", path, {**route.body(), name: "other"}, Idempotency_Key=key)
    notes.ask("long key", path, route.body(), Idempotency_Key="k" * 9000, expect={400} if first.status == 201 else None)
    notes.ask("odd key", path, route.body(), Idempotency_Key="\x00é😀#")


@each(lambda route: route.operation.scope)
def test_nobody_does_what_they_may_not(notes, route):
    other = "leads:read" if route.operation.scope != "leads:read" else "triggers:send"
    key = notes.asker.key(other)
    answer = notes.ask("without permission", route.path({}), route.body(), Authorization=key, expect={403})
    assert route.operation.scope in answer.json["detail"]
    assert app.routes[route.operation.path][route.operation.method].authorizer is not None


def test_the_gateway_asks_everybody_who_they_are_but_at_public_addresses():
    unasked = {
        (method, path)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if entry.authorizer is None
    }

    assert unasked == {(each.operation.method, each.operation.path) for each in ROUTES if each.operation.scope is None}


NOBODY = ("", "x", "Bearer", "Bearer ", "Basic eDp5", "Bearer itk_", "Bearer itk_x_y", "Bearer itk_" + "x" * 3000)


@pytest.mark.parametrize("said", [*NOBODY, "Bearer itk_é_é", "Bearer a.b.c", "Bearer ..", "Bearer \x00", "Bearer é"])
def test_nobody_gets_in_without_a_key(asker, said):
    assert asker.refused(said)


# States ------------------------------------------------------------------------------------------------------------


@each(lambda route: route.operation.method not in {"GET", "HEAD", "OPTIONS"} and route.parameters)
def test_a_thing_can_be_asked_for_twice_and_at_the_wrong_time(notes, route):
    ids = notes.asker.made(route)
    for number in ("1", "2", "2", "3"):
        notes.ask(f"at version {number}", route.path(ids), route.body(), If_Match=f'"{number}"')


# The API's own description -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def described(asker):
    route = next(route for route in ROUTES if route.operation.path == "/openapi.json")
    return asker.ask("to know", route, "/openapi.json").json


def parts(document):
    """Yield every object of a document, itself first."""
    if isinstance(document, dict):
        yield document
    for part in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from parts(part)


def test_every_route_is_described(described):
    told = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}

    assert told == {(route.operation.method, route.operation.path) for route in ROUTES}


def test_every_reference_of_the_description_leads_somewhere(described):
    references = [part["$ref"] for part in parts(described) if isinstance(part.get("$ref"), str)]

    assert len(references) > 100
    for reference in references:
        found = described
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_operation_is_described_as_openapi_wants_it(described):
    operations = [each for methods in described["paths"].values() for each in methods.values()]

    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in described["components"]["schemas"])
    for path, methods in described["paths"].items():
        for each in methods.values():
            named = [given["name"] for given in each["parameters"] if given["in"] == "path"]
            assert named == re.findall(r"{(\w+)}", path)
            assert all(given["required"] for given in each["parameters"] if given["in"] == "path")
            assert all("description" in answer for answer in each["responses"].values())
            assert each["summary"].endswith(".")


# What nobody expects -----------------------------------------------------------------------------------------------


@pytest.fixture
def noted():
    """What is logged, as it is logged."""
    handler = logging.StreamHandler(told := io.StringIO())
    handler.setFormatter(logger.registered_formatter)
    logging.getLogger(logger.name).addHandler(handler)
    yield told
    logging.getLogger(logger.name).removeHandler(handler)


def test_a_failure_of_ours_tells_nobody_what_a_record_holds(asker, noted):
    """A record that is broken in the table: the very text that cannot be read must not get out."""
    route = next(route for route in ROUTES if str(route) == "GET /contacts/{contact_id}")
    ids = asker.made(next(route for route in ROUTES if str(route) == "PATCH /contacts/{contact_id}"))
    contact = contacts.find(ids["contact_id"])
    boto3.client("dynamodb").update_item(
        TableName=contact.key.table,
        Key=contact.key.raw,
        UpdateExpression="SET created_at = :broken",
        ExpressionAttributeValues={":broken": {"S": "anna@nygaard.example"}},
    )

    answer = asker.ask("for a broken one", route, route.path(ids))

    assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert answer.json["detail"].endswith(".")
    assert "ValueError" in noted.getvalue()
    assert "clock.py" in noted.getvalue()
    assert "nygaard" not in answer.body.decode() + noted.getvalue()


# Forms of programs -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def form(asker):
    """A form that is live, with a field of every type."""
    make(FIELDS[FieldType.MULTIPLE_CHOICE], "multiple_choice", options=options("a"))
    fields = [field(name, name.capitalize(), type_) | WRITES.get(type_, {}) for type_, name in FIELDS.items()]
    fields = [each | {"options": OPTIONS} for each in fields]
    made, publish = (next(route for route in ROUTES if str(route) == name) for name in FORM_ROUTES)
    body = {"name": "Everything", "document": {"fields": fields, "elements": placed(fields, "Send")}}
    answer = asker.ask("a form", made, "/forms", body)
    assert answer.status == 201, str(answer)
    live = asker.ask("it live", publish, publish.path({"form_id": answer.json["id"]}), If_Match='"1"')
    assert live.status == 200, str(live)
    return {"form_id": answer.json["id"]}


WRITTEN = (
    *("last_name", "email", "description", "website", "phone", "city", "decision_maker", "topics"),
    *("employees", "budget_amount", "birth_date", "job_title"),
)
FIELDS = dict(zip(FieldType, WRITTEN, strict=True))
OF_LEADS = ("decision_maker", "employees", "budget_amount")
WRITES = {
    **{type_: {"contact_field": None, "lead_field": name} for type_, name in FIELDS.items() if name in OF_LEADS},
    FieldType.MULTIPLE_CHOICE: {"contact_field": "custom.topics"},
}
OPTIONS = [{"value": "a", "label": "A"}]
FORM_ROUTES = ("POST /forms", "POST /forms/{form_id}/publish")


submitting = each(lambda route: str(route) == "POST /forms/{form_id}/submissions")


@submitting
def test_a_submission_can_be_any_json(notes, route, form):
    for what, body in NO_JSON.items():
        notes.ask(what, route.path(form), body, expect={400, 422})
    for where, what, body in shape(SubmissionRequest).spoiled():
        notes.ask(f"{where}: {what}", route.path(form), body)


@submitting
@pytest.mark.parametrize("type_", FieldType)
def test_a_field_of_a_form_can_be_sent_anything(notes, route, form, type_):
    for what, wrong in {**SPOILS, "many": ["x"] * 3000, "text": "x", "nothing": ""}.items():
        notes.ask(
            what,
            route.path(form),
            {"values": {"last_name": "Berg", FIELDS[type_]: wrong}},
            expect={400} if what in NEVER else None,
        )


@submitting
def test_a_submission_can_be_any_form_from_anywhere(notes, route, form):
    for body in (b"%ff=%ff", b"&&&===", b"a=1&" * 300, b"\xff\xfe=", b"values=x", b"city=%00&city=2", b"%"):
        notes.ask(str(body)[:20], route.path(form), body, Content_Type=FORM)
    for origin in ("null", "https://evil.example", "x", "é", "https://a\nb"):
        notes.ask(f"of {origin}", route.path(form), {"values": {}}, Origin=origin, expect={403})


# Conditions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [5, 60, 180])
@pytest.mark.parametrize(("before", "after"), [('{"not":', "}"), ('{"all":[', "]}")])
def test_a_condition_can_be_nested_or_is_refused_in_words(asker, depth, before, after):
    clause = '{"field":"contact.city","operator":"equals","values":["x"]}'
    query = json.loads(before * depth + clause + after * depth)
    creating, checking, publishing = (next(route for route in ROUTES if str(route) == name) for name in SEGMENT_ROUTES)

    made = asker.ask("a deep one", creating, "/segments", {"name": "Deep", "document": {"query": query}})
    ids = {"segment_id": made.json.get("id", "")}
    checked = asker.ask("what is wrong", checking, checking.path(ids))
    published = asker.ask("it live", publishing, publishing.path(ids), If_Match='"1"')

    assert [*faults(creating, made), *faults(checking, checked), *faults(publishing, published)] == []


SEGMENT_ROUTES = ("POST /segments", "POST /segments/{segment_id}/check", "POST /segments/{segment_id}/publish")
