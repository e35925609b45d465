"""An import as its rows need it: what each of them says, and who it is about."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.clock import digest
from chalicelib.contacts.bringing import Brought
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.fields import clean
from chalicelib.errors import DomainError, Invalid
from chalicelib.imports import choices, mapping
from chalicelib.imports.cells import wrong
from chalicelib.imports.fields import NONE, Own
from chalicelib.imports.kinds import KINDS, Kind
from chalicelib.imports.lookups import Found
from chalicelib.imports.mapping import Lookup, Reader
from chalicelib.imports.models import Import
from chalicelib.imports.options import Options, allowed
from chalicelib.imports.rows import Row


class Told(Struct, frozen=True):
    """What a row says: of a record, of what the person allows, and which other records it names."""

    of_record: Brought
    preferences: dict[str, Any]
    lookups: tuple[Lookup, ...] = ()

    def resolved(self, found: Found) -> "Told":
        """Return what a row says with the ids of the records that it names. Raises what keeps them from being known."""
        if not self.lookups:
            return self
        ids = dict[str, Any]()
        for each in self.lookups:
            record_id = found[each]
            if isinstance(record_id, DomainError):
                raise record_id
            ids[each.field] = record_id
        return replace(self, of_record=replace(self.of_record, values={**self.of_record.values, **ids}))


class Asked(Struct, frozen=True):
    """What was asked of the rows of an import, and by whom."""

    import_id: str
    record_type: RecordType
    by: str
    options: Options
    width: int
    reader: Reader
    own: Own = NONE
    foreseen: Own = NONE
    """Custom fields with the options that the import itself would add, in a trial."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Why words of the file did not become options, by field."""

    @classmethod
    def of(cls, import_: Import) -> "Asked":
        options, columns = Options.of(import_), import_.looks["columns"]
        record_type, by = RecordType(import_.record_type), import_.started_by or import_.created_by
        placed, own = mapping.placed(columns, options.mapping), custom_fields.in_use(record_type)
        foreseen = choices.foreseen(import_, own)
        own = {**own, **foreseen}
        reader = Reader(record_type, placed, options.manner, own)
        refused = {each["field"]: each["refused"] for each in choices.told(import_) if each["refused"] is not None}
        return cls(import_.import_id, record_type, by, options, len(columns), reader, own, foreseen, refused)

    @property
    def kind(self) -> Kind:
        return KINDS[self.record_type]

    def read(self, row: Row, tag: str) -> Told:
        """Read a row, which what it makes tells of by `tag`. Raises Invalid naming the field that is wrong."""
        if len(row.cells) > self.width:
            raise Invalid("The row has more cells than there are headings. Quote cells that hold a separator.")
        said = self.reader.read(row.cells)
        self._require_option(said.values)
        values = clean(said.values, self.record_type)
        places = self.kind.places(values)
        return Told(Brought(values, places, said.record_id, self.new_id(row), tag), said.preferences, said.lookups)

    def _require_option(self, values: Mapping[str, Any]) -> None:
        """Raise Invalid where a word is no option, and was not made one either, with why."""
        for name, why in self.refused.items():
            if values.get(name) is not None and name in self.own and values[name] not in self.own[name].values:
                raise wrong(name, why)

    def allowed(self, told: Told) -> dict[str, Any]:
        """Return what a row and the statement say of what the person allows."""
        return allowed(self.options.consent, told.preferences)

    def new_id(self, row: Row) -> str:
        """The id of what a row makes: the same however often it is tried."""
        return digest("import", self.import_id, str(row.number))
