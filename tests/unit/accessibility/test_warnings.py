"""What shuts people out, each by HTML that does it alone, and by HTML beside it that does not."""

import pytest

from chalicelib.accessibility.checks import about_html, about_language, direction
from chalicelib.accessibility.colours import BLACK, WHITE, colour, contrast
from chalicelib.capture.checks import check_page
from chalicelib.capture.schemas import PageDocument


def warned(html, *, titled=True):
    return [each.message for each in about_html([("html", html)], titled=titled)]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000", "white", 21.0),
        ("#777", "#fff", 4.48),
        ("rgb(118, 118, 118)", "WHITE", 4.54),
        ("#0057d0", "#0057d0", 1.0),
    ],
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    assert contrast(colour(one), colour(other)) == pytest.approx(ratio, abs=0.01)
    assert contrast(colour(other), colour(one)) == contrast(colour(one), colour(other))


def test_what_is_no_known_colour_is_none():
    assert [colour(each) for each in ("transparent", "var(--x)", "{{ contact.city }}", "rgba(0,0,0,.5)", "#12")] == [
        None
    ] * 5
    assert (colour("rgba(0, 0, 0, 1)"), colour("#FFF !important")) == (BLACK, WHITE)


FAINT = "stands out"
SMALL = "smaller than"


@pytest.mark.parametrize(
    ("bad", "words", "good"),
    [
        ('<img src="a.png">', "alternative text", '<img src="a.png" alt="">'),
        ("<h3>Deep</h3>", "skip a level", "<h2>A</h2><h3>B</h3><h2>C</h2>"),
        ("<h1>Again</h1>", "begin yours at the second", "<h2>Again</h2>"),
        ('<a href="/x">Read  more…</a>', "does not say where", '<a href="/x">Read more about lamps</a>'),
        ('<a href="/x"><img src="a.png" alt=""></a>', "no text", '<a href="/x"><img src="a.png" alt="Shop"></a>'),
        ('<a href="/x"> </a>', "no text", '<a href="/x" aria-label="Shop"> </a>'),
        ('<p style="color:#999">faint</p>', FAINT, '<p style="color:#767676">clear</p>'),
        ('<td bgcolor="#eee"><a href="/x" style="color:#888">Shop lamps</a></td>', FAINT,
         '<td bgcolor="#eee"><a href="/x">Shop lamps</a></td>'),
        ('<font color="yellow">faint</font>', FAINT, '<font color="navy">clear</font>'),
        ('<div style="background:#222"><p>faint</p></div>', FAINT,
         '<div style="background:#222;color:#fff"><p>x</p></div>'),
        ('<div style="background:navy"><a href="/x">Shop lamps</a></div>', FAINT,
         '<div style="background:navy"><a href="/x" style="color:white">Shop lamps</a></div>'),
        ('<p style="color:#888;font-size:18px">faint</p>', FAINT, '<p style="color:#888;font-size:18pt">large</p>'),
        ('<p style="color:#888;font-size:19px">faint</p>', FAINT,
         '<p style="color:#888;font-size:19px"><b>bold</b></p>'),
        ('<p style="color:#888">a', FAINT, '<p style="color:#888"><p>the first ends where the next begins'),
        ('<p style="color:#999">shown</p>', FAINT, '<p style="color:#999;display:none">hidden</p>'),
        ('<p style="color:#999">on white</p>', FAINT, '<p style="color:#999;background-image:url(x)">on a picture</p>'),
        ('<a href="/x" style="display:block;height:20px">Shop lamps</a>', SMALL,
         '<a href="/x" style="display:block;height:24px">Shop lamps</a>'),
        ('<a href="/x"><img src="a.png" alt="Shop" width="16" height="16"></a>', SMALL,
         '<a href="/x"><img src="a.png" alt="" width="16" height="16"> Shop</a>'),
    ],
)  # fmt: skip
def test_each_barrier_is_named_and_what_is_no_barrier_is_not(bad, words, good):
    assert [words in each for each in warned(bad)] == [True]
    assert warned(good) == []


def test_headings_go_on_from_block_to_block():
    page = {"title": "T", "partial_url": "t", "language": "en"}
    blocks = [{"kind": "html", "html": "<h2>A</h2>"}, {"kind": "html", "html": "<h3>B</h3>"}]

    def found(blocks):
        return [each.field for each in check_page(PageDocument(**page, blocks=blocks)).warnings]

    assert found(blocks) == []
    assert found(blocks[1:]) == ["blocks.0.html"]


@pytest.mark.parametrize(
    ("language", "way"),
    [("en", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("AR-eg", "rtl"), ("az-Arab", "rtl"), ("ku-Latn", "ltr"),
     ("pa", "ltr"), ("ur-Latn", "ltr")],
)  # fmt: skip
def test_languages_run_their_way(language, way):
    assert direction(language) == way


def test_a_language_must_be_set_and_fit_the_text():
    arabic = "<p>مرحبا بكم في متجرنا الجديد {{ contact.first_name | default: 'friend of ours and of lamps' }}</p>"

    assert "not set" in next(about_language(None, "<p>Hello</p>")).message
    assert [each.field for each in about_language("en", arabic)] == ["language"]
    assert list(about_language("ar", arabic)) == []
    assert [each.field for each in about_language("ar", "<p>Welcome to our new shop of lamps</p>")] == ["language"]
    assert list(about_language("en", "<p>Welcome to our new shop of lamps</p>")) == []


def test_broken_and_endless_html_is_read_all_the_same():
    assert warned("<b>" * 5000 + "</i>" * 5000 + '<p style="color:#999">faint') != []
    assert warned("</p></b><<<a href='") == []
