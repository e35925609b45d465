"""A live journey that mails: email, content settings and journey in a world, and what became of its messages.

campaign.publish(world)
campaign.enter(world, "ada", email="ada@contoso.example")
world.settle()
campaign.hear(world, office)      # the provider's events arrive
campaign.balance()                # checks that every intended message is in exactly one state
"""

import json
from collections import Counter
from typing import Any

from chalicelib.contacts import service as contacts
from chalicelib.insights import service as insights
from chalicelib.journeys import entry, versions
from chalicelib.journeys.models import Raised
from chalicelib.messages.ledger import State
from chalicelib.messages.models import Send
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument
from tests.support import journeys
from tests.support.mail import Office
from tests.support.streams import World

TILE, AFTER = "m", "r"
HTML = """<h1>Hello {{ contact.first_name | default: "there" }}</h1>
<p><a href="https://shop.example/lamp">The lamp</a></p>
<p><a href="{{ message.subscription_center_url }}">Your email preferences</a></p>
<p>{{ content_settings.address_main }}</p>"""
EMAIL = {
    "subject": "News for {{ contact.first_name }}",
    "from_name": "Contoso",
    "from_address": "news@contoso.example",
    "html": HTML,
    "language": "en",
}


def email(**changed: Any) -> dict[str, Any]:
    return EmailDocument.model_validate({**EMAIL, **changed}).model_dump(mode="json")


def content_settings() -> dict[str, Any]:
    return ContentSettingsDocument(address_main="1 Main Street").model_dump(mode="json")


TILES = {TILE: journeys.mail(AFTER), AFTER: journeys.ring()}


def publish(
    world: World, changed: dict[str, Any] | None = None, tiles: dict[str, Any] | None = None, **journey: Any
) -> None:
    """Let a journey “j” go live that sends the email “e” and then raises a trigger, for whoever submits a form."""
    journeys.forget_documents()
    journeys.publish("content-settings", "cs", content_settings(), world.now)
    journeys.publish("email", "e", email(**(changed or {})), world.now)
    journeys.publish("journey", "j", journeys.document(tiles or TILES, **journey), world.now)


def contact(world: World, identity: str, **values: Any) -> None:
    given = {"first_name": "Ada", "last_name": "Nygård", "email": f"{identity}@contoso.example", **values}
    contacts.create(identity, given, world.now, by="user:u")


def enter(world: World, identity: str, how: str = entry.FORM) -> object:
    """Let a contact enter the journey, and return why it was refused, if it was."""
    journey = versions.running("j")
    assert journey is not None
    return entry.enter(journey, identity, entry.Call(how), world.now)


def hear(world: World, office: Office) -> None:
    """Let the provider's events arrive that there are so far."""
    told, office.events = office.events, []
    for event in told:
        world.send("email-events", json.dumps(event))
    world.settle()


def sends() -> list[Send]:
    return [item for item in Send.scan(consistent_read=True) if isinstance(item, Send)]


def figures() -> dict[str, int]:
    """Return what the mailing tile counted."""
    return {name: number for name, number in insights.figures(f"journey#j#{TILE}").items() if number}


def balance() -> Counter[str]:
    """Return how many messages are in which state; raises where figures and ledger differ (invariant 5)."""
    states = Counter(str(send.state) for send in sends())
    counted = figures()
    outcomes = {state: counted.get(state, 0) for state in (State.SENT, State.BLOCKED, State.FAILED, State.UNKNOWN)}
    waiting = states[State.QUEUED] + states[State.CLAIMED]
    assert {state: states[state] for state in outcomes} == outcomes
    assert sum(outcomes.values()) + waiting == counted.get("intended", 0)
    return states


def gone_on() -> list[str]:
    """Return the contacts that came past the mailing tile."""
    return sorted(item.contact_id for item in Raised.scan(consistent_read=True) if isinstance(item, Raised))
