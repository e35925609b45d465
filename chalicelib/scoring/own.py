"""What a contact did for one of its leads alone, for models that leave out the rest (RSC-7)."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.conditions.facts import Facts, Interaction, Record
from chalicelib.conditions.paths import LEAD

MERGED = "identities"
"""Where a lead's record names those that were merged into it: what belongs to them is its own (decision 46)."""


class OwnFacts(Struct, frozen=True):
    """The facts of a lead, without what its contact did that does not belong to it."""

    facts: Facts

    def records(self, entity: str) -> Sequence[Record]:
        return self.facts.records(entity)

    def interactions(self, type_: str, since: datetime | None, *, machines: bool) -> Sequence[Interaction]:
        leads = self.facts.records(LEAD)
        own = {each for lead in leads for each in (lead.get("lead_id"), *lead.get(MERGED, ())) if each}
        known = self.facts.interactions(type_, since, machines=machines)
        return [fact for fact in known if fact.attributes.get("lead_id") in own]
