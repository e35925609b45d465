"""From a request to a Call: who calls and may, and the body, query and form that were sent."""

import json
from typing import Any
from urllib.parse import parse_qsl

from chalice.app import Request
from pydantic import BaseModel
from pydantic_core import from_json

from chalicelib.access.scopes import require
from chalicelib.access.service import PUBLIC, Caller
from chalicelib.errors import Invalid, NotFound, Problem, TooLarge
from chalicelib.http.call import Call
from chalicelib.http.operation import Operation
from chalicelib.http.problems import LONGEST_NAME, MOST_TOLD, SAID
from chalicelib.http.schemas import Nothing

LONGEST_ID = 200  # letters of an id in a path; ours have far fewer, a key of DynamoDB ends at 1,024 bytes


def call_of(request: Request, operation: Operation, largest: int) -> Call[Any]:
    caller = _caller(request)
    if operation.scope is not None:
        require(caller.scopes, operation.scope)
    if len(request.raw_body) > largest:
        raise TooLarge(f"The body may have {largest:,} bytes at most.")
    return Call(request, _body(request, operation), _query(request, operation), caller)


def _caller(request: Request) -> Caller:
    given = request.context.get("authorizer") or {}
    if "principalId" not in given:
        return PUBLIC
    return Caller(given["principalId"], frozenset(given.get("scopes", "").split()))


def _body(request: Request, operation: Operation) -> BaseModel:
    if operation.body is Nothing:
        return Nothing()
    content = json_of(request.raw_body or b"{}")
    if not isinstance(content, dict):
        raise Invalid("The body must be a JSON object.")
    return operation.body.model_validate(content)


def json_of(raw: bytes | str) -> Any:
    """Return what a body says.

    Raises Invalid for no JSON, no UTF-8, half a letter, NaN, 200 levels and more, and for an object that says two
    things of one field: each reader would take another of them.
    """
    try:
        content = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Invalid("The body is not JSON.") from error
    json.loads(raw, object_pairs_hook=_once, parse_int=str, parse_float=str)
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(pairs)
    if len(known) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in known if names.count(name) > 1)
        problem = Problem(twice[:LONGEST_NAME], "This is here twice. Say it once.")
        raise Invalid("An object of the body says something twice.", [problem])
    return known


def _query(request: Request, operation: Operation) -> BaseModel:
    """Return the query. Raises Invalid for what is not known here, but on public routes, where others append things."""
    given, known = query_of(request), operation.query.model_fields
    unknown = [name for name in given if name not in known]
    if unknown and not operation.public:
        takes = (
            f"Only these can be asked for here: {', '.join(sorted(known))}." if known else "No filter is known here."
        )
        problems = [Problem(name[:LONGEST_NAME], SAID["extra_forbidden"]) for name in unknown[:MOST_TOLD]]
        raise Invalid(takes, problems)
    return operation.query.model_validate({name: value for name, value in given.items() if name in known})


def query_of(request: Request) -> dict[str, Any]:
    """Return the query's parameters; one that comes several times is a list."""
    given = request.query_params
    if given is None:
        return {}
    return {name: values[0] if len(values := given.getlist(name)) == 1 else values for name in given}


def form_of(call: Call[Any]) -> dict[str, str | list[str]]:
    """Return the fields of a urlencoded body. Raises Invalid if it is not UTF-8 or has over 200 fields."""
    try:
        pairs = parse_qsl(call.raw.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise Invalid("The form could not be read.") from error
    fields: dict[str, str | list[str]] = {}
    for name, value in pairs:
        before = fields.get(name)
        fields[name] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    return fields


def id_of(name: str, given: str) -> str:
    """Return an id of the path. Raises NotFound for one that no record can have; tokens are checked as such."""
    if name != "token" and len(given) > LONGEST_ID:
        raise NotFound(f"There is nothing of this {name.replace('_', ' ')}.")
    return given
