"""Users' HTML: what is dangerous goes, what mail programs need stays, every link is rewritten once."""

import pytest

from chalicelib.messages.cleaning import clean, links_in, rewritten_text


def same(url):
    return url


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<img src="https://x.example/a.png" onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="jAvAsCrIpT&colon;alert(1)">x</a>',
        '<form action="https://evil.example"><input name="x"></form>',
        '<iframe src="https://evil.example"></iframe>',
        "<svg><script>alert(1)</script></svg>",
        '<base href="https://evil.example">',
        '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    ],
)
def test_nothing_that_acts_survives(html):
    cleaned = clean(html, same).lower()

    for word in ("script", "onerror", "<form", "<input", "<iframe", "<base", "<meta"):
        assert word not in cleaned


def test_tables_styles_and_colours_stay():
    html = (
        '<body bgcolor="#eeeeee"><style>a{color:red}</style><table width="600"><tr><td style="padding:4px">x</td></tr>'
    )

    cleaned = clean(html, same)

    for kept in ('bgcolor="#eeeeee"', "a{color:red}", 'width="600"', 'style="padding:4px"'):
        assert kept in cleaned


def test_every_web_link_is_rewritten_and_others_are_not():
    html = '<a href="https://a.example/?x=1&amp;y=2">a</a><a href="mailto:a@b.example">m</a><a href="#top">t</a>'
    seen = []

    cleaned = clean(html, lambda url: seen.append(url) or "https://t.example/1")

    assert seen == ["https://a.example/?x=1&y=2"]
    assert 'href="https://t.example/1"' in cleaned
    assert 'href="mailto:a@b.example"' in cleaned


def test_links_in_text_are_rewritten_without_the_full_stop_behind_them():
    assert rewritten_text("See https://a.example/x. Bye", lambda _: "T") == "See T. Bye"


def test_links_that_a_template_computes_are_not_among_its_fixed_ones():
    html = '<a href="https://a.example">a</a><a href="{{ x }}">b</a><a href="https://c.example/{{ y }}">c</a>'

    assert links_in(html, "https://d.example/x and https://a.example") == ["https://a.example", "https://d.example/x"]
