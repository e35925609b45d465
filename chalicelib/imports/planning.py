"""What a row comes to, by the plans of its domain: the record it makes or changes, or why it fails (IMP-5)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.models import preferences_key
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import raises
from chalicelib.contacts import bringing, claims, strategies, tombstones
from chalicelib.contacts import matching as contact_matching
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.models import Contact
from chalicelib.contacts.plans import BOOK as CONTACTS
from chalicelib.contacts.reading import key as contact_key
from chalicelib.contacts.service import Prepared
from chalicelib.dynamodb import Look, Notes, Write
from chalicelib.errors import Conflict, DomainError, Invalid, Problem
from chalicelib.imports import mapping
from chalicelib.imports.cells import Column
from chalicelib.imports.fields import Own
from chalicelib.imports.mapping import Said
from chalicelib.imports.models import Import
from chalicelib.imports.options import STRATEGY_OF, Options, allowed
from chalicelib.imports.rows import Row
from chalicelib.imports.states import Outcome
from chalicelib.leads import bringing as lead_bringing
from chalicelib.leads import matching as lead_matching
from chalicelib.leads.matching import BOOK as LEADS
from chalicelib.leads.models import lead_key, settings_key

ONLY_KEPT = "The person demanded that nothing is done with its data, so no list changes it."
DUPLICATE = "There is a record with these details already."


class Asked(Struct, frozen=True):
    """An import as its rows need it."""

    import_id: str
    record_type: RecordType
    by: str
    options: Options
    columns: Sequence[tuple[int, Column]]
    width: int
    own: Own

    @classmethod
    def of(cls, import_: Import) -> "Asked":
        options = Options.of(import_)
        columns = mapping.placed(import_.looks["columns"], options.mapping)
        by = import_.started_by or import_.created_by
        width, record_type = len(import_.looks["columns"]), RecordType(import_.record_type)
        own = custom_fields.in_use(record_type)
        return cls(import_.import_id, record_type, by, options, columns, width, own)

    def read(self, row: Row) -> Said:
        if len(row.cells) > self.width:
            raise Invalid("The row has more cells than there are headings. Quote cells that hold a separator.")
        return mapping.read(self.record_type, row.cells, self.columns, self.options.manner, self.own)

    def new_id(self, row: Row) -> str:
        """The id of what a row makes: the same however often it is tried."""
        return digest("import", self.import_id, str(row.number))


class Plan(Struct, frozen=True):
    """What a row comes to, and everything it writes for that."""

    outcome: Outcome
    record: Any
    writes: list[Write]


def plan(asked: Asked, row: Row, tag: str, now: datetime, look: Look, said: Said | None = None) -> Plan:
    """Decide what a row comes to, which may have been read already (`said`).

    Raises DomainErrors that say why it fails, ConditionFailed to be asked again.
    """
    said = said or asked.read(row)
    if asked.record_type in STRATEGY_OF:  # people; accounts have no strategies
        tombstones.refuse(said.values, look)
    prepared = _PREPARE[asked.record_type](asked, said, row, tag, now, look)
    _refuse_duplicate(asked, prepared)
    writes = list(prepared.writes)
    changed = prepared.changed
    if asked.record_type is RecordType.CONTACT:
        agreed = _consent(asked, said, row, prepared, now, look)
        writes, changed = [*writes, *agreed], changed or bool(agreed)
    outcome = Outcome.CREATED if prepared.created else Outcome.UPDATED if changed else Outcome.UNCHANGED
    return Plan(outcome, prepared.record, writes)


def _contact(asked: Asked, said: Said, row: Row, tag: str, now: datetime, look: Look) -> Prepared[Any]:
    return bringing.contact(
        said.values,
        strategy_id=asked.options.match_by,
        contact_id=said.record_id,
        new_id=asked.new_id(row),
        row=tag,
        by=asked.by,
        now=now,
        look=look,
    )


def _lead(asked: Asked, said: Said, row: Row, tag: str, now: datetime, look: Look) -> Prepared[Any]:
    return lead_bringing.lead(
        said.values,
        strategy_id=asked.options.match_by,
        lead_id=said.record_id,
        new_id=asked.new_id(row),
        row=tag,
        by=asked.by,
        now=now,
        look=look,
    )


def _account(asked: Asked, said: Said, row: Row, tag: str, now: datetime, _: Look) -> Prepared[Any]:
    return bringing.account(
        said.values, account_id=said.record_id, new_id=asked.new_id(row), row=tag, by=asked.by, now=now
    )


Prepare = Callable[[Asked, Said, Row, str, datetime, Look], Prepared[Any]]
_PREPARE: Mapping[RecordType, Prepare] = {
    RecordType.CONTACT: _contact,
    RecordType.LEAD: _lead,
    RecordType.ACCOUNT: _account,
}


def _refuse_duplicate(asked: Asked, prepared: Prepared[Any]) -> None:
    """Fail a row that has a key of another record, as far as the import wants that (IMP-5)."""
    if asked.record_type not in STRATEGY_OF:
        same = bringing.same_account(prepared.record) if asked.options.detect_duplicates and prepared.created else None
        others = [same] if same is not None else []
    elif asked.options.detect_duplicates:
        others = list(prepared.met.values())
    else:
        default = strategies.default(STRATEGY_OF[asked.record_type]).id
        unkeyed = asked.options.match_by is None
        others = [prepared.met[default]] if unkeyed and default in prepared.met else []
    if others:
        raise Conflict(DUPLICATE, [Problem(f"{asked.record_type}_id", others[0])])


def _consent(asked: Asked, said: Said, row: Row, prepared: Prepared[Contact], now: datetime, look: Look) -> list[Write]:
    """Change what a person allows as the row and the statement say; nothing that was withdrawn comes back."""
    statement = asked.options.consent
    wanted = allowed(statement, said.preferences)
    contact = prepared.record
    if not wanted and prepared.created:
        return []
    each = consent.of_each([contact.contact_id, *sorted(contact.identities or ())], look)
    if any(one.restricted for one in each):
        raise Conflict(ONLY_KEPT)
    raising = not prepared.created and any(raises(one, {name: value}) for one in each for name, value in wanted.items())
    evidence = Evidence(
        who=asked.by,
        source=f"import:{asked.import_id}",
        method="import",
        wording=statement.wording if statement is not None else None,
        reason=statement.source if statement is not None else None,
    )
    lowered = consent.lowered(contact.contact_id) if raising else set()
    return consent_plans.imported(each, wanted, evidence, digest(asked.import_id, str(row.number)), lowered, now)


# Reading together ----------------------------------------------------------------------------------------------------


class Ahead(Struct, frozen=True):
    """What was read together for a batch of rows: what they say, by their numbers, and what is stored about it."""

    look: Look
    said: Mapping[int, Said]


def ahead(asked: Asked, rows: Iterable[Row]) -> Ahead:
    """Read together what the rows will ask for one by one: whose their keys are, these records, what they allow."""
    notes, rows = Notes(), list(rows)
    known = {row.number: each for row in rows if (each := _readable(asked, row)) is not None}
    said = list(known.values())
    named = [each.record_id for each in said if each.record_id is not None]
    notes.expect(key for each in said for key in tombstones.keys(each.values))
    if asked.record_type is RecordType.CONTACT:
        notes.look(contact_key(each) for each in named)
        places = [place for each in said if each.record_id is None for place in _sought(asked, each)]
        notes.expect(preferences_key(asked.new_id(row)) for row in rows)
        claims.ahead({CONTACTS: places}, notes.look)
    if asked.record_type is RecordType.LEAD:
        notes.look([settings_key(), *(lead_key(each) for each in named)])
        claims.ahead({LEADS: [place for each in said for place in _sought(asked, each)]}, notes.look)
    return Ahead(notes.look, known)


def _readable(asked: Asked, row: Row) -> Said | None:
    try:
        return asked.read(row)
    except DomainError:
        return None  # it is told when its turn comes


def _sought(asked: Asked, said: Said) -> list[str]:
    try:
        if asked.record_type is RecordType.LEAD:
            return lead_matching.sought(said.values, None)
        return contact_matching.sought(said.values)
    except DomainError:
        return []
