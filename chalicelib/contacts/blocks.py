"""The blocks in which somebody alike is looked for: keys that alike records share; pure.

So nobody has to be compared with everybody. A name is in its block by what misspelling leaves of it.
"""

import unicodedata
from urllib.parse import urlsplit

TAIL = 8  # digits of a number that are the same however it is dialled
SKELETON = 4  # letters of a name that are left in its block
MOST_LETTERS = 200  # of a block's name

LEGAL_FORMS = {
    *("a", "s", "as", "aps", "ab", "ag", "bv", "co", "corp", "gmbh", "inc", "kg", "kgaa"),
    *("limited", "llc", "ltd", "nv", "oy", "oyj", "plc", "sa", "sarl", "se", "spa", "srl"),
}
SILENT = set("aeiouyhw")


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
    try:
        host = urlsplit(address if "//" in address else f"//{address}").netloc if address else ""
    except ValueError:  # what somebody wrote is no address at all
        return ""
    return host.removeprefix("www.").partition(":")[0]


def tail(number: str | None) -> str | None:
    """Return the end of a telephone number."""
    digits = "".join(sign for sign in number or "" if sign.isdigit())
    return digits[-TAIL:] if len(digits) >= TAIL else None


def block_of_person(kind: str, last_name: str | None, home: str) -> str | None:
    """Return the block of a name at a domain, or wherever else somebody is at home."""
    name = skeleton(last_name)
    return f"{kind}#{name}@{home}"[:MOST_LETTERS] if name and home else None


def block_of_contact(last_name: str | None, email: str | None, website: str | None) -> str | None:
    """Return the block of a contact: its name at its domain."""
    return block_of_person("contact", last_name, domain_of(email, website))


def block_of_account(website: str | None) -> str | None:
    """Return the block of a company's domain."""
    domain = domain_of(None, website)
    return f"account#{domain}"[:MOST_LETTERS] if domain else None
