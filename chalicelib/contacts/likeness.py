"""How alike two contacts or two accounts are, and the blocks in which somebody alike is looked for; pure.

Whoever is the same by a matching strategy is found by claims. This is for the others: another telephone, another
address, a name that was misspelt. A block is a key that alike records share, so that nobody has to be compared with
everybody.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

TAIL = 8  # digits of a number that are the same however it is dialled
SKELETON = 4  # letters of a name that are left in its block
SUGGESTED = 50
"""The score from which two records are suggested to be the same."""
NAME_SAME, NAME_ALIKE = 98, 80  # of a hundred

LEGAL_FORMS = {
    *("a", "s", "as", "aps", "ab", "ag", "bv", "co", "corp", "gmbh", "inc", "kg", "kgaa"),
    *("limited", "llc", "ltd", "nv", "oy", "oyj", "plc", "sa", "sarl", "se", "spa", "srl"),
}
SILENT = set("aeiouyhw")


class Likeness(Struct, frozen=True):
    """How alike two records are, of a hundred, and why, in a person's words."""

    score: int
    reasons: list[str]

    @property
    def suggested(self) -> bool:
        return self.score >= SUGGESTED


def plain(text: str | None) -> str:
    """Return text as names are compared: without case, accents and signs."""
    folded = unicodedata.normalize("NFKD", (text or "").casefold())
    kept = "".join(sign if sign.isalnum() else " " for sign in folded if not unicodedata.combining(sign))
    return " ".join(kept.split())


def company(name: str | None) -> str:
    """Return a company's name as it is compared: without its legal form, unless it is nothing else."""
    words = plain(name).split()
    return " ".join(word for word in words if word not in LEGAL_FORMS) or " ".join(words)


def skeleton(text: str | None) -> str:
    """Return a name's first letter and its next consonants, doubled ones once: what misspelling leaves as it is."""
    letters = plain(text).replace(" ", "")
    found = letters[:1]
    for letter in letters[1:]:
        if letter not in SILENT and letter != found[-1]:
            found += letter
    return found[:SKELETON]


def domain_of(email: str | None, website: str | None = None) -> str:
    """Return where somebody is at home on the web, blank where nobody says."""
    if email and "@" in email:
        return email.rpartition("@")[2].casefold()
    address = (website or "").strip().casefold()
    host = urlsplit(address if "//" in address else f"//{address}").netloc if address else ""
    return host.removeprefix("www.").partition(":")[0]


def tail(number: str | None) -> str | None:
    """Return the end of a telephone number."""
    digits = "".join(sign for sign in number or "" if sign.isdigit())
    return digits[-TAIL:] if len(digits) >= TAIL else None


def block_of_contact(last_name: str | None, email: str | None, website: str | None) -> str | None:
    """Return the block of a name at a domain."""
    name, domain = skeleton(last_name), domain_of(email, website)
    return f"contact#{name}@{domain}"[:200] if name and domain else None


def block_of_account(website: str | None) -> str | None:
    """Return the block of a company's domain."""
    domain = domain_of(None, website)
    return f"account#{domain}"[:200] if domain else None


Record = Mapping[str, Any]
Evidence = tuple[int, str]


def contacts_alike(one: Record, other: Record) -> Likeness:
    """Compare two contacts."""
    return _sum([*_names(_full_name(one), _full_name(other)), *_ways(one, other), *_homes(one, other)])


def accounts_alike(one: Record, other: Record) -> Likeness:
    """Compare two accounts: a company is known by its name and by where it is at home on the web."""
    domains = domain_of(None, one.get("website")), domain_of(None, other.get("website"))
    found = list(_names(company(one.get("name")), company(other.get("name")), worth=(60, 45)))
    if domains[0] and domains[0] == domains[1]:
        found.append((50, "They have the same website."))
    return _sum([*found, *_same_phone(one, other), *_homes(one, other)])


def _sum(found: list[Evidence]) -> Likeness:
    score = max(0, min(100, sum(worth for worth, _ in found)))
    return Likeness(score, [why for _, why in sorted(found, key=lambda each: -each[0])])


def _full_name(record: Record) -> str:
    return " ".join(part for part in (record.get("first_name"), record.get("last_name")) if part)


def _names(one: str | None, other: str | None, worth: tuple[int, int] = (40, 30)) -> Iterator[Evidence]:
    ratio = _ratio(plain(one), plain(other))
    if ratio >= NAME_SAME:
        yield worth[0], "They have the same name."
    elif ratio >= NAME_ALIKE:
        yield worth[1], "Their names are nearly the same."


def _ratio(one: str, other: str) -> float:
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
    if _ratio(company(one.get("company_name")), company(other.get("company_name"))) >= NAME_ALIKE:
        yield 15, "They work at the same company."
    if one.get("postal_code") and plain(one.get("postal_code")) == plain(other.get("postal_code")):
        yield 10, "They have the same postal code."
    born = one.get("birth_date"), other.get("birth_date")
    if all(born):
        yield (25, "They were born on the same day.") if born[0] == born[1] else (-40, "They were born on other days.")
