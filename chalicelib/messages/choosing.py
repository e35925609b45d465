"""The use case of the subscription centre: do what the person chose of lists and of all marketing mail."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import plans
from chalicelib.consent.subscriptions.plans import Said
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Write, commit
from chalicelib.errors import Conflict, Unavailable
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.messages import centre, opting, suppression, words
from chalicelib.messages.centre import Centre
from chalicelib.messages.models import Send
from chalicelib.messages.sent import attributes_of

TRIES = 5
MOST = 90  # writes of one transaction; what is left goes into a further one
NO_LISTS: Mapping[str, bool] = MappingProxyType({})


class Choice(Struct, frozen=True):
    """What was chosen, in which language, and what names it for ever."""

    event_id: str
    language: str
    allow: bool | None
    lists: Mapping[str, bool]


def read(form: Mapping[str, str | list[str]]) -> tuple[bool | None, dict[str, bool]]:
    """Return what somebody chose: whether to allow all marketing mail (None: as it is), and the lists to join or leave.

    Only what was not allowed when the page was shown is allowed by saving it: a page that was opened before the person
    refused elsewhere takes nothing back (invariant 7).
    """
    shown, ticked, were_on = (_several(form, name) for name in ("shown", "list", "on"))
    refuses, was_allowed = "do_not_bulk_email" in form, "allowed" in form
    lists = {each: each in ticked for each in shown if each not in ticked or each not in were_on}
    return None if was_allowed and not refuses else not refuses, lists


def _several(form: Mapping[str, str | list[str]], name: str) -> list[str]:
    given = form.get(name, [])
    return [given] if isinstance(given, str) else given


def submit(
    token: str, event_id: str, now: datetime, *, allow: bool | None, lists: Mapping[str, bool] = NO_LISTS
) -> Centre:
    """Do what the person chose, for the contact that the link names (SBC-1, SBC-3, SBC-8, SBC-9).

    `lists` are those to join (True) or leave (False); others stay as they are, and so does all mail where it says None.
    Where the contact is gone, an opt-out holds for the address all the same (decision 38).
    """
    found = centre.show(token)
    if found.send is None:
        return found
    choice = Choice(event_id, found.language, allow, lists)
    if allow:
        suppression.lift(found.send.address_hash or "", suppression.BULK, [suppression.UNSUBSCRIBED])
    if found.contact_id is not None:
        return _saved(found.send, found.contact_id, choice, now)
    if allow is False:
        opting.everyone(found.send, _evidence(found.send, None, _wording(choice)), event_id, now)
    return Centre(found.send, None, bulk_email=found.bulk_email if allow is None else allow)


def _wording(choice: Choice) -> str:
    return words.of(choice.language).wording


def _evidence(send: Send, contact_id: str | None, wording: str) -> Evidence:
    return Evidence(
        who=f"contact:{contact_id}" if contact_id else "recipient",
        source=f"send:{send.send_id}",
        method="subscription-centre",
        wording=wording,
    )


def _saved(send: Send, contact_id: str, choice: Choice, now: datetime) -> Centre:
    for _ in range(TRIES):
        who = contacts.who_is(contact_id)
        if who.contact is None:
            return Centre(send, None, bulk_email=bool(choice.allow))
        try:
            for part in _parts([_said(send, who, choice, now), *_moves(send, who, choice, now)]):
                commit([contacts.still_itself(who.id)], part)
        except (ConditionFailed, Conflict):
            continue  # others were quicker: with these very settings, or with stopping a list
        return centre.of_person(send, contacts.who_is(who.id))
    raise Unavailable("The preferences are being changed by somebody else. Try again in a few seconds.")


def _said(send: Send, who: Identity, choice: Choice, now: datetime) -> list[Write]:
    """Return what is written of all marketing mail, and that something was submitted at all (SBC-10)."""
    evidence, own = _evidence(send, who.id, _wording(choice)), digest(choice.event_id, who.id)
    wanted = {} if choice.allow is None else {"bulk_email": choice.allow}
    changed = consent_plans.every(consent.of_each(who.ids), wanted, evidence, own, now)
    submitted = NewInteraction(
        InteractionType.EMAIL_SUBSCRIPTION_SUBMIT,
        now,
        "subscription-centre",
        choice.event_id,
        contact_id=who.id,
        account_id=send.account_id,
        attributes=attributes_of(send),
    )
    return [*changed, *interactions.record(submitted, now)]


def _moves(send: Send, who: Identity, choice: Choice, now: datetime) -> list[list[Write]]:
    """Return what joining and leaving writes, list by list, in the words in which each was offered."""
    moves = []
    for record, standing in centre.lists_of(send, who):
        name, _ = record.words(choice.language)
        said = Said(_evidence(send, who.id, name), choice.event_id, attributes_of(send))
        ticked = choice.lists.get(record.list_id, standing.on)
        moves.append(plans.move(standing, State.SUBSCRIBED if ticked else State.UNSUBSCRIBED, said, now))
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
