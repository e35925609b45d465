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
        """Dollars per million."""
        compute = self.calls * REQUESTS + self.milliseconds * 1000 * MEMORY * GIGABYTE_SECOND
        express = self.executions * (EXPRESS + 1_000_000 * 1.5 * 0.0625 * EXPRESS_GIGABYTE_SECOND)
        return self.writes * WRITE + self.reads * READ + compute + self.queue * QUEUE + express


USE_CASES: dict[str, Units] = {}
"""Filled in below; tests/cost holds each to what was measured."""


def per_million() -> dict[str, float]:
    """Return dollars per million of each use case."""
    return {name: units.dollars for name, units in USE_CASES.items()}


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
