"""Use cases of the subscription centre: what it shows the person behind a link; and unsubscribing by one click."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import records
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.consent.subscriptions.models import SubscriptionList
from chalicelib.consent.subscriptions.plans import Standing
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import PHONES
from chalicelib.errors import Invalid
from chalicelib.messages import opting, pointed, preferring, service, suppression, words
from chalicelib.messages.addresses import TEST
from chalicelib.messages.chosen import AUTOCOMPLETE
from chalicelib.messages.models import Send
from chalicelib.messages.schemas import ContentSettingsDocument
from chalicelib.tokens import verify

MOST_SHIPPED = 50  # lists that the shipped centre offers at once; whoever leaves some sees the next ones


class Offered(Struct, frozen=True):
    """A list as the page offers it: whether the person is on it, and whether its box is ticked."""

    id: str
    name: str
    description: str
    on: bool
    ticked: bool


class Detail(Struct, frozen=True):
    """A field of the contact as the page shows it: always what is known (PRE-4), or what was typed and is wrong."""

    name: str
    known: str
    value: str
    wrong: str = ""

    @property
    def input(self) -> str:
        return "tel" if self.name in PHONES else "text"

    @property
    def autocomplete(self) -> str:
        return AUTOCOMPLETE[self.name]


class Centre(Struct, frozen=True):
    """What the page shows."""

    send: Send | None
    contact_id: str | None
    bulk_email: bool
    language: str = words.DEFAULT
    lists: Sequence[Offered] = ()
    details: Sequence[Detail] = ()
    level: int | None = None
    """The consent level, where people choose it here."""
    refuses: bool | None = None
    picked: int | None = None
    """What was chosen and could not be saved yet; None: what is known."""
    waits: bool = False
    """Whether something of what was saved has to be confirmed first."""

    @property
    def refused(self) -> bool:
        """Whether the box that refuses all marketing mail is ticked."""
        return not self.bulk_email if self.refuses is None else self.refuses

    @property
    def wrong(self) -> list[Detail]:
        return [each for each in self.details if each.wrong]


def behind(token: str) -> Send | None:
    """Return the message that a link names, None where it is gone. Raises Invalid for a link that is not ours."""
    return Send.find(*Send.at(_send_of(token)))


def show(token: str) -> Centre:
    """Return what the person behind a link allows (SBC-5). Raises Invalid for a link that is not ours."""
    return of_send(behind(token))


def of_send(send: Send | None) -> Centre:
    if send is None:
        return Centre(None, None, bulk_email=False)
    who = contacts.who_is(send.contact_id or "")
    if who.contact is None:
        rows = suppression.find(send.address_hash or "")
        return Centre(send, None, bulk_email=not any(row.scope == suppression.BULK for row in rows))
    return of_person(send, who)


def of_person(send: Send, who: Identity) -> Centre:
    settings, allowed = service.centre_settings(send.content_settings_id), consent.of_person(who)
    language = words.language_of(who.contact.language)
    offered = [_offered(record, standing, language) for record, standing in lists_of(settings, who)]
    known = {each: getattr(who.contact, each) or "" for each in (settings.centre_fields if settings else ())}
    details = [Detail(name, value, value) for name, value in known.items()]
    level = allowed.consent_level if settings is not None and settings.centre_consent_level else None
    return Centre(send, who.id, allowed.bulk_email, language, offered, details, level)


def _offered(record: SubscriptionList, standing: Standing, language: str) -> Offered:
    return Offered(record.list_id, *record.words(language), on=standing.on, ticked=standing.on)


def lists_of(settings: ContentSettingsDocument | None, who: Identity) -> list[tuple[SubscriptionList, Standing]]:
    """Return the lists of content settings; the shipped centre offers what the person is on already (SBC-6)."""
    if settings is not None:
        found = settings.lists
    else:
        found = [each.list_id for each in subscriptions.of_person(who) if each.on][:MOST_SHIPPED]
    known = records.find_many(found)
    standings = subscriptions.standings(who, [each.list_id for each in known])
    return [
        (each, standing) for each, standing in zip(known, standings, strict=True) if standing.on or not each.stopped
    ]


def _send_of(token: str) -> str:
    [send_id] = verify("send", token)
    if send_id == TEST:
        raise Invalid("This link is of a test or a preview, so we cannot tell whose preferences to show.")
    return send_id


def unsubscribe(token: str, now: datetime) -> None:
    """Unsubscribe with one click: every contact that holds the address, and the address itself (decision 31).

    A message that names a compliance profile: the address, of its purpose, and nothing else.
    Repeating it changes nothing. Raises Invalid for a link that is not ours.
    """
    send_id = _send_of(token)
    send = Send.find(*Send.at(send_id))
    if send is None or send.address_hash is None:
        return
    if pointed.relied_on(send) is not None:
        preferring.refuse_by_one_click(send, now)
        return
    evidence = Evidence(
        who="recipient", source=f"send:{send_id}", method="one-click", wording="List-Unsubscribe=One-Click"
    )
    opting.everyone(send, evidence, digest("one-click", send_id), now)
