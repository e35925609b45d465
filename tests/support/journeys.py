"""Journeys for tests: documents, contacts, publishing, and the machine with its real handlers."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import time_machine

from chalicelib.clock import now as clock_now
from chalicelib.conditions import sources
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import FIELDS
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked
from chalicelib.journeys import engine, leases, versions
from chalicelib.journeys.document import JourneyDocument
from tests.support.asl import INFRA, Machine

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def document(tiles: dict[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a journey's document; the first of the tiles comes first, the audience is the segment “s”."""
    whole = {
        "owner": "olga",
        "audience": {"segments": {"items": [{"segment": "s"}]}},
        "content_settings": "cs",
        "first": next(iter(tiles), None),
        "tiles": tiles,
        **more,
    }
    return JourneyDocument.model_validate(whole).model_dump(mode="json", by_alias=True)


def ring(target: str | None = None, trigger: str = "t") -> dict[str, Any]:
    """Return an effect tile that needs nobody else's table."""
    return {"kind": "raise_trigger", "trigger": trigger, "next": target}


def mail(target: str | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": "email", "email": "e", "next": target, **more}


def wait(duration: str, target: str | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": "wait_for", "duration": duration, "next": target, **more}


def publish(kind: str, identity: str, content: dict[str, Any], now: datetime = NOW) -> None:
    """Let something go live without a check."""
    found = definitions.create(kind, identity, identity, content, "user:u", now)
    definitions.publish(kind, identity, lambda _: Checked(), version=found.version, by="user:u", now=now)


def republish(identity: str, content: dict[str, Any], now: datetime = NOW) -> None:
    """Let a new version of a journey go live."""
    found = definitions.get("journey", identity)
    saved = definitions.save_draft("journey", identity, identity, content, version=found.version, by="u", now=now)
    definitions.publish("journey", identity, lambda _: Checked(), version=saved.version, by="u", now=now)


def contact(identity: str, **values: Any) -> str:
    contacts.create(identity, {"last_name": "Nygård", **values}, NOW, by="user:u")
    return identity


def forget_documents() -> None:
    """Let a process forget what never changes where it is deployed: here each test publishes its own version 1."""
    for cached in (versions.document, versions.condition, live_definitions.document):
        cached.cache_clear()


def register_contact_fields() -> None:
    """Let conditions ask about contacts, as the wiring does."""
    if "contact" not in sources.catalogue().entities:
        sources.register("contact", FIELDS, lambda who: [contacts.find(who.id).attribute_values])


def ready() -> None:
    """Forget other tests' documents, and let the content settings that test journeys name go live."""
    forget_documents()
    publish("content-settings", "cs", {})


def burst(identity: str, now: datetime = NOW, at_tile: str | None = None, token: str = "t1") -> list[str]:  # noqa: S107
    """Run one execution of the machine and return the states it went through."""
    runner = machine()
    with time_machine.travel(now, tick=False):
        runner.run({"enrolment": identity, "at_tile": at_tile, "token": token})
    return runner.trace


Function = Callable[[dict[str, Any]], dict[str, Any]]
FUNCTIONS: Mapping[str, Function] = {
    "ClaimEnrolment": lambda task: engine.claim(task, clock_now()),
    "PerformTile": lambda task: engine.perform(task, clock_now()),
    "RestEnrolment": lambda task: engine.rest(task, clock_now()),
    "SetAsideEnrolment": lambda task: leases.give_up(task, clock_now()),
}
"""The use cases that the handlers call, at the clock's now, by the names of the machine's substitutions."""


def machine(**instead: Function) -> Machine:
    """Return the journey machine with its tasks, some of them replaced; what it waits for takes no time."""
    functions = {**FUNCTIONS, **instead}

    def call(_: str, arguments: dict[str, Any]) -> Any:
        return {"Payload": functions[arguments["FunctionName"].strip("${}")](arguments["Payload"])}

    return Machine(INFRA / "journey.asl.json", call, lambda _: None)
