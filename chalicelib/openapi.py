"""The API's own description: OpenAPI 3.1 from the very schemas that check the requests."""

import json
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.http import JSON, Api, Application, Call, Nothing, Operation, Reply

api = Api(__name__)

REFERENCE = "#/components/schemas/{model}"
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "duplicates": {
            "type": "array",
            "description": "Contacts that the one which was sent may be as well, the surest first.",
            "items": {
                "type": "object",
                "properties": {
                    "contact_id": {"type": "string"},
                    "score": {"type": "integer"},
                    "reasons": {"type": "array", "items": {"type": "string"}},
                    "strategy_id": {"type": ["string", "null"]},
                },
            },
        },
    },
}


@api.on("GET /openapi.json", scope=None)
def show_openapi(_: Call[Nothing]) -> Reply:
    """Describe every route of this API."""
    return Reply(json.dumps(document(cast(Application, api.current_app).operations)), content_type=JSON)


def document(operations: list[Operation]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of `operations`."""
    known = {model for each in operations for model in (each.body, each.returns, each.query)}
    models = {model for model in known if model not in {None, Nothing}}
    named, definitions = models_json_schema(
        [(model, _mode(model, operations)) for model in sorted(models, key=str)], ref_template=REFERENCE
    )
    schemas = definitions.get("$defs", {})
    paths: dict[str, Any] = {}
    for each in operations:
        described = _described(each, {model: schema for (model, _), schema in named.items()}, schemas)
        paths.setdefault(each.path, {})[each.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Itinera", "version": "1", "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _mode(model: type[BaseModel], operations: list[Operation]) -> Any:
    return "validation" if any(model in {each.body, each.query} for each in operations) else "serialization"


def _described(each: Operation, schemas: dict[Any, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        "tags": [each.path.split("/")[1]],
        "parameters": _parameters(each, schemas, definitions),
        "responses": {
            str(int(each.status)): _content(schemas.get(each.returns), "Done."),
            "default": {
                "description": "What is wrong, in words.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
    if each.scope is not None:
        described["security"] = [{"bearer": []}]
        described["description"] = f"Needs the permission `{each.scope}`."
    if each.body is not Nothing:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schemas[each.body]}}}
    return described


def _content(schema: Any, description: str) -> dict[str, Any]:
    return {"description": description, **({"content": {JSON: {"schema": schema}}} if schema else {})}


def _parameters(each: Operation, schemas: dict[Any, Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in each.path.split("/") if part.startswith("{")]
    path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    reference = schemas.get(each.query, {}).get("$ref", "").removeprefix(REFERENCE.format(model=""))
    shape = definitions.get(reference, {})
    required = shape.get("required", [])
    query = [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in shape.get("properties", {}).items()
    ]
    return path + query
