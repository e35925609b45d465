"""What somebody agreed to by a form, and refused: bulk mail, being remembered, subscription lists (SUB-6, PRE-2)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from chalicelib.capture.models import Submission
from chalicelib.capture.resolved import CREATED, Resolved
from chalicelib.capture.schemas import REFUSALS, ElementKind, FormDocument, Update
from chalicelib.capture.values import Read
from chalicelib.conditions.sources import Identity
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import Preferences, strictest
from chalicelib.consent.subscriptions import plans as list_plans
from chalicelib.consent.subscriptions import records
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.consent.subscriptions.plans import Said, Standing
from chalicelib.consent.subscriptions.rules import State
from chalicelib.dynamodb import Write
from chalicelib.errors import Unprocessable
from chalicelib.messages import words
from chalicelib.messages.optin import asking
from chalicelib.messages.optin import settings as optin_settings
from chalicelib.messages.optin.asking import Asked
from chalicelib.messages.optin.confirming import METHOD, since

ONLY_ANSWERED = ("bulk_email", "tracking")
"""What somebody does not allow whom a demand made a contact; what remains lets the answer be sent."""
DEMAND, NOTHING_MORE = "privacy demand", "The form was for a demand, and a demand asks for its answer alone."

MOST_OF_LISTS = 60  # writes of lists in the transaction of a submission, which may have a hundred


def consented(resolved: Resolved, submission: Submission, form: FormDocument, read: Read, now: datetime) -> list[Write]:
    """Refuse what was ticked: bulk email, tracking (PRV-12), which a form never takes back (invariant 7), and remember.

    A program may send a refusal that the form has no box for; it counts, without words. So does a demand of somebody
    whom nobody knew: it is no wish for anything but its answer.
    """
    demands = form.serves_rights and resolved.contact_result == CREATED
    before = consent.of_each(resolved.identities) if read.refused or read.remembers is not None or demands else []
    if not before:
        return []
    boxes = {REFUSALS[each][0]: each for each in read.refused}
    wanted: dict[str, Any] = dict.fromkeys((*boxes, *(ONLY_ANSWERED if demands else ())), False)
    if read.remembers is not None and (not read.remembers or _may_be_remembered(resolved, submission, before)):
        wanted["prefill"], boxes["prefill"] = read.remembers, ElementKind.REMEMBER_ME
    evidence = Evidence(
        who=f"contact:{resolved.contact_id}",
        source=f"form:{submission.form_id}",
        method="checkbox" if boxes else DEMAND,
        wording=_wording(form, boxes.values()) or None,
        reason=NOTHING_MORE if demands else None,
        version=submission.form_version,
    )
    return consent_plans.every(before, wanted, evidence, submission.submission_id, now)


def _wording(form: FormDocument, kinds: Collection[ElementKind]) -> str:
    return " · ".join(dict.fromkeys(each.words for each in form.elements if each.kind in kinds and each.words))


def _may_be_remembered(resolved: Resolved, submission: Submission, before: Sequence[Preferences]) -> bool:
    """Return whether ticking the box counts: not where the person took it back, unless a mailed link proves it."""
    if resolved.contact_result == CREATED or strictest(before).prefill:
        return True
    proven = submission.asked_at is not None or submission.linked_id in resolved.identities
    return proven or "prefill" not in consent.lowered(resolved.contact_id or "")


def joined(resolved: Resolved, submission: Submission, form: FormDocument, read: Read, now: datetime) -> list[Write]:
    """Put the contact on the lists that were ticked (SUB-6); a form never takes anybody off one.

    Whoever left a list after sending the form stays off it, however late this is tried again (invariant 7). Where
    joining has to be confirmed it waits for that.
    """
    if not read.lists or form.update in {Update.LEADS, Update.NONE}:
        return []
    confirmed, own = submission.asked_at, optin_settings.current()
    writes: list[Write] = []
    for each in _standings(resolved, _offered(read.lists) if confirmed else read.lists):
        if each.on or each.left_after(confirmed or submission.submitted_at):
            continue
        said = _agreed(each.list_id, resolved, submission, form)
        if confirmed is None and asking.must_be_confirmed(each, own):
            writes += asking.for_list(resolved.contact, each.list_id, _asked(resolved, submission, said))
        else:
            writes += list_plans.move(each, State.SUBSCRIBED, said, now)
    if len(writes) > MOST_OF_LISTS:
        raise Unprocessable("This person left these lists as too many contacts to join them by one form.")
    return writes


def _offered(list_ids: Sequence[str]) -> list[str]:
    """Return the lists that can still be joined: the form that offered them may have been stopped since, and they."""
    return [each.list_id for each in records.find_many(list_ids) if not each.stopped]


def _asked(resolved: Resolved, submission: Submission, said: Said) -> Asked:
    return Asked(
        at=submission.submitted_at,
        source=said.evidence.source,
        language=words.language_of(resolved.contact.language),
        wording=said.evidence.wording,
        where=said.attributes,
    )


def _standings(resolved: Resolved, list_ids: Sequence[str]) -> list[Standing]:
    """Return where the contact stands with the lists; one that is just being made said nothing yet."""
    if resolved.contact_result == CREATED:
        return [Standing(each, resolved.identities, [None]) for each in list_ids]
    return subscriptions.standings(Identity(tuple(resolved.identities)), list_ids)


def _agreed(list_id: str, resolved: Resolved, submission: Submission, form: FormDocument) -> Said:
    element = next(each for each in form.elements if each.list_id == list_id)
    evidence = Evidence(
        who=f"contact:{resolved.contact_id}",
        source=f"form:{submission.form_id}",
        method=METHOD if submission.asked_at else "hidden on the form" if element.hidden else "checkbox",
        wording=element.text,
        version=submission.form_version,
        reason=since(submission.asked_at, submission.mailed_at) if submission.asked_at else None,
    )
    return Said(evidence, submission.submission_id, where(submission))


def where(submission: Submission) -> dict[str, Any]:
    return {
        "form_id": submission.form_id,
        "page_id": submission.page_id,
        "journey_id": submission.journey_id,
        "email_id": submission.email_id,
    }
