"""Leads as clients send and get them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, model_validator

from chalicelib.contacts.custom.schemas import CustomValues
from chalicelib.contacts.merge_schemas import SuggestionView
from chalicelib.http import Change, ListQuery, Schema
from chalicelib.leads.choices import (
    REASONS,
    LeadSource,
    LeadSourceType,
    Need,
    PurchaseProcess,
    PurchaseTimeframe,
    Rating,
    State,
    StatusReason,
)
from chalicelib.leads.process import Flag
from chalicelib.leads.process_schemas import StageId

Id = Annotated[str, Field(min_length=1, max_length=64)]
Line = Annotated[str, Field(max_length=100)]
Text = Annotated[str, Field(max_length=200)]
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=4, ge=0)]


class LeadFields(Schema):
    """What people may write on a lead."""

    topic: Text | None = None
    first_name: Line | None = None
    company_name: Text | None = None
    job_title: Line | None = None
    email: Annotated[str, Field(max_length=320)] | None = None
    phone: Annotated[str, Field(max_length=50)] | None = None
    mobile_phone: Annotated[str, Field(max_length=50)] | None = None
    website: Text | None = None
    street: Text | None = None
    city: Line | None = None
    region: Line | None = None
    postal_code: Annotated[str, Field(max_length=20)] | None = None
    country: Line | None = None
    industry: Line | None = None
    employees: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    annual_revenue: Money | None = None
    sic_code: Annotated[str, Field(max_length=20)] | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None
    rating: Rating | None = None
    lead_source: LeadSource | None = None
    lead_source_type: LeadSourceType | None = None
    purchase_timeframe: PurchaseTimeframe | None = None
    purchase_process: PurchaseProcess | None = None
    need: Need | None = None
    budget_amount: Money | None = None
    decision_maker: bool | None = None
    do_not_email: bool | None = None
    do_not_bulk_email: bool | None = None
    do_not_phone: bool | None = None
    linkedin_campaign: Text | None = None
    linkedin_submissions: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    company_size: Line | None = None
    job_function: Line | None = None
    seniority: Line | None = None
    degree: Line | None = None
    school: Text | None = None
    owner_id: Id | None = None
    business_unit: Id | None = None
    contact_id: Id | None = None
    account_id: Id | None = None
    custom: CustomValues = Field(default_factory=dict)


LastName = Annotated[str, Field(min_length=1, max_length=100)]


class NewLead(LeadFields):
    """A lead made by hand; it should name its parent contact, else marketing cannot use it (LEAD-8)."""

    last_name: LastName


class LeadChange(LeadFields, Change):
    """What changes: fields that are not named stay, null empties one."""

    never_empty = ("last_name", "status_reason", "trigger_recycle")

    last_name: LastName | None = None
    status_reason: StatusReason | None = None
    trigger_recycle: Annotated[bool, Field(description="Setting it gives the lead back to marketing.")] | None = None


class Why(Schema):
    """Why it is done, as the lead's history will tell it."""

    why: Annotated[str, Field(max_length=500)] = ""


class MoveLead(Why):
    """The stage to move a lead to, forward or back."""

    stage: StageId


MARKABLE = (Flag.SALES_READY, Flag.TELEPROSPECT_READY, Flag.TELEPROSPECT_ACCEPTED, Flag.SALES_ACCEPTED)


class MarkLead(Why):
    """What a lead is marked as."""

    flag: Flag

    @model_validator(mode="after")
    def _markable(self) -> "MarkLead":
        if self.flag not in MARKABLE:
            raise ValueError("A lead is recycled by returning it to marketing.")
        return self


class AcceptLead(Why):
    """Who takes the lead; its owner stays where nobody is named."""

    owner_id: Id | None = None


class AssignLead(Why):
    """Whose the lead becomes; null: nobody's."""

    owner_id: Id | None


class CloseLead(Why):
    """How a lead ended."""

    state: State
    status_reason: StatusReason | None = None

    @model_validator(mode="after")
    def _ended(self) -> "CloseLead":
        if self.state is State.OPEN:
            raise ValueError("A lead is closed as qualified or as disqualified.")
        if self.reason not in REASONS[self.state]:
            raise ValueError(f"“{self.reason}” is no reason of the state {self.state}.")
        return self

    @property
    def reason(self) -> StatusReason:
        return self.status_reason or REASONS[self.state][0]


class LeadsQuery(ListQuery):
    """All leads, or those of one owner, stage, contact or account."""

    owner_id: Id | None = None
    stage: StageId | None = None
    contact_id: Id | None = None
    account_id: Id | None = None
    stakeholder_id: Id | None = None


class SalesQueueQuery(ListQuery):
    """All that is ready for sales, or what of it is somebody's, or nobody's yet."""

    owner_id: Id | None = None
    unassigned: bool = False


class TeleprospectingQueueQuery(SalesQueueQuery):
    """What waits for teleprospectors at a stage, or what is somebody's, or nobody's yet."""

    stage: StageId | None = None


class LeadView(Schema):
    """A lead; forms and LinkedIn may bring longer texts and other numbers than people may write by hand."""

    topic: str | None = None
    first_name: str | None = None
    company_name: str | None = None
    job_title: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile_phone: str | None = None
    website: str | None = None
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    industry: str | None = None
    employees: int | None = None
    annual_revenue: Decimal | None = None
    sic_code: str | None = None
    description: str | None = None
    rating: Rating | None = None
    lead_source: LeadSource | None = None
    lead_source_type: LeadSourceType | None = None
    purchase_timeframe: PurchaseTimeframe | None = None
    purchase_process: PurchaseProcess | None = None
    need: Need | None = None
    budget_amount: Decimal | None = None
    decision_maker: bool | None = None
    do_not_email: bool | None = None
    do_not_bulk_email: bool | None = None
    do_not_phone: bool | None = None
    linkedin_campaign: str | None = None
    linkedin_submissions: int | None = None
    company_size: str | None = None
    job_function: str | None = None
    seniority: str | None = None
    degree: str | None = None
    school: str | None = None
    owner_id: str | None = None
    business_unit: str | None = None
    contact_id: str | None = None
    account_id: str | None = None
    custom: CustomValues = Field(default_factory=dict)
    id: str
    merged_into: str | None = None
    identities: list[str] = Field(default_factory=list)
    lacking: Annotated[
        list[str], Field(description="Required fields without a value: a machine made it, or they became required.")
    ] = Field(default_factory=list)
    last_name: str
    state: State
    status_reason: StatusReason
    process_id: str
    process_version: int
    stage: str
    waiting_stage: str | None = None
    opportunity_id: str | None = None
    stage_since: datetime
    teleprospect_ready: bool
    teleprospect_accepted: bool
    sales_ready: bool
    sales_accepted: bool
    recycled: bool
    trigger_recycle: bool
    sales_ready_at: datetime | None = None
    recycled_at: datetime | None = None
    source_journey_id: str | None = None
    source_email_id: str | None = None
    source_form_id: str | None = None
    source_page_id: str | None = None
    source_submission_id: str | None = None
    source_at: datetime | None = None
    originating_event_id: str | None = None
    latest_submission_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    version: int


class MoveView(Schema):
    """A change in a lead's history: for each field what it was and what it became."""

    at: datetime
    by: str
    why: str
    changes: dict[str, list[Any]]


class LeadDuplicateView(SuggestionView):
    """Another open lead that may be the same interest of the same person."""

    lead_id: str


class LeadDuplicates(Schema):
    items: list[LeadDuplicateView]


class Moves(Schema):
    items: list[MoveView]


class NewStakeholder(Schema):
    """A contact that has a stake in the lead, and which."""

    contact_id: Id
    role: Line = ""


class StakeholderView(Schema):
    """Somebody with a stake in a lead; the parent contact comes first."""

    contact_id: str
    parent: bool
    role: str | None = None
    since: datetime | None = None
    added_by: str | None = None


class Stakeholders(Schema):
    items: list[StakeholderView]


class LeadSettingsChange(Schema):
    """What is decided about leads."""

    process_id: Annotated[
        Id | None,
        Field(description="The process that leads follow which are made from now on; null: the one that is shipped."),
    ] = None
    contacts_for_orphans: Annotated[
        bool, Field(description="Whether open leads without a parent are given a contact by themselves.")
    ] = False


class LeadSettingsView(LeadSettingsChange):
    version: int
