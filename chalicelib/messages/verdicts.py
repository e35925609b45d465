"""Who opened or clicked, a person or a machine (decision 35); pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.conditions.facts import Verdict

AT_ONCE = timedelta(seconds=2)
SEVERAL = 3
PROXIES = ("googleimageproxy", "yahoomailproxy", "ggpht.com")
BARE = "mozilla/5.0"  # all that Apple's mail privacy relays say of themselves


class Engagement(Struct, frozen=True):
    """An open or a click of one message."""

    opened: bool
    at: datetime
    link: str = ""
    user_agent: str = ""
    trap: bool = False


def by_proxy(it: Engagement, _: Iterable[Engagement], __: datetime | None) -> bool:
    agent = it.user_agent.strip().lower()
    return it.opened and (agent == BARE or any(name in agent for name in PROXIES))


def at_delivery(it: Engagement, _: Iterable[Engagement], delivered: datetime | None) -> bool:
    return not it.opened and delivered is not None and it.at - delivered < AT_ONCE


def on_trap(it: Engagement, others: Iterable[Engagement], _: datetime | None) -> bool:
    return not it.opened and any(each.trap for each in _near(it, others))


def on_many(it: Engagement, others: Iterable[Engagement], _: datetime | None) -> bool:
    """Return whether three or more links of the message were followed within two seconds that hold this click."""
    if it.opened:
        return False
    near = sorted(_near(it, others), key=lambda each: each.at)
    return any(
        len({each.link for each in near if timedelta() <= each.at - first.at <= AT_ONCE}) >= SEVERAL
        and first.at <= it.at <= first.at + AT_ONCE
        for first in near
    )


def _near(it: Engagement, others: Iterable[Engagement]) -> Iterator[Engagement]:
    return (each for each in (it, *others) if not each.opened and abs(each.at - it.at) <= AT_ONCE)


SIGNS: dict[str, Callable[[Engagement, Iterable[Engagement], datetime | None], bool]] = {
    "privacy-proxy": by_proxy,
    "at-delivery": at_delivery,
    "hidden-link": on_trap,
    "many-links-at-once": on_many,
}


def judge(it: Engagement, others: Iterable[Engagement], delivered: datetime | None) -> tuple[Verdict, list[str]]:
    """Return the verdict on an open or click, and its reasons: the signs of a machine, or that there were none."""
    around = list(others)
    signs = [name for name, shows in SIGNS.items() if shows(it, around, delivered)]
    return (Verdict.MACHINE, signs) if signs else (Verdict.HUMAN, ["no-sign-of-a-machine"])
