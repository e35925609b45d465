"""Use cases: what a view or a segment shows as files, by a bulk job, for whoever may read it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib import csvs, files
from chalicelib.clock import digest
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import ConditionFailed, Key, commit, put_new, read, update
from chalicelib.errors import NotFound
from chalicelib.imports.fields import RecordType
from chalicelib.views import enumerating, rows, walks, workbooks
from chalicelib.views.bulk import EXPORT
from chalicelib.views.columns import cell
from chalicelib.views.document import ViewDocument
from chalicelib.views.models import Export

KEPT = timedelta(days=files.KEPT_DAYS)


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


MOST_ROWS: dict[str, int] = {Format.CSV: 1_000_000, Format.XLSX: 20_000}
"""Of a file: what spreadsheets open, and what a workbook is written of within the time that a function has."""


def start(view: ViewDocument, name: str, form: Format, export_id: str, by: str, now: datetime) -> Export:
    """Start an export of what a view shows now. The same id again returns the first one."""
    export = Export(
        *Export.at(export_id),
        export_id=export_id,
        view=view.model_dump(mode="json"),
        name=name,
        format=form,
        created_at=now,
        created_by=by,
        expires=now + KEPT,
    )
    told = {
        "export": export_id,
        "record_type": view.record_type,
        "where": view.where.given,
        "columns": list(rows.columns_of(view)),
        "format": form,
    }
    with suppress(ConditionFailed):
        commit([put_new(export)], jobs.plan(_job_id(export_id), JobWanted(EXPORT, told, delay=0), now))
    return find(export_id, now)


def find(export_id: str, now: datetime) -> Export:
    """Return an export, as long as its files are kept. Raises NotFound."""
    export = Export.find(*Export.at(export_id))
    if export is None or export.expires <= now:
        raise NotFound(f"There is no such export; exports are kept for {files.KEPT_DAYS} day. Start another one.")
    return export


def job_of(export: Export) -> Job:
    return jobs.get(_job_id(export.export_id))


def _job_id(export_id: str) -> str:
    return f"records-{export_id}"


def link(export: Export, number: int) -> str:
    """Return where a finished export's file can be fetched for some minutes; no name of a person is in its name."""
    name = f"{export.view['record_type']}s-{export.created_at.date()}-{number + 1}.{export.format}"
    return files.link(export.files[number]["key"], name)


# The job -----------------------------------------------------------------------------------------------------------


def pages(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    record_type = RecordType(arguments["record_type"])
    ids, after = enumerating.page(record_type, arguments["where"], number, cursor)
    return walks.labelled(number, ids), after


def write_part(arguments: Mapping[str, Any], labels: Sequence[str], now: datetime) -> None:
    """Write a page of records into a part of their own; each record comes once."""
    number, ids = walks.parsed(labels)
    walk = walks.begun(Export.at(arguments["export"])[0], number)
    lines = _lines(arguments, walks.fresh(walk, ids))
    part = None
    if lines:
        part = f"exports/{arguments['export']}/{walk.sk}-{walk.version}-{digest(*ids)}.part", len(lines)
        written = csvs.lines(lines) if arguments["format"] == Format.CSV else workbooks.packed(lines)
        files.put(part[0], written)
    commit([walks.take(walk, ids, {"rows": len(lines)}, now, part)])


def _lines(arguments: Mapping[str, Any], ids: Sequence[str]) -> list[list[csvs.Cell]]:
    """Return records as they are now; who was deleted meanwhile is left out, as is who no list shows any more."""
    record_type = RecordType(arguments["record_type"])
    kind = enumerating.KINDS[record_type]
    found = [each for each in read(Key(kind, *kind.at(one)) for one in ids) if each is not None]
    listed = [each for each in found if each.merged_into is None or record_type is RecordType.LEAD]
    shown = rows.of_records(listed, arguments["columns"])
    return [[cell(value) for value in row.values.values()] for row in shown]


def assemble(arguments: Mapping[str, Any]) -> None:
    """Make the files of the parts, in order. Each is noted as soon as it is there: whoever dies goes on behind it."""
    export_id, form = arguments["export"], arguments["format"]
    of = Key(Export, *Export.at(export_id))
    export = Export.find(of.pk, of.sk)
    parts = [(key, number) for walk in walks.found(of.pk) for key, number in walk.parts]
    made = list(export.files or []) if export else []
    for number, some in list(enumerate(_filled(parts, MOST_ROWS[form])))[len(made) :]:
        key, keys = f"exports/{export_id}/records-{number + 1}.{form}", [part for part, _ in some]
        size = _joined(form, key, arguments["columns"], keys)
        made.append({"key": key, "rows": sum(each for _, each in some), "bytes": size})
        commit([update(of, Export.files.set(made), condition=Export.pk.exists())])
    commit([update(of, Export.rows.set(sum(each for _, each in parts)), condition=Export.pk.exists())])


def _joined(form: str, key: str, columns: Sequence[str], parts: Sequence[str]) -> int:
    if form == Format.CSV:
        return files.join(key, csvs.MARK + csvs.lines([columns]), parts)
    content = workbooks.written(columns, map(files.get, parts))
    files.put(key, content)
    return len(content)


def _filled(parts: Sequence[tuple[str, int]], most: int) -> list[list[tuple[str, int]]]:
    """Put parts into files until one is full; there is always one."""
    filled: list[list[tuple[str, int]]] = [[]]
    for part in parts:
        if filled[-1] and sum(each for _, each in filled[-1]) + part[1] > most:
            filled.append([])
        filled[-1].append(part)
    return filled
