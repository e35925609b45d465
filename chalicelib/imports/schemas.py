"""Imports as clients send and get them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from chalicelib.consent.schemas import PreferencesChange
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.http import Schema
from chalicelib.imports.limits import MOST_COLUMNS
from chalicelib.imports.sniffing import ENCODINGS
from chalicelib.imports.states import State, Undoing, Verdict

Name = Annotated[str, Field(min_length=1, max_length=200)]
Joined = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=5)]
Delimiter = Literal["comma", "semicolon", "tab", "bar"]


class NewImport(Schema):
    """A file to come, of records of one type."""

    record_type: RecordType
    name: Name


class TemplateQuery(Schema):
    """Of which records the rows are to be."""

    record_type: RecordType


class ColumnMap(Schema):
    """A column of the file, the field it becomes, and what certain cells stand for. A column without one is ignored.

    Cells of a field that names another record hold its `key`: an account's id, name or website, a contact's id or what
    a matching strategy compares alone, such as email. With `create_options` words that no option of a custom choice is
    called by become options of it, fifty an import at most.
    """

    column: Name
    field: Annotated[str, Field(min_length=1, max_length=100)]
    values: Annotated[dict[str, Name], Field(max_length=500)] = Field(default_factory=dict)
    key: Annotated[str, Field(min_length=1, max_length=100)] = "id"
    create_options: bool = False


class MannerView(Schema):
    """How values are written: the order of dates, the decimal sign, the country of phone numbers, what clears."""

    dates: Literal["ymd", "dmy", "mdy"] = "ymd"
    decimal: Literal[".", ","] = "."
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    clears: Annotated[str, Field(min_length=1, max_length=50)] | None = None


class StatementView(Schema):
    """In which words the people of the list agreed, where that is from, and what it allows."""

    wording: Annotated[str, Field(min_length=1, max_length=2000)]
    source: Annotated[str, Field(min_length=1, max_length=500)]
    allows: dict[str, bool | int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> "StatementView":
        PreferencesChange.model_validate(self.allows)
        if unknown := self.allows.keys() & {"guardian_id", "guardian_consent", "of_age_on", "reason", "is_child"}:
            raise ValueError(f"A list cannot speak for guardians: leave out {', '.join(sorted(unknown))}.")
        return self


class OptionsChange(Schema):
    """What is decided anew; what is left out stays as it is. A saved map comes first, what is said besides counts."""

    map_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    mapping: Annotated[list[ColumnMap], Field(max_length=MOST_COLUMNS)] | None = None
    match_by: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    detect_duplicates: bool | None = None
    manner: MannerView | None = None
    consent: StatementView | None = None
    encoding: str | None = None
    delimiter: Delimiter | None = None
    lists: Joined | None = None
    """Subscription lists that everybody joins who is imported, but those who left them before."""
    segments: Joined | None = None
    """Static segments that everybody joins who is imported."""

    @model_validator(mode="after")
    def _readable(self) -> "OptionsChange":
        if self.encoding is not None and self.encoding not in ENCODINGS:
            raise ValueError(f"Files are read as {', '.join(sorted(ENCODINGS))}.")
        return self

    def given(self) -> dict[str, Any]:
        """Return what was sent; null takes back what may be left open."""
        sent = self.model_dump(exclude_unset=True, exclude={"map_id"}, mode="json")
        optional = {"match_by", "consent", "encoding", "delimiter"}
        return {name: value for name, value in sent.items() if value is not None or name in optional}


class StartRequest(Schema):
    """Whether it is a trial only, which writes no record."""

    dry_run: bool = False


class UploadView(Schema):
    """Where a form (POST, multipart) may send the file for an hour: these fields first, then the field file."""

    url: str
    fields: dict[str, str]


class SampleRow(Schema):
    number: int
    cells: list[str]


class WritingView(Schema):
    encoding: str
    delimiter: Delimiter | None = None


class LooksView(Schema):
    """What the file looks like; a workbook has no `writing`. The first rows are told to who looks, and not kept."""

    writing: WritingView | None = None
    columns: list[str]
    first: list[SampleRow] = Field(default_factory=list)
    bytes: int


class RowError(Schema):
    """A row that failed, or did not come to all that was wanted (`kept_off`), and why."""

    row: int
    code: str
    field: str | None = None
    message: str


class CountsView(Schema):
    """How many rows came to what: success is created, updated and unchanged together."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    kept_off: int = 0
    """Rows of people who left a list before: they are imported, and stay off it."""
    verdict: Verdict | None = None
    errors: list[RowError] = Field(default_factory=list)


class NewOption(Schema):
    value: str
    label: str


class NewOptionsView(Schema):
    """Options that a field has by this import; by a trial, those that it would have. Or why it has none."""

    field: str
    options: list[NewOption]
    refused: str | None = None


class ErrorFile(Schema):
    """The rows that failed, as they were sent, each with its reason; to be corrected and sent as another import."""

    rows: int
    url: str | None = None
    bytes: int | None = None


class UndoView(Schema):
    """What became of the records that an import made when it was undone; `kept` tells rows whose records stay."""

    state: Undoing
    job_id: str
    deleted: int = 0
    changed: int = 0
    in_use: int = 0
    kept: list[RowError] = Field(default_factory=list)
    undone_at: datetime | None = None


class OptionsView(Schema):
    mapping: list[ColumnMap]
    match_by: str | None = None
    detect_duplicates: bool
    manner: MannerView
    consent: StatementView | None = None
    encoding: str | None = None
    delimiter: Delimiter | None = None
    lists: list[str] = Field(default_factory=list)
    segments: list[str] = Field(default_factory=list)


class ImportView(Schema):
    """An import: `checked` is what the last trial came to, `counts` what the rows have come to so far."""

    id: str
    record_type: RecordType
    name: str
    state: State
    reason: str | None = None
    options: OptionsView
    looks: LooksView | None = None
    upload: UploadView | None = None
    dry_run: bool
    rows: int | None = None
    job_id: str | None = None
    counts: CountsView
    checked: CountsView | None = None
    new_options: list[NewOptionsView] = Field(default_factory=list)
    error_file: ErrorFile | None = None
    undo: UndoView | None = None
    created_at: datetime
    created_by: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    version: int


class ImportSummary(Schema):
    """An import as lists show it."""

    id: str
    record_type: RecordType
    name: str
    state: State
    dry_run: bool
    rows: int | None = None
    result: CountsView | None = None
    created_at: datetime
    created_by: str
    version: int
