"""A story with everything in it: four people send a form, get a letter, and each does something else with it.

*Ada* clicks, and is called; *Bo*'s letter bounces; *Cy* opts out by one click; *Di* does nothing. It is told with the
functions of the app between real streams, whatever the order in which things arrive.
"""

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from chalice.test import Client

from app import app
from chalicelib.activities.models import Activity
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import Contact
from chalicelib.insights import service as insights
from chalicelib.interactions.models import Interaction
from chalicelib.journeys.models import Enrolment
from chalicelib.leads import reading as leads
from chalicelib.leads.models import Lead
from chalicelib.messages import service as messages
from chalicelib.messages.models import Send
from chalicelib.scoring.models import Score
from chalicelib.segments import service as segments
from infra.local.demo.company import newsletter_form
from tests.support import campaign, journeys
from tests.support.consents import changes
from tests.support.mail import Office, letter_links
from tests.support.streams import World

PEOPLE = {name: f"{name}@contoso.example" for name in ("ada", "bounce-bo", "cy", "di")}
ADA, BO, CY, DI = PEOPLE
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SEGMENTS = {
    "readers": {"interaction": "FormSubmitted"},
    "clickers": {"interaction": "EmailClicked"},
    "hot": {"field": "lead.sales_ready", "operator": "equals", "values": [True]},
}
MODEL = {
    "name": "Interest",
    "sales_ready_score": 100,
    "rules": [
        {"id": "sent", "name": "Sent the form", "points": 40, "conditions": [{"entity": "FormSubmitted"}]},
        {"id": "clicked", "name": "Clicked", "points": 60, "conditions": [{"entity": "EmailClicked"}]},
    ],
}
LETTER = {
    "letter": journeys.mail("clicks"),
    "clicks": {
        "kind": "if_then",
        "rules": [{"tile": "letter", "did": "email_clicked"}],
        "timeout": "P1D",
        "yes": "yes",
        "no": "no",
    },
    "yes": journeys.ring(trigger="yes"),
    "no": journeys.ring(trigger="no"),
}
CALL = {"call": {"kind": "task", "subject": "Call"}}


def publish(world: World) -> None:
    """Let the form, the model, the segments and two journeys go live."""
    journeys.forget_documents()
    journeys.publish("content-settings", "cs", campaign.content_settings(), world.now)
    journeys.publish("email", "e", campaign.email(), world.now)
    journeys.publish("form", "f", newsletter_form(), world.now)
    journeys.publish("scoring-model", "interest", MODEL, world.now)
    for identity, query in SEGMENTS.items():
        journeys.publish("segment", identity, {"type": "dynamic", "time_zone": "UTC", "query": query}, world.now)
    for identity, tiles, segment in (("welcome", LETTER, "readers"), ("sales", CALL, "hot")):
        audience = {"segments": {"items": [{"segment": segment}]}}
        journeys.publish("journey", identity, journeys.document(tiles, audience=audience), world.now)


def play(world: World, office: Office, **delivery: Any) -> None:
    """Tell the story to its end, with deliveries as `World.settle` takes them."""
    publish(world)
    world.settle(**delivery)
    with Client(app) as client:
        for name, address in PEOPLE.items():
            _submit(client, name, address)
        world.settle(**delivery)
        world.advance(timedelta(minutes=1))
        told, office.events = office.events, []
        for event in told:
            world.send("email-events", json.dumps(event))
        _get(client, _link(office, ADA))
        _unsubscribe(client, office, CY)
        world.settle(**delivery)
    world.advance(timedelta(hours=25))
    world.poll(**delivery)


def _submit(client: Client, name: str, address: str) -> None:
    values = {"first_name": name, "last_name": "Nygård", "email": address}
    headers = {"Content-Type": "application/json", "Idempotency-Key": name}
    answer = client.http.request(
        "POST", "/forms/f/submissions", headers=headers, body=json.dumps({"values": values}).encode()
    )
    assert answer.status_code == 201, answer.body


def _link(office: Office, name: str) -> str:
    [letter] = office.letters(PEOPLE[name])
    return next(urlsplit(link).path for link in letter_links(letter) if "/t/" in link)


def _get(client: Client, path: str) -> None:
    assert client.http.get(path, headers=BROWSER).status_code == 302


def _unsubscribe(client: Client, office: Office, name: str) -> None:
    [letter] = office.letters(PEOPLE[name])
    path = urlsplit(dict(letter.headers())["List-Unsubscribe"].strip("<>")).path
    assert client.http.post(path, headers=FORM, body=b"List-Unsubscribe=One-Click").status_code == 200


# What came of it ---------------------------------------------------------------------------------------------------


def outcome() -> dict[str, Any]:
    """Return what a person would call the result, by name: ids and instants differ from run to run."""
    return {
        "counts": {kind.__name__: _number(kind) for kind in (Contact, Lead, Send, Activity, Enrolment, Score)},
        "people": {name: _person(address) for name, address in PEOPLE.items()},
        "figures": {subject: _nonzero(insights.figures(subject)) for subject in SUBJECTS},
    }


SUBJECTS = (
    *("form#f", "email#e", "journey#welcome", "journey#sales", "journey#sales#call"),
    *(f"journey#welcome#{tile}" for tile in LETTER),
)


def _rows(kind: Any) -> list[Any]:
    return [item for item in kind.scan(consistent_read=True) if isinstance(item, kind)]


def _number(kind: Any) -> int:
    return len(_rows(kind))


def _nonzero(figures: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in figures.items() if number}


def _person(address: str) -> dict[str, Any]:
    [found] = contacts.by_email(address)
    identity = found.contact_id
    [lead] = leads.of_contact(identity)
    return {
        "lead": (lead.state, lead.stage, lead.sales_ready),
        "moves": sorted(name for move in leads.history(lead.lead_id) for name in move.changes),
        "scores": [(each.score, len(each.contributions)) for each in _rows(Score) if each.lead_id == lead.lead_id],
        "segments": sorted(segment for segment in SEGMENTS if segments.is_member(identity, segment)),
        "enrolments": sorted(
            (each.journey_id, each.standing) for each in _rows(Enrolment) if each.contact_id == identity
        ),
        "sends": [each.state for each in _rows(Send) if each.contact_id == identity],
        "tasks": [each.subject for each in _rows(Activity) if each.regarding == f"contact#{identity}"],
        "did": Counter(each.type for each in _rows(Interaction) if each.pk == f"CONTACT#{identity}"),
        "verdicts": [each.verdict for each in _rows(Interaction) if each.contact_id == identity and each.verdict],
        "bulk": consent.preferences(identity).bulk_email,
        "consent": [change.method for change in changes(identity)],
        "suppressed": [(row.scope, row.reason) for row in messages.suppressions(address)],
    }
