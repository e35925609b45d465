"""Definitions as clients get them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.http import ListQuery, Schema

Name = Annotated[str, Field(min_length=1, max_length=100)]


class ProblemView(Schema):
    """Something that is wrong, and where."""

    field: str
    message: str


class CheckView(Schema):
    """Everything that keeps a draft from going live, and what to think about besides."""

    problems: list[ProblemView]
    warnings: list[ProblemView]


class ByNameQuery(ListQuery):
    """Definitions by name."""

    name_prefix: Annotated[str, Field(max_length=100)] = ""


class StopRequest(Schema):
    """Whether to stop it although other live things use it."""

    confirmed: bool = False


class MilestoneView(Schema):
    """A change of state."""

    state: str
    version: int
    at: datetime
    by: str


class Milestones(Schema):
    items: list[MilestoneView]


class JobView(Schema):
    """Bulk work and how far it is: what it has taken up so far, how many of its 16 slices have ended."""

    id: str
    work: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    rate: int | None = None
    state: str
    attempts: int
    done: int
    slices_finished: int
    reason: str | None = None
    created_at: datetime
    began_at: datetime | None = None
    worked_at: datetime | None = None
    ended_at: datetime | None = None


class Jobs(Schema):
    items: list[JobView]


class DefinitionView(Schema):
    """A definition: its draft, its state, and the version that is live (0: none)."""

    id: str
    name: str
    state: str
    live_version: int
    document: Any
    created_at: datetime
    updated_at: datetime
    updated_by: str
    version: int


class PublishedView(DefinitionView):
    """What went live, and what to think about all the same."""

    warnings: list[ProblemView]
