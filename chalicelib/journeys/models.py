"""The journeys table: enrolments and their history under the contact, wait rows, refusals, raised triggers."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.agenda import ByDue
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item, JsonAttribute, shard
from chalicelib.journeys.state import State, log_of, trail_of
from chalicelib.settings import settings

WORK = "enrolment"


class ByJourney(GlobalSecondaryIndex[Item]):
    """The enrolments of a journey, by when they began."""

    class Meta:
        index_name = "by_journey"
        projection = IncludeProjection(["kind"])

    journey_shard = UnicodeAttribute(hash_key=True)
    enrolled_at = InstantAttribute(range_key=True)


class JourneysItem(Item):
    """The journeys table."""

    class Meta:
        table_name = settings.table("journeys")

    by_due = ByDue()
    by_journey = ByJourney()
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)
    journey_shard = UnicodeAttribute(null=True)
    enrolled_at = InstantAttribute(null=True)


class Standing(StrEnum):
    """What becomes of an enrolment. Only active ones, and those set aside for a while, are on the agenda."""

    ACTIVE = "active"
    HELD = "held"
    SET_ASIDE = "set_aside"
    FINISHED = "finished"
    STOPPED = "stopped"


INSIDE = frozenset({Standing.ACTIVE, Standing.HELD, Standing.SET_ASIDE})
"""Standings of those who are still in a journey."""


class Enrolment(JourneysItem, discriminator="enrolment"):
    """One contact's walk through one journey version. Its id names the contact, the journey and the occurrence."""

    contact_id = UnicodeAttribute()
    journey_id = UnicodeAttribute()
    occurrence = UnicodeAttribute()
    journey_version = IntegerAttribute()
    standing = UnicodeAttribute()
    tile = UnicodeAttribute(null=True)
    trail = UnicodeAttribute(default="{}")
    log = UnicodeAttribute(null=True)
    inside = UnicodeAttribute(null=True)
    identities = JsonAttribute(null=True)  # whose facts concern it, where the contact was merged with others
    revision = IntegerAttribute(default=0)
    bursts = IntegerAttribute(default=0)
    wakes = IntegerAttribute(default=0)
    attempts = IntegerAttribute(default=0)
    token = UnicodeAttribute(null=True)
    lease_until = InstantAttribute(null=True)
    until = InstantAttribute(null=True)
    waits = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    ended_at = InstantAttribute(null=True)

    @staticmethod
    def at(enrolment_id: str) -> tuple[str, str]:
        contact, journey, occurrence = enrolment_id.split(".")
        return f"CONTACT#{contact}", f"ENROLMENT#{journey}#{occurrence}"

    @property
    def enrolment_id(self) -> str:
        return f"{self.contact_id}.{self.journey_id}.{self.occurrence}"

    @property
    def state(self) -> State:
        return State(self.tile, trail_of(self.trail), log_of(self.log))

    @property
    def people(self) -> list[str]:
        """The contacts whose facts concern it."""
        return list(self.identities or [self.contact_id])

    def leased(self, now: datetime) -> bool:
        return bool(self.token is not None and self.lease_until is not None and self.lease_until > now)


def journey_shard(journey_id: str, contact_id: str) -> str:
    return f"{journey_id}#{shard(contact_id)}"


class Burst(JourneysItem, discriminator="burst"):
    """What one burst did: each tile's visits with their figures and reasons. Written once, with the rest or the end."""

    contact_id = UnicodeAttribute()
    journey_id = UnicodeAttribute()
    journey_version = IntegerAttribute()
    at_instant = InstantAttribute()
    log = UnicodeAttribute()
    ended = UnicodeAttribute(null=True)  # how the walk ended, in its last burst

    @staticmethod
    def at(enrolment_id: str, number: int) -> tuple[str, str]:
        pk, sk = Enrolment.at(enrolment_id)
        return pk, f"{sk}#HISTORY#{number:06}"

    @property
    def first(self) -> bool:
        return self.sk.endswith(f"#{1:06}")

    @property
    def visits(self) -> list[dict[str, Any]]:
        """The visits as figures are counted from them."""
        return [entry.as_visit() for entry in log_of(self.log)]


class Wait(JourneysItem, discriminator="wait"):
    """What wakes an enrolment: a fact of a type about one thing, while it is at a tile."""

    contact_id = UnicodeAttribute()
    enrolment_id = UnicodeAttribute()
    tile = UnicodeAttribute()
    literal = UnicodeAttribute()
    expires = IntegerAttribute()

    @staticmethod
    def at(contact_id: str, type_: str, literal: str, enrolment_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"WAIT#{type_}#{literal}#{enrolment_id}"


class Inside(JourneysItem, discriminator="inside"):
    """Is there while a contact is inside a journey that takes it once at a time (for a key, where it has one)."""

    enrolment_id = UnicodeAttribute()

    @staticmethod
    def at(contact_id: str, journey_id: str, key: str = "") -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"INSIDE#{journey_id}" + (f"#{key}" if key else "")


class Refusal(JourneysItem, discriminator="refusal"):
    """A contact of the audience that is not processed, and why (decision 22)."""

    contact_id = UnicodeAttribute()
    journey_id = UnicodeAttribute()
    occurrence = UnicodeAttribute()
    reason = UnicodeAttribute()
    refused_at = InstantAttribute()
    how = UnicodeAttribute(default="segment")

    @staticmethod
    def at(contact_id: str, journey_id: str, occurrence: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"REFUSED#{journey_id}#{occurrence}"


class Closing(JourneysItem, discriminator="closing"):
    """How far the search for somebody inside the last iteration of a recurring journey has come."""

    journey_version = IntegerAttribute()
    number = IntegerAttribute(default=0)
    after = UnicodeAttribute(null=True)

    @staticmethod
    def at(journey_id: str) -> tuple[str, str]:
        return f"JOURNEY#{journey_id}", "CLOSING"


class Raised(JourneysItem, discriminator="raised"):
    """A trigger that was raised for a contact, with its attributes (JSON)."""

    raised_id = UnicodeAttribute()
    trigger_id = UnicodeAttribute()
    contact_id = UnicodeAttribute()
    attributes = UnicodeAttribute(default="{}")
    raised_at = InstantAttribute()
    source = UnicodeAttribute()

    @staticmethod
    def at(raised_id: str) -> tuple[str, str]:
        return f"RAISED#{raised_id}", "RAISED"

    @property
    def values(self) -> dict[str, Any]:
        return dict(json.loads(self.attributes))
