"""How purposes and topics are named where people name them."""

from typing import Annotated

from pydantic import Field

ID = r"[a-z0-9][a-z0-9-]{0,39}"

OwnId = Annotated[str, Field(pattern=f"^{ID}$")]
Choice = Annotated[str, Field(pattern=f"^{ID}(/{ID})?$")]
"""A purpose, or a topic of it."""
