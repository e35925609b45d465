"""The web addresses of ours that a message carries: tracked links, the pixel, the subscription centre."""

from msgspec import Struct, field

from chalicelib.settings import settings
from chalicelib.tokens import sign

TRAP = "trap"
TEST = "test"
"""The id of no send: the links of previews and tests carry it, and tell that they are nobody's (SBC-5)."""
MOST_COMPUTED = 40  # links kept on the send's row, which stays small; further ones are left as they are
LONGEST_COMPUTED = 8000


def centre_url(send_id: str) -> str:
    return f"{settings.public_url}/subscriptions/{sign('send', send_id)}"


def unsubscribe_url(send_id: str) -> str:
    return f"{settings.public_url}/unsubscribe/{sign('send', send_id)}"


def pixel_url(send_id: str) -> str:
    return f"{settings.public_url}/o/{sign('open', send_id)}.gif"


def link_url(send_id: str, index: str) -> str:
    return f"{settings.public_url}/t/{sign('link', send_id, index)}"


class Tracked(Struct):
    """The links of one message: those the email names by number, those made for the contact kept with the send."""

    send_id: str
    fixed: list[str]
    plain: frozenset[str]
    computed: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> str:
        """Return the tracked address for a link (EML-28)."""
        url = url.strip()
        if url in self.plain:
            return url
        if url in self.fixed:
            return link_url(self.send_id, str(self.fixed.index(url)))
        if url not in self.computed and not self._room(url):
            return url
        if url not in self.computed:
            self.computed.append(url)
        return link_url(self.send_id, f"c{self.computed.index(url)}")

    def _room(self, url: str) -> bool:
        return len(self.computed) < MOST_COMPUTED and sum(map(len, self.computed)) + len(url) < LONGEST_COMPUTED


def target(index: str, fixed: list[str], computed: list[str]) -> str | None:
    """Return the address that a tracked link stands for; only what we stored, None for anything else."""
    known, number = (computed, index[1:]) if index.startswith("c") else (fixed, index)
    if not number.isdecimal() or int(number) >= len(known):
        return None
    return known[int(number)]
