"""The fields of leads: how each is cleaned when it is written, what forms may write, what conditions may ask."""

from collections.abc import Mapping
from typing import Any

from chalicelib.conditions.catalogue import Field, Fields, FieldType
from chalicelib.leads.choices import (
    LeadSource,
    LeadSourceType,
    Need,
    PurchaseProcess,
    PurchaseTimeframe,
    Rating,
    State,
    StatusReason,
)
from chalicelib.leads.models import Lead
from chalicelib.leads.process import Flag

TEXTS = (
    *("topic", "first_name", "last_name", "company_name", "job_title", "email", "phone", "mobile_phone"),
    *("website", "street", "city", "region", "postal_code", "country", "industry", "sic_code", "description"),
    *("linkedin_campaign", "company_size", "job_function", "seniority", "degree", "school"),
)
IDS = (
    *("lead_id", "contact_id", "account_id", "owner_id", "business_unit"),
    *("source_journey_id", "source_email_id", "source_form_id", "source_page_id", "originating_event_id"),
    *("process_id", "stage", "waiting_stage"),
)
INTEGERS = ("employees", "linkedin_submissions")
NUMBERS = ("annual_revenue", "budget_amount")
BOOLEANS = ("decision_maker", "do_not_email", "do_not_bulk_email", "do_not_phone", "trigger_recycle", *Flag)
INSTANTS = ("created_at", "updated_at", "stage_since", "sales_ready_at", "recycled_at", "latest_submission_at")
CHOICES: Mapping[str, Any] = {
    "rating": Rating,
    "lead_source": LeadSource,
    "lead_source_type": LeadSourceType,
    "purchase_timeframe": PurchaseTimeframe,
    "purchase_process": PurchaseProcess,
    "need": Need,
    "state": State,
    "status_reason": StatusReason,
}


def _typed(names: tuple[str, ...], type_: FieldType) -> dict[str, Field]:
    return {str(name): Field(type_) for name in names}


FIELDS: Fields = {
    **_typed(TEXTS, FieldType.TEXT),
    **_typed(IDS, FieldType.ID),
    **_typed(INTEGERS, FieldType.INTEGER),
    **_typed(NUMBERS, FieldType.NUMBER),
    **_typed(BOOLEANS, FieldType.BOOLEAN),
    **_typed(INSTANTS, FieldType.INSTANT),
    **{name: Field(FieldType.CHOICE, tuple(choices)) for name, choices in CHOICES.items()},
}


SUBMITTABLE = frozenset(
    {*TEXTS, *INTEGERS, *NUMBERS, "decision_maker", "purchase_timeframe", "purchase_process", "need"}
)
"""Lead fields that a form may write."""

WRITABLE: Fields = {name: field for name, field in FIELDS.items() if name in SUBMITTABLE}


SUPPORTING = frozenset(
    {*TEXTS, *INTEGERS, *NUMBERS, *map(str, BOOLEANS), *CHOICES, "contact_id", "account_id", "owner_id"}
    - {"trigger_recycle", "recycled", "state"}
)
"""Fields that a stage of a process may require: what people fill in, or mark a lead as."""


def record_of(lead: Lead) -> dict[str, Any]:
    """Return a lead as conditions read it."""
    return {**{name: getattr(lead, name) for name in FIELDS}, "custom": lead.custom or {}}
