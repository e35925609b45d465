"""What a person decided about an import: mapping, matching, manner of values, the statement of consent."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, convert, field

from chalicelib.contacts import strategies
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.errors import Conflict, Problem
from chalicelib.imports import joining, lookups
from chalicelib.imports.cells import Column, Manner
from chalicelib.imports.fields import ID
from chalicelib.imports.joining import Joins
from chalicelib.imports.mapping import problems
from chalicelib.imports.models import Import


class Statement(Struct, frozen=True):
    """On what ground the people of a list are written to: the words that they agreed to, where; what that allows."""

    wording: str
    source: str
    allows: Mapping[str, Any] = field(default_factory=dict)


class Options(Struct, frozen=True):
    """Everything that decides what becomes of the rows of a file.

    `match_by` is the matching strategy that is the key of its rows; without one what has the default strategy's key
    already fails. With `detect_duplicates` a row fails that has any other record's key. Contacts join `lists` and
    `segments`.
    """

    mapping: Sequence[Column] = ()
    match_by: str | None = None
    detect_duplicates: bool = False
    manner: Manner = field(default_factory=Manner)
    consent: Statement | None = None
    encoding: str | None = None
    delimiter: str | None = None
    lists: Sequence[str] = ()
    segments: Sequence[str] = ()

    @property
    def joins(self) -> Joins:
        return Joins(tuple(dict.fromkeys(self.lists)), tuple(dict.fromkeys(self.segments)))

    @classmethod
    def of(cls, import_: Import) -> "Options":
        return convert(import_.options, cls)


STRATEGY_OF = {RecordType.CONTACT: strategies.CONTACT, RecordType.LEAD: strategies.LEAD}
OF_PEOPLE = frozenset({RecordType.CONTACT, RecordType.LEAD})


def hindrances(record_type: RecordType, columns: Sequence[str], options: Options) -> list[Problem]:
    """Return everything that keeps an import from being started."""
    found = problems(record_type, columns, options.mapping, custom_fields.in_use(record_type))
    found += lookups.problems(options.mapping)
    if record_type in OF_PEOPLE and options.consent is None:
        found.append(Problem("consent", "Say in which words these people agreed, and where you have that from."))
    if options.match_by is not None:
        found += _of_key(record_type, options)
    return [*found, *_of_joins(record_type, options)]


def _of_joins(record_type: RecordType, options: Options) -> list[Problem]:
    if record_type is RecordType.CONTACT:
        return joining.problems(options.joins)
    given = {"lists": options.lists, "segments": options.segments}
    return [Problem(name, "Only contacts join lists and segments.") for name, ids in given.items() if ids]


def _of_key(record_type: RecordType, options: Options) -> list[Problem]:
    if record_type not in STRATEGY_OF:
        return [Problem("match_by", "Accounts have no matching strategies. Map a column to their id instead.")]
    try:
        strategy = strategies.find(STRATEGY_OF[record_type], options.match_by)
    except Conflict as error:
        return [Problem("match_by", str(error))]
    fields = {each.field for each in options.mapping}
    missing = [name for name in strategy.missing({}) if name not in fields]
    return [Problem("match_by", f"A column must be mapped to {name}: rows are matched by it.") for name in missing]


def keyed_by(import_: Import, options: Options, columns: Sequence[tuple[int, Column]]) -> list[int]:
    """Return the places of the cells that rows of one record have in common: its id, or what it is matched by."""
    named = [at for at, each in columns if each.field == ID]
    record_type = RecordType(import_.record_type)
    if named or record_type not in STRATEGY_OF:
        return named
    target = STRATEGY_OF[record_type]
    strategy = strategies.find(target, options.match_by) if options.match_by else strategies.default(target)
    return [at for at, each in columns if each.field in strategy.attributes]


def allowed(statement: Statement | None, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row says of a person's preferences: its own cells go before the statement.

    A list never says that somebody is no child any more.
    """
    told = {**(statement.allows if statement is not None else {}), **said}
    return {name: value for name, value in told.items() if (name, value) != ("is_child", False)}
