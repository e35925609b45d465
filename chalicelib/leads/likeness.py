"""How alike two leads are: the same person, and the same interest of that person; pure.

One person has several leads rightly, one a marketing context. So who they are counts so much at most that a different
topic or context is enough to tell two leads apart.
"""

from collections.abc import Iterator

from chalicelib.contacts.blocks import block_of_person, company, domain_of, plain
from chalicelib.contacts.likeness import NAME_ALIKE, NAME_SAME, Evidence, Likeness, Record, alike, of_people, weighed
from chalicelib.leads.choices import NO_NAME

PERSON = 70
"""What everything that tells who they are counts at most."""
TOPIC_OTHER = 50  # of a hundred: less alike than this they are about something else

CAME_FROM = {
    "source_page_id": "page",
    "source_journey_id": "journey",
    "originating_event_id": "event",
    "source_form_id": "form",
    "source_email_id": "email",
}
"""What a marketing context is told apart by: the first that both leads have."""


def block_of_lead(
    last_name: str | None, email: str | None, website: str | None, company_name: str | None
) -> str | None:
    """Return the block of a lead: its name at its domain, or at its company where it has no domain."""
    named = last_name if last_name != NO_NAME else None
    return block_of_person("lead", named, domain_of(email, website) or company(company_name))


def leads_alike(one: Record, other: Record) -> Likeness:
    """Compare two leads, whose parents are named by the contact and the account that count."""
    one, other = _named(one), _named(other)
    person = [*_parents(one, other), *of_people(one, other)]
    return weighed([*_topics(one, other), *_contexts(one, other)], person, PERSON)


def _named(lead: Record) -> Record:
    return {**lead, "last_name": None} if lead.get("last_name") == NO_NAME else lead


def _parents(one: Record, other: Record) -> Iterator[Evidence]:
    """Compare whose they are. Only leads of one contact are merged, so where they are not it is said what comes first.

    The last two weigh nothing: whoever is there twice may well have a lead as either.
    """
    mine, theirs = one.get("contact_id"), other.get("contact_id")
    if mine and theirs:
        same = mine == theirs
        yield (50, "They belong to the same contact.") if same else (0, "Their contacts have to be merged first.")
    elif mine or theirs:
        yield 0, "Only one of them has a contact; the other one has to be given it first."
    if one.get("account_id") and one.get("account_id") == other.get("account_id"):
        yield 30, "They belong to the same account."


def _topics(one: Record, other: Record) -> Iterator[Evidence]:
    mine, theirs = plain(one.get("topic")), plain(other.get("topic"))
    if not mine or not theirs:
        return
    ratio = alike(mine, theirs)
    if ratio >= NAME_SAME:
        yield 25, "They are about the same topic."
    elif ratio >= NAME_ALIKE:
        yield 15, "Their topics are nearly the same."
    elif ratio < TOPIC_OTHER:
        yield -30, "They are about different topics."


def _contexts(one: Record, other: Record) -> Iterator[Evidence]:
    """Compare where they came from; leads of different marketing contexts are different interests."""
    both = next((name for name in CAME_FROM if one.get(name) and other.get(name)), None)
    if both is not None:
        same = one[both] == other[both]
        source = CAME_FROM[both]
        yield (20, f"They came from the same {source}.") if same else (-25, f"They came from different {source}s.")
