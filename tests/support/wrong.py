"""Makes bodies from a JSON schema: one that should do, and the same with one thing wrong at a time."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

Spoiled = tuple[str, str, Any]
"""Where something is wrong, what, and the whole value with it."""

SPOILS: dict[str, Any] = {
    "null": None,
    "list": [[]],
    "object": {"no such field": {}},
    "huge number": 10**40,
    "fraction": -0.5,
    "boolean": True,
    "long text": "x" * 20_000,
    "control characters": "a\x00b\r\n\x1f\x7f",
    "endless number": float("inf"),
    "lone surrogate": "\ud800",
}
NEVER = ("lone surrogate", "endless number")  # no field whatever takes these

RIGHT = {("required", "boolean")}
"""What is nothing wrong, and would let nobody make a record any more: a custom field that all of them need."""

KNOWN: dict[str, Any] = {
    "scopes": ["leads:read"],
    "email": "anna@nygaard.example",
    "address": "anna@nygaard.example",
    "partial_url": "welcome",
    "type": "WebsiteVisited",
    "state": "qualified",
    "attributes": ["email"],
}
"""Values for fields whose rule the schema does not tell."""

WHOLE: dict[str, Any] = {
    "RaiseRequest": {"contact_id": "sample"},
    "ModelDocument": {
        "sales_ready_score": 1,
        "rules": [{"id": "r", "points": 1, "conditions": [{"entity": "EmailClicked"}]}],
    },
}
"""Bodies of models whose rule the schema does not tell."""


@cache
def shape(model: type[BaseModel]) -> "Shape":
    return Shape(model)


class Shape:
    """A model's JSON schema, and the bodies that can be made from it."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.schema = model.model_json_schema(by_alias=True)
        self._defs: Mapping[str, Any] = self.schema.get("$defs", {})

    def sample(self, schema: Mapping[str, Any] | None = None, name: str = "") -> Any:
        """Return a value that the schema admits: no more than it requires."""
        given = self._resolved(self.schema if schema is None else schema)
        if given.get("title") in WHOLE:
            return WHOLE[given["title"]]
        if said := [given[key] for key in ("const", "default") if key in given and name]:
            return said[0]
        if name in KNOWN and KNOWN[name] in given.get("enum", [KNOWN[name]]) and "properties" not in given:
            return KNOWN[name]
        if said := [*given.get("enum", []), *given.get("examples", [])]:
            return said[0]
        variants = self._variants(given)  # a condition's last variant is the one that ends
        return self.sample(variants[-1], name) if variants else self._plain(given)

    def _plain(self, given: Mapping[str, Any]) -> Any:
        kind = given.get("type", "null")
        if kind == "object":
            return {each: self.sample(given["properties"][each], each) for each in given.get("required", [])}
        if kind == "array":
            return [self.sample(given["items"]) for _ in range(given.get("minItems", 0))]
        text = "2026-11-24T08:00:00Z" if given.get("format") == "date-time" else "sample"
        return {"string": text, "boolean": True, "null": None}.get(kind, given.get("minimum", 1))

    def spoiled(
        self, schema: Mapping[str, Any] | None = None, depth: int = 4, seen: frozenset[str] = frozenset()
    ) -> Iterator[Spoiled]:
        """Yield where something is wrong, what, and the whole value: every field that is known, in every way."""
        given = self._resolved(self.schema if schema is None else schema)
        title = given.get("title", "")
        if depth == 0 or ("properties" in given and title in seen):
            return
        seen |= {title}
        for variant in self._variants(given):
            yield from self.spoiled(variant, depth, seen)
        yield from self._in_fields(given, depth, seen)
        if isinstance(given.get("additionalProperties"), dict):
            inner = self.spoiled(given["additionalProperties"], depth - 1, seen)
            yield from ((f"/key{where}", what, {"key": value}) for where, what, value in inner)
        if "items" in given:
            inner = self.spoiled(given["items"], depth - 1, seen)
            yield from ((f"/0{where}", what, [value]) for where, what, value in inner)

    def _in_fields(self, given: Mapping[str, Any], depth: int, seen: frozenset[str]) -> Iterator[Spoiled]:
        if "properties" not in given:
            yield from (("", what, wrong) for what, wrong in SPOILS.items() if depth < 4 and given.get("type"))
            return
        base = self.sample(given)
        yield "/no_such_field", "unknown field", {**base, "no_such_field": 1}
        for name, field in given["properties"].items():
            spoils = {what: wrong for what, wrong in SPOILS.items() if (name, what) not in RIGHT}
            yield from ((f"/{name}", what, {**base, name: wrong}) for what, wrong in spoils.items())
            inner = self._deeper(field, depth, seen)
            yield from ((f"/{name}{where}", what, {**base, name: value}) for where, what, value in inner)

    def _deeper(self, field: Mapping[str, Any], depth: int, seen: frozenset[str]) -> Iterator[Spoiled]:
        """Yield what can be wrong inside a field; what can be wrong instead of it is known."""
        return (each for each in self.spoiled(field, depth - 1, seen) if each[0])

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            own = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**self._defs[schema["$ref"].rsplit("/", 1)[1]], **own}
        return schema

    def _variants(self, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return [each for each in given.get("anyOf", given.get("oneOf", [])) if each.get("type") != "null"]
