"""Use cases: what a view or a segment shows as files, by a bulk job, for whoever may read it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib import csvs, files
from chalicelib.clock import digest
from chalicelib.consent import recipients
from chalicelib.consent.recipients import Given
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import ConditionFailed, Key, commit, put_new, read, update
from chalicelib.errors import NotFound
from chalicelib.views import consent_log, enumerating, rows, walks, workbooks
from chalicelib.views.bulk import EXPORT
from chalicelib.views.columns import cell
from chalicelib.views.consent_log import ConsentLog
from chalicelib.views.document import ViewDocument
from chalicelib.views.models import Export

KEPT = timedelta(days=files.KEPT_DAYS)


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


MOST_ROWS: dict[str, int] = {Format.CSV: 1_000_000, Format.XLSX: 20_000}
"""Of a file: what spreadsheets open, and what a workbook is written of within the time that a function has."""


Wanted = ViewDocument | ConsentLog


def start(wanted: Wanted, name: str, form: Format, export_id: str, by: str, now: datetime) -> Export:
    """Start an export of what a view shows now, or of the log of consent. The same id again returns the first one."""
    log = wanted.model_dump(mode="json") if isinstance(wanted, ConsentLog) else None
    view = wanted if isinstance(wanted, ViewDocument) else ViewDocument()
    export = Export(
        *Export.at(export_id),
        export_id=export_id,
        view=view.model_dump(mode="json"),
        consent_log=log,
        name=name,
        format=form,
        created_at=now,
        created_by=by,
        expires=now + KEPT,
    )
    job = JobWanted(EXPORT, {"export": export_id}, delay=0)  # jobs are kept, and a search may be by a name
    with suppress(ConditionFailed):
        commit([put_new(export)], jobs.plan(_job_id(export_id), job, now))
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
    name = f"{_what(export)}-{export.created_at.date()}-{number + 1}.{export.format}"
    return files.link(export.files[number]["key"], name)


# The job -----------------------------------------------------------------------------------------------------------


def pages(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    export = _asked(arguments)
    if export is None:
        return [], None
    ids, after = _page(export, number, cursor)
    return walks.labelled(number, ids), after


def _page(export: Export, number: int, cursor: str | None) -> tuple[list[str], str | None]:
    if export.consent_log is not None:
        return consent_log.page(ConsentLog.model_validate(export.consent_log), number, cursor)
    view = ViewDocument.model_validate(export.view)
    return enumerating.page(view.record_type, view.where.given, number, cursor)


def _asked(arguments: Mapping[str, Any]) -> Export | None:
    """Return what somebody asked for; none once it is forgotten, and with it nobody to make files for."""
    return Export.find(*Export.at(arguments["export"]))


def write_part(arguments: Mapping[str, Any], labels: Sequence[str], now: datetime) -> None:
    """Write a page of records into a part of their own; each record comes once."""
    export = _asked(arguments)
    if export is None:
        return
    number, ids = walks.parsed(labels)
    walk = walks.begun(export.pk, number)
    lines, people = _lines(export, walks.fresh(walk, ids))
    part = None
    if lines:
        given = Given(_what(export), export.export_id, export.created_by)
        recipients.note(people, given, export.created_at, now)
        part = f"exports/{export.export_id}/{walk.sk}-{walk.version}-{digest(*ids)}.part", len(lines)
        files.put(part[0], csvs.lines(lines) if export.format == Format.CSV else workbooks.packed(lines))
    commit([walks.take(walk, ids, {"rows": len(lines)}, now, part)])


def _what(export: Export) -> str:
    return "consent-changes" if export.consent_log is not None else f"{export.view['record_type']}s"


def _lines(export: Export, ids: Sequence[str]) -> tuple[list[list[csvs.Cell]], list[str]]:
    """Return rows of a file, and the contacts that they tell of."""
    if export.consent_log is not None:
        return consent_log.lines(ids)
    view = ViewDocument.model_validate(export.view)
    records = _records(view.record_type, ids)
    shown = rows.of_records(records, rows.columns_of(view))
    return [[cell(value) for value in row.values.values()] for row in shown], rows.people_in(records)


def _columns(export: Export) -> Sequence[str]:
    log = export.consent_log is not None
    return consent_log.COLUMNS if log else rows.columns_of(ViewDocument.model_validate(export.view))


def _records(record_type: RecordType, ids: Sequence[str]) -> list[Any]:
    """Return records as they are now; who was deleted meanwhile is left out, as is who no list shows any more.

    So is who demanded that its data is only kept.
    """
    kind = enumerating.KINDS[record_type]
    found = [each for each in read(Key(kind, *kind.at(one)) for one in ids) if each is not None]
    return rows.in_use([each for each in found if each.merged_into is None or record_type is RecordType.LEAD])


def assemble(arguments: Mapping[str, Any]) -> None:
    """Make the files of the parts, in order. Each is noted as soon as it is there: whoever dies goes on behind it."""
    export = _asked(arguments)
    if export is None:
        return
    parts = [(key, number) for walk in walks.found(export.pk) for key, number in walk.parts]
    made = list(export.files or [])
    columns = _columns(export)
    for number, some in list(enumerate(_filled(parts, MOST_ROWS[export.format])))[len(made) :]:
        key = f"exports/{export.export_id}/records-{number + 1}.{export.format}"
        size = _joined(export.format, key, columns, [part for part, _ in some])
        made.append({"key": key, "rows": sum(each for _, each in some), "bytes": size})
        commit([update(export.key, Export.files.set(made), condition=Export.pk.exists())])
    total = sum(each for _, each in parts)
    commit([update(export.key, Export.rows.set(total), condition=Export.pk.exists())])


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
