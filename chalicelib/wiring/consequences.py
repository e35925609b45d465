"""What follows elsewhere: from deleting records, from merging contacts, from what triggers declare."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.activities import notes
from chalicelib.capture import visiting
from chalicelib.capture.linkedin import forgetting as linkedin
from chalicelib.consent import service as consent
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.contacts import deletion, merging
from chalicelib.errors import Problem
from chalicelib.insights import service as insights
from chalicelib.insights.counting import of_burst
from chalicelib.interactions import service as interactions
from chalicelib.journeys import leaving, second, triggers
from chalicelib.journeys.models import Burst
from chalicelib.leads import deletion as lead_deletion
from chalicelib.leads import noting, remains
from chalicelib.leads import service as leads
from chalicelib.messages.optin import forgetting
from chalicelib.registrations import forgetting as registrations
from chalicelib.scoring import forgetting as scores
from chalicelib.scoring.accounts import sweeps as account_log
from chalicelib.segments import service as segments


def _enrolments(contact_id: str, now: datetime) -> bool:
    """Bursts are the facts of figures (invariant 9): they are counted before they go."""

    def counted(bursts: Sequence[Burst]) -> None:
        told = (({"contact": contact_id, "sk": each.sk, "journey": each.journey_id}, each) for each in bursts)
        insights.count((of_burst(*each) for each in told), now)

    return leaving.sweep(contact_id, counted, now)


def _interactions(contact_id: str, _: datetime) -> bool:
    """What tells whose browsers were the contact's goes after what those did."""
    known = interactions.visitors_of(contact_id)
    return visiting.forget(contact_id, known) and interactions.sweep(contact_id)


SWEEPS: tuple[deletion.Sweep, ...] = (
    _enrolments,
    segments.sweep,
    lead_deletion.sweep,
    registrations.sweep,
    lambda contact_id, _: consent.sweep(contact_id),
    lambda contact_id, _: notes.sweep(notes.CONTACT, contact_id),
    forgetting.sweep,
    lambda contact_id, _: account_log.of_contact(contact_id),  # by the interactions, which go after it
    _interactions,
)

ACCOUNT_SWEEPS: tuple[deletion.Sweep, ...] = (
    lead_deletion.sweep_account,
    lambda account_id, _: notes.sweep(notes.ACCOUNT, account_id),
    lambda account_id, _: account_log.of_account(account_id),
)

LEAD_SWEEPS = (
    lambda lead_id: notes.sweep(noting.LEAD, lead_id),
    scores.of_lead,
    linkedin.of_lead,
)

OTHERS = {remains.DELETED: remains.sweep}


FORESIGHTS: dict[str, merging.Foresight] = {
    "consent": consent.foresee,
    "lists": subscriptions.foresee,
    "leads": leads.foresee,
    "segments": segments.foresee,
    "enrolments": second.foresee,
}


def mistakes(declared: Mapping[str, Any], values: Mapping[str, Any]) -> list[Problem]:
    return triggers.mistakes(triggers.TriggerDocument.model_validate(declared).attributes, values)
