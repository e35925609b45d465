"""What a contact did for one of its leads alone, for models that leave out the rest (RSC-7)."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.conditions.facts import Facts, Interaction, Record
from chalicelib.conditions.paths import LEAD


class OwnFacts(Struct, frozen=True):
    """The facts of a lead, without what its contact did that does not belong to it."""

    facts: Facts

    def records(self, entity: str) -> Sequence[Record]:
        return self.facts.records(entity)

    def interactions(self, type_: str, since: datetime | None, *, machines: bool) -> Sequence[Interaction]:
        own = {lead.get("lead_id") for lead in self.facts.records(LEAD)} - {None}
        known = self.facts.interactions(type_, since, machines=machines)
        return [fact for fact in known if fact.attributes.get("lead_id") in own]
