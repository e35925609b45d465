"""What things cost on AWS: list prices, the units of each use case, dollars per million.

The units are asserted by tests/cost against what DynamoDB is really asked; docs/costs.md is made from this module.
Prices are US dollars, us-east-1, on demand, before any free tier.
"""

from dataclasses import dataclass
from pathlib import Path

WRITE, READ = 0.625, 0.125  # a million units
REQUESTS = 0.20  # a million Lambda calls
GIGABYTE_SECOND = 0.0000133334  # arm64
MEMORY = 0.5  # GB
EXPRESS, EXPRESS_GIGABYTE_SECOND = 1.00, 0.00001667  # a million executions; 64 MB steps
QUEUE = 0.40  # a million requests
MAIL = 0.10  # a thousand; a bill of its own
LOGS = 0.50  # a gigabyte


@dataclass(frozen=True, slots=True)
class Units:
    """What one use case asks: write and read units, Lambda milliseconds, queue requests, executions."""

    writes: float
    reads: float
    milliseconds: float
    calls: float = 1.0
    queue: float = 0.0
    executions: float = 0.0

    @property
    def dollars(self) -> float:
        """Dollars per million. An execution lasts 0.3 s: two calls and the steps between."""
        compute = self.calls * REQUESTS + self.milliseconds * 1000 * MEMORY * GIGABYTE_SECOND
        express = self.executions * (EXPRESS + 1_000_000 * 0.3 * 0.0625 * EXPRESS_GIGABYTE_SECOND)
        return self.writes * WRITE + self.reads * READ + compute + self.queue * QUEUE + express


ENGINE = "enrolment of 8 tiles and 2 waits, the engine"
EFFECTS = "enrolment of 8 tiles and 2 waits, the rows of its effects"
MESSAGE = "message, from the ledger to the provider"
CLICK = "tracked click with its verdict"
INTERACTION = "interaction"
VISIT = "visit that a website's script tells"
HEARD = "fact that reactions hear of and nothing depends on"
COUNTING = "sixty facts counted together"
RESCORING = "rescoring, nothing changed"
CHANGED = "rescoring, one score changed"

USE_CASES: dict[str, Units] = {
    "form submission, new person": Units(21, 3, 70),
    "form submission, known person, nothing new": Units(10, 5, 75),
    "form submission, known person, changed": Units(16, 5, 80),
    CLICK: Units(2, 7, 70, calls=1.1, queue=0.3),
    ENGINE: Units(25, 18, 240, calls=6.4, queue=0.9, executions=3),
    EFFECTS: Units(16, 0, 0, calls=0),
    MESSAGE: Units(8, 6, 100, calls=0.1, queue=0.3),
    INTERACTION: Units(1, 1, 15, calls=0.1, queue=0.3),
    VISIT: Units(4, 2, 40),
    HEARD: Units(0, 1, 6, calls=0.3, queue=0.9),
    COUNTING: Units(128, 0, 60, queue=18),
    RESCORING: Units(1, 7, 40, calls=0.1, queue=0.3),
    CHANGED: Units(8, 7, 50, calls=0.1, queue=0.3),
}
"""Units: tests/cost holds them to what DynamoDB is really asked. Milliseconds: the requests at 5 each (a transaction
10, the provider 50), and the processor's time here, at the third of a core that half a gigabyte gets."""


def engine_dollars() -> float:
    """Return what a million enrolments cost in the engine alone: claim, walk, commit, rest, wake."""
    return USE_CASES[ENGINE].dollars


def all_dollars() -> float:
    """Return what a million enrolments cost with all they cause: effects, two messages, their facts and the reactions.

    A message is recorded as sent and as delivered. Two in five are opened and one in ten is clicked; each has the
    contact rescored, and a click changes a score. Counted are three bursts, two sends, two deliveries, opens and
    clicks, and for each message whether it was the first. The provider's price of mail is not in it.
    """
    recorded, opened, clicked = 4, 0.8, 0.2
    counted = 3 + 2 + 2 + 2 * (opened + clicked)
    return (
        USE_CASES[ENGINE].dollars
        + USE_CASES[EFFECTS].dollars
        + 2 * USE_CASES[MESSAGE].dollars
        + recorded * USE_CASES[INTERACTION].dollars
        + (opened + clicked) * USE_CASES[CLICK].dollars
        + opened * USE_CASES[RESCORING].dollars
        + clicked * USE_CASES[CHANGED].dollars
        + (recorded + opened + clicked) * USE_CASES[HEARD].dollars
        + counted * USE_CASES[COUNTING].dollars / 60
        + 20 * 0.0005 * LOGS
    )


def per_million() -> dict[str, float]:
    """Return dollars per million of each use case."""
    each = {name: units.dollars for name, units in USE_CASES.items()}
    return {**each, "all that an enrolment causes, without the provider's mail": all_dollars()}


def document() -> str:
    """Return docs/costs.md."""
    rows = [
        f"| {name} | {units.writes:g} | {units.reads:g} | {units.dollars:.2f} |" for name, units in USE_CASES.items()
    ]
    head = ["# What things cost", "", __doc__.split("\n", 1)[1].strip(), ""]
    return "\n".join(
        [*head, "| use case | write units | read units | $ per million |", "| --- | --- | --- | --- |", *rows, ""]
    )


def main() -> None:
    Path(__file__).parents[1].joinpath("docs", "costs.md").write_text(document())


if __name__ == "__main__":
    main()
