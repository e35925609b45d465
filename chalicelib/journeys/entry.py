"""Use cases: a contact enters a journey, or is refused with a reason that is looked at again."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent import switches
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.journeys import plans, second, snapshot, versions
from chalicelib.journeys.document import Reentry, Segments
from chalicelib.journeys.models import Inside, JourneysItem, Raised, Refusal
from chalicelib.journeys.snapshot import Asked, Facts, Snapshot
from chalicelib.journeys.stops import Situation, StopReason, refused
from chalicelib.journeys.versions import Running
from chalicelib.journeys.walk import Walker

SEGMENT, FORM, RAISED, SENT = "segment", "form", "raised:", "sent:"


OF_AUDIENCE: Mapping[str, Callable[[Segments, str], bool]] = {
    "segment.joined": lambda asked, segment: segment in (*asked.included, *asked.excluded),
    "segment.left": lambda asked, segment: segment in (*asked.included, *asked.excluded),
    "subscription.joined": lambda asked, list_id: list_id in asked.lists,
    "subscription.left": lambda asked, list_id: list_id in asked.lists,
    "contact.merged": lambda asked, _: bool(asked.lists),
}
"""Facts after which a contact may be in an audience, and which audiences each concerns.

Who is on a list as a person follows from what each of its contacts said, so a merge may change it (decision 73).
"""


class Call(Struct, frozen=True):
    """Why a contact may enter: segments or lists hold it, it submitted a form, or a trigger was raised for it."""

    how: str = SEGMENT
    raised: Raised | None = None

    @property
    def sent(self) -> tuple[str, str] | None:
        """The form with a way of its own that the contact sent, and the day."""
        form, _, day = self.how.removeprefix(SENT).rpartition(":")
        return (form, day) if self.how.startswith(SENT) else None


def calls(fact: Mapping[str, Any]) -> Iterator[tuple[Running, Call]]:
    """Yield the live journeys that a fact concerns, and how the contact comes to them."""
    for journey in versions.all_running():
        call = _call(journey, fact)
        if call is not None:
            yield journey, call


def _call(journey: Running, fact: Mapping[str, Any]) -> Call | None:
    audience = journey.document.audience
    if fact["fact"] in OF_AUDIENCE:
        named = audience.segments is not None and OF_AUDIENCE[fact["fact"]](audience.segments, fact["id"])
        return Call() if named and audience.trigger is None else None
    if fact["fact"].startswith("interaction."):
        return _by_form(journey, fact) if fact["type"] == "FormSubmitted" else None
    if (
        audience.trigger is not None
        and fact["fact"] == "trigger.raised"
        and audience.trigger.trigger == fact["trigger"]
    ):
        raised = Raised.find(*Raised.at(fact["id"]))
        return Call(f"{RAISED}{raised.raised_id}", raised) if raised else None
    return None


def _by_form(journey: Running, fact: Mapping[str, Any]) -> Call | None:
    """A form with a way of its own counts once a day: the day is the fact's, whenever it is heard."""
    audience, form = journey.document.audience, fact.get("form")
    if form in audience.forms:
        return Call(FORM)
    if audience.first_of(form) is None:
        return None
    return Call(f"{SENT}{form}:{fact['happened'][:10]}")


def hear(fact: Mapping[str, Any], now: datetime) -> None:
    """Let a contact enter wherever a fact calls it, and look again at what it was refused before."""
    contact_id = fact.get("contact")
    if not contact_id:
        return  # a lead or an account alone walks no journey (row 1)
    for journey, call in calls(fact):
        enter(journey, contact_id, call, now)
    if fact["fact"] in {"preferences.changed", "segment.left", "contact.merged"}:
        look_again(contact_id, now)


def look_again(contact_id: str, now: datetime) -> None:
    """Let a contact enter where the reason of its refusal has fallen away (decision 22)."""
    found = JourneysItem.query(f"CONTACT#{contact_id}", JourneysItem.sk.startswith("REFUSED#"), consistent_read=True)
    for refusal in [item for item in found if isinstance(item, Refusal)]:
        journey = versions.running(refusal.journey_id)
        if journey is not None:
            enter(journey, contact_id, _as_before(refusal), now)


def _as_before(refusal: Refusal) -> Call:
    if not refusal.how.startswith(RAISED):
        return Call(refusal.how)
    return Call(refusal.how, Raised.find(*Raised.at(refusal.how.removeprefix(RAISED))))


def enter(journey: Running, contact_id: str, call: Call, now: datetime) -> StopReason | None:
    """Enrol a contact of the audience, once an occurrence (JRN-14), or refuse it; return why it was refused.

    Whoever is not in the audience at this moment is passed over in silence (rows 2 and 3 of the matrix).
    """
    if not journey.admits(now):
        return None
    segments = journey.document.audience.segments
    asked = Asked([*segments.included, *segments.excluded], segments.lists) if segments else Asked()
    known = snapshot.take(contact_id, journey.document, asked)
    if not _in_audience(journey, known, call):
        return None
    entry = _entry(journey, known.who, call, now)
    reason = refused(
        Situation(
            exists=known.contact is not None,
            suppressed=known.suppressed(journey.document),
            restricted=known.allowed.restricted and not journey.document.serves_rights,
            consent=known.allowed.consent_level,
            minimum_consent=switches.counted(journey.document.minimum_consent),
            external=known.allowed.external_level,
            minimum_external=journey.document.minimum_external_consent,
            merged=second.entered(known.who, entry),
        )
    )
    if reason is None:
        _enrol(journey, entry, call, now)
    elif reason is not StopReason.NO_CONTACT:
        _refuse(entry, reason, call, now)
    return reason


def _in_audience(journey: Running, known: Snapshot, call: Call) -> bool:
    called = call.how != SEGMENT or known.audience_holds(journey.document)
    return called and not known.excluded(journey.document)


def _entry(journey: Running, who: Identity, call: Call, now: datetime) -> plans.Entry:
    contact_id = who.id
    occurrence, inside = str(journey.iteration(now)), None
    start = journey.document.audience.trigger
    if call.sent is not None:
        occurrence = digest(*call.sent)
    if start is not None and call.raised is not None:
        occurrence = "once" if start.reentry is Reentry.ONCE else call.raised.raised_id
        if start.reentry is Reentry.NOT_WHILE_INSIDE:
            _, inside = Inside.at(contact_id, journey.journey_id)
        elif start.reentry is Reentry.PER_KEY:
            value = str(call.raised.values.get(start.key or "", ""))
            _, inside = Inside.at(contact_id, journey.journey_id, digest(value))
    return plans.Entry(contact_id, journey.journey_id, journey.version, occurrence, inside, who.ids)


def _enrol(journey: Running, entry: plans.Entry, call: Call, now: datetime) -> None:
    enrolment_id = f"{entry.contact_id}.{entry.journey_id}.{entry.occurrence}"
    facts = Facts(entry.identities or [entry.contact_id], entry.journey_id, entry.version, now, deeds_known=False)
    form, _ = call.sent or (None, None)
    begun = Walker(journey.document, enrolment_id, facts, now).begin(journey.document.audience.first_of(form))
    try:
        commit(plans.enrol(entry, begun, now))
    except ConditionFailed:
        return  # it is inside already, or was


def _refuse(entry: plans.Entry, reason: StopReason, call: Call, now: datetime) -> None:
    try:
        commit([plans.refuse(entry, reason, call.how, now)])
    except ConditionFailed:
        return  # refused before, for the same reason
