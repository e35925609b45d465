"""What attributes hold besides texts: whole numbers, exact decimals, JSON, bytes, instants, sets, plain maps."""

import json
from base64 import b64decode, b64encode
from datetime import datetime
from decimal import Decimal
from typing import Any

from pynamodb.attributes import Attribute, JSONAttribute, UnicodeSetAttribute
from pynamodb.constants import BINARY, MAP, NUMBER

from chalicelib.clock import as_text, from_text


class IntegerAttribute(Attribute[int]):
    """A whole number."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(int(value))

    def deserialize(self, value: str) -> int:
        return int(value)


class DecimalAttribute(Attribute[Decimal]):
    """An exact decimal of at most 38 digits; PynamoDB's own number is a float (pynamodb/PynamoDB#551)."""

    attr_type = NUMBER

    def serialize(self, value: Decimal | int) -> str:
        return format(Decimal(value).normalize(), "f")

    def deserialize(self, value: str) -> Decimal:
        return Decimal(value)


class JsonAttribute(JSONAttribute):
    """JSON in as few bytes as it takes: items are paid for by size, and 400 KB is their end."""

    def serialize(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class BytesAttribute(Attribute[bytes]):
    """Bytes, as the wire has them (see `wire`); so have the records of a stream."""

    attr_type = BINARY

    def serialize(self, value: bytes) -> str:
        return b64encode(value).decode()

    def deserialize(self, value: str) -> bytes:
        return b64decode(value)


class InstantAttribute(Attribute[datetime]):
    """An instant, stored as clock.as_text writes it, so that keys sort by time."""

    attr_type = "S"

    def serialize(self, value: datetime) -> str:
        return as_text(value)

    def deserialize(self, value: str) -> datetime:
        return from_text(value)


class TextsAttribute(UnicodeSetAttribute):
    """A set of texts. One set is written in one way: Python's order differs from process to process."""

    def serialize(self, value: set[str]) -> list[str] | None:
        return sorted(value) or None


class ExactJsonAttribute(JsonAttribute):
    """JSON whose fractions are exact decimals, of at most 15 digits."""

    def serialize(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)

    def deserialize(self, value: str) -> Any:
        return json.loads(value, parse_float=Decimal)


class ValuesAttribute(Attribute[dict[str, Any]]):
    """A map of texts, numbers, yes or no, and lists of texts; PynamoDB's own would make floats of the numbers."""

    attr_type = MAP

    def serialize(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: _raw(each) for name, each in value.items()}

    def deserialize(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: _plain(each) for name, each in value.items()}


def _raw(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": format(Decimal(value).normalize(), "f")}
        case list():
            return {"L": [_raw(each) for each in value]}
        case _:
            return {"S": value}


def _plain(raw: dict[str, Any]) -> Any:
    [(type_, value)] = raw.items()
    if type_ == "N":
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else number
    return [_plain(each) for each in value] if type_ == "L" else value
