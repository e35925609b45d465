"""Use cases: make an import, look at its file, decide what becomes of its columns, try it, start it, stop it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import to_builtins
from msgspec.structs import asdict

from chalicelib import files
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import ConditionFailed, commit, put_changed, put_new, read
from chalicelib.errors import Conflict, NotFound, Stale, Unprocessable
from chalicelib.imports import bulk, maps, parsing, parts, reading, undoing, walks
from chalicelib.imports.fields import suggested
from chalicelib.imports.limits import MOST_BYTES
from chalicelib.imports.models import Import, ImportsItem, import_key, run_of
from chalicelib.imports.options import Options, hindrances
from chalicelib.imports.rows import Row
from chalicelib.imports.sniffing import DELIMITERS
from chalicelib.imports.states import RUNNING, State, Undoing
from chalicelib.imports.walks import Totals
from chalicelib.lists import Asked, Page, page, partitions

STALE = Stale("The import has changed since you read it. Read it again and repeat the change.")
FORGOTTEN = Conflict("What an import made is known for 90 days. This one is older, so nobody can tell what to undo.")
BEGUN = Conflict("This import has been started already. Make another one to change what becomes of the file.")


def create(import_id: str, record_type: RecordType, name: str, by: str, now: datetime) -> Import:
    """Make an import, for one file of one record type. The same id again returns what it made the first time."""
    made = Import(
        *Import.at(import_id),
        import_id=import_id,
        record_type=record_type,
        name=name,
        created_at=now,
        created_by=by,
        updated_at=now,
        options=to_builtins(Options()),
    )
    made.list_it()
    try:
        commit([put_new(made)])
    except ConditionFailed:
        return find(import_id)
    return made


def find(import_id: str) -> Import:
    """Return an import, read consistently. Raises NotFound."""
    [found] = read([import_key(import_id)])
    if found is None:
        raise NotFound("There is no import of this id.")
    known: Import = found
    return known


def by_created(asked: Asked) -> Page[Import]:
    """Newest first."""
    return page(ImportsItem.by_created, partitions("import"), asked, newest_first=True, kind=Import)


def upload(import_: Import) -> dict[str, Any] | None:
    """Return where the file may be sent to, as long as the import was not started."""
    if import_.state != State.SUBMITTED or import_.run:
        return None
    return files.upload(parts.source(import_.import_id), MOST_BYTES)


def look(import_id: str, version: int, now: datetime) -> tuple[Import, list[Row]]:
    """Look at the file that was sent: how it is written, its columns, what they may be mapped to; and its first rows.

    Those are told and not kept: nobody's data stays behind an import that was only looked at.
    Raises NotFound, Stale, Conflict where there is no file or the import has begun, Unprocessable for a file that
    cannot be read.
    """
    import_ = _open(import_id, version)
    size, key = files.size(parts.source(import_id)), parts.source(import_id)
    if size is None:
        raise Conflict("The file is not there yet. Send it to the address that the import names, then look again.")
    options = Options.of(import_)
    delimiter = DELIMITERS[options.delimiter] if options.delimiter is not None else None
    looks = reading.look(files.opened(key, size), size, options.encoding, delimiter)
    import_.looks = {
        "writing": asdict(looks.writing) if looks.writing is not None else None,
        "columns": looks.columns,
        "bytes": size,
    }
    if not options.mapping:
        record_type = RecordType(import_.record_type)
        found = suggested(record_type, looks.columns, custom_fields.in_use(record_type))
        import_.options = {
            **import_.options,
            "mapping": [{"column": one, "field": each} for one, each in found.items()],
        }
    import_.updated_at = now
    commit([put_changed(import_, refused=STALE)])
    return import_, looks.first


def amend(import_id: str, options: Mapping[str, Any], version: int, now: datetime, map_id: str | None = None) -> Import:
    """Decide anew what is named of the options, on the ground of a saved map where one is named.

    Raises NotFound, Stale, Conflict where the import has begun, Unprocessable for a map of another record type.
    """
    import_ = _open(import_id, version)
    mapped = maps.options(import_, map_id) if map_id is not None else {}
    import_.options = {**import_.options, **mapped, **options}
    import_.updated_at = now
    commit([put_changed(import_, refused=STALE)])
    return import_


def _open(import_id: str, version: int) -> Import:
    """Return an import that may still be changed."""
    import_ = find(import_id)
    if import_.version != version:
        raise STALE
    if import_.state != State.SUBMITTED:
        raise BEGUN
    return import_


def start(import_id: str, *, dry: bool, by: str, version: int, now: datetime) -> Import:
    """Start an import, or a trial of it, which does the same but writes no record.

    Raises NotFound, Stale, Conflict where it has begun or nobody looked at the file, Unprocessable with everything that
    is missing.
    """
    import_ = _open(import_id, version)
    if import_.looks is None:
        raise Conflict("Look at the file before you start: its columns must be known.")
    record_type, options = RecordType(import_.record_type), Options.of(import_)
    if found := hindrances(record_type, import_.looks["columns"], options):
        raise Unprocessable("The import cannot be started as it stands.", found)
    import_.state, import_.run, import_.dry = State.PARSING, import_.run + 1, dry
    import_.started_by, import_.started_at, import_.updated_at = by, now, now
    import_.pages = import_.rows = import_.ended_at = import_.errors = import_.new_options = None
    wanted = JobWanted(bulk.READ, {"import": import_id, "run": import_.run}, delay=0)
    commit([put_changed(import_, refused=STALE)], jobs.plan(parsing.reading_job(import_), wanted, now))
    return import_


def adds_options(import_id: str) -> bool:
    """Return whether words of the file are to become options of fields. Raises NotFound."""
    return any(each.create_options for each in Options.of(find(import_id)).mapping)


def cancel(import_id: str, now: datetime) -> Import:
    """Stop an import; what was imported stays. Its jobs notice at their next page. Raises NotFound, Conflict.

    After a trial that is stopped the import can be started.
    """
    import_ = find(import_id)
    if import_.state not in RUNNING:
        raise Conflict("This import is not running.")
    import_.state = State.SUBMITTED if import_.dry else State.CANCELLED
    import_.ended_at = import_.updated_at = now
    moved = Conflict("The import went on at this very moment. Cancel it again.")
    commit([put_changed(import_, refused=moved)])
    return import_


def undo(import_id: str, version: int, now: datetime) -> Import:
    """Undo an import that has ended: delete what it made, where nobody has changed that since; what it changed stays.

    Raises NotFound, Stale, Conflict where there is nothing to undo, its rows are still being taken, or what
    they made is forgotten by now.
    """
    import_ = find(import_id)
    if import_.version != version:
        raise STALE
    if import_.undo is not None:
        raise Conflict("This import is undone already, or is being undone.")
    if import_.dry or import_.pages is None or import_.state not in {State.COMPLETED, State.CANCELLED}:
        raise Conflict("Only an import that has made something and has ended can be undone.")
    if import_.started_at + walks.KEPT <= now:
        raise FORGOTTEN
    if import_.state == State.CANCELLED and jobs.get(parsing.rows_job(import_)).state not in jobs.ENDED:
        raise Conflict("The last rows of this import are still being taken. Undo it in a minute.")
    import_.undo, import_.updated_at = Undoing.RUNNING, now
    wanted = JobWanted(bulk.UNDO, {"import": import_id}, delay=0)
    commit([put_changed(import_, refused=STALE)], jobs.plan(undo_job(import_id), wanted, now))
    return import_


def undo_job(import_id: str) -> str:
    return f"import-{import_id}-undo"


def undone(import_: Import) -> Totals:
    """Return what has become so far of what an import made that is undone."""
    return walks.totals(undoing.of(import_.import_id)) if import_.undo is not None else Totals()


def totals(import_: Import) -> Totals:
    """Return what the rows of the last run have come to so far."""
    return walks.totals(run_of(import_)) if import_.run else Totals()


def link(import_: Import) -> str | None:
    """Return where the file of the rows that failed can be fetched for some minutes."""
    key = (import_.errors or {}).get("key")
    return files.link(key, f"failed-rows-{import_.created_at.date()}.csv") if key else None
