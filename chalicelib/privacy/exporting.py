"""The job that gathers all that is known of a person, into a file for machines and a page for the person (art. 15, 20).

What a page finds goes into a part whose name follows from it, so doing it again makes no second one.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib import clock, files, web
from chalicelib.clock import as_text, digest
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import Write, commit, delete, put_changed
from chalicelib.holdings import Holding, Noun, Person
from chalicelib.privacy import explanations, walking
from chalicelib.privacy.kinds import Progress
from chalicelib.privacy.models import Request, Search

WORK = "export-person"
MOST_ROWS = 200_000
"""Of an export; nobody has done so much, and the function that puts it together holds it at once."""

Arguments = Mapping[str, Any]
Found = tuple[Holding, Any]


def job_id(request_id: str) -> str:
    return f"export-{request_id}"


def plan(request_id: str, now: datetime) -> list[Write]:
    return jobs.plan(job_id(request_id), JobWanted(WORK, {"request": request_id}, delay=0), now)


def folder(request_id: str) -> str:
    return f"privacy/{request_id}/"


def pages(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    search = Search.find(*Search.at(arguments["request"]))
    if search is None:
        return [], None
    page = walking.pages(search, number, cursor)
    return [each for each in page.ids if not each.startswith((walking.FILES, walking.LETTERS))], page.cursor


def act(arguments: Arguments, ids: Sequence[str], _: datetime) -> None:
    search = Search.find(*Search.at(arguments["request"]))
    if search is None:
        return
    person = walking.sought(search)
    told = [_told(*each) for identity in ids for each in _of(person, identity) if walking.shown(*each)]
    if told:
        content = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        files.put(f"{folder(arguments['request'])}parts/{digest(*ids)}.json", content.encode())


def _of(person: Person, identity: str) -> Iterator[Found]:
    """Yield what an id of a page means: rows that were found, and what belongs to them."""
    if not identity.startswith("["):
        noun, _, name = identity.partition("#")
        yield from walking.reached(Noun(noun), name)
        return
    holding, row = walking.row_of(identity)
    if row is None or not walking.is_of(holding, person, row):
        return
    kind: Any = holding.of(row)
    if kind.own:
        yield holding, row
    if kind.noun:
        yield from walking.reached(kind.noun, kind.identity(row))


def _told(holding: Holding, row: Any) -> dict[str, Any]:
    values = {name: _plain(each) for name, each in row.attribute_values.items() if name not in explanations.INNER}
    return {"place": [holding.table.Meta.table_name, row.pk, row.sk], "what": type(row).__name__, "values": values}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return as_text(value)
    if isinstance(value, str | int | float | bool | list | dict | None):
        return value
    return str(value)


# Putting it together -------------------------------------------------------------------------------------------------


def done(arguments: Arguments) -> None:
    """Put the parts together, once, and tell where the files are."""
    request_id, now = arguments["request"], clock.now()
    request = Request.get(*Request.at(request_id), consistent_read=True)
    search = Search.find(*Search.at(request_id))
    if search is None or request.progress != Progress.IN_PROGRESS:
        return
    sections = _sections(request_id)
    content: dict[str, Any] = {
        "title": "Everything that is known of a person",
        "about": request.identifier,
        "made_at": as_text(now),
        "explanations": explanations.TEXTS,
        "sections": sections,
    }
    made = {
        "data.json": json.dumps(content, ensure_ascii=False, indent=1).encode(),
        "data.html": str(web.page("privacy_export.html", language="en", **content).body).encode(),
    }
    for name, each in made.items():
        files.put(folder(request_id) + name, each)
    rows = sum(len(each["rows"]) for each in sections)
    request.result = {
        "files": [{"name": name, "bytes": len(each)} for name, each in made.items()],
        "rows": rows,
        "made_at": as_text(now),
    }
    request.progress, request.completed_at, request.updated_at = Progress.COMPLETED, now, now
    request.list_it()
    commit([put_changed(request), delete(search.key)])


def _sections(request_id: str) -> list[dict[str, Any]]:
    """Return all rows, each once, by what they are, in the order in which a person would look for them."""
    once: dict[tuple[str, ...], dict[str, Any]] = {}
    for key in files.listed(f"{folder(request_id)}parts/"):
        for each in json.loads(files.get(key)):
            if len(once) < MOST_ROWS:
                once[tuple(each["place"])] = each
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for place in sorted(once):
        by_kind[once[place]["what"]].append(once[place]["values"])
    order = list(explanations.TITLES)
    names = sorted(by_kind, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [{"title": explanations.TITLES.get(name, name), "kind": name, "rows": by_kind[name]} for name in names]


def link(request: Request, name: str) -> str:
    """Return where a file of a finished export can be fetched for some minutes."""
    return files.link(folder(request.request_id) + name, name)
