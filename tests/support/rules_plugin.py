"""Remembers which rules of the reference each test proves, and how the test ended (read by tests/rules.py)."""

import json
from pathlib import Path
from typing import Any

import pytest

LAST_RUN = Path(__file__).parents[2] / ".local" / "last-run.json"


class Rules:
    """Collects outcomes in the process that reports them, also when workers run the tests."""

    def __init__(self) -> None:
        self.outcomes: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        rules = dict(report.user_properties).get("rules")
        if rules is None or (report.when != "call" and report.passed):
            return
        self.outcomes[report.nodeid] = {"rules": rules, "outcome": report.outcome}

    def pytest_sessionfinish(self) -> None:
        if not self.outcomes:
            return  # a check or a measurement: it says nothing of rules, and what the tests said stays
        LAST_RUN.parent.mkdir(exist_ok=True)
        LAST_RUN.write_text(json.dumps(self.outcomes, indent=1))


def mark(items: list[pytest.Item]) -> None:
    """Let each test carry its rules in its report."""
    for item in items:
        rules = [rule for marker in item.iter_markers("rule") for rule in marker.args]
        if rules:
            item.user_properties.append(("rules", rules))
