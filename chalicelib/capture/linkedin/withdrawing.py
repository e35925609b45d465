"""Use case: a member takes a response back; that is an instruction, and it holds whatever comes later."""

from datetime import datetime

from chalicelib.capture.linkedin import resolving
from chalicelib.capture.linkedin.models import Response, Withdrawal, submission_id_of
from chalicelib.capture.linkedin.taking import FAILED, FAILURE, SUCCESS, WITHDRAWN, counted, keys_of
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Key, Write, check, commit, put, put_new, read, tries
from chalicelib.errors import Unavailable
from chalicelib.interactions import plans as interactions
from chalicelib.leads import plans as lead_plans
from chalicelib.leads import reading as leads


def withdraw(connection_id: str, response_id: str, now: datetime) -> bool:
    """Take a response back: its answers go, its interaction counts no more, and no late delivery revives it.

    Returns whether this call did. Contact and lead stay, with what else is known of them; their consent stays what the
    person made it. Raises Unavailable where others are quicker five times.
    """
    identity = submission_id_of(response_id)
    for _ in tries():
        [response, gone] = read(keys_of(identity))
        if gone is not None:
            return False
        try:
            commit(_withdrawal(connection_id, identity, response, now))
        except ConditionFailed:
            continue
        return True
    raise Unavailable("The records are busy at the moment. The withdrawal comes again.")


def _withdrawal(connection_id: str, identity: str, response: Response | None, now: datetime) -> list[Write]:
    row = Withdrawal(*Withdrawal.at(identity), connection_id=connection_id, withdrawn_at=now)
    if response is None:
        return [put_new(row), check(Key(Response, *Response.at(identity)), Response.pk.does_not_exist())]
    effects = _taken_back(response, now) if response.state == SUCCESS else []
    adds = {"withdrawn": 1, **({FAILED: -1} if response.state == FAILURE else {})}
    version = response.version
    response.state, response.answers, response.withdrawn_at = WITHDRAWN, None, now
    response.problems, response.open_shard, response.version = None, None, version + 1
    return [put_new(row), put(response, Response.version == version), counted(response, adds), *effects]


def _taken_back(response: Response, now: datetime) -> list[Write]:
    """Return what of a success is undone, as far as it is there: who was deleted meanwhile left nothing behind."""
    there = response.contact_id is None or contacts.exists(response.contact_id)
    marked = interactions.withdrawn(resolving.interaction_of(response), "withdrawn at LinkedIn", now)
    lead = leads.find_many([response.lead_id]) if response.lead_id else []
    less = [lead_plans.one_submission_less(each.lead_id, now) for each in lead if each.linkedin_submissions]
    return [*(marked if there else []), *less]
