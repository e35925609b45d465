"""Use cases: rescore the account-based leads of an account, at most once a minute however many facts come (SCO-6)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.agenda import due_shard
from chalicelib.conditions.changes import earliest
from chalicelib.contacts import accounts
from chalicelib.dynamodb import ConditionFailed, Key, Write, change, check, commit, put, update
from chalicelib.leads import reading as leads
from chalicelib.scoring import plans, reading
from chalicelib.scoring.accounts import belonging
from chalicelib.scoring.accounts import log as account_log
from chalicelib.scoring.accounts.items import AccountEvaluation
from chalicelib.scoring.accounts.scene import Whose, decide, read_scene, whose
from chalicelib.scoring.live import models_of_accounts, touched
from chalicelib.scoring.overtaking import knowing_better

WORK = "rescore-account"
REST = timedelta(minutes=1)
"""Between two evaluations of an account."""
LEASE = timedelta(minutes=3)
"""After which an evaluation that did not end is taken up again; longer than the function may run."""
MOST_WRITES = 90


# What wakes an account ----------------------------------------------------------------------------------------------


def react(fact: Mapping[str, Any], now: datetime) -> None:
    """Bring the log up to date with a fact, and the accounts that it concerns; safe to repeat and to reorder.

    Scores that go may be of models that are not live any more.
    """
    name = str(fact["fact"])
    concerned, models = _concerned(name, fact), models_of_accounts()
    if not concerned or not (name in ALWAYS or touched(models, fact)):
        return
    lead_ids = [fact["id"]] if name.startswith("lead.") else []
    for lead_id in lead_ids:
        drop(lead_id, now)
    if not models:
        return
    for account_id in _counting(concerned):
        wake(account_id, now)
        rescore(account_id, now, lead_ids=lead_ids)


def _counting(account_ids: Iterable[str]) -> Iterable[str]:
    """Return the accounts that count for these, for merged ones are scored as one; of a deleted one nothing is kept."""
    found = [accounts.find_if_any(each) for each in account_ids]
    return dict.fromkeys(account.record_id for account in found if account is not None)


PERSONAL = {
    "preferences.changed": belonging.note_child,
    "contact.merged": belonging.merged,
    "rebuild": belonging.rebuild,
}
"""What the log is told of one contact; a rebuild is the cure after an outage."""

ALWAYS = frozenset({"account.joined", "account.left", "account.touched", "due"})


def _concerned(name: str, fact: Mapping[str, Any]) -> Sequence[str]:
    """Return the accounts that a fact is about, once the log knows of it."""
    if name.startswith("interaction."):
        return account_log.record(fact["contact"], fact["type"], fact["sk"]) if "sk" in fact else ()
    if name in {"account.joined", "account.left"}:
        belonging.belong(fact["id"], fact["member"])
    if name in PERSONAL:
        return PERSONAL[name](fact["contact"])
    if name == "contact.changed" and "id" in fact:
        return belonging.note_person(fact["contact"])
    if name.startswith(("lead.", "opportunity.")):
        return list(fact.get("accounts", ()))
    return _itself(name, fact)


def _itself(name: str, fact: Mapping[str, Any]) -> Sequence[str]:
    """Return the account of a fact about an account, or of one that is due; the first of several messages counts."""
    if name.startswith("account.") and name != "account.recount" and "cursor" not in fact:
        return [fact["id"]]
    return [fact["account"]] if name == "due" and "account" in fact else ()


def wake(account_id: str, now: datetime) -> None:
    """Let an account be looked at, a minute after the last time; where it waits for that already, nothing is written.

    While an evaluation is at work, its lease ends later than that: then the due moves back, and it is looked at again.
    """
    record = AccountEvaluation.find(*AccountEvaluation.at(account_id))
    at = max(now, record.began_at + REST) if record and record.began_at else now
    if record is not None and record.due is not None and record.due <= at:
        return
    write = update(
        Key(AccountEvaluation, *AccountEvaluation.at(account_id)),
        AccountEvaluation.kind.set(AccountEvaluation),
        AccountEvaluation.account_id.set(account_id),
        AccountEvaluation.due.set(at),
        AccountEvaluation.due_shard.set(due_shard(WORK, account_id)),
        AccountEvaluation.version.set(AccountEvaluation.version | 0),
        condition=AccountEvaluation.due.does_not_exist() | (AccountEvaluation.due > at),
    )
    try:
        commit([write])
    except ConditionFailed:
        return  # another fact woke it


def drop(lead_id: str, now: datetime) -> None:
    """Take away an account's scores of a lead that is none of its account-based ones any more (LEAD-3), or merged."""
    found = [lead for lead in leads.find_many([lead_id]) if not lead.contact_id and lead.merged_into is None]
    own = found[0].account_id if found else None
    for score in reading.scores_of(lead_id):
        if score.account_id is not None and score.account_id != own:
            commit(plans.removed(score, "The lead is not the account's any more.", now))


# Rescoring ----------------------------------------------------------------------------------------------------------


def rescore(account_id: str, now: datetime, *, lead_ids: Iterable[str] = ()) -> bool:
    """Rescore an account that is due, and return whether this call did; `lead_ids` may not be in the index yet."""
    record = AccountEvaluation.find(*AccountEvaluation.at(account_id))
    if record is None or record.due is None or record.due > now:
        return False
    claimed = _claim(record, now)
    if claimed is None:
        return False
    own = whose(account_id, lead_ids)
    by_lead, changes_at = knowing_better(lambda: _outcome(own, now))
    if not own.leads:
        claimed.began_at = None  # nothing was scored: the first lead need not wait a minute
    return _commit(claimed, by_lead, changes_at, now)


def _claim(record: AccountEvaluation, now: datetime) -> AccountEvaluation | None:
    """Take the account for as long as an evaluation may last; None where another took it, who reads all that came."""
    write = update(
        record.key,
        AccountEvaluation.due.set(now + LEASE),
        AccountEvaluation.began_at.set(now),
        AccountEvaluation.version.add(1),
        condition=(AccountEvaluation.version == record.version) & (AccountEvaluation.due == record.due),
    )
    try:
        return AccountEvaluation.from_raw_data(dict(change(write)))
    except ConditionFailed:
        return None


def _outcome(own: Whose, now: datetime) -> tuple[list[plans.Parts], datetime | None]:
    models = models_of_accounts()
    return decide(read_scene(own, models, now), models, now)


def _commit(claimed: AccountEvaluation, by_lead: Sequence[plans.Parts], due: datetime | None, now: datetime) -> bool:
    """Write what changed, in as many transactions as it takes, and last of all when to look again.

    A fact that came meanwhile has moved the due back, before the end of the lease: then it stays where that put it.
    """
    held = check(claimed.key, AccountEvaluation.version == claimed.version)
    *parts, last = plans.chunks(by_lead, MOST_WRITES)
    seen = claimed
    try:
        for part in parts:
            commit([held], part)
        while (moved := _written(seen, last, due, now)) is not None:
            due, seen = earliest((due, moved.due)), moved
    except ConditionFailed:
        return False  # another took it up meanwhile, or a lead changed: the lease ends, or a fact wakes it
    return True


def _written(
    seen: AccountEvaluation, writes: Sequence[Write], due: datetime | None, now: datetime
) -> AccountEvaluation | None:
    """Put the record as an evaluation leaves it; returns what is there instead where only its due has moved back."""
    record = AccountEvaluation(
        *AccountEvaluation.at(seen.account_id),
        account_id=seen.account_id,
        began_at=seen.began_at,
        evaluated_at=now,
        version=seen.version + 1,
    )
    if due is not None:
        record.due_shard, record.due = due_shard(WORK, seen.account_id), due
    as_seen = (AccountEvaluation.version == seen.version) & (AccountEvaluation.due == seen.due)
    try:
        commit([put(record, as_seen)], writes)
    except ConditionFailed as failed:
        found = next((item for _, item in failed.of(AccountEvaluation) if item is not None), None)
        if found is None or found.version != seen.version or found.due == seen.due:
            raise
        return found
    return None


# Bulk and recount ---------------------------------------------------------------------------------------------------


def rebuild(account_id: str, contact_ids: Iterable[str], now: datetime) -> int:
    """Make good what the log lacks of what these contacts did at an account; returns how many rows it lacked."""
    lacking = sum(belonging.belong(account_id, each) for each in contact_ids)
    if lacking:
        wake(account_id, now)
    return lacking


def recount(account_id: str, now: datetime) -> bool:
    """Return whether what is stored of an account's leads is not what the facts say now; writes nothing.

    What waits for its time differs rightly, and is not looked at.
    """
    record = AccountEvaluation.find(*AccountEvaluation.at(account_id))
    if record is None or (record.due is not None and record.due <= now):
        return False
    own = whose(account_id)
    by_lead, _ = knowing_better(lambda: _outcome(own, now))
    return any(part for parts in by_lead for part in parts)
