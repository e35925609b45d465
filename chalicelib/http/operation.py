"""What a route takes and gives: the API's own table of contents."""

from http import HTTPStatus

from msgspec import Struct
from pydantic import BaseModel

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class Operation(Struct, frozen=True):
    """What a route takes and gives, as the OpenAPI page tells it."""

    method: str
    path: str
    name: str
    summary: str
    body: type[BaseModel]
    query: type[BaseModel]
    returns: type[BaseModel] | None
    status: HTTPStatus
    scope: str | None
    content_types: tuple[str, ...]

    @property
    def public(self) -> bool:
        """Whether everybody may call it, as people do who follow a link; what others append to it does not matter."""
        return self.scope is None
