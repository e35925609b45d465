"""What conditions are asked about: records as they are now, and what people did and when."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

from msgspec import Struct, field

Record = Mapping[str, Any]
"""The fields of one contact, lead, account …; a field that is missing, None or empty is absent."""

ABSENT: Record = {}


class Verdict(StrEnum):
    """Whether a person did it, or a program that reads mail before people do (decision 35)."""

    HUMAN = "human"
    MACHINE = "machine"
    UNDECIDED = "undecided"
    WITHDRAWN = "withdrawn"
    """The person took it back where it was done; no condition counts it, whatever it says of machines."""


class Interaction(Struct, frozen=True):
    """Something that somebody did, once. Undeclared properties are a mapping under the attribute `properties`."""

    id: str
    type: str
    at: datetime
    attributes: Record = field(default_factory=dict)
    verdict: Verdict = Verdict.HUMAN


class Facts(Protocol):
    """Where answers come from. Each interaction appears once, and in the order of time."""

    def records(self, entity: str) -> Sequence[Record]:
        """Return the records of that entity which belong to the one asked about: none, one, or several."""

    def interactions(self, type_: str, since: datetime | None, *, machines: bool) -> Sequence[Interaction]:
        """Return what people did of that type, and with `machines` also what programs did or may have done.

        Those before `since` may be left out, those of the future may not.
        """


class KnownFacts:
    """Facts that have been read already; interactions are made unique by id (decision 19) and ordered by time."""

    __slots__ = ("_by_people", "_interactions", "_records")

    def __init__(
        self, records: Mapping[str, Sequence[Record]], interactions: Mapping[str, Sequence[Interaction]]
    ) -> None:
        self._records = records
        self._interactions = interactions
        # Most conditions ask for no more than this, and ask often.
        self._by_people = {type_: _by_people(known) for type_, known in interactions.items()}

    @classmethod
    def of(cls, records: Mapping[str, Sequence[Record]], interactions: Iterable[Interaction] = ()) -> Self:
        """Take records by entity and interactions in any order, repeated ones included."""
        by_type: dict[str, dict[str, Interaction]] = {}
        for interaction in interactions:
            if interaction.verdict is Verdict.WITHDRAWN:
                continue
            by_type.setdefault(interaction.type, {}).setdefault(interaction.id, interaction)
        return cls(records, {type_: sorted(known.values(), key=_when) for type_, known in by_type.items()})

    def records(self, entity: str) -> Sequence[Record]:
        return self._records.get(entity, ())

    def interactions(
        self, type_: str, since: datetime | None = None, *, machines: bool = False
    ) -> Sequence[Interaction]:
        known = (self._interactions if machines else self._by_people).get(type_, ())
        return known if since is None else [interaction for interaction in known if interaction.at >= since]


def _by_people(known: Sequence[Interaction]) -> Sequence[Interaction]:
    return [interaction for interaction in known if interaction.verdict is Verdict.HUMAN]


def _when(interaction: Interaction) -> tuple[datetime, str]:
    return interaction.at, interaction.id
