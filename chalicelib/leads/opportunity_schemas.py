"""Opportunities as clients send and get them."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from chalicelib.http import Change, ListQuery, Schema
from chalicelib.leads.choices import StatusReason
from chalicelib.leads.opportunity import OpportunityState
from chalicelib.leads.schemas import Id, LeadView, Money, Text, Why

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["DKK"])]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2026-12-24"])]


class OpportunityFields(Schema):
    """What people may write on an opportunity."""

    description: Annotated[str, Field(max_length=2000)] | None = None
    estimated_value: Money | None = None
    currency: Currency | None = None
    close_date: Day | None = None
    owner_id: Id | None = None
    contact_id: Id | None = None
    account_id: Id | None = None

    @field_validator("close_date")
    @classmethod
    def _a_day(cls, value: str | None) -> str | None:
        if value is not None:
            date.fromisoformat(value)
        return value


Name = Annotated[Text, Field(min_length=1)]


class NewOpportunity(OpportunityFields):
    """An opportunity made by hand; it should name its contact or its account, else nobody sees that it is theirs."""

    name: Name


class OpportunityChange(OpportunityFields, Change):
    """What changes: fields that are not named stay, null empties one."""

    never_empty = ("name",)

    name: Name | None = None


class QualifyLead(Why):
    """What becomes of the lead; what is not said is taken from it."""

    name: Name | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None
    estimated_value: Money | None = None
    currency: Currency | None = None
    close_date: Day | None = None
    owner_id: Id | None = None

    @field_validator("close_date")
    @classmethod
    def _a_day(cls, value: str | None) -> str | None:
        if value is not None:
            date.fromisoformat(value)
        return value

    @model_validator(mode="after")
    def _in_a_currency(self) -> "QualifyLead":
        if self.estimated_value is not None and self.currency is None:
            raise ValueError("An estimated value needs a currency, such as DKK.")
        return self

    @property
    def values(self) -> dict[str, Any]:
        return self.model_dump(exclude={"why"}, exclude_none=True)


class DisqualifyLead(Why):
    """Why a lead comes to nothing."""

    status_reason: StatusReason = StatusReason.LOST


class OpportunitiesQuery(ListQuery):
    """All opportunities, or those of one owner, contact or account."""

    owner_id: Id | None = None
    contact_id: Id | None = None
    account_id: Id | None = None


class OpportunityView(OpportunityFields):
    """An opportunity."""

    id: str
    name: str
    state: OpportunityState
    lead_id: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    why: str | None = None
    created_at: datetime
    created_by: str
    updated_at: datetime
    version: int


class QualifiedView(Schema):
    """A lead that was closed, and the opportunity that came of it."""

    lead: LeadView
    opportunity: OpportunityView
