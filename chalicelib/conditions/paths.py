"""Paths from a lead along the relations of records, such as `lead.contact.account`: checked, and named in one way."""

from collections.abc import Sequence

from msgspec import Struct

from chalicelib.conditions.catalogue import Catalogue
from chalicelib.errors import Invalid

MOST_HOPS = 5
"""Reference 9.4."""

LEAD, CONTACT, ACCOUNT = "lead", "contact", "account"


class Path(Struct, frozen=True):
    """A way to records, from a lead or, for all that is not the lead's own, from its contact.

    `account`, without a way to it, is the lead's own parent account, else that of its contact (SCO-19).
    """

    name: str
    """What the path is called, whichever way it was written: `lead.contact` and `contact` are one."""
    root: str
    """Where the steps begin: at the lead or at the contact."""
    steps: tuple[str, ...]
    """The relations to follow."""
    entity: str
    """Which entity the records at its end are of."""
    passes: tuple[tuple[str, str], ...] = ()
    """Every entity and relation on the way."""


def resolve(text: str, catalogue: Catalogue) -> Path:
    """Return the path that a condition names. Raise Invalid with a sentence where there is none."""
    root, *relations = text.split(".")
    if root not in catalogue.entities:
        raise Invalid(f"There is neither a record nor an interaction {root or text}.")
    whole = _whole(root, relations)
    if len(whole) > MOST_HOPS:
        raise Invalid(f"A path has at most {MOST_HOPS} hops; this one has {len(whole)}: {'.'.join((LEAD, *whole))}.")
    passes, entity = _walked(root, relations, catalogue)
    if root == LEAD and whole[:1] != (CONTACT,):
        return Path(text, LEAD, whole, entity, passes)
    if text == ACCOUNT:
        return Path(ACCOUNT, CONTACT, (ACCOUNT,), ACCOUNT, ((LEAD, ACCOUNT), (CONTACT, ACCOUNT)))
    return Path(_name(whole[1:], catalogue), CONTACT, whole[1:], entity, passes)


def of_interaction(text: str, catalogue: Catalogue) -> Path:
    """Return the path behind an interaction's type: `contact.account` of `EmailClicked.contact.account`.

    Its contact is one hop from an interaction as from a lead, so five hops are as many from either.
    """
    type_, first, *relations = text.split(".")
    if first != CONTACT:
        raise Invalid(f"{type_} has no relation “{first}”; it has {CONTACT}.")
    return resolve(".".join((CONTACT, *relations)), catalogue)


def _whole(root: str, relations: Sequence[str]) -> tuple[str, ...]:
    """Return every relation from the lead on; names without a way to them begin at its contact."""
    if root == LEAD:
        return tuple(relations)
    return (CONTACT, *relations) if root == CONTACT else (CONTACT, root, *relations)


def _walked(root: str, relations: Sequence[str], catalogue: Catalogue) -> tuple[tuple[tuple[str, str], ...], str]:
    entity, passes = root, []
    for relation in relations:
        known = catalogue.relations.get(entity, {})
        if relation not in known:
            raise Invalid(f"{entity} has no relation “{relation}”; it has {', '.join(sorted(known)) or 'none'}.")
        passes.append((entity, relation))
        entity = known[relation].to
    return tuple(passes), entity


def _name(steps: Sequence[str], catalogue: Catalogue) -> str:
    """Return what a path from the contact is called: what a contact has of its own goes by its own name."""
    relation = catalogue.relations.get(CONTACT, {}).get(steps[0]) if steps else None
    own = steps and steps[0] != ACCOUNT and (relation is None or relation.to == steps[0])
    return ".".join(steps if own else (CONTACT, *steps))
