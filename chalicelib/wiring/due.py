"""What falls due: the index in which each kind of work waits, the queue that does it, and what it is told."""

from typing import Any

from chalicelib.agenda import Agenda
from chalicelib.capture import visiting
from chalicelib.capture.linkedin import messages
from chalicelib.capture.linkedin.sources import WORK as LINKEDIN_PULL
from chalicelib.capture.models import CaptureItem
from chalicelib.consent.models import ConsentItem
from chalicelib.consent.plans import WORK as OF_AGE
from chalicelib.contacts import deletion
from chalicelib.contacts.models import ContactsItem
from chalicelib.definitions.models import DefinitionsItem
from chalicelib.journeys.models import JourneysItem
from chalicelib.leads import remains, resuming
from chalicelib.leads.models import WAITING, LeadsItem
from chalicelib.messages import facts as confirmations
from chalicelib.messages.models import MessagesItem
from chalicelib.messages.optin.rules import WORK as CONFIRMATION
from chalicelib.scoring.accounts import rescoring as account_scoring
from chalicelib.scoring.models import ScoringItem
from chalicelib.segments.models import SegmentsItem


def _id(pk: str) -> str:
    return pk.partition("#")[2]


def _due_contact(pk: str, _: str) -> dict[str, Any]:
    return {"fact": "due", "contact": _id(pk)}


def _due_account(pk: str, _: str) -> dict[str, Any]:
    return {"fact": "due", "account": _id(pk)}


def _due_deleted(pk: str, sk: str) -> dict[str, Any]:
    return (_due_account if pk.startswith("ACCOUNT#") else _due_contact)(pk, sk)


def _due_record(pk: str, _: str) -> dict[str, Any]:
    return {"fact": "due", "id": _id(pk)}


def _due_lead(pk: str, _: str) -> dict[str, Any]:
    return {"fact": resuming.WAITING, "id": _id(pk)}


def _due_deleted_lead(pk: str, _: str) -> dict[str, Any]:
    return {"fact": remains.DELETED, "id": _id(pk)}


def _due_visitor(pk: str, _: str) -> dict[str, Any]:
    return {"fact": "due", "visitor": _id(pk)}


def _due_enrolment(pk: str, sk: str) -> dict[str, Any]:
    _, journey, occurrence = sk.split("#")
    return {"fact": "due", "enrolment": f"{_id(pk)}.{journey}.{occurrence}"}


def _due_confirmation(pk: str, sk: str) -> dict[str, Any]:
    return {"fact": confirmations.ASKED, "id": _id(sk), "address": _id(pk)}


def _due_pull(pk: str, sk: str) -> dict[str, Any]:
    _, lead_type, owner = sk.split("#")
    return messages.message(_id(pk), lead_type, owner)


AGENDAS = (
    Agenda("enrolment", "wake", JourneysItem.by_due, _due_enrolment),
    Agenda(OF_AGE, "children", ConsentItem.by_due, _due_contact),
    Agenda("membership", "membership", SegmentsItem.by_due, _due_contact),
    Agenda("rescore", "rescore", ScoringItem.by_due, _due_contact),
    Agenda(account_scoring.WORK, "rescore", ScoringItem.by_due, _due_account),
    Agenda(WAITING, resuming.QUEUE, LeadsItem.by_due, _due_lead),
    Agenda("job", "jobs", DefinitionsItem.by_due, _due_record),
    Agenda("send", "send", MessagesItem.by_due, _due_record),
    Agenda(CONFIRMATION, "send", MessagesItem.by_due, _due_confirmation),
    Agenda("submission", "submissions", CaptureItem.by_due, _due_record),
    Agenda(visiting.WORK, visiting.QUEUE, CaptureItem.by_due, _due_visitor),
    Agenda(LINKEDIN_PULL, messages.QUEUE, CaptureItem.by_due, _due_pull),
    Agenda(deletion.WORK, "sweep", ContactsItem.by_due, _due_deleted),
    Agenda(remains.WORK, "sweep", LeadsItem.by_due, _due_deleted_lead),
)
