"""The checks of pages see what they are for: each fault alone, in a page that has no other."""

import pytest

from tests.support.accessible import faults

POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'self'"}
BODY = (
    '<h1>T</h1><form><label for="e">Mail</label><input id="e" type="email" autocomplete="email">'
    "<button>Go on</button></form>"
)
SOUND = (
    '<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>T</title></head>'
    f"<body><main>{BODY}</main></body></html>"
)


def test_a_sound_page_has_no_fault():
    assert faults(SOUND, POLICY) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<!doctype html>", ""),
        ("</form>", ""),
        ('lang="en" ', ""),
        ('dir="ltr"', 'dir="rtl"'),
        ('lang="en"', 'lang="ar"'),
        ("<title>T</title>", "<title></title>"),
        ("<h1>T</h1>", "<h2>T</h2>"),
        ("<h1>T</h1>", "<h1>T</h1><h1>U</h1>"),
        ("<h1>T</h1>", "<h1>T</h1><h3>U</h3>"),
        ("<main>", "<main></main><main>"),
        ("initial-scale=1", "maximum-scale=1"),
        ('charset="utf-8"', ""),
        ('<label for="e">Mail</label>', ""),
        ('<label for="e">Mail</label>', '<label for="e"></label>'),
        ("<button>", '<p id="e">x</p><button>'),
        ('for="e"', 'for="f"'),
        ('id="e"', 'id="e" aria-describedby="no"'),
        ('id="e"', 'id="e" aria-invalid="true"'),
        ('id="e"', 'id="e" id="f"'),
        ('id="e"', 'id="e" tabindex="2"'),
        ('id="e"', 'id="e" style="color:red"'),
        ('id="e"', 'id="e" onfocus="x()"'),
        (' autocomplete="email"', ""),
        ('autocomplete="email"', 'autocomplete="mail"'),
        ('type="email" autocomplete="email"', 'type="number" maxlength="3"'),
        ("<button>Go on</button>", "<button></button>"),
        ("<button>", "<fieldset><p>x</p></fieldset><button>"),
        ("<button>", '<input type="radio" id="r"><label for="r">R</label><button>'),
        ("<button>", '<p aria-hidden="true"><a href="/x">x</a></p><button>'),
        ("<button>", '<img src="a.png"><button>'),
        ("<button>", '<a href="#nowhere">x</a><button>'),
        ("<button>", '<div class="errors" role="alert"><a href="#e">x</a></div><button>'),
        ("<button>", '<p id="p" class="errors" role="alert" tabindex="-1" autofocus><a href="#p">x</a></p><button>'),
        ("</head>", "<style>p{}</style></head>"),
        ("</head>", "<script>x()</script></head>"),
    ],
)  # fmt: skip
def test_each_fault_is_seen_alone(old, new):
    assert old in SOUND
    assert len(faults(SOUND.replace(old, new, 1), POLICY)) >= 1


@pytest.mark.parametrize("allowed", ["default-src 'self'", "default-src 'none'; style-src 'unsafe-inline'"])
def test_a_lax_policy_is_seen(allowed):
    assert len(faults(SOUND, {"Content-Security-Policy": allowed})) == 1
