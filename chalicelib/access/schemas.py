"""API keys as clients send and get them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.http import Schema


class NewKey(Schema):
    """What a key is for, and what it may do."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[str], Field(min_length=1, max_length=50)]


class KeyView(Schema):
    """A key, without its secret."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None = None


class FreshKey(KeyView):
    """A key with its text, which is shown this once."""

    key: str


class Keys(Schema):
    items: list[KeyView]
