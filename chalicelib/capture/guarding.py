"""Whether a submission has to be confirmed by its address: the form says it, or its compliance profile (RCN-8)."""

from msgspec import Struct

from chalicelib.capture.checks import address_field
from chalicelib.capture.schemas import FormDocument
from chalicelib.capture.values import Read
from chalicelib.consent.points import service as points
from chalicelib.consent.points.opt_in import VALID_DAYS
from chalicelib.consent.points.rules import Channel
from chalicelib.consent.points.service import Point
from chalicelib.contacts.normalise import email as read_email


class Guard(Struct, frozen=True):
    """Which message asks the address, how many days its link is good, and whether this submission has to wait for it.

    One that need not is answered as one that has to: nobody learns by a form which addresses are known.
    """

    email_id: str | None
    profile_id: str | None = None
    valid_days: int | None = None
    needed: bool = True


def guard_of(form: FormDocument, read: Read) -> Guard | None:
    """Return by what a submission is guarded, None where its form asks nobody; the form's own comes first (DOI-7)."""
    if form.double_opt_in:
        return Guard(form.confirmation_email_id)
    profile_id = form.compliance_profile_id
    point = point_of(form, read) if profile_id and form.profile_double_opt_in else None
    found = points.of_point(point, profile_id) if point is not None and profile_id is not None else None
    if found is None or not found.profile.double_opt_in.enabled:
        return None
    own = found.profile.double_opt_in
    return Guard(own.email_id, profile_id, VALID_DAYS, own.concerns(found.standing))


def point_of(form: FormDocument, read: Read) -> Point | None:
    """Return the address that was typed as a contact point. Raises Invalid for what is none."""
    field = address_field(form)
    value = read.values.get(field.name) if field is not None else None
    if field is None or value is None:
        return None
    return Point(points.hash_of(read_email(str(value), field.name).key), Channel.EMAIL)
