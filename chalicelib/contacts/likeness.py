"""How alike two contacts or two accounts are, and what of it is the same for leads; pure.

Whoever is the same by a matching strategy is found by claims. This is for the others: another telephone, another
address, a name that was misspelt. What two records have in common is evidence, each with its worth of a hundred.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from chalicelib.contacts.blocks import company, domain_of, plain, tail

SUGGESTED = 50
"""The score from which two records are suggested to be the same."""
NAME_SAME, NAME_ALIKE = 98, 80  # of a hundred


class Likeness(Struct, frozen=True):
    """How alike two records are, of a hundred, and why, in a person's words."""

    score: int
    reasons: list[str]

    @property
    def suggested(self) -> bool:
        return self.score >= SUGGESTED


Record = Mapping[str, Any]
Evidence = tuple[int, str]


def contacts_alike(one: Record, other: Record) -> Likeness:
    """Compare two contacts."""
    return weighed(of_people(one, other))


def accounts_alike(one: Record, other: Record) -> Likeness:
    """Compare two accounts: a company is known by its name and by where it is at home on the web."""
    domains = domain_of(None, one.get("website")), domain_of(None, other.get("website"))
    found = list(names(company(one.get("name")), company(other.get("name")), worth=(60, 45)))
    if domains[0] and domains[0] == domains[1]:
        found.append((50, "They have the same website."))
    return weighed([*found, *_same_phone(one, other), *_homes(one, other)])


def weighed(found: Iterable[Evidence], capped: Iterable[Evidence] = (), most: int = 100) -> Likeness:
    """Add up what was found, of which `capped` counts for `most` at the most; what weighs most is told first."""
    free, bound = list(found), list(capped)
    score = sum(worth for worth, _ in free) + min(most, sum(worth for worth, _ in bound))
    told = sorted([*bound, *free], key=lambda each: -each[0])
    return Likeness(max(0, min(100, score)), [why for _, why in told])


def of_people(one: Record, other: Record) -> Iterator[Evidence]:
    """Compare two people: their names, how they are reached, where they are at home."""
    yield from names(_full_name(one), _full_name(other))
    yield from _ways(one, other)
    yield from _homes(one, other)


def _full_name(record: Record) -> str:
    return " ".join(part for part in (record.get("first_name"), record.get("last_name")) if part)


def names(one: str | None, other: str | None, worth: tuple[int, int] = (40, 30)) -> Iterator[Evidence]:
    """Compare two names: what they are worth where they are the same, and where nearly so."""
    ratio = alike(plain(one), plain(other))
    if ratio >= NAME_SAME:
        yield worth[0], "They have the same name."
    elif ratio >= NAME_ALIKE:
        yield worth[1], "Their names are nearly the same."


def alike(one: str, other: str) -> float:
    """Return how alike two texts are, of a hundred, whatever the order of their words."""
    from rapidfuzz import fuzz

    return float(fuzz.token_sort_ratio(one, other)) if one and other else 0.0


def _ways(one: Record, other: Record) -> Iterator[Evidence]:
    """Compare how they are reached."""
    yield from _same_phone(one, other)
    mine, theirs = (_mailbox(record) for record in (one, other))
    if not mine or not theirs:
        return
    if mine == theirs:
        yield 60, "They have the same email address."
    elif mine[0] == theirs[0]:
        yield 25, "Their email addresses are the same before the @."
    elif mine[1] == theirs[1]:
        yield 10, "Their email addresses are at the same domain."


def _mailbox(record: Record) -> tuple[str, str] | None:
    name, _, domain = (record.get("email") or "").casefold().rpartition("@")
    return (name, domain) if name else None


def _same_phone(one: Record, other: Record) -> Iterator[Evidence]:
    mine, theirs = ({tail(record.get(name)) for name in ("phone", "mobile_phone")} - {None} for record in (one, other))
    if mine & theirs:
        yield 45, "They have the same telephone number."


def _homes(one: Record, other: Record) -> Iterator[Evidence]:
    """Compare where they work and live, and when they were born."""
    if alike(company(one.get("company_name")), company(other.get("company_name"))) >= NAME_ALIKE:
        yield 15, "They work at the same company."
    if one.get("postal_code") and plain(one.get("postal_code")) == plain(other.get("postal_code")):
        yield 10, "They have the same postal code."
    born = one.get("birth_date"), other.get("birth_date")
    if all(born):
        yield (25, "They were born on the same day.") if born[0] == born[1] else (-40, "They were born on other days.")
