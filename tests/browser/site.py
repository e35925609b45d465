"""A website of somebody else that carries the script of ours: what its pages are, with a policy that is strict."""

from tests.support.browsing import OURS

CONTOSO = "https://www.contoso.example"
POLICY = (
    f"default-src 'none'; script-src {OURS}; connect-src {OURS}; form-action 'self'; style-src 'self'; img-src data:"
)
HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="icon" href="data:,"><script async src="https://itinera.example/w/{website}"></script></head>
<body><main><h1>{title}</h1><p><a id="next" href="/next?token=secret">Next</a>
<a id="shop" href="https://shop.example/lamp?q=1#top">Shop</a> <a href="mailto:ada@example.com">Mail</a></p>
<form action="/next" method="get" data-itinera-form="{form}"><p><label>Email <input name="email" type="email"></label>
<label>Last name <input name="last_name"></label><button>Send</button></p></form></main></body></html>"""


def page(title, website, form="the-form"):
    return POLICY, HTML.format(title=title, website=website, form=form)


PAGES = {
    f"{CONTOSO}/": page("Start", "plain"),
    f"{CONTOSO}/next": page("Next", "plain"),
    f"{CONTOSO}/asking": page("Asking", "asking"),
    f"{CONTOSO}/anonymous": page("Anonymous", "anonymous"),
    "https://shop.example/lamp": ("", "<!doctype html><html lang=en><title>Lamp</title><p>A lamp.</p></html>"),
    "https://stranger.example/": page("Stranger", "plain"),
}
