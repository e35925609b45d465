"""What a row comes to, by the plans of its domain: the record it makes or changes, or why it fails (IMP-5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import Preferences, raises
from chalicelib.contacts import bringing, strategies, tombstones
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.models import Contact
from chalicelib.contacts.service import Prepared
from chalicelib.dynamodb import Look, Write
from chalicelib.errors import Conflict, Problem
from chalicelib.imports import joining
from chalicelib.imports.asked import Asked, Told
from chalicelib.imports.options import STRATEGY_OF
from chalicelib.imports.states import Outcome

ONLY_KEPT = "The person demanded that nothing is done with its data, so no list changes it."
DUPLICATE = "There is a record with these details already."


class Plan(Struct, frozen=True):
    """What a row comes to, everything it writes for that, and the lists that the person left and is kept off."""

    outcome: Outcome
    record: Any
    writes: list[Write]
    kept_off: Sequence[str] = ()


def plan(asked: Asked, told: Told, now: datetime, look: Look) -> Plan:
    """Decide what a row comes to. Raises DomainErrors that say why it fails, ConditionFailed to be asked again."""
    if asked.kind.book is not None:  # people
        tombstones.refuse(told.of_record.values, look)
    prepared = asked.kind.bring(told.of_record, asked.options.match_by, asked.by, now, look)
    _refuse_duplicate(asked, prepared)
    besides: list[Write] = []
    kept_off: Sequence[str] = ()
    if asked.record_type is RecordType.CONTACT:
        joined = joining.plan(asked.options.joins, prepared, evidence(asked), _change_id(asked, told), now, look)
        besides, kept_off = [*_consent(asked, told, prepared, now, look), *joined.writes], joined.kept_off
    changed = prepared.changed or bool(besides)
    outcome = Outcome.CREATED if prepared.created else Outcome.UPDATED if changed else Outcome.UNCHANGED
    return Plan(outcome, prepared.record, [*prepared.writes, *besides], kept_off)


def _refuse_duplicate(asked: Asked, prepared: Prepared[Any]) -> None:
    """Fail a row that has a key of another record, as far as the import wants that (IMP-5)."""
    if asked.record_type not in STRATEGY_OF:
        same = bringing.same_account(prepared.record) if asked.options.detect_duplicates and prepared.created else None
        others = [same] if same is not None else []
    elif asked.options.detect_duplicates:
        others = list(prepared.met.values())
    else:
        default = strategies.default(STRATEGY_OF[asked.record_type]).id
        unkeyed = asked.options.match_by is None
        others = [prepared.met[default]] if unkeyed and default in prepared.met else []
    if others:
        raise Conflict(DUPLICATE, [Problem(f"{asked.record_type}_id", others[0])])


def _consent(asked: Asked, told: Told, prepared: Prepared[Contact], now: datetime, look: Look) -> list[Write]:
    """Change what a person allows as the row and the statement say; nothing that was withdrawn comes back."""
    wanted, contact = asked.allowed(told), prepared.record
    each = [Preferences(contact.contact_id)]  # of who is new: nothing was said before
    if not prepared.created:
        each = consent.of_each([contact.contact_id, *sorted(contact.identities or ())], look)
    if any(one.restricted for one in each):
        raise Conflict(ONLY_KEPT)
    raising = not prepared.created and any(raises(one, {name: value}) for one in each for name, value in wanted.items())
    lowered = consent.lowered(contact.contact_id) if raising else set()
    return consent_plans.imported(each, wanted, evidence(asked), _change_id(asked, told), lowered, now)


def evidence(asked: Asked) -> Evidence:
    """Return what stands behind everything that the people of a list are said to have agreed to."""
    statement = asked.options.consent
    return Evidence(
        who=asked.by,
        source=f"import:{asked.import_id}",
        method="import",
        wording=statement.wording if statement is not None else None,
        reason=statement.source if statement is not None else None,
    )


def _change_id(asked: Asked, told: Told) -> str:
    return digest(asked.import_id, told.of_record.new_id)
