"""Leads that wait in their business process go on when their contact or account changes, or by time alone.

A reaction to the facts that their conditions can ask about. A lead that begins to wait is looked at once more, for what
changed while that was written, and again when every process knows that leads of its process wait.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.conditions.nodes import Compiled
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, commit, silent, tries
from chalicelib.errors import Conflict
from chalicelib.leads import awaited, lists, plans, reading
from chalicelib.leads.models import Lead
from chalicelib.lists import Asked, Page
from chalicelib.queues import send

QUEUE = "rescore"
WAITING = "lead.waiting"
AGAIN = 10
"""Seconds; longer than a process keeps what it knows of leads that wait."""
OF_ACCOUNTS = frozenset({"account.changed", "account.merged", "account.waiting"})
BY = "system"
WHY = "what it waited for is there"

Fact = Mapping[str, Any]


def hear(fact: Fact, now: datetime) -> None:
    """Let leads go on that waited for what a fact tells. Safe to repeat and to reorder. Raises Conflict."""
    name = str(fact["fact"])
    if name == WAITING:
        _go_on([fact["id"]], now)
    elif name == "lead.changed":
        if set(awaited.WAITS) & set(fact.get("changed", ())) and _go_on([fact["id"]], now):
            send(QUEUE, [{"fact": WAITING, "id": fact["id"]}], delay=AGAIN)
    elif not name.startswith("lead.") and touched(awaited.conditions(), fact):
        _heard(name, fact, now)


def _heard(name: str, fact: Fact, now: datetime) -> None:
    if name in OF_ACCOUNTS:
        _of_account(fact, now)
    elif "contact" in fact:
        found = reading.of_person(contacts.who_is(fact["contact"]).ids)
        _go_on([lead.lead_id for lead in found if lead.waiting_stage is not None], now)


def touched(conditions: Iterable[Compiled], fact: Fact) -> bool:
    """Return whether a fact can change what conditions say. What is not known to be harmless can."""
    entity, _, what = str(fact["fact"]).partition(".")
    known = list(conditions)
    if entity == "interaction":
        return any(fact.get("type") in condition.interactions for condition in known)
    subjects = [dependency.subject for condition in known for dependency in condition.dependencies]
    if what != "changed" or "changed" not in fact:
        return bool(known)
    changed = set(fact["changed"])
    if "account_id" in changed and any("account" in subject.split(".")[:-1] for subject in subjects):
        return True
    return any(_of(entity, subject, name) for subject in subjects for name in changed)


def _of(entity: str, subject: str, name: str) -> bool:
    """Return whether what is asked about is this field of an entity; one of its own has a point in its name."""
    whose = subject.removesuffix(f".{name}")
    return whose != subject and entity in whose.split(".") and not whose.endswith(".custom")


def _of_account(fact: Fact, now: datetime) -> None:
    """Look at the leads of an account, then at those of its contacts, a page a message."""
    of_contacts = fact.get("of") == "waiting contacts"
    whose = contacts.by_account if of_contacts else lists.of_account
    found: Page[Any] = whose(fact["id"], Asked(100, fact.get("after")))
    if of_contacts:
        changed = {"fact": "contact.changed", "changed": ["account_id"]}
        send(QUEUE, ({**changed, "contact": each.contact_id} for each in found.items))
    else:
        _go_on([lead.lead_id for lead in found.items if lead.waiting_stage is not None], now)
    told = {"fact": "account.waiting", "id": fact["id"]}
    if found.next_cursor is not None:
        send(QUEUE, [{**told, "of": fact.get("of"), "after": found.next_cursor}])
    elif not of_contacts:
        send(QUEUE, [{**told, "of": "waiting contacts", "after": None}])


def _go_on(lead_ids: Iterable[str], now: datetime) -> bool:
    """Let those of the leads go on that can; return whether one of them waits still."""
    waiting = [each for each in lead_ids if _waits_still(each, now)]
    return bool(waiting)


def _waits_still(lead_id: str, now: datetime) -> bool:
    for _ in tries():
        lead = Lead.find(*Lead.at(lead_id))
        if lead is None or lead.waiting_stage is None or not lead.open:
            return False
        before, due = plans.remembered(lead), lead.due
        told = plans.resume(lead, now)
        waits = plans.remembered(lead) == before
        try:
            if not waits or lead.due != due:
                commit([silent(each) for each in plans.changed(lead, before, by=BY, why=f"{WHY}{told}", now=now)])
        except ConditionFailed:
            continue  # somebody changed it; it is read anew
        return waits
    raise Conflict("The lead is being changed by others.")
