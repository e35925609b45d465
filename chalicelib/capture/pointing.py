"""What somebody agreed to by a form for its address: purposes and topics of the compliance profile it names (15.8)."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.capture.compliance import boxes
from chalicelib.capture.guarding import point_of
from chalicelib.capture.models import Submission
from chalicelib.capture.resolved import Resolved
from chalicelib.capture.schemas import FormDocument
from chalicelib.capture.values import Read
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import plans
from chalicelib.consent.points import service as points
from chalicelib.consent.points.rules import Standing, State, Wanted, changed
from chalicelib.consent.points.service import Point
from chalicelib.dynamodb import Write
from chalicelib.messages.optin.confirming import METHOD, since


def agreed(resolved: Resolved, submission: Submission, form: FormDocument, read: Read, now: datetime) -> list[Write]:
    """Opt the address in to what was ticked; what was not ticked stays as it is, whoever has the address (RCN-1)."""
    point = point_of(form, read) if read.choices else None
    found = points.of_point(point, form.compliance_profile_id or "") if point is not None else None
    if point is None or found is None:
        return []
    wanted: Wanted = dict.fromkeys(_counting(point, found.standing, submission, read), State.OPTED_IN)
    differs = changed(found.standing, wanted)
    evidence = Evidence(
        who=f"contact:{resolved.contact_id}" if resolved.contact is not None else "recipient",
        source=f"form:{submission.form_id}",
        method=METHOD if submission.asked_at else "checkbox",
        wording=" · ".join(each.text for each in boxes(form) if each.choice in differs),
        version=submission.form_version,
        reason=since(submission.asked_at, submission.mailed_at) if submission.asked_at else None,
    )
    return plans.change(found.standing, wanted, evidence, submission.submission_id, now)


def _counting(point: Point, standing: Standing, submission: Submission, read: Read) -> Iterator[str]:
    """Yield the choices whose ticks count: none that was withdrawn since the form was sent (invariant 7).

    Nor one that was refused before, where the address did not confirm it: who sent the form may be somebody else.
    """
    sent = submission.asked_at or submission.submitted_at
    late = standing.changed_at is not None and sent is not None and standing.changed_at > sent
    taken_back = points.lowered_since(point, standing.profile_id, sent) if late and sent is not None else set()
    for choice in read.choices:
        refused = standing.state(choice) is State.OPTED_OUT
        if choice not in taken_back and (submission.asked_at is not None or not refused):
            yield choice
