"""What merging does to memberships: they are the person's, so its main contact has them and the others have none.

Queries are asked anew of the whole person. Static segments were picked by hand: whoever was in one stays in it, as the
main contact, and is the member again by itself once the merge is undone. `why` of a membership remembers which:
`merged:<contact>` on the main contact's names whom it is for, on the other's who has it now, before what it was.
"""

from datetime import datetime

from chalicelib.conditions.sources import Identity
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import ConditionFailed, Write, commit
from chalicelib.errors import Conflict, NotFound
from chalicelib.segments import plans
from chalicelib.segments.models import Membership, SegmentsItem
from chalicelib.segments.schemas import SegmentType

KIND = "segment"
TRIES = 5
MERGED = "merged:"


def follow(contact_id: str, now: datetime) -> None:
    """Bring the static memberships of all that a contact is to whom they belong; safe to repeat and to race.

    Raises Conflict after five lost races, so that the queue tries again.
    """
    for _ in range(TRIES):
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
    for other in who.ids[1:]:
        for each in _memberships(other):
            commit(_handed_over(each, who.id, now))
    for each in _memberships(who.id):
        commit(_parted(each, who.ids, now))


def _memberships(contact_id: str) -> list[Membership]:
    found = SegmentsItem.query(f"CONTACT#{contact_id}", SegmentsItem.sk.startswith("MEMBER#"), consistent_read=True)
    return [item for item in found if isinstance(item, Membership)]


def _handed_over(membership: Membership, main: str, now: datetime) -> list[Write]:
    """Let the main contact be a member in the place of one that was merged into it."""
    if not membership.holds:
        return []
    if not _static(membership.segment_id):
        return plans.leave(membership, now)  # its query decides of the main contact
    left = plans.leave(membership, now, why=f"{MERGED}{main} {membership.why}")
    before = Membership.find(*Membership.at(membership.segment_id, main))
    if before is not None and before.holds:
        return left
    why = f"{MERGED}{membership.contact_id}"
    return [*left, contacts.still_itself(main), *plans.join(membership.segment_id, main, before, why, now)]


def _static(segment_id: str) -> bool:
    try:
        return bool(definitions.get(KIND, segment_id).document["type"] == SegmentType.STATIC)
    except NotFound:
        return False  # the segment was deleted


def _parted(membership: Membership, identities: tuple[str, ...], now: datetime) -> list[Write]:
    """Give a membership back to whom it came from, or take it back, where the merge was undone."""
    named, _, before = membership.why.partition(" ")
    other = named.removeprefix(MERGED)
    if other == named or other in identities:
        return []
    theirs = Membership.find(*Membership.at(membership.segment_id, other))
    if membership.holds:
        return _given_back(membership, theirs, now) if not before else []
    if theirs is None or not theirs.holds or not before:
        return []
    if theirs.why == f"{MERGED}{membership.contact_id}":
        return _given_back(theirs, membership, now)
    return _back(membership, now)


def _given_back(ours: Membership, theirs: Membership | None, now: datetime) -> list[Write]:
    gone = plans.leave(ours, now)
    if theirs is None or theirs.holds or not theirs.why.startswith(f"{MERGED}{ours.contact_id} "):
        return gone
    return [*gone, *_back(theirs, now)]


def _back(membership: Membership, now: datetime) -> list[Write]:
    segment_id, contact_id = membership.segment_id, membership.contact_id
    why = membership.why.partition(" ")[2]
    return [contacts.still_itself(contact_id), *plans.join(segment_id, contact_id, membership, why, now)]
