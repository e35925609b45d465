"""A LinkedIn for tests: the local cloud's own, over real HTTP, and a connection to it."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from chalice.test import Client
from msgspec.structs import replace

from chalicelib.agenda import agendas
from chalicelib.capture.linkedin import client, credentials
from chalicelib.contacts import strategies
from chalicelib.journeys import polling
from infra.local.linkedin import LinkedIn, Server
from infra.local.linkedin_leads import ACCOUNT, lead, notice
from tests.support import events
from tests.support.api import Caller
from tests.support.permissions import nothing_refused

AUTHORISATION = {
    "client_id": "client",
    "client_secret": "unit-test-client-secret",
    "access_token": "token-1",
    "refresh_token": "refresh-1",
}


@contextmanager
def opened(monkeypatch: Any) -> Iterator[LinkedIn]:
    """A LinkedIn on a free port of loopback, which our client takes for the real one."""
    linkedin = LinkedIn()
    server = Server(0, linkedin)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(client, "settings", replace(client.settings, linkedin_url=url, linkedin_login_url=url))
    credentials.forget()
    try:
        yield linkedin
    finally:
        server.shutdown()
        server.server_close()
        credentials.forget()


class Connected:
    """A connection that is authorised, between the API, the stand-in and the world."""

    def __init__(self, linkedin: LinkedIn, world: Any, http: Client, **changes: Any) -> None:
        self.linkedin, self.world, self.http = linkedin, world, http
        self.api = Caller(http)
        sources = [{"owner": ACCOUNT, "lead_type": "SPONSORED", "back_pull_days": 90}]
        given = {"name": "Kayaks", "owner_id": "user:anna", "sources": sources, **changes}
        made = self.api.post("/linkedin-connections", {"linkedin_version": _recent(world.now), **given})
        self.id = made["id"]
        self.authorise()

    @property
    def path(self) -> str:
        return f"/linkedin-connections/{self.id}"

    @property
    def status(self) -> Any:
        return self.api.get(self.path)

    @property
    def source(self) -> Any:
        return self.status["sources"][0]

    def authorise(self, **changes: Any) -> Any:
        return self.change("PUT", "/authorisation", {**AUTHORISATION, **changes})

    def change(self, method: str, path: str, body: Any = None) -> Any:
        return self.api.change(method, f"{self.path}{path}", self.status, body)

    def map(self, consents: list[dict[str, Any]] | None = None, **more: Any) -> Any:
        """Add lines to the mapping: predefined name, question or hidden field → lead field."""
        known = self.status["mapping"]
        return self.change(
            "PUT", "/mapping", {"entries": [*known["entries"], *more.get("entries", [])], "consents": consents or []}
        )

    def pull(self) -> None:
        """Let the agenda bring what is due, and all that follows from it."""
        self.world.advance(timedelta(minutes=31))
        self.world.poll("linkedin-pull")

    def drain(self, chance: random.Random) -> None:
        """Let the worker empty its queue, in any order, and nobody else react."""
        queue = self.world.queues["linkedin"]
        while queue:
            chance.shuffle(queue)
            taken, queue[:] = queue[:5], queue[5:]
            records = events.of_queue([(each.id, each.body, 1) for each in taken])
            failed = self.world.invoke("sync_linkedin", records)["batchItemFailures"]
            nothing_refused()  # it would be tried for ever
            again = {each["itemIdentifier"] for each in failed}
            queue += [each for each in taken if each.id in again]

    def pull_only(self, chance: random.Random) -> None:
        """Let the agenda bring what is due, and nobody else react."""
        self.world.advance(timedelta(minutes=31))
        while polling.hand_out([agenda for agenda in agendas if agenda.work == "linkedin-pull"], self.world.now)[
            "linkedin-pull"
        ]:
            self.drain(chance)
            self.world.advance(timedelta(minutes=1))

    def told(self, body: bytes, signature: str | None) -> int:
        """Bring a delivery to the webhook as LinkedIn does, and return the status."""
        headers = {"Content-Type": "application/json", **({"X-LI-Signature": signature} if signature else {})}
        return self.http.http.post(f"/webhooks/linkedin/{self.id}", headers=headers, body=body).status_code

    def tell(self, told: Any) -> int:
        return self.told(*self.linkedin.signed(told))

    def send(self, number: int = 1, **changes: Any) -> dict[str, Any]:
        """Let a member send the form, a minute ago."""
        answers = changes.pop("answers", answers_of(number))
        at = changes.pop("at", self.world.now - timedelta(minutes=1))
        return self.linkedin.add(lead(f"response-{number}", int(at.timestamp() * 1000), answers, **changes))


def answers_of(number: int) -> dict[str, str]:
    return {
        "FIRST_NAME": "Ada",
        "LAST_NAME": f"Berg {number}",
        "EMAIL": f"ada{number}@example.com",
        "COMPANY_NAME": "Kayaks A/S",
        "SENIORITY": "Manager",
    }


def _recent(now: datetime) -> str:
    month = now.replace(day=1) - timedelta(days=1)
    return f"{month.year}{month.month:02}"


def remembering(monkeypatch: Any) -> None:
    """Let processes remember what is in use, as they do outside of tests."""
    monkeypatch.setattr(strategies, "settings", replace(strategies.settings, live_cache_seconds="5"))


def storm(connected: Connected, number: int, seed: int = 7) -> None:
    """Let members send forms; a third of the deliveries is lost, a third comes twice, some come late; then two pulls.

    LinkedIn throttles while the deliveries are worked off and during the first pull.
    """
    chance, late = random.Random(seed), []
    for each in range(number):
        sent = connected.send(each, at=connected.world.now - timedelta(minutes=chance.randint(1, 60)))
        for _ in range(chance.choice([0, 1, 2])):
            if chance.random() < 0.2:
                late.append(sent)
            else:
                assert connected.tell(notice(sent)) == 200
    connected.linkedin.quota, connected.linkedin.retry_after = number // 4, "60"
    connected.drain(chance)
    connected.pull_only(chance)
    connected.linkedin.quota = None
    for sent in late:
        assert connected.tell(notice(sent)) == 200
    connected.drain(chance)
    connected.pull_only(chance)
