"""What a fact adds to which figures: pure tables from facts to increments."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from chalicelib.clock import digest
from chalicelib.dynamodb import shard
from chalicelib.interactions.types import InteractionType
from chalicelib.messages.reasons import INTERACTION_OF

Figure = tuple[str, str]
"""A subject such as email#<id> and the name of one of its figures."""


class Countable(Struct, frozen=True):
    """Something to be counted once: its marker, and what it adds to which figure."""

    marker: str
    adds: Mapping[Figure, int] = field(default_factory=dict)


UNIQUE = {"EmailOpened", "EmailClicked"}
"""Interactions of which people also ask how many messages had at least one (KPI: unique opens, unique clicks)."""

_T = InteractionType
OF_THE_LEDGER = frozenset({*INTERACTION_OF.values(), _T.EMAIL_SENT, _T.EMAIL_SENDING_FAILED, _T.EMAIL_BLOCKED})
"""Interactions that say what a settled send says: that is counted, so that no figure counts one message twice."""

SUBJECTS = ("email", "form", "page", "website", "redirect")


def of_fact(fact: Mapping[str, Any]) -> Iterator[Countable]:
    """Yield what a fact counts for. Bursts are counted from their rows (`of_burst`)."""
    name = fact["fact"]
    if name in {"interaction.recorded", "interaction.decided", "visit.recorded"}:
        yield from _of_interaction(fact)
    elif name == "send.settled":
        yield _of_send(fact)
    elif name == "score.changed":
        yield _of_score(fact)
    elif name == "enrolment.refused":
        yield Countable(digest(name, fact["id"]), {(f"journey#{fact['journey']}", f"ended:{fact['how']}"): 1})


def _of_interaction(fact: Mapping[str, Any]) -> Iterator[Countable]:
    if fact["verdict"] == "undecided" or fact["type"] in OF_THE_LEDGER:
        return
    type_ = fact["type"] if fact["verdict"] != "machine" else f"{fact['type']}:machine"
    subjects = [f"{kind}#{fact[kind]}" for kind in SUBJECTS if fact.get(kind)]
    adds = {(subject, type_): 1 for subject in subjects}
    if fact.get("redirect"):
        adds[f"redirect#{fact['redirect']}", f"{OF_COUNTRY}{fact.get('country', UNKNOWN)}"] = 1
    yield Countable(digest("interaction", fact["id"], fact["verdict"]), {**adds, **_of_site(fact, type_)})
    if fact.get("website") and fact.get("session_id"):
        yield Countable(
            digest("session", fact["website"], fact["session_id"]), {(site_of(fact["website"]), SESSIONS): 1}
        )
    if fact["type"] in UNIQUE and fact["verdict"] != "machine" and fact.get("send"):
        unique = {(subject, f"{type_}:unique"): 1 for subject in subjects}
        yield Countable(digest("unique", type_, fact["send"]), unique)


SESSIONS, UNKNOWN, OF_COUNTRY, PAGE_SHARDS = "sessions", "unknown", "country:", 16


def site_of(website_id: str) -> str:
    """Return the subject of a website's figures."""
    return f"website#{website_id}"


def site_in(website_id: str, day: str) -> str:
    """Return the subject of what happened on a website in the month of a day."""
    return f"{site_of(website_id)}#{day[:7]}"


def pages_of(website_id: str, part: int) -> str:
    """Return the subject of a part of a website's pages: all of them would be too much for one item."""
    return f"{site_of(website_id)}#pages#{part}"


def _of_site(fact: Mapping[str, Any], type_: str) -> dict[Figure, int]:
    """Count a visit or a click by day, and a visit by its page and its country as well (WEB-7)."""
    site, day = fact.get("website"), fact.get("happened", "")
    if not site:
        return {}
    adds = {(site_in(site, day), f"{type_}:{day[8:10]}"): 1}
    if type_ == _T.WEBSITE_VISITED:
        adds[site_of(site), f"{OF_COUNTRY}{fact.get('country', UNKNOWN)}"] = 1
        if page := fact.get("web_page"):
            adds[pages_of(site, shard(page)), page] = 1
    return adds


def _of_send(fact: Mapping[str, Any]) -> Countable:
    """A send that was unknown and is settled now leaves one figure for another; no figure subtracts it twice."""
    adds: Counter[Figure] = Counter()
    for subject in (f"journey#{fact['journey']}#{fact['tile']}", f"email#{fact['email']}"):
        adds[subject, fact["state"]] += 1
        if fact["state"] == "blocked":
            adds[subject, f"blocked:{fact['reason']}"] += 1
        if fact["was"] == "unknown":
            adds[subject, "unknown"] -= 1
    return Countable(digest("send", fact["id"], fact["was"], fact["state"]), adds)


SCORED, BUCKET, GRADE = "scored", "bucket:", "grade:"


def subject_of(model_id: str) -> str:
    """Return the subject of a scoring model's figures."""
    return f"scoring-model#{model_id}"


def of_month(model_id: str, day: str) -> str:
    """Return the subject of what happened to a model's scores in the month of a day."""
    return f"{subject_of(model_id)}#{day[:7]}"


def _of_score(fact: Mapping[str, Any]) -> Countable:
    """A score leaves the bucket and grade where it was for those where it is; the sums do not mind the order."""
    adds: Counter[Figure] = Counter()
    subject = subject_of(fact["model"])
    for standing, sign in ((fact["was"], -1), (fact["is"], 1)):
        if standing is not None:
            adds[subject, SCORED] += sign
            adds[subject, f"{BUCKET}{standing['bucket']}"] += sign
            if standing["grade"] is not None:
                adds[subject, f"{GRADE}{standing['grade']}"] += sign
    how = "scored" if fact["was"] is None else "removed" if fact["is"] is None else "changed"
    adds[of_month(fact["model"], fact["at"]), f"{how}:{fact['at'][8:10]}"] += 1
    return Countable(digest("score", fact["mark"]), {figure: number for figure, number in adds.items() if number})


class Burst(Protocol):
    """What a burst did: the visits of tiles, with their figures; and whether it was the first, or how it was the last.

    A visit says its tile and what happened there (entered, processed, path:yes …).
    """

    @property
    def visits(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def first(self) -> bool: ...
    @property
    def ended(self) -> str | None: ...


def of_burst(fact: Mapping[str, Any], burst: Burst) -> Countable:
    """Count one burst: its visits, and whether the contact entered with it or ended."""
    journey = f"journey#{fact['journey']}"
    adds: Counter[Figure] = Counter()
    for visit in burst.visits:
        for figure in visit["figures"]:
            adds[f"{journey}#{visit['tile']}", figure] += 1
    if burst.first:
        adds[journey, "enrolled"] += 1
    if burst.ended:
        adds[journey, f"ended:{burst.ended}"] += 1
    return Countable(digest("burst", fact["contact"], fact["sk"]), adds)
