"""Publishing emails, forms and pages warns of what shuts people out, and refuses nothing for it (decision 43)."""

import pytest
from chalice.test import Client

from app import app
from infra.local.demo.company import field, placed
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("cloud")

FAINT = (
    '<p style="color:#aaa">faint</p><h4>Deep</h4><a href="https://x.example">here</a>'
    '<img src="https://x.example/a.png">'
)
EMAIL = {
    "subject": "News",
    "from_name": "Contoso",
    "from_address": "news@contoso.example",
    "legal_designation": "transactional",
    "html": FAINT,
}
PAGE = {"title": "News", "partial_url": "news", "blocks": [{"kind": "html", "html": FAINT}]}


def broken_form():
    fields = [
        field("email", "Email", "email", required=True),
        field("first_name", "Name"),
        field("last_name", "Name", required=True),
    ]
    image = {"kind": "image", "url": "https://x.example/a.png"}
    return {"fields": fields, "elements": [image, *placed(fields, "Click here")], "topic": "News"}


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


@pytest.mark.parametrize(
    ("path", "document", "words"),
    [
        ("/emails", EMAIL, ["skip a level", "alternative text", "stands out", "where it leads", "language is not set"]),
        ("/pages", PAGE, ["skip a level", "alternative text", "stands out", "where it leads", "language is not set"]),
        ("/forms", broken_form(), ["alternative text", "where it leads", "tell them apart", "tell them apart"]),
    ],
)
def test_all_three_go_live_with_warnings_that_the_check_gives_too(api, path, document, words):
    made = api.post(path, {"name": "n", "document": document})

    checked = api.post(f"{path}/{made['id']}/check")
    published = api.change("POST", f"{path}/{made['id']}/publish", made)

    assert (published["state"], checked["problems"]) == ("live", [])
    assert published["warnings"] == checked["warnings"]
    assert [any(each in warning["message"] for warning in published["warnings"]) for each in words] == [True] * len(
        words
    )
    assert len(published["warnings"]) == len(words)


@pytest.mark.parametrize("path", ["/emails", "/pages"])
def test_a_language_that_is_set_is_not_warned_of(api, path):
    document = {"/emails": EMAIL, "/pages": PAGE}[path]
    made = api.post(path, {"name": "n", "document": {**document, "language": "en"}})

    warnings = api.post(f"{path}/{made['id']}/check")["warnings"]

    assert [each for each in warnings if each["field"] == "language"] == []
