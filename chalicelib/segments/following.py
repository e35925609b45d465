"""What merging does to memberships: they are the person's, so its main contact has them and the others have none.

Queries are asked anew of the whole person. A static membership is of the contact that somebody picked by hand, and
stays its own whoever it is merged into: its row remembers the pick (`Membership.picked`) while another is the member
for it. A main contact is a member as long as any contact that it is was picked; whoever takes the person out unpicks
all of them.

So what is to be written follows from who is who and who is picked at this moment, never from what some merge once did:
of a chain of merges, told late, twice or in any order, the same comes out. Each segment is one transaction, and holds
to the contact's row, which says who it is, and to the pick that it stands on: what was read before another merge
writes nothing after it.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from chalicelib.conditions.sources import Identity
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import ConditionFailed, Write, check, commit, tries
from chalicelib.errors import Conflict, NotFound
from chalicelib.segments import plans
from chalicelib.segments.models import HAND, MERGED, Membership, SegmentsItem
from chalicelib.segments.schemas import SegmentType

KIND = "segment"


def follow(contact_id: str, now: datetime) -> None:
    """Make the main contact the member for all that a contact is, and of that alone; safe to repeat and to race.

    Raises Conflict after five lost races, so that the queue tries again.
    """
    for _ in tries():
        who = contacts.who_is(contact_id)
        if who.contact is None:
            return
        try:
            _follow(who, now)
        except ConditionFailed:
            continue
        return
    raise Conflict("The contact's memberships are being changed by others.")


def _follow(who: Identity, now: datetime) -> None:
    for segment_id, memberships in _memberships(who).items():
        if writes := _brought(segment_id, who, memberships, now):
            commit([contacts.still_as_read(who.contact)], writes)


def _memberships(who: Identity) -> dict[str, dict[str, Membership]]:
    """Return the memberships of all that somebody is: segment → contact → membership."""
    found: dict[str, dict[str, Membership]] = defaultdict(dict)
    for contact_id in who.ids:
        prefix = SegmentsItem.sk.startswith("MEMBER#")
        for item in SegmentsItem.query(f"CONTACT#{contact_id}", prefix, consistent_read=True):
            if isinstance(item, Membership):
                found[item.segment_id][contact_id] = item
    return found


def _brought(segment_id: str, who: Identity, memberships: Mapping[str, Membership], now: datetime) -> list[Write]:
    """Return what makes the main contact the member if any of the person is picked, and nobody else."""
    ours = memberships.get(who.id)
    picked = [each for each in memberships.values() if each.picked]
    others = [each for each in memberships.values() if each.holds and each is not ours]
    writes = [write for each in others for write in plans.leave(each, now, kept=each.picked)]
    if ours is not None and ours.holds:
        return writes if picked or ours.why != MERGED else [*writes, *plans.leave(ours, now)]
    if picked and _static(segment_id):
        why = HAND if ours in picked else MERGED
        writes += [*plans.join(segment_id, who.id, ours, why, now), *_stands(picked, ours)]
    return writes


def _stands(picked: list[Membership], ours: Membership | None) -> list[Write]:
    """Return the check that what makes the main contact a member is still so, where nothing else written says it."""
    if any(each is ours or each.holds for each in picked):
        return []
    return [check(picked[0].key, Membership.version == picked[0].version)]


def _static(segment_id: str) -> bool:
    try:
        return bool(definitions.get(KIND, segment_id).document["type"] == SegmentType.STATIC)
    except NotFound:
        return False  # the segment was deleted
