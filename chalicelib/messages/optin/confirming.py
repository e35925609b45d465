"""Use cases behind the link of a confirmation: show what it confirms, and do it (DOI-3, DOI-4).

Looking changes nothing, for scanners follow links; only the page's own button does, by POST.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.clock import as_text, digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent import history
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import plans, records
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.consent.subscriptions.plans import Said, Standing
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import EMAILS
from chalicelib.contacts.normalise import key_of
from chalicelib.dynamodb import ConditionFailed, Write, commit, tries, update
from chalicelib.errors import Conflict, Unavailable
from chalicelib.messages import suppression
from chalicelib.messages.optin.models import Confirmation
from chalicelib.messages.optin.rules import Outcome

METHOD = "double-opt-in"


class Judged(Struct, frozen=True):
    """Who asked, where it stands with what was asked for, and what the link comes to."""

    outcome: Outcome
    who: Identity
    standing: Standing | None = None


def judge(row: Confirmation) -> Judged:
    """Return what following a link comes to now; nothing is written."""
    who = contacts.who_is(row.contact_id or "")
    if who.contact is None:
        return Judged(Outcome.GONE, who)
    standing = subscriptions.standings(who, [row.list_id])[0] if row.list_id else None
    if _withdrawn(row, who, standing):
        return Judged(Outcome.WITHDRAWN, who)
    if row.confirmed_at is not None:
        return Judged(Outcome.CONFIRMED, who)
    if row.address_hash not in _addresses(who):
        return Judged(Outcome.MOVED, who)
    return Judged(Outcome.CLOSED if _closed(row) else Outcome.OPEN, who, standing)


def _withdrawn(row: Confirmation, who: Identity, standing: Standing | None) -> bool:
    """Return whether the person took back since what it had asked for: then a link revives nothing (invariant 7)."""
    if standing is not None:
        return standing.left_after(row.asked_at)
    return "consent_level" in history.lowered_since(who.id, row.asked_at)


def _addresses(who: Identity) -> set[str]:
    """Return the hashes of all addresses of a person; one that it does not have any more confirms nothing."""
    known = [who.contact, *contacts.find_many(who.ids[1:])]
    keys = {key_of(name, getattr(each, name)) for each in known for name in EMAILS}
    return {suppression.address_hash(key) for key in keys if key}


def _closed(row: Confirmation) -> bool:
    found = records.find_many([row.list_id]) if row.list_id else []
    return bool(row.list_id) and not any(not each.stopped for each in found)


def confirm(row: Confirmation, now: datetime) -> Outcome:
    """Do what was asked for, with the proof of it, once; whoever confirms again is told the same."""
    for _ in tries():
        judged = judge(row)
        if judged.outcome is not Outcome.OPEN:
            return judged.outcome
        wanted = _of_list(row, judged.standing, now) if judged.standing else _of_level(row, judged.who, now)
        try:
            commit([contacts.still_itself(judged.who.id)], wanted, [done(row, now)])
        except (ConditionFailed, Conflict):
            row = Confirmation.find(*Confirmation.at(row.address_hash, row.confirmation_id)) or row
            continue  # confirmed at this moment, merged, or the list was stopped
        return Outcome.CONFIRMED
    raise Unavailable("This is being changed by others. Try again in a few seconds.")


def done(row: Confirmation, now: datetime) -> Write:
    """Return the write that confirms a request, once, and only what was asked for when it was looked at."""
    as_asked = Confirmation.confirmed_at.does_not_exist() & (Confirmation.asked_at == row.asked_at)
    ended = [
        each.remove() for each in (Confirmation.due, Confirmation.due_shard, Confirmation.address, Confirmation.request)
    ]
    return update(row.key, Confirmation.confirmed_at.set(now), *ended, condition=as_asked)


def evidence_of(row: Confirmation, contact_id: str, wording: str | None) -> Evidence:
    """Return the proof: where and in which words it was asked for, when, and when the link was mailed."""
    return Evidence(
        who=f"contact:{contact_id}",
        source=row.source,
        method=METHOD,
        wording=wording,
        reason=since(row.asked_at, row.mailed_at),
    )


def since(asked_at: datetime, mailed_at: datetime | None) -> str:
    """Return when it was asked for and when the link was mailed, as the proof says it."""
    mailed = f", the link was mailed at {as_text(mailed_at)}" if mailed_at else ""
    return f"Asked for at {as_text(asked_at)}{mailed}."


def _change_id(row: Confirmation) -> str:
    return digest("confirmed", row.confirmation_id, as_text(row.asked_at))


def _of_list(row: Confirmation, standing: Standing, now: datetime) -> Sequence[Write]:
    said = Said(evidence_of(row, standing.people[0], row.wording), _change_id(row), row.where or {})
    return plans.move(standing, State.SUBSCRIBED, said, now)


def _of_level(row: Confirmation, who: Identity, now: datetime) -> Sequence[Write]:
    """Raise the level; where it has become higher by other ways it stays there."""
    before = [each for each in consent.of_each(who.ids) if each.consent_level < (row.level or 0)]
    evidence = evidence_of(row, who.id, row.wording)
    return consent_plans.every(before, {"consent_level": row.level}, evidence, _change_id(row), now)
