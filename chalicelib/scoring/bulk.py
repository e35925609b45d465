"""Bulk work: rescore everybody when a model goes live, take a stopped model's scores away, recount a part a night."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from zlib import crc32

from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.contacts import accounts as contacts_of
from chalicelib.contacts import service as contacts
from chalicelib.definitions import jobs
from chalicelib.definitions import live as definitions
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Definition, Job
from chalicelib.dynamodb import ConditionFailed, commit, tries
from chalicelib.errors import Conflict
from chalicelib.interactions.digesting import mend
from chalicelib.leads import lists as lead_lists
from chalicelib.leads import reading as leads
from chalicelib.leads.models import Lead
from chalicelib.lists import Asked, Page
from chalicelib.observability import metrics
from chalicelib.queues import send, waiting
from chalicelib.scoring import configuration, plans, reading, service
from chalicelib.scoring.accounts import rescoring as accounts
from chalicelib.scoring.deciding import target_refusal
from chalicelib.scoring.live import KIND, live_models, models_of_contacts, published, touched
from chalicelib.scoring.models import Kept

RESCORE_ALL, DROP_SCORES, RECOUNT = "rescore-all", "drop-scores", "recount-scores"
QUEUE = "rescore"
ENOUGH = 5000  # messages that wait; more would keep what people do now waiting behind what was done long ago
NIGHTS = 7
MEMBERS = 10  # whose facts one message of an account's recount reads


def on_publish(_: Definition) -> JobWanted:
    """Every lead gets a score of a model that goes live (SCO-5)."""
    return JobWanted(RESCORE_ALL)


def on_stop(_: Definition) -> JobWanted | None:
    """Stopping takes the scores away, unless the configuration says that they stay (9.6)."""
    return JobWanted(DROP_SCORES) if configuration.effective().automatic_cleanup else None


def nightly(now: datetime) -> bool:
    """Make the job that recounts a seventh of all leads' contacts, and return whether this call did."""
    day = now.date()
    try:
        wanted = JobWanted(RECOUNT, {"part": day.toordinal() % NIGHTS}, delay=0)
        commit(jobs.plan(f"{RECOUNT}-{day.isoformat()}", wanted, now))
    except ConditionFailed:
        return False
    return True


def recount_now(job_id: str, part: int | None, now: datetime) -> Job:
    """Recount a seventh, or everybody, at once. The same id again returns the first one's job."""
    arguments = {} if part is None else {"part": part}
    with suppress(ConditionFailed):
        commit(jobs.plan(job_id, JobWanted(RECOUNT, arguments, delay=0), now))
    return jobs.get(job_id)


def has_room() -> bool:
    """Return whether the queue of rescorings can take more."""
    return waiting(QUEUE) < ENOUGH


def rescore_all(arguments: Mapping[str, Any], lead_ids: Sequence[str], now: datetime) -> None:
    """Have the contacts or accounts of these leads rescored; each lead is named, so that none is missed."""
    found = leads.find_many(lead_ids)
    _let_go(arguments.get("id", ""), found, now)
    of_contacts = [lead for lead in found if lead.contact_id]
    send(QUEUE, ({"fact": "lead.created", "id": lead.lead_id, "contact": lead.contact_id} for lead in of_contacts))
    send(QUEUE, ({"fact": "account.touched", "id": each} for each in _accounts(found)))


def _accounts(found: Sequence[Lead]) -> list[str]:
    """Return the accounts of those that are account-based leads."""
    return sorted({lead.account_id for lead in found if lead.account_id and not lead.contact_id})


def _let_go(model_id: str, found: Sequence[Lead], now: datetime) -> None:
    """Take away what earlier versions, which had another target, say of leads that are none of the live one's."""
    live = definitions.live(KIND, model_id)
    if live is None or live.version == 1:
        return
    target = published(model_id, live.version).compiled.target
    why = {each.lead_id: target_refusal(target, each.contact_id, each.account_id) for each in found}
    left = reading.scored([lead_id for lead_id, refused in why.items() if refused], model_id)
    _drop(model_id, live.version - 1, {each.lead_id: why[each.lead_id] or "" for each in left}, now)


def rescore_account(fact: Mapping[str, Any]) -> None:
    """Have an account's contacts rescored after it changed, a page a message, if a model asks about accounts."""
    if not any(model.concerns("account") for model in live_models()):
        return
    of_leads = fact.get("of") == "leads"
    whose = lead_lists.of_account if of_leads else contacts.by_account
    found: Page[Any] = whose(fact["id"], Asked(100, fact.get("cursor")))
    concerned = dict.fromkeys(each.contact_id for each in found.items if each.contact_id)
    send(QUEUE, ({"fact": "contact.changed", "contact": each, "changed": ["account_id"]} for each in concerned))
    if found.next_cursor is not None:
        send(QUEUE, [{**fact, "cursor": found.next_cursor}])
    elif not of_leads:
        rescore_account({**fact, "of": "leads", "cursor": None})


def rescore_customers(fact: Mapping[str, Any]) -> None:
    """Have the contacts of accounts rescored after an opportunity of theirs changed, if a model asks for those."""
    asking = [model for model in models_of_contacts() if model.compiled.passes("account", "opportunities")]
    if touched(asking, fact):
        for account_id in fact["accounts"]:
            rescore_account({"fact": "account.changed", "id": account_id, "changed": ["opportunities"]})


def drop_scores(arguments: Mapping[str, Any], lead_ids: Sequence[str], now: datetime) -> None:
    """Take a stopped model's scores away, unless it is live again, and bar whoever still takes it for live.

    All leads are walked: a rescoring that began before the stop may be about to write a first score (decision 68).
    """
    model_id, until = arguments["id"], arguments["version"]
    if definitions.live(KIND, model_id) is None:
        _drop(model_id, until, dict.fromkeys(lead_ids, "The model was stopped."), now)


def _drop(model_id: str, until: int, why: Mapping[str, str], now: datetime) -> None:
    """Take away what versions up to `until` say of leads, each for a reason."""
    left = list(why)
    for _ in tries():
        kept = reading.kept(left, model_id)
        left = [each for each in left if not _barred(each, model_id, until, kept.get(each), why[each], now)]
        if not left:
            return
    raise Conflict("The scores are being written by others.")


def _barred(lead_id: str, model_id: str, until: int, kept: Kept | None, why: str, now: datetime) -> bool:
    """Take away what a version up to `until` said of a lead, and bar it; False where it has just been written."""
    if kept is not None and kept.model_version > until:
        return True  # it went live again and has been here
    try:
        commit(plans.dropped(lead_id, model_id, until, kept, why, now))
    except ConditionFailed:
        return False
    return True


def recount(arguments: Mapping[str, Any], lead_ids: Sequence[str], now: datetime) -> int:
    """Recount the contacts and accounts of tonight's part of these leads; what differs is told, then rescored.

    Digests are held against the log first, so that the recount rests on what was recorded. Returns how many differ.
    """
    part = arguments.get("part")
    tonight = [each for each in lead_ids if part is None or crc32(each.encode()) % NIGHTS == part]
    found = leads.find_many(tonight)
    send(QUEUE, ({"fact": "account.recount", "id": each} for each in _accounts(found)))
    parents = {lead.contact_id for lead in found if lead.contact_id}
    people = contacts.who_are(sorted(parents))  # merged ones are scored as one
    mended = [each for who in people for each in who.ids if mend(each, now)]
    different = [who.id for who in people if service.recount(who.id, now)]
    if mended:
        metrics.add_metric(name="DigestDifferences", unit=MetricUnit.Count, value=len(mended))
    _tell_differences(len(different))
    send(QUEUE, [{"fact": "recounted", "contact": contact_id} for contact_id in different])
    return len(different)


def _tell_differences(number: int) -> None:
    if number:
        metrics.add_metric(name="ScoreDifferences", unit=MetricUnit.Count, value=number)


def recount_account(fact: Mapping[str, Any], now: datetime) -> None:
    """Make good what an account's log lacks, some members a message; what it lacked is told loudly, then rescored."""
    found = contacts_of.page_of_members(fact["id"], Asked(MEMBERS, fact.get("cursor")))
    lacking = accounts.rebuild(fact["id"], dict.fromkeys(each.contact_id for each in found.items), now)
    _tell_differences(lacking)
    if found.next_cursor is not None:
        send(QUEUE, [{**fact, "cursor": found.next_cursor}])
    elif accounts.recount(fact["id"], now):
        _tell_differences(1)
        accounts.wake(fact["id"], now)


WORKS: Mapping[str, jobs.Work] = {
    RESCORE_ALL: jobs.Work(lead_lists.every_lead, rescore_all, room=has_room),
    DROP_SCORES: jobs.Work(lead_lists.every_lead, drop_scores),
    RECOUNT: jobs.Work(lead_lists.every_lead, recount),
}
