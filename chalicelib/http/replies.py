"""Answers: what a view returns, as Chalice sends it."""

from collections.abc import Mapping
from http import HTTPStatus

from chalice.app import Response
from msgspec import Struct, field
from pydantic import BaseModel

from chalicelib.http.operation import JSON


class Reply(Struct, frozen=True):
    """An answer that is not a plain JSON model with the route's status."""

    body: str | bytes | BaseModel = ""
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)


def rendered(result: BaseModel | Reply | None, status: HTTPStatus) -> Response:
    if result is None:
        return Response("", status_code=HTTPStatus.NO_CONTENT)
    if isinstance(result, BaseModel):
        return Response(_json(result), status_code=status, headers={"Content-Type": JSON, **_tag(result)})
    headers = {"Content-Type": result.content_type, **result.headers}
    if isinstance(result.body, BaseModel):
        headers |= {"Content-Type": JSON, **_tag(result.body)}
        return Response(_json(result.body), status_code=result.status, headers=headers)
    return Response(result.body, status_code=result.status, headers=headers)


def _json(model: BaseModel) -> str:
    return model.model_dump_json(by_alias=True)


def _tag(model: BaseModel) -> dict[str, str]:
    version = getattr(model, "version", None)
    return {} if version is None else {"ETag": f'"{version}"'}
