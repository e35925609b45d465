"""How a record holds the values of custom fields: in one map, each under the name `custom.<key>` like any other field.

So who copies, compares, merges and puts back fields by their names need not know which are the organisation's own.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.dynamodb import ValuesAttribute
from chalicelib.errors import TooLarge

CUSTOM = "custom."
_set = object.__setattr__
MOST_BYTES = 16 * 1024
"""Of all values of a record together: it is read whole by everybody who asks anything of it."""


def custom(key: str) -> str:
    """Return the name of the field of this key."""
    return f"{CUSTOM}{key}"


def is_custom(name: str) -> bool:
    return name.startswith(CUSTOM)


def key_of(name: str) -> str:
    return name.removeprefix(CUSTOM)


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by field name where those of custom fields came in a map of their own."""
    own = values.get("custom") or {}
    others = {name: value for name, value in values.items() if name != "custom"}
    return {**others, **{custom(key): value for key, value in own.items()}}


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by field name with those of custom fields in a map of their own, as `flat` takes them."""
    own = {key_of(name): value for name, value in values.items() if is_custom(name)}
    others = {name: value for name, value in values.items() if not is_custom(name)}
    return {**others, "custom": own} if own else others


def names_of(*records: "WithCustom") -> list[str]:
    """Return the custom fields of which any of the records has a value."""
    return sorted({custom(key) for record in records for key in record.custom or ()})


class WithCustom:
    """A record with custom fields; an absent value is not stored."""

    custom = ValuesAttribute(null=True)

    def __init__(self, *key: Any, **values: Any) -> None:
        own = {name: values.pop(name) for name in [name for name in values if is_custom(name)]}
        super().__init__(*key, **values)
        for name, value in own.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if not is_custom(name):
            raise AttributeError(name)
        return (self.custom or {}).get(key_of(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if name[:7] == CUSTOM:  # sixty times for each record that is read: every call more would be noticed
            name, value = "custom", _changed(self.custom or {}, key_of(name), value)
        _set(self, name, value)

    @property
    def custom_values(self) -> dict[str, Any]:
        """The values by field name."""
        return {custom(key): value for key, value in (self.custom or {}).items()}


def _changed(values: Mapping[str, Any], key: str, value: Any) -> dict[str, Any] | None:
    others = {name: each for name, each in values.items() if name != key}
    after = others if value is None else {**others, key: value}
    if value is not None and _size(after.values()) > MOST_BYTES:
        raise TooLarge(f"The custom fields of a record hold {MOST_BYTES // 1024} KB at most, all together.")
    return after or None


def _size(values: Iterable[Any]) -> int:
    return len(json.dumps(list(values), ensure_ascii=False, default=str).encode())
