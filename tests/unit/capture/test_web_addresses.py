"""Addresses of pages are kept without what may tell who somebody is."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.capture.websites.addresses import LONGEST, campaign_of, cut, host_of, page_of


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://x.example/lamps?email=ada%40x.example#top", "https://x.example/lamps"),
        ("https://x.example/lamps?utm_source=news&token=secret", "https://x.example/lamps?utm_source=news"),
        ("https://x.example/lamps?utm_source=ada@x.example", "https://x.example/lamps"),
        ("https://ada:secret@x.example:8443/lamps", "https://x.example:8443/lamps"),
        ("https://X.example/users/ada@x.example/orders", "https://x.example/users/-/orders"),
        ("https://x.example/users/ada%40x.example", "https://x.example/users/-"),
        ("https://x.example/users/ada%2540x.example", "https://x.example/users/-"),
        ("https://x.example/call/+4520123456", "https://x.example/call/-"),
        ("https://x.example", "https://x.example/"),
        ("https://x.example/2026-11-24/lamps", "https://x.example/2026-11-24/lamps"),
        ("https://x.example/ærø", "https://x.example/%C3%A6r%C3%B8"),
        ("mailto:ada@x.example", ""),
        ("javascript:alert(1)", ""),
        ("https://[broken", ""),
        ("https://x.example:99999/", ""),
        ("", ""),
    ],
)
@pytest.mark.rule("WEB-1")
def test_only_the_page_and_what_campaigns_say_stays_of_an_address(given, kept):
    assert cut(given) == kept


def test_a_website_may_keep_parameters_of_its_own():
    assert cut("https://x.example/?product=lamp&q=ada", ["product"]) == "https://x.example/?product=lamp"


@given(some.text(max_size=30), some.text(max_size=30), some.text(max_size=30))
def test_whatever_an_address_holds_it_is_cut_to_the_same_once_and_again(host, path, query):
    address = cut(f"https://{host}/{path}?{query}&email=ada@x.example")

    assert "ada" not in address.partition("?")[2]
    assert "@" not in address
    assert len(address) <= LONGEST
    assert len(address) == LONGEST or cut(address) == address


def test_a_campaign_is_what_the_usual_parameters_say():
    address = cut("https://x.example/lamps?utm_source=news&utm_campaign=autumn&utm_medium=email&x=1")

    assert campaign_of(address) == {"source": "news", "campaign": "autumn", "medium": "email"}
    assert page_of(address) == "https://x.example/lamps"
    assert host_of("https://search.example/find?q=ada") == "search.example"
