"""Use cases: follow a tracked link, note an open, decide whose it was."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from chalicelib.clock import as_text
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import commit
from chalicelib.errors import NotFound
from chalicelib.interactions import plans as interactions
from chalicelib.interactions import service as log
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.plans import UNDECIDED, NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.interactions.visitors import OWN_PERSONAL, PERSONAL
from chalicelib.messages import pointed
from chalicelib.messages.addresses import TRAP, target
from chalicelib.messages.models import Send
from chalicelib.messages.rendering import links_of
from chalicelib.messages.schemas import EmailDocument
from chalicelib.messages.sent import attributes_of
from chalicelib.messages.tracked import websites
from chalicelib.messages.verdicts import AT_ONCE, Engagement, judge
from chalicelib.settings import settings
from chalicelib.tokens import sign, verify

GONE = NotFound("This link leads nowhere any more.")
FILLS_FOR = timedelta(days=30)
"""How long after it went out a message's links may fill forms beforehand (PRE-7)."""
LOOKED_BACK = timedelta(hours=1)
"""How far back a visit confirms what was clicked; the verdict's own message decides everything within seconds."""


def follow(token: str, event_id: str, user_agent: str, now: datetime) -> str | None:
    """Record a click, undecided, and return where the link leads; None for the hidden one. Raises Invalid, NotFound."""
    send, index = _link(token)
    leads_to = _target(send, index)
    _note(send, InteractionType.EMAIL_CLICKED, event_id, user_agent, now, link=leads_to or TRAP)
    return leads_to


def destination(token: str) -> str | None:
    """Return where a link leads and record nothing. Raises Invalid, NotFound."""
    return _target(*_link(token))


def _link(token: str) -> tuple[Send, str]:
    send_id, index = verify("link", token)
    send = Send.find(*Send.at(send_id), consistent=False)
    if send is None or send.email_version is None:
        raise GONE
    return send, index


def _target(send: Send, index: str) -> str | None:
    if index == TRAP:
        return None
    document = EmailDocument.model_validate(definitions.document("email", send.email_id, send.email_version or 0))
    url = target(index, links_of(document), send.links or [])
    if url is None:
        raise GONE
    return _introduced(url, send)


def _introduced(url: str, send: Send) -> str:
    """Return an address with who comes, where that is a page of ours or of a website that is tracked (WEB-4).

    So the visit is credited to the contact. Other sites hear nothing of who refuses to be tracked; strangers never do.
    """
    if url.startswith(f"{settings.public_url}/"):
        name = OWN_PERSONAL
    elif send.tracked and any(knows(url) for knows in websites):
        name = PERSONAL
    else:
        return url
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True)]
    until = as_text((send.settled_at or send.queued_at) + FILLS_FOR)
    query.append((name, sign("visitor", send.contact_id or "", send.journey_id or "", send.email_id, until)))
    return urlunsplit(parts._replace(query=urlencode(query)))


def opened(token: str, event_id: str, user_agent: str, now: datetime) -> None:
    """Record that a message's pixel was loaded, undecided. Raises Invalid."""
    [send_id] = verify("open", token.removesuffix(".gif"))
    send = Send.find(*Send.at(send_id), consistent=False)
    if send is not None:
        _note(send, InteractionType.EMAIL_OPENED, event_id, user_agent, now)


def _note(send: Send, type_: InteractionType, event_id: str, user_agent: str, now: datetime, *, link: str = "") -> None:
    contact_id = send.contact_id or ""
    if not send.tracked:
        return  # CON-14
    who = contacts.who_is(contact_id)
    if who.contact is None or not pointed.may_record(send, consent.of_person(who)):
        return  # it was deleted, or does not wish it any more (PRV-12)
    new = NewInteraction(
        type_,
        now,
        "link" if link else "pixel",
        event_id,
        contact_id=contact_id,
        account_id=send.account_id,
        attributes={**attributes_of(send), "link": link, "user_agent": user_agent[:200]},
        verdict=UNDECIDED,
    )
    commit(interactions.record(new, now))


# Verdicts ----------------------------------------------------------------------------------------------------------


def decide(contact_id: str, sk: str, now: datetime) -> None:
    """Decide who opened or clicked; a second time changes nothing."""
    try:
        found = log.find(f"CONTACT#{contact_id}", sk)
    except NotFound:
        return
    if found.verdict == UNDECIDED:
        _decide(found, _clicks(contact_id, found.at - AT_ONCE), now)


def _decide(found: Interaction, clicks: list[Interaction], now: datetime, *, visited: bool = False) -> None:
    send_id = (found.attributes or {}).get("send_id")
    others = [
        _engagement(each)
        for each in clicks
        if each.interaction_id != found.interaction_id and (each.attributes or {}).get("send_id") == send_id
    ]
    verdict, reasons = judge(_engagement(found), others, _delivered(found, send_id))
    log.decide(found.pk, found.sk, verdict, [*reasons, *(["visit-followed"] if visited else [])], now)


def _clicks(contact_id: str, since: datetime) -> list[Interaction]:
    return log.of_contact(contact_id, InteractionType.EMAIL_CLICKED, since)


def _delivered(found: Interaction, send_id: str | None) -> datetime | None:
    """Return when the message was delivered, where that was shortly before (or after) what is judged."""
    deliveries = log.of_contact(found.contact_id or "", InteractionType.EMAIL_DELIVERED, found.at - AT_ONCE)
    return next((each.at for each in deliveries if (each.attributes or {}).get("send_id") == send_id), None)


def _engagement(item: Interaction) -> Engagement:
    given = item.attributes or {}
    link = str(given.get("link", ""))
    return Engagement(
        opened=item.type == InteractionType.EMAIL_OPENED,
        at=item.at,
        link=link,
        user_agent=str(given.get("user_agent", "")),
        trap=link == TRAP,
    )


def confirm_human(contact_id: str, now: datetime) -> int:
    """Decide at once what a contact clicked and opened shortly before it visited a page or sent a form.

    A visit does not excuse a scanner: what shows the signs of a machine is a machine's. Returns how many it decided.
    """
    clicks = _clicks(contact_id, now - LOOKED_BACK)
    waiting = [item for item in _engagements(contact_id, clicks, now) if _may_be_confirmed(item, now)]
    for item in waiting:
        _decide(item, clicks, now, visited=True)
    return len(waiting)


def _may_be_confirmed(item: Interaction, now: datetime) -> bool:
    # A scanner follows the redirect to our page within a moment, before its other clicks are here to give it away.
    return item.verdict == UNDECIDED and now - item.at > AT_ONCE


def _engagements(contact_id: str, clicks: list[Interaction], now: datetime) -> Iterator[Interaction]:
    yield from clicks
    yield from log.of_contact(contact_id, InteractionType.EMAIL_OPENED, now - LOOKED_BACK)
