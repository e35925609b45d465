"""The use case of the subscription centre: do what the person chose of lists and of all marketing mail."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.clock import digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import strictest
from chalicelib.consent.subscriptions import plans
from chalicelib.consent.subscriptions.plans import Said
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Write, commit, tries
from chalicelib.errors import Conflict, Stale, Unavailable
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.messages import centre, opting, service, suppression, words
from chalicelib.messages.centre import Centre, Detail
from chalicelib.messages.chosen import Chosen, fault
from chalicelib.messages.models import Send
from chalicelib.messages.optin import asking
from chalicelib.messages.optin import settings as optin_settings
from chalicelib.messages.optin.asking import Asked
from chalicelib.messages.optin.models import Confirmation, OptInSettings
from chalicelib.messages.schemas import ContentSettingsDocument
from chalicelib.messages.sent import attributes_of

MOST = 90  # writes of one transaction; what is left goes into a further one


class Choice(Struct, frozen=True):
    """What was chosen, in which language, and what names it for ever."""

    event_id: str
    language: str
    chosen: Chosen
    visitor_id: str | None = None


def submit(token: str, event_id: str, now: datetime, chosen: Chosen, visitor_id: str | None = None) -> Centre:
    """Do what the person chose, for the contact that the link names (SBC-1, SBC-3, SBC-8, SBC-9).

    What the centre does not offer is not changed. Where details are wrong nothing is saved, and the page says what.
    The browser that it was done by (`visitor_id`) becomes known as the contact's by that (WEB-4).
    Where the contact is gone, an opt-out holds for the address all the same (decision 38).
    """
    found = centre.show(token)
    if found.send is None:
        return found
    choice = Choice(event_id, found.language, chosen, visitor_id)
    again = _again(found, choice)
    if again.wrong:
        return again
    if chosen.allow:
        suppression.lift(found.send.address_hash or "", suppression.BULK, [suppression.UNSUBSCRIBED])
    if found.contact_id is not None:
        return _saved(found.send, found.contact_id, choice, now)
    if chosen.allow is False:
        opting.everyone(found.send, _evidence(found.send, None, words.of(found.language).wording), event_id, now)
    return Centre(found.send, None, bulk_email=found.bulk_email if chosen.allow is None else chosen.allow)


def _again(found: Centre, choice: Choice) -> Centre:
    """Return the page as it was sent, where a detail is wrong: no tick is lost, least of all a refusal."""
    chosen = choice.chosen
    return replace(
        found,
        details=_judged(found, choice),
        lists=[replace(each, ticked=chosen.lists.get(each.id, each.on)) for each in found.lists],
        refuses=not (found.bulk_email if chosen.allow is None else chosen.allow),
        picked=found.level if chosen.level is None else chosen.level,
    )


def _judged(found: Centre, choice: Choice) -> list[Detail]:
    """Return the details as they were typed, each with what is wrong with it."""
    typed, said = choice.chosen.details, words.of(choice.language)
    details = [replace(each, value=typed.get(each.name, each.value)) for each in found.details]
    return [replace(each, wrong=fault(each.name, each.value, said) if each.name in typed else "") for each in details]


def _evidence(send: Send, contact_id: str | None, wording: str) -> Evidence:
    return Evidence(
        who=f"contact:{contact_id}" if contact_id else "recipient",
        source=f"send:{send.send_id}",
        method="subscription-centre",
        wording=wording,
        version=send.email_version,
    )


class Saving(Struct, frozen=True):
    """A choice that is being saved: for whom, at the centre of which message, under which settings."""

    send: Send
    who: Identity
    offered: ContentSettingsDocument | None
    choice: Choice
    opt_in: OptInSettings
    now: datetime


def _saved(send: Send, contact_id: str, choice: Choice, now: datetime) -> Centre:
    for _ in tries():
        who = contacts.who_is(contact_id)
        if who.contact is None:
            return Centre(send, None, bulk_email=bool(choice.chosen.allow))
        offered = service.centre_settings(send.content_settings_id)
        it = Saving(send, who, offered, choice, optin_settings.current(), now)
        try:
            said, moves = _said(it), _moves(it)
            first, *further = _parts([said, *moves])
            commit(_corrected(it), first)
            for part in further:
                commit([contacts.still_itself(who.id)], part)
        except (ConditionFailed, Conflict, Stale):
            continue  # others were quicker: with this very contact, or with stopping a list
        waits = any(write.key.kind is Confirmation for part in (said, *moves) for write in part)
        return replace(centre.of_person(send, contacts.who_is(who.id)), waits=waits)
    raise Unavailable("The preferences are being changed by somebody else. Try again in a few seconds.")


def _corrected(it: Saving) -> list[Write]:
    """Return what correcting details writes of the contact, or the check that it is still itself."""
    names: Collection[str] = it.offered.centre_fields if it.offered is not None else ()
    values: dict[str, Any] = {name: value for name, value in it.choice.chosen.details.items() if name in names}
    return contacts.corrected(it.who.contact, values, it.now) if values else [contacts.still_itself(it.who.id)]


def _said(it: Saving) -> list[Write]:
    """Return what is written of mail and consent, and that something was submitted at all (SBC-10)."""
    before = consent.of_each(it.who.ids)
    wanted, wording = _wanted(it, strictest(before).consent_level)
    evidence = _evidence(it.send, it.who.id, " · ".join(wording[name] for name in wanted))
    level = wanted.pop("waiting_level", None)
    own = digest(it.choice.event_id, it.who.id)
    changed = consent_plans.every(before, wanted, evidence, own, it.now)
    waiting = asking.for_level(it.who.contact, level, _asked(it, wording["waiting_level"])) if level else []
    submitted = NewInteraction(
        InteractionType.EMAIL_SUBSCRIPTION_SUBMIT,
        it.now,
        "subscription-centre",
        it.choice.event_id,
        contact_id=it.who.id,
        visitor_id=it.choice.visitor_id,
        account_id=it.send.account_id,
        attributes=attributes_of(it.send),
    )
    return [*changed, *waiting, *interactions.record(submitted, it.now)]


def _wanted(it: Saving, known_level: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what preferences are to become, and the words in which each was chosen; a raised level may wait."""
    chosen, said = it.choice.chosen, words.of(it.choice.language)
    wanted: dict[str, Any] = {}
    wording: dict[str, str] = {}
    if chosen.allow is not None:
        wanted["bulk_email"], wording["bulk_email"] = chosen.allow, said.wording
    if chosen.level is not None and it.offered is not None and it.offered.centre_consent_level:
        name = "waiting_level" if chosen.level > known_level and it.opt_in.enabled else "consent_level"
        wanted[name], wording[name] = chosen.level, f"{said.level} {said.levels[chosen.level]}"
    return wanted, wording


def _asked(it: Saving, wording: str) -> Asked:
    return Asked(it.now, f"send:{it.send.send_id}", it.choice.language, wording, attributes_of(it.send))


def _moves(it: Saving) -> list[list[Write]]:
    """Return what joining and leaving writes, list by list, in the words in which each was offered.

    Where double opt-in is on, joining waits for the confirmation. Where it is off the link proves who is here: it came
    by mail, so a list that the person left is joined again at once.
    """
    moves = []
    for record, standing in centre.lists_of(it.offered, it.who):
        name, _ = record.words(it.choice.language)
        ticked = it.choice.chosen.lists.get(record.list_id, standing.on)
        if ticked and not standing.on and it.opt_in.enabled:
            moves.append(asking.for_list(it.who.contact, record.list_id, _asked(it, name)))
            continue
        said = Said(_evidence(it.send, it.who.id, name), it.choice.event_id, attributes_of(it.send))
        moves.append(plans.move(standing, State.SUBSCRIBED if ticked else State.UNSUBSCRIBED, said, it.now))
    return moves


def _parts(changes: Sequence[list[Write]]) -> Iterator[list[Write]]:
    """Put together what fits into one transaction; what belongs to one list is never torn apart."""
    part: list[Write] = []
    for change in changes:
        if part and len(part) + len(change) > MOST:
            yield part
            part = []
        part = [*part, *change]
    yield part
