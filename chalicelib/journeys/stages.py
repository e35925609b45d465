"""What a lead's entry into a stage causes: tasks, notices to one's own staff, triggers; each once (BPF-4).

A reaction to lead.entered. Every effect has the hash of the entry and its place among the stage's actions as its id, so
a fact that comes again finds it done. What cannot be done is kept with its reason in the lead's history.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.activities import plans as activities
from chalicelib.clock import digest, from_text
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import of_contact
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import ConditionFailed, Write, commit, put_new
from chalicelib.journeys import raising
from chalicelib.journeys.models import Raised
from chalicelib.journeys.triggers import TriggerDocument, mistakes
from chalicelib.leads import plans as lead_plans
from chalicelib.leads import processes
from chalicelib.leads import reading as leads
from chalicelib.leads.actions import Action, CreateTask, Notify, RaiseTrigger, owner_of
from chalicelib.leads.models import Lead

Fact = Mapping[str, Any]


def act(fact: Fact, now: datetime) -> None:
    """Do what the stage's actions say, in their order. Raises where one of them is to be tried again."""
    info = processes.published(fact["process"], int(fact["version"])).stage(fact["stage"])
    found = leads.find_many([fact["id"]])
    if info is None or not found:
        return
    for number, action in enumerate(info.actions):
        made = digest("stage-action", fact["id"], fact["entry"], str(number))
        refused = _done(action, found[0], made, now)
        if refused is not None:
            _once(lead_plans.remark(found[0].lead_id, made, refused, from_text(fact["since"])))


def _done(action: Action, lead: Lead, made: str, now: datetime) -> str | None:
    """Do what an action says, unless it is done. Returns why it cannot be done."""
    match action:
        case CreateTask():
            due = action.due_in.after(now) if action.due_in else None
            owner = owner_of(action, lead.owner_id)
            _once(
                activities.task_about_lead(
                    made,
                    lead.lead_id,
                    subject=action.subject,
                    details=action.details,
                    owner_id=owner,
                    due=due,
                    now=now,
                )
            )
            return None
        case Notify():
            return _told(action, lead, made, now)
        case RaiseTrigger():
            return _raised(action, lead, made, now)


def _once(writes: list[Write]) -> None:
    try:
        commit(writes)
    except ConditionFailed:
        return  # done before


def _told(action: Notify, lead: Lead, made: str, now: datetime) -> str | None:
    from chalicelib.messages import notices  # only this needs all that writes a mail

    known = contacts.who_is(lead.contact_id).contact if lead.contact_id else None
    about = of_contact(known) if known is not None else None
    refused = [
        notices.tell(notices.Wanted(digest(made, address), action.email_id, address, about), now)
        for address in action.addresses
    ]
    return next((f"A notice was not sent: {each}" for each in refused if each), None)


def _raised(action: RaiseTrigger, lead: Lead, made: str, now: datetime) -> str | None:
    live = definitions.live(raising.KIND, action.trigger_id)
    if live is None or lead.contact_id is None:
        why = "it is not live" if live is None else "the lead has no contact, whom it could be about"
        return f"The trigger {action.trigger_id} was not raised: {why}."
    if mistakes(TriggerDocument.model_validate(live.document).attributes, action.attributes):
        return f"The trigger {action.trigger_id} was not raised: it declares other attributes."
    raised = Raised(
        *Raised.at(made),
        raised_id=made,
        trigger_id=action.trigger_id,
        contact_id=lead.contact_id,
        attributes=json.dumps(action.attributes, ensure_ascii=False),
        raised_at=now,
        source=f"lead:{lead.lead_id}",
    )
    _once([put_new(raised)])
    return None
