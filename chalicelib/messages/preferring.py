"""Use cases of the preference centre: what it offers whoever follows the link of a message, and what saving it does.

It writes what the address says, and never the contact's own preferences (RCN-6).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import plans as point_plans
from chalicelib.consent.points import service as points
from chalicelib.consent.points.models import ComplianceProfile
from chalicelib.consent.points.profile import Purpose, Topic, Type
from chalicelib.consent.points.rules import ENFORCED, Channel, Model, Standing, State, changed, choice_of
from chalicelib.consent.points.service import Found, Point
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Write, commit, tries
from chalicelib.errors import Invalid, Unavailable
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.models import Fact
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.messages import pointed, words
from chalicelib.messages.models import Send
from chalicelib.messages.sent import attributes_of

CENTRE, ONE_CLICK = "preference-centre", "one-click"
BUSY = Unavailable("The preferences are being changed by somebody else. Try again in a few seconds.")
GONE = Invalid("What this link leads to is not there any more.")


class Box(Struct, frozen=True):
    """A purpose or a topic as the page offers it: whether messages for it come now."""

    choice: str
    name: str
    description: str
    on: bool
    topics: Sequence["Box"] = ()

    def every(self) -> Iterator["Box"]:
        yield self
        yield from self.topics


class Preferring(Struct, frozen=True):
    """What the page shows: all active purposes that anything can be said of, in the reader's language."""

    language: str
    boxes: Sequence[Box]
    external: str | None = None
    """Where people choose instead, by the profile's own page (RCN-2)."""


class Ticked(Struct, frozen=True):
    """What the page sent: the boxes that it showed, those that were ticked when it did, and those that are now."""

    shown: Collection[str]
    were_on: Collection[str]
    ticked: Collection[str]


def read(form: Mapping[str, str | list[str]]) -> Ticked:
    return Ticked(*(_several(form.get(name, [])) for name in ("shown", "on", "choice")))


def _several(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


def show(send: Send) -> Preferring:
    """Return what the address of a message may choose. Its link never expires (decision 38). Raises Invalid."""
    found = _found(send)
    return _shown(found, _language(contacts.who_is(send.contact_id or "")))


def _found(send: Send) -> Found:
    kept = pointed.relied_on(send)
    found = points.of_point(_point(send), kept["profile"]) if kept is not None else None
    if found is None:
        raise GONE
    return found


def _point(send: Send) -> Point:
    return Point(send.address_hash or "", Channel.EMAIL)


def _language(who: Identity) -> str:
    return words.language_of(who.contact.language if who.contact is not None else None)


def _shown(found: Found, language: str) -> Preferring:
    profile = found.profile
    external = profile.external_url if profile.type == Type.EXTERNAL else None
    return Preferring(language, [_box(each, found.standing, language) for each in _offered(profile)], external)


def _offered(profile: ComplianceProfile) -> list[Purpose]:
    """Return the purposes that people choose of: where a model is disabled, nothing that they say counts."""
    return [each for each in profile.purposes if each.active and each.email is not Model.DISABLED]


def _box(purpose: Purpose, standing: Standing, language: str) -> Box:
    def box(choice: str, each: Topic, topics: Sequence[Box] = ()) -> Box:
        said = each.words(language)
        return Box(choice, said.name, said.description, ENFORCED[purpose.email, standing.state(choice)], topics)

    topics = [box(choice_of(purpose.id, each.id), each) for each in purpose.topics if each.active]
    return box(purpose.id, purpose, topics)


def save(send: Send, ticked: Ticked, event_id: str, now: datetime) -> Preferring:
    """Do what the person chose: what is not ticked is refused (RCN-6). Repeating it changes nothing.

    Only what was not ticked when the page was shown is allowed by ticking it: so nobody agrees by a box that they found
    ticked, and a page from before a refusal takes nothing back (invariant 7). What the page does not offer stays.
    """
    for _ in tries():
        found, who = _found(send), contacts.who_is(send.contact_id or "")
        it = _Saving(send, found.standing, who, event_id, now)
        shown = _shown(found, _language(who))
        try:
            commit(_said(it, shown, ticked), _submitted(it))
        except ConditionFailed:
            continue  # others were quicker, or the contact was merged or deleted
        return _shown(_found(send), shown.language)
    raise BUSY


class _Saving(Struct, frozen=True):
    """A choice that is being saved: at the centre of which message, for whom, and what was said before."""

    send: Send
    standing: Standing
    who: Identity
    event_id: str
    now: datetime


def _said(it: _Saving, shown: Preferring, ticked: Ticked) -> list[Write]:
    boxes = {box.choice: box for each in shown.boxes for box in each.every() if box.choice in ticked.shown}
    refused = {each: State.OPTED_OUT for each in boxes if each not in ticked.ticked}
    agreed = {each: State.OPTED_IN for each in boxes if each in ticked.ticked and each not in ticked.were_on}
    wanted = {**refused, **agreed}
    wording = " · ".join(boxes[each].name for each in changed(it.standing, wanted))
    evidence = _evidence(it.send, it.who, CENTRE, wording or None)
    return point_plans.change(it.standing, wanted, evidence, it.event_id, it.now)


def _evidence(send: Send, who: Identity, method: str, wording: str | None) -> Evidence:
    return Evidence(
        who=f"contact:{who.id}" if who.contact is not None else "recipient",
        source=f"send:{send.send_id}",
        method=method,
        wording=wording,
        version=send.email_version,
    )


def _submitted(it: _Saving) -> list[Write]:
    """Return what is written of the contact: that it was here at all (SBC-10), and nothing of what it allows."""
    if it.who.contact is None:
        return []
    submitted = NewInteraction(
        InteractionType.EMAIL_SUBSCRIPTION_SUBMIT,
        it.now,
        CENTRE,
        it.event_id,
        contact_id=it.who.id,
        account_id=it.send.account_id,
        attributes=attributes_of(it.send),
    )
    return [contacts.still_itself(it.who.id), *interactions.record(submitted, it.now)]


def refuse(send: Send, evidence: Evidence, change_id: str, now: datetime, *, once: Write | None = None) -> None:
    """Opt the address of a message out of what that was for; repeating it changes nothing.

    `once` is written with it; where that is a fact's row that is there already, nothing is written.
    """
    purpose = (pointed.relied_on(send) or {})["purpose"]
    for _ in tries():
        writes = point_plans.change(_found(send).standing, {purpose: State.OPTED_OUT}, evidence, change_id, now)
        try:
            commit(writes, [once] if once is not None else [])
        except ConditionFailed as failed:
            if failed.of(Fact):
                return
            continue  # others were quicker
        return
    raise BUSY


def refuse_by_one_click(send: Send, now: datetime) -> None:
    """Opt the address of a message out of its purpose, by one click in a mail program."""
    who = contacts.who_is(send.contact_id or "")
    evidence = _evidence(send, who, ONE_CLICK, "List-Unsubscribe=One-Click")
    refuse(send, evidence, digest(ONE_CLICK, send.send_id), now)
