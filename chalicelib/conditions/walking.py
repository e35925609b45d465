"""Follows paths from record to record, and reads each record once however many paths and leads pass by it."""

from collections.abc import Iterable, Sequence

from chalicelib.conditions import sources
from chalicelib.conditions.facts import Record

MOST_RELATED = 100
"""Records at one place of a path that are looked at; a relation gives those first that its domain lists first."""


class Walk:
    """What has been read on the way. Known from the start is what its caller has at hand."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], Record | None] = {}
        self._followed: dict[tuple[str, str, str], Sequence[Record]] = {}

    def know(self, entity: str, records: Iterable[Record]) -> None:
        """Take records that have been read already."""
        for record in records:
            self._records[entity, self._id(entity, record)] = record

    def know_of(self, entity: str, relation: str, record_id: str, records: Sequence[Record]) -> None:
        """Take what a relation leads to from a record, where it has been read already."""
        self._followed[entity, relation, record_id] = records

    def along(self, entity: str, records: Sequence[Record], steps: Iterable[str]) -> Sequence[Record]:
        """Return the records at the end of the steps, each once; none where a record on the way is absent."""
        found = records
        for step in steps:
            relation = sources.catalogue().relations[entity][step]
            found = self._by_id(relation.to, relation.by, found) if relation.by else self._many(entity, step, found)
            entity, found = relation.to, self._each_once(relation.to, found)[:MOST_RELATED]
        return found

    def _by_id(self, entity: str, by: str, records: Sequence[Record]) -> Sequence[Record]:
        ids = list(dict.fromkeys(record[by] for record in records if record.get(by)))
        unread = [each for each in ids if (entity, each) not in self._records]
        if unread:
            read = sources.of_ids(entity, unread)
            self._records |= {(entity, each): read.get(each) for each in unread}
        known = [self._records[entity, each] for each in ids]
        return [record for record in known if record is not None]

    def _many(self, entity: str, relation: str, records: Sequence[Record]) -> Sequence[Record]:
        return [found for record in records for found in self._from(entity, relation, self._id(entity, record))]

    def _from(self, entity: str, relation: str, record_id: str) -> Sequence[Record]:
        place = entity, relation, record_id
        if place not in self._followed:
            self._followed[place] = sources.follow(*place)
        return self._followed[place]

    @staticmethod
    def _each_once(entity: str, records: Sequence[Record]) -> list[Record]:
        key = sources.key_of(entity)
        return list({record.get(key) or at: record for at, record in enumerate(records)}.values())

    @staticmethod
    def _id(entity: str, record: Record) -> str:
        return str(record[sources.key_of(entity)])
