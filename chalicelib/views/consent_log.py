"""The log of consent of everybody as rows of a file: every change between two moments (PRV-13)."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, model_validator

from chalicelib.clock import as_text
from chalicelib.consent import history
from chalicelib.consent.models import ChangeRow, ConsentItem
from chalicelib.consent.points.models import PointChange
from chalicelib.csvs import Cell
from chalicelib.dynamodb import SHARDS, Item, Key, read, scan_slice
from chalicelib.http import Schema

COLUMNS = (*history.COLUMNS, "profile_id", "point")
"""`point` is the keyed hash of an address or a number, where that said something by itself (RCN-1)."""
LOGS: Mapping[str, type[Item]] = {"consent_change": ChangeRow, "point_change": PointChange}
PAGE = 500
BETWEEN = " "
OF_POINTS = "ADDRESS#"


class ConsentLog(Schema):
    """Which changes: those from a moment on, and those before another; without either all."""

    since: Annotated[AwareDatetime | None, Field(description="This moment and later.")] = None
    until: Annotated[AwareDatetime | None, Field(description="Before this moment.")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("The log ends after it begins.")
        return self

    def holds(self, instant: str) -> bool:
        """Return whether a change of that moment is asked for; instants sort as text."""
        early = self.since is not None and instant < as_text(self.since)
        late = self.until is not None and instant >= as_text(self.until)
        return not (early or late)


def page(log: ConsentLog, number: int, cursor: str | None) -> tuple[list[str], str | None]:
    """Return the places of some changes, and where to go on.

    The whole table is looked through: a change lies with its contact, and no index tells who changed anything when.
    """
    raws, after = scan_slice(ConsentItem, number, SHARDS, json.loads(cursor) if cursor else None, PAGE)
    places = [(raw["pk"]["S"], raw["sk"]["S"]) for raw in raws if raw["kind"]["S"] in LOGS]
    asked = [f"{pk}{BETWEEN}{sk}" for pk, sk in places if log.holds(_instant(sk))]
    return asked, json.dumps(after) if after else None


def _instant(sk: str) -> str:
    return sk.split("#")[1]


def lines(places: Sequence[str]) -> tuple[list[list[Cell]], list[str]]:
    """Return changes as they are now, and whose they are; what was erased meanwhile is left out."""
    keys = [each.split(BETWEEN, 1) for each in places]
    read_again: Sequence[Any] = read(Key(_kind(pk), pk, sk) for pk, sk in keys)
    found = [each for each in read_again if each is not None]
    return [_row(each) for each in found], [each.contact_id for each in found if isinstance(each, ChangeRow)]


def _kind(pk: str) -> type[Item]:
    return PointChange if pk.startswith(OF_POINTS) else ChangeRow


def _row(change: ChangeRow | PointChange) -> list[Cell]:
    if isinstance(change, ChangeRow):
        return [*history.row(change), None, None]
    return [*history.row(change), change.profile_id, change.pk.removeprefix(OF_POINTS)]
