"""How definitions name custom fields: as references, which hold them while what names them is live; pure."""

from collections.abc import Iterable

from chalicelib.contacts.custom.definition import CustomField, RecordType
from chalicelib.contacts.custom.record import is_custom, key_of
from chalicelib.definitions.lifecycle import Reference

KIND = "custom-field"


def reference(field: CustomField) -> Reference:
    return KIND, field.id


def named(record_type: str, names: Iterable[str | None]) -> list[Reference]:
    """Return the custom fields among fields of a record type, each once."""
    return [(KIND, f"{record_type}.{key_of(name)}") for name in dict.fromkeys(names) if name and is_custom(name)]


def asked(subjects: Iterable[str]) -> list[Reference]:
    """Return the custom fields among what conditions ask about, such as `contact.custom.tier`, each once."""
    found = []
    for subject in sorted(set(subjects)):
        entity, _, name = subject.partition(".")
        if entity in set(RecordType):
            found += named(entity, [name])
    return found
