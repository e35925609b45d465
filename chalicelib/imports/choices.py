"""Words of a file that become options of the organisation's own choices: found while it is read, made before its rows.

What is to be made is written down first, so that a job which dies on the way makes the same when it is repeated.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.audit.witness import on_behalf
from chalicelib.contacts.custom import adding
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import CustomField
from chalicelib.contacts.custom.record import key_of
from chalicelib.dynamodb import ConditionFailed, Key, commit, read, update
from chalicelib.errors import Conflict, NotFound
from chalicelib.imports.cells import Column
from chalicelib.imports.fields import Own
from chalicelib.imports.mapping import meanings, typed
from chalicelib.imports.models import Import, Page, import_key
from chalicelib.imports.rows import Row
from chalicelib.imports.states import READING

MOST_NEW = 50  # options of an import
ROUTE = "POST /imports/{import_id}/start"
TOO_MANY = f"The file has more than {MOST_NEW} words that are no options yet, so none was added. Look at the mapping."

Words = Mapping[str, Sequence[str] | None]
"""By field; None for more than can become options, which are not kept."""


def unknown(columns: Sequence[tuple[int, Column]], own: Own, clears: str | None, rows: Iterable[Row]) -> Words:
    """Return the words of rows that are to become options, and that none is called by."""
    asked = [(at, each, meanings(each)) for at, each in columns if each.create_options and each.field in own]
    known = {each.field: adding.book(own[each.field]) for _, each, _ in asked}
    found: dict[str, dict[str, str]] = {each.field: {} for _, each, _ in asked}
    for row in rows:
        for at, column, stand_for in asked:
            cell = typed(row.cells[at]) if at < len(row.cells) else ""
            word = stand_for.get(cell.casefold(), cell)
            if cell != clears and adding.key(word) not in known[column.field] and adding.fit(word):
                found[column.field].setdefault(adding.key(word), word)
    return {name: _few(list(words.values())) for name, words in found.items() if words}


def _few(words: list[str]) -> list[str] | None:
    return words if len(words) <= MOST_NEW else None


def together(pages: Iterable[Words]) -> Words:
    """Return the words of all pages, each once; none where all of them are more than an import may add."""
    found: dict[str, dict[str, str]] = {}
    many = False
    for name, words in (each for page in pages for each in page.items()):
        known, many = found.setdefault(name, {}), many or words is None
        for word in words or ():
            known.setdefault(adding.key(word), word)
    if many or sum(map(len, found.values())) > MOST_NEW:
        return dict.fromkeys(found)
    return {name: list(words.values()) for name, words in found.items()}


# The job that reads the file -----------------------------------------------------------------------------------------


def settle(import_: Import, words: Words, pages: int, now: datetime) -> list[dict[str, Any]] | None:
    """Add the options that a file which is read to its end asks for, or say which a trial would add.

    `words` are those of the last page. Raises ConditionFailed where the run has ended, Unavailable.
    """
    wanted = import_.new_options if import_.new_options is not None else _written_down(import_, words, pages)
    return [_made(import_, each, now) for each in wanted] or None


def _written_down(import_: Import, words: Words, pages: int) -> list[dict[str, Any]]:
    earlier = read(Key(Page, *Page.at(import_.import_id, import_.run, number)) for number in range(1, pages))
    found = together([*(page.words or {} for page in earlier if page is not None), words])
    wanted = [
        {"field": name, "words": each or [], "refused": None if each is not None else TOO_MANY}
        for name, each in found.items()
    ]
    if not wanted:
        return []
    key, as_read = import_key(import_.import_id), reading(import_.run) & Import.new_options.does_not_exist()
    try:
        commit([update(key, Import.new_options.set(wanted), Import.version.add(1), condition=as_read)])
    except ConditionFailed:
        stored = Import.get(*Import.at(import_.import_id), consistent_read=True)
        if stored.new_options is None or stored.run != import_.run:
            raise
        return list(stored.new_options)  # another worker was quicker
    return wanted


def reading(run: int) -> Any:
    """Return the condition that an import is still being read, by this run."""
    return Import.state.is_in(*READING) & (Import.run == run)


def _made(import_: Import, wanted: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return what became of the words for a field: options, or why there are none."""
    if "options" in wanted:
        return dict(wanted)
    name, words = wanted["field"], wanted["words"]
    if wanted["refused"] is not None:
        return {"field": name, "options": [], "refused": wanted["refused"]}
    try:
        field = _added(import_, f"{import_.record_type}.{key_of(name)}", words, now)
    except (Conflict, NotFound) as error:
        return {"field": name, "options": [], "refused": str(error)}
    values = {adding.called(field, word) for word in words}
    options = [{"value": each.value, "label": each.label} for each in field.options if each.value in values]
    return {"field": name, "options": options, "refused": None}


def _added(import_: Import, field_id: str, words: Sequence[str], now: datetime) -> CustomField:
    if import_.dry:
        return adding.with_options(custom_fields.find(field_id).said, words)
    with on_behalf(import_.started_by, ROUTE, now):
        return custom_fields.add_options(field_id, words, now)


# What came of it -----------------------------------------------------------------------------------------------------


def told(import_: Import) -> list[dict[str, Any]]:
    """Return which options fields have by the last run, or would have by a trial, and which have none and why."""
    return [each for each in import_.new_options or [] if "options" in each]


def foreseen(import_: Import, own: Own) -> Own:
    """Return the fields as a trial takes them: with the options that it does not add."""
    added = {each["field"]: each["options"] for each in told(import_) if each["options"]} if import_.dry else {}
    return {name: adding.foreseen(own[name], options) for name, options in added.items() if name in own}
