"""Records that cells name by something else than their id: an account by its name, a contact by its address (IMP-4)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from chalicelib.contacts import called
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.dynamodb import Key, Look
from chalicelib.errors import DomainError, Invalid, Problem, Unprocessable
from chalicelib.imports.cells import Column, wrong
from chalicelib.imports.fields import ID, LOOKUPS
from chalicelib.imports.mapping import Lookup

Found = Mapping[Lookup, str | DomainError]
"""The id of the record that each one names, or why there is none."""


def problems(mapping: Sequence[Column]) -> list[Problem]:
    """Return a problem for each column that names contacts by what nothing compares alone."""
    by = [(at, each.key) for at, each in enumerate(mapping) if LOOKUPS.get(each.field) is RecordType.CONTACT]
    said = "Contacts are named by their id, or by what a matching strategy in use compares alone, such as email."
    unknown = [at for at, key in by if key != ID and called.strategy_by(key) is None]
    return [Problem(f"mapping.{at}.key", said) for at in unknown]


def keys(wanted: Iterable[Lookup]) -> Iterator[Key]:
    """Yield what `found` will ask `look` for."""
    for each in wanted:
        strategy = called.strategy_by(each.key) if each.of is RecordType.CONTACT else None
        if strategy is not None:
            with suppress(Invalid):  # it is told when its turn comes
                yield called.owner_key(strategy, each.text)


def found(wanted: Iterable[Lookup], look: Look) -> Found:
    """Look up each record once, however many rows name it."""
    return {each: _found(each, look) for each in dict.fromkeys(wanted)}


def _found(wanted: Lookup, look: Look) -> str | DomainError:
    what = f"{wanted.of} of this {wanted.key}"
    try:
        ids = _contacts(wanted, look) if wanted.of is RecordType.CONTACT else ACCOUNTS[wanted.key](wanted.text)
    except Invalid as error:
        return wrong(wanted.field, error.problems[0].message)
    if len(ids) > 1:
        return _unclear(wanted, f"There are several {wanted.of}s of this {wanted.key}. Name the one by its id.")
    return ids[0] if ids else _unclear(wanted, f"There is no {what}. Correct it, or import the {wanted.of} first.")


def _unclear(wanted: Lookup, why: str) -> DomainError:
    return Unprocessable("The row names a record that cannot be told.", [Problem(wanted.field, why)])


ACCOUNTS: Mapping[str, Callable[[str], list[str]]] = {
    "name": called.accounts_called,
    "website": called.accounts_at,
}


def _contacts(wanted: Lookup, look: Look) -> list[str]:
    strategy = called.strategy_by(wanted.key)
    owners = look([called.owner_key(strategy, wanted.text)]) if strategy is not None else []
    return [each.record_id for each in owners if each is not None]
