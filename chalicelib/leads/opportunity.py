"""Opportunities: what a qualified lead may become, with a life of its own; how one lies in the table of leads."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.conditions.catalogue import Field, Fields, FieldType
from chalicelib.dynamodb import DecimalAttribute, InstantAttribute, IntegerAttribute, Key, shard
from chalicelib.leads.models import LeadsItem


class OpportunityState(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Opportunity(LeadsItem, discriminator="opportunity"):
    """A sale that somebody works on."""

    opportunity_id = UnicodeAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    state = UnicodeAttribute(default=OpportunityState.OPEN.value)
    estimated_value = DecimalAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    close_date = UnicodeAttribute(null=True)
    owner_id = UnicodeAttribute(null=True)
    contact_id = UnicodeAttribute(null=True)
    account_id = UnicodeAttribute(null=True)
    lead_id = UnicodeAttribute(null=True)  # the one that it originates from
    closed_at = InstantAttribute(null=True)
    closed_by = UnicodeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    listed = UnicodeAttribute()
    created_at = InstantAttribute()
    created_by = UnicodeAttribute()
    updated_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(opportunity_id: str) -> tuple[str, str]:
        return f"OPPORTUNITY#{opportunity_id}", "OPPORTUNITY"

    @classmethod
    def new(cls, opportunity_id: str, values: Mapping[str, Any], by: str, now: datetime) -> "Opportunity":
        made = cls(*cls.at(opportunity_id), opportunity_id=opportunity_id, created_at=now, updated_at=now, **values)
        made.created_by, made.listed = by, f"opportunity#{shard(opportunity_id)}"
        return made

    @property
    def open(self) -> bool:
        return self.state == OpportunityState.OPEN


def opportunity_key(opportunity_id: str) -> Key:
    """Return where an opportunity lies."""
    return Key(Opportunity, *Opportunity.at(opportunity_id))


FIELDS: Fields = {
    "name": Field(FieldType.TEXT),
    "currency": Field(FieldType.TEXT),
    "estimated_value": Field(FieldType.NUMBER),
    "state": Field(FieldType.CHOICE, tuple(state.value for state in OpportunityState)),
    "close_date": Field(FieldType.DATE),
    **{name: Field(FieldType.ID) for name in ("opportunity_id", "owner_id", "contact_id", "account_id", "lead_id")},
    **{name: Field(FieldType.INSTANT) for name in ("created_at", "updated_at", "closed_at")},
}


def record_of(opportunity: Opportunity) -> dict[str, Any]:
    """Return an opportunity as conditions read it."""
    return {name: getattr(opportunity, name) for name in FIELDS}
