"""One browser a file for the tests that need one; they run in one worker, one after the other."""

import pytest

import app
from tests.browser.site import PAGES
from tests.support.browsing import opened

BAD = {"error", "warning"}


def _complaint(said):
    return f"{said.text} {said.location['url']}"


@pytest.fixture(scope="module")
def chromium(declared):
    """Closed after each file: while it is open, its event loop is the thread's."""
    with opened(app.app, PAGES) as browser:
        yield browser


@pytest.fixture
def opening(chromium):
    """Open pages, each in a context of its own; what the browser complained about fails the test."""
    contexts, complaints = [], []

    def open_(**options):
        context = chromium.new_context(ignore_https_errors=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.on("console", lambda said: complaints.append(_complaint(said)) if said.type in BAD else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    open_.expected = ["favicon"]
    yield open_
    for context in contexts:
        context.close()
    assert [each for each in complaints if not any(known in each for known in open_.expected)] == []
