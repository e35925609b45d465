"""Which accounts people mean who name them by what they are called, or by their website; which contact by a key."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from chalicelib.contacts import accounts, strategies
from chalicelib.contacts.blocks import block_of_account
from chalicelib.contacts.claims import Strategy
from chalicelib.contacts.models import ContactsItem, name_key
from chalicelib.contacts.normalise import text
from chalicelib.contacts.plans import BOOK
from chalicelib.dynamodb import Key
from chalicelib.lists import partitions

MOST = 5  # accounts of one name that are looked at: two are too many already, unless they are one by now
SIDE_BY_SIDE = 8


def accounts_called(name: str) -> list[str]:
    """Return the accounts of this name, whatever its letter case.

    The index may lag: who was renamed or merged a moment ago is found under its former name, as the one that counts.
    """
    key = name_key(text(name))
    asked = partial(ContactsItem.by_name.query, range_key_condition=ContactsItem.name_key == key, limit=MOST)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = pool.map(lambda shard: list(asked(shard)), partitions("account"))
        return _counting(item for items in found for item in items)


def accounts_at(website: str) -> list[str]:
    """Return the accounts of this domain, likewise."""
    block = block_of_account(website)
    return _counting(ContactsItem.by_likeness.query(block, limit=MOST)) if block is not None else []


def _counting(found: Iterable[Any]) -> list[str]:
    ids = [item.pk.removeprefix("ACCOUNT#") for item in found]
    return sorted({each.record_id for each in accounts.find_all(ids).values()})


def strategy_by(attribute: str) -> Strategy | None:
    """Return the matching strategy of contacts that compares this attribute alone, if one is in use."""
    known = strategies.in_use(strategies.CONTACT)
    return next((each for each in known if each.attributes == (attribute,) and each.state == strategies.LIVE), None)


def owner_key(strategy: Strategy, value: str) -> Key:
    """Return where it is told who owns this value of the strategy's one attribute. Raises Invalid for a broken one."""
    return BOOK.owner_key(strategy.place({strategy.attributes[0]: value}) or "")
