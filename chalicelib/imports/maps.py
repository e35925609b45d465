"""Saved maps: what the columns of a kind of file become, for whoever imports such a file again (IMP-4)."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from chalicelib.contacts.custom.definition import RecordType
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.errors import Problem, Unprocessable
from chalicelib.http import Api, Schema
from chalicelib.imports.limits import MOST_COLUMNS
from chalicelib.imports.models import Import
from chalicelib.imports.schemas import ColumnMap, MannerView

KIND = "import-map"


class MapDocument(Schema):
    """Which columns become which fields of a record type, and how values are written in such files."""

    record_type: RecordType
    mapping: Annotated[list[ColumnMap], Field(max_length=MOST_COLUMNS)] = Field(default_factory=list)
    manner: MannerView = Field(default_factory=MannerView)


def register(api: Api) -> None:
    lifecycle(api, Kind(KIND, "/import-maps", MapDocument, lambda _: Checked(), lifecycle=False))


def options(import_: Import, map_id: str) -> dict[str, Any]:
    """Return what a saved map says of an import's file: of the columns that it has. Raises NotFound, Unprocessable."""
    document = MapDocument.model_validate(definitions.get(KIND, map_id).document).model_dump(mode="json")
    if document["record_type"] != import_.record_type:
        other = Problem("map_id", f"This map is for records of the type {document['record_type']}.")
        raise Unprocessable("The map does not fit this import.", [other])
    columns = _columns(import_.looks)
    mapping = [each for each in document["mapping"] if columns is None or each["column"].casefold() in columns]
    return {"mapping": mapping, "manner": document["manner"]}


def _columns(looks: Mapping[str, Any] | None) -> set[str] | None:
    return {name.casefold() for name in looks["columns"]} if looks is not None else None
