"""An import on the deployed cloud whose workers are killed on the way, with all that reacts to what it makes."""

import csv
import io
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from typing import Any

from infra.local.cloud import LocalCloud
from infra.local.demo.client import Client
from infra.local.deploy import Deployment
from tests.support.deployed import PATIENCE, eventually, poll, settle
from tests.support.imports import CONSENT, sent, table
from tests.support.killing import killing

KILLS = 5
BAD = 50  # one row in so many
SEED = 20261126
POLLED = 5.0  # seconds between two runs of the poller
SECONDS_A_ROW = 1.0
CITY = "Importby"


def under_fire(cloud: LocalCloud, endpoints: Deployment, client: Client, rows: int) -> float:
    """Import so many rows, one in fifty bad, while five workers are killed; return the seconds until all is settled.

    Fails unless each good row is there once, is a member of the segment that asks for it, and each bad one is told.
    """
    query = {"field": "contact.city", "operator": "equals", "values": [CITY]}
    segment = client.publish("/segments", "Imported", {"type": "dynamic", "query": query})
    bad = set(range(BAD // 2, rows, BAD))
    lines = [[f"Import {at}", "broken" if at in bad else f"import{at}@example.com", CITY] for at in range(rows)]
    import_ = _made(client, table([["Last name", "Email", "City"], *lines]))

    began = time.monotonic()
    client.call("POST", f"/imports/{import_['id']}/start", {"dry_run": False}, If_Match=f'"{import_["version"]}"')
    look, progress = _looking(client, endpoints, import_["id"]), [0.0]

    def done() -> Any:
        seen = look()
        counts = seen["counts"]
        progress[0] = sum(counts[each] for each in ("created", "failed")) / rows
        return seen

    def allowed() -> int:
        return min(KILLS, 1 + int(KILLS * progress[0] / 0.8))

    with killing(cloud.processes[1].group, SEED, allowed) as killed:
        found = eventually("the import's end", done, _ended, PATIENCE + rows * SECONDS_A_ROW, pause=1.0)
        settle(endpoints, seconds=PATIENCE + rows * SECONDS_A_ROW)  # a short list is in before many were killed
    seconds = time.monotonic() - began

    print(f"killed: {dict(Counter(killed))}; {rows / seconds:.1f} rows a second with all reactions")
    assert len(killed) == KILLS
    assert (found["state"], found["rows"]) == ("completed", rows)
    assert (found["counts"]["created"], found["counts"]["failed"]) == (rows - len(bad), len(bad))
    good = Counter(line[0] for at, line in enumerate(lines) if at not in bad)
    contacts = [each for each in client.every("/contacts") if each["city"] == CITY]
    assert Counter(each["last_name"] for each in contacts) == good
    assert {row["Last name"] for row in _failed(found)} == {lines[at][0] for at in bad}
    _members(client, endpoints, segment, {each["id"] for each in contacts})
    return seconds


def _made(client: Client, content: bytes) -> Any:
    made = client.call("POST", "/imports", {"record_type": "contact", "name": "list.csv"})
    assert sent(made["upload"], content) in {200, 201, 204}
    looked = client.call("POST", f"/imports/{made['id']}/look", If_Match=f'"{made["version"]}"')
    return client.call("PATCH", f"/imports/{made['id']}", {"consent": CONSENT}, If_Match=f'"{looked["version"]}"')


def _looking(client: Client, endpoints: Deployment, import_id: str) -> Callable[[], Any]:
    """Return a way to look that runs the poller too, every few seconds: it takes up what was killed."""
    last = float("-inf")

    def look() -> Any:
        nonlocal last
        if time.monotonic() - last > POLLED:
            poll(endpoints)
            last = time.monotonic()
        return client.get(f"/imports/{import_id}")

    return look


def _ended(import_: Any) -> bool:
    return import_["state"] in {"completed", "failed", "cancelled"}


def _members(client: Client, endpoints: Deployment, segment: str, wanted: set[str]) -> None:
    def members() -> set[str]:
        poll(endpoints)
        return {each["contact_id"] for each in client.every(f"/segments/{segment}/members")}

    eventually("everybody's membership", members, lambda seen: seen == wanted, pause=POLLED)


def _failed(import_: Any) -> list[dict[str, str]]:
    with urllib.request.urlopen(import_["error_file"]["url"]) as answer:
        return list(csv.DictReader(io.StringIO(answer.read().decode("utf-8-sig"), newline="")))
