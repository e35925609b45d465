"""A batch of rows: tried, or imported each in one transaction with the row that says what it became."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.contacts.custom import service as custom_fields
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, put_new, read, tries, update
from chalicelib.errors import DomainError, Stale, Unavailable
from chalicelib.imports.asked import Asked, Told
from chalicelib.imports.models import Import, RowResult
from chalicelib.imports.planning import Plan, plan
from chalicelib.imports.rows import Row
from chalicelib.imports.states import KEPT_OFF, Outcome
from chalicelib.imports.together import Together, apart, together
from chalicelib.imports.walks import KEPT


class Result(Struct, frozen=True):
    """What a row came to, and for one that failed, or did not come to all that was wanted, why."""

    outcome: str
    record_id: str | None = None
    code: str | None = None
    field: str | None = None
    message: str | None = None


class Batch(Struct, frozen=True):
    import_: Import
    asked: Asked
    page: int
    number: int
    now: datetime

    # Trying ----------------------------------------------------------------------------------------------------------

    def tried(self, rows: Sequence[Row]) -> list[Result]:
        """Say what the rows would come to: by the very plans, which are not made."""
        with custom_fields.foreseen(self.asked.record_type, self.asked.foreseen):
            found, seen = self._together(rows), set[str]()
            return [self._tried(row, found, seen) for row in rows]

    def _tried(self, row: Row, found: Together, seen: set[str]) -> Result:
        try:
            planned = self._planned(row, found)
        except ConditionFailed:
            return self._tried(row, self._apart(row), seen)  # somebody changed it between two reads
        except DomainError as error:
            return failed(error)
        places = set((getattr(planned.record, "claims", None) or {}).values())
        again = planned.outcome is Outcome.CREATED and bool(places & seen)  # an earlier row would have made it
        seen |= places
        outcome = Outcome.UPDATED if again else planned.outcome
        return Result(outcome, planned.record.record_id, **_kept_off(planned))

    def _together(self, rows: Sequence[Row]) -> Together:
        return together(self.asked, {row.number: self._read(row) for row in rows})

    def _apart(self, row: Row) -> Together:
        return apart(row.number, self._read(row))

    def _read(self, row: Row) -> Told | DomainError:
        try:
            return self.asked.read(row, self._tag(row))
        except DomainError as error:
            return error  # it is told when its turn comes

    def _planned(self, row: Row, found: Together) -> Plan:
        return plan(self.asked, found.told(row.number), self.now, found.look)

    # In earnest ------------------------------------------------------------------------------------------------------

    def imported(self, rows: Sequence[Row]) -> list[Result]:
        """Import the rows that are not yet, and return what all of them came to."""
        known = {found.number: found for found in read(self._key(row) for row in rows) if found is not None}
        found = self._together([row for row in rows if row.number not in known])
        return [_of_row(known[row.number]) if row.number in known else self._imported(row, found) for row in rows]

    def _imported(self, row: Row, found: Together) -> Result:
        for attempt in tries():
            try:
                return self._committed(row, self._planned(row, found if attempt == 0 else self._apart(row)))
            except (ConditionFailed, Stale):
                if (taken := RowResult.find(*self._place(row))) is not None:
                    return _of_row(taken)  # another worker was quicker
            except Unavailable:
                raise
            except DomainError as error:
                return self._refused(row, error)
        raise Unavailable("Others keep changing a record that a row is about. The import goes on with it later.")

    def _committed(self, row: Row, planned: Plan) -> Result:
        record = planned.record
        result = RowResult(
            *self._place(row),
            number=row.number,
            outcome=planned.outcome,
            record_id=record.record_id,
            record_version=record.version,
            expires=self.now + KEPT,
            **_kept_off(planned),
        )
        commit(planned.writes, [put_new(result)], self._noted(planned))
        return _of_row(result)

    def _noted(self, planned: Plan) -> list[Write]:
        """Tell the row that made a record that another one of this import changed it: undoing does not mind that."""
        made_by = str(planned.record.import_row or "").split(".")
        if planned.outcome is not Outcome.UPDATED or made_by[0] != self.import_.import_id:
            return []
        page, number, row = (int(each) for each in made_by[1:])
        key = Key(RowResult, *RowResult.at(self.import_.import_id, page, number, row))
        return [update(key, RowResult.record_version.set(planned.record.version), condition=RowResult.pk.exists())]

    def _refused(self, row: Row, error: DomainError) -> Result:
        became = failed(error)
        result = RowResult(
            *self._place(row),
            number=row.number,
            outcome=became.outcome,
            code=became.code,
            field=became.field,
            message=became.message,
            expires=self.now + KEPT,
        )
        try:
            commit([put_new(result)])
        except ConditionFailed:
            return _of_row(RowResult.get(*self._place(row), consistent_read=True))
        return became

    def _tag(self, row: Row) -> str:
        return f"{self.import_.import_id}.{self.page}.{self.number}.{row.number}"

    def _place(self, row: Row) -> tuple[str, str]:
        return RowResult.at(self.import_.import_id, self.page, self.number, row.number)

    def _key(self, row: Row) -> Key:
        return Key(RowResult, *self._place(row))


def _kept_off(planned: Plan) -> dict[str, Any]:
    """Say that a person does not come back to a list that it left, where the row would have it so."""
    if not planned.kept_off:
        return {}
    told = f"The person left the list {', '.join(planned.kept_off)} and does not come back to it by an import."
    return {"code": KEPT_OFF, "field": "lists", "message": told}


def _of_row(row: RowResult) -> Result:
    return Result(row.outcome, row.record_id, row.code, row.field, row.message)


def failed(error: DomainError) -> Result:
    problem = error.problems[0] if error.problems else None
    told = f"{error} {problem.message}" if problem is not None and problem.message not in str(error) else str(error)
    return Result(Outcome.FAILED, None, type(error).__name__.lower(), problem.field if problem else None, told)
