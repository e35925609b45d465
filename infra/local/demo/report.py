"""The demo's last words: an explained score, why a message was not sent, the ledger's sum, what it would cost."""

from typing import Any

from infra.costs import per_million
from infra.local.demo import people
from infra.local.demo.story import Deviation, Stage


def table(stage: Stage) -> str:
    wide = max(len(row.what) for row in stage.rows)
    return "\n".join(f"  {row.what:<{wide}}  {row.seconds:6.1f} s  {row.seen}" for row in stage.rows)


def score(stage: Stage) -> str:
    """Explain the score of one lead, and check that its contributions sum to it."""
    contact = stage.contacts[people.INTERESTED[0]]
    [lead] = stage.client.every("/leads", contact_id=contact)
    [found] = stage.client.get(f"/leads/{lead['id']}/scores")["items"]
    parts = found["contributions"]
    total = sum(part["points"] for part in parts)
    if total != found["score"]:
        raise Deviation(f"The contributions sum to {total}, the score is {found['score']}.")
    lines = [f"    {part['points']:+4}  {part['name']} ({part['occurrences']} times)" for part in parts]
    return "\n".join([f"  Lead of {people.NAMES[0]}: {found['score']} points, grade {found['grade']}", *lines])


def why_not(stage: Stage) -> str:
    """Say why one contact did not get the second email."""
    contact = stage.contacts[people.UNSUBSCRIBES]
    sends = stage.client.every(f"/contacts/{contact}/sends")
    blocked = [send for send in sends if send["state"] == "blocked"]
    if len(blocked) != 1:
        raise Deviation(f"One blocked message was expected, there are {len(blocked)}.")
    return f"  {people.NAMES[people.UNSUBSCRIBES]} did not get the material: {blocked[0]['explanation']}"


SETTLED = ("sent", "blocked", "failed", "unknown")


def ledger(stage: Stage) -> str:
    """Add up the ledger: every intended message is exactly one of sent, blocked, failed, unknown (invariant 5)."""
    tiles = stage.client.get(f"/journeys/{stage.company.journey}/figures")["tiles"]

    def sums() -> dict[str, int]:
        mails = [tiles[name] for name in tiles if name.startswith(("welcome", "material"))]
        return {name: sum(tile.get(name, 0) for tile in mails) for name in ("intended", *SETTLED)}

    def read() -> dict[str, int]:
        tiles.update(stage.client.get(f"/journeys/{stage.company.journey}/figures")["tiles"])
        return sums()

    found = stage.until("the ledger's sum", read, _even)
    parts = " + ".join(f"{found[name]} {name}" for name in SETTLED)
    return f"  {parts} = {found['intended']} intended"


def _even(found: dict[str, int]) -> bool:
    return 0 < found["intended"] == sum(found[name] for name in SETTLED)


def cost(_: Stage) -> str:
    lines = [f"    ${dollars:8.2f}  {name}" for name, dollars in per_million().items()]
    return "\n".join(["  A million such people on AWS, from counted units and list prices:", *lines])


def last_words(stage: Stage) -> str:
    parts: list[Any] = [table(stage), score(stage), why_not(stage), ledger(stage), cost(stage)]
    return "\n\n".join(parts)
