"""The job that erases a person: everything that ids lead to or a table holds, looked for again after 25 hours.

The first run deletes the contacts, which has every domain sweep its rows (contacts.deletion), and all that no sweep
finds. A run that finds nothing, after the last fact that a stream may still hold, is the proof that nothing is left.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from chalicelib import clock, files, queues
from chalicelib.contacts import service as contacts
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import ConditionFailed, Write, commit, delete, put_changed, update
from chalicelib.errors import Stale
from chalicelib.holdings import Held, Holding, Nobody, Noun, Person, Reached, Stays
from chalicelib.leads import reading as leads
from chalicelib.privacy import receipts, searching, walking
from chalicelib.privacy.holdings import HOLDINGS
from chalicelib.privacy.kinds import Progress
from chalicelib.privacy.models import Request, Search, search_key
from chalicelib.sweeping import AGAIN

WORK = "erase-person"
SECOND = AGAIN + timedelta(hours=1)  # the sweeps of the deleted contacts are through by then
AT_ONCE = timedelta(0)
ONCE_MORE = timedelta(hours=1)  # after a run that still found something

Arguments = Mapping[str, Any]


def job_id(request_id: str, run: int) -> str:
    return f"erasure-{request_id}-{run}"


def plan(request_id: str, run: int, wait: timedelta, now: datetime) -> list[Write]:
    """Return the write of the job of a run."""
    wanted = JobWanted(WORK, {"request": request_id, "run": run}, delay=int(wait.total_seconds()))
    return jobs.plan(job_id(request_id, run), wanted, now)


def pages(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    search = _running(arguments)
    if search is None:
        return [], None
    page = walking.pages(search, number, cursor)
    return page.ids, page.cursor


def _running(arguments: Arguments) -> Search | None:
    found = Search.find(*Search.at(arguments["request"]))
    return found if found is not None and found.run == arguments["run"] else None


def act(arguments: Arguments, ids: Sequence[str], now: datetime) -> None:
    """Erase what a page found; what is gone already stays gone."""
    search = _running(arguments)
    if search is None:
        return
    person = walking.sought(search)
    for identity in ids:
        if identity.startswith("["):
            _erase_found(search, person, *walking.row_of(identity), now)
            continue
        what, _, name = identity.partition("#")
        OTHERS.get(what, _erase_record)(search, person, identity, name, now)


def _erase_found(search: Search, person: Person, holding: Holding, row: Any, now: datetime) -> None:
    """Erase a row that was found by looking; of a record what belongs to it goes too, and its id is remembered."""
    if row is None or not walking.is_of(holding, person, row):
        return
    kind: Any = holding.of(row)
    if kind.noun is None:
        _note(search)
        _erased(person, kind, row, now)
        return
    named = f"{kind.noun}#{kind.identity(row)}"
    _note(search, named)
    _erase_record(search, person, named, "", now)


def _erased(person: Person, kind: Held | Reached | None, row: Any, now: datetime) -> bool:
    if kind is not None and kind.erase is not None:
        gone: bool = kind.erase(person, row, now)
        return gone
    commit([delete(row.key)])
    return True


def _note(search: Search, *named: str) -> None:
    """Remember that this run found something, and what more can be found by it."""
    more = [Search.found.add(set(named))] if named else []
    commit([update(search_key(_request_of(search)), Search.found_in.set(search.run), *more, condition=SOUGHT)])


SOUGHT = Search.pk.exists()


def _request_of(search: Search) -> str:
    return str(search.pk.partition("#")[2])


def _erase_record(search: Search, person: Person, identity: str, _: str, now: datetime) -> None:
    """Erase a record, then what belongs to it; what has become somebody else's since is left alone."""
    noun, _, name = identity.partition("#")
    for holding, row in walking.itself(Noun(noun), name):
        if not walking.is_of(holding, person, row):
            return
        _note(search, *_leads_of(Noun(noun), name))
        kind: Any = holding.of(row)
        if not _erased(person, kind, row, now):
            return
    _erase_reached(search, person, Noun(noun), name, now)


def _leads_of(noun: Noun, identity: str) -> list[str]:
    """Return the leads of a contact as they are named: once it is deleted they say no more whose they were."""
    own = leads.of_person([identity], merged=True) if noun is Noun.CONTACT else []
    return [f"{Noun.LEAD}#{each.lead_id}" for each in own]


def _erase_reached(search: Search, person: Person, noun: Noun, identity: str, now: datetime) -> None:
    """Erase what belongs to a record, but for what stays and what the person began after it asked to be forgotten.

    A contact's own partitions are the sweeps' until the second run.
    """
    sweeping = noun is Noun.CONTACT and (search.run == 1 or contacts.exists(identity))
    for holding in HOLDINGS:
        rows = walking.found(holding, noun, identity) if sweeping else walking.reached_in(holding, noun, identity)
        for _, row in rows:
            kind = holding.of(row)
            if _goes(person, kind, row):
                _note(search)
                _erased(person, kind if isinstance(kind, Reached) else None, row, now)


def _goes(person: Person, kind: Held | Reached | Nobody | None, row: Any) -> bool:
    if isinstance(kind, Reached) and kind.anew is not None:
        return not kind.anew(person, row)
    return not isinstance(kind, Stays)


def _erase_file(search: Search, person: Person, _: str, key: str, __: datetime) -> None:
    """Forget a file that names the person, with those it was made of or that were made of it."""
    if searching.names(person, key):
        _note(search)
        files.forget("/".join(key.split("/")[:2]) + "/")


def _weed_letters(search: Search, person: Person, _: str, domain: str, __: datetime) -> None:
    """Take messages that name the person from those that were set aside."""
    if queues.weed(f"{domain}-dead", person.in_file):
        _note(search)


OTHERS: Mapping[str, Callable[[Search, Person, str, str, datetime], None]] = {
    walking.FILES: _erase_file,
    walking.LETTERS: _weed_letters,
}


# The end of a run ----------------------------------------------------------------------------------------------------


def done(arguments: Arguments) -> None:
    """End a run: look again after 25 hours, and once more where that still found something; then the receipt."""
    search, now = _running(arguments), clock.now()
    if search is None:
        return
    second = search.began_at + SECOND
    if now < second:
        _again(search, second - now, now)
    elif search.found_in >= search.run:
        _again(search, ONCE_MORE, now)
    else:
        _complete(search, now)


def _again(search: Search, wait: timedelta, now: datetime) -> None:
    following = search.run + 1
    moved = update(search.key, Search.run.set(following), condition=Search.run == search.run)
    with suppress(ConditionFailed):  # somebody else ended this run
        commit([moved], plan(_request_of(search), following, wait, now))


def _complete(search: Search, now: datetime) -> None:
    """Take out of the request who it was, and leave the receipt."""
    request = Request.get(*Request.at(_request_of(search)), consistent_read=True)
    request.result = receipts.of(request, walking.sought(search), search.run, now)
    request.progress, request.completed_at, request.updated_at = Progress.COMPLETED, now, now
    request.identifier = request.name = request.note = request.contact_ids = None
    request.list_it()
    with suppress(ConditionFailed, Stale):
        commit([put_changed(request), delete(search.key, Search.run == search.run)])
