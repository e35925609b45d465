"""Who a contact that is made or changed by hand may be as well (CON-20), and that somebody goes on all the same.

Who has the same key is told by the claims, in the transaction that writes; who is only alike is looked for before it.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from chalicelib.contacts import identity, strategies, suggesting, suggestions
from chalicelib.contacts.likeness import contacts_alike
from chalicelib.contacts.models import Contact
from chalicelib.contacts.suggestions import CONTACT, SameKey, Suggestion
from chalicelib.errors import Conflict, Problem

SAME = "There is a contact with these details already."
ALIKE = "There are contacts that may be the same person."
GO_ON = "Look at them; to go on all the same, name them in not_the_same_as."


class Wish(Struct, frozen=True):
    """What somebody wants looked for, and who was seen and is somebody else."""

    alike: bool = False
    others: frozenset[str] = frozenset()


def refuse(contact: Contact, before: Mapping[str, Any], met: Mapping[str, str], wish: Wish) -> None:
    """Refuse a contact as it is about to be written where it may be another one that nobody has seen yet.

    `before` are the values that it had, `met` whose keys it would share from now on (owner by strategy). Raises
    Conflict with everybody it may be, the surest first.
    """
    found = _alike(contact, before, met) if wish.alike else _same(met)
    if all(each.id in wish.others for each in found):
        return
    named = [Problem("contact_id", each.id) for each in found]
    told = [
        {"contact_id": each.id, "score": each.score, "reasons": each.reasons, "strategy_id": each.strategy_id}
        for each in found
    ]
    why = SAME if any(each.strategy_id for each in found) else ALIKE
    raise Conflict(f"{why} {GO_ON}", named, {"duplicates": told})


def _same(met: Mapping[str, str]) -> list[Suggestion]:
    """Return who has the default strategy's key: it is looked for whatever somebody wants (decision 12)."""
    default = strategies.default(strategies.CONTACT)
    return [suggestions.same(CONTACT, met[default.id], SameKey(default.id))] if default.id in met else []


def _alike(contact: Contact, before: Mapping[str, Any], met: Mapping[str, str]) -> list[Suggestion]:
    """Return everybody who has the same key by any strategy, or is alike and more so than before."""
    by_key = {owner: SameKey(strategy) for strategy, owner in met.items()}
    near = suggesting.around_contact(contact) if _compared(contact, before) else ()
    others = {who.id: who.contact for who in identity.many([*by_key, *near]) if contact.contact_id not in who.ids}
    found = suggestions.listed(CONTACT, contact, others, by_key, contacts_alike)
    return [each for each in found if each.strategy_id or _likelier(each, before, others[each.id])]


def _compared(contact: Contact, before: Mapping[str, Any]) -> bool:
    return any(getattr(contact, name) != before.get(name) for name in CONTACT.compared)


def _likelier(found: Suggestion, before: Mapping[str, Any], other: Any) -> bool:
    return found.score > contacts_alike(before, other.attribute_values).score
