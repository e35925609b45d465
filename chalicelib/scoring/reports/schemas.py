"""Exports and previews as clients ask for them and get them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.http import ListQuery, Schema
from chalicelib.scoring.reports.previewing import Effect


class FileView(Schema):
    """A file to be fetched from `url`, which works for a quarter of an hour; ask again for another one."""

    url: str
    rows: int
    bytes: int


class ExportView(Schema):
    """An export of a model's scores: how far it is, and its files once it is done. All of it is kept for a day."""

    id: str
    model_id: str
    state: str
    reason: str | None = None
    leads_seen: int
    slices_finished: int
    rows: int | None = None
    files: list[FileView] = Field(default_factory=list)
    created_at: datetime
    created_by: str
    expires_at: datetime


class NewPreview(Schema):
    """How many leads to look at: all of them, or one in so many, always the same ones."""

    one_in: Annotated[int, Field(ge=1, le=1000)] = 1


class GradeForecast(Schema):
    """How many leads have a grade, and how many would have it."""

    before: int = 0
    after: int = 0


class PreviewView(Schema):
    """What publishing the draft, as it was when the preview began, would do: so far, and whole once `state` is done.

    `effects` says for how many of the leads looked at each holds; a lead without a parent has no score either way.
    """

    id: str
    model_id: str
    live_version: int
    draft_version: int
    one_in: int
    state: str
    reason: str | None = None
    leads: int
    with_parent: int
    slices_finished: int
    effects: dict[Effect, int]
    grades: dict[str, GradeForecast]
    created_at: datetime
    created_by: str
    expires_at: datetime


class PreviewedQuery(ListQuery):
    """The effect of which the leads are listed."""

    effect: Effect


class PreviewedLeadView(Schema):
    """A lead for which publishing would have the effect; null is no score, or no grade."""

    lead_id: str
    contact_id: str | None = None
    account_id: str | None = None
    score_before: int | None
    score_after: int | None
    grade_before: str | None
    grade_after: str | None
