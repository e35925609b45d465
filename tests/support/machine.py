"""Runs a state machine in process: follows the transitions of the very ASL file and calls the real handlers.

It knows the few things that our machines use: tasks that invoke a Lambda, with Retry and Catch; choices that compare a
field with a text; Pass and Succeed. Anything else fails loudly.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INFRA = Path(__file__).parents[2] / "infra"
MOST_STATES = 500

Function = Callable[[dict[str, Any]], dict[str, Any]]
EQUALS = re.compile(r"\{% \$states\.input\.(\w+) = '([^']*)' %\}")
MERGES = re.compile(r"\{% \$merge\(\[\$states\.input, \{'(\w+)': (.+)\}\]\) %\}")


@dataclass(slots=True)
class Machine:
    """A machine, the functions its tasks invoke (by the name of the substitution), and the states it went through."""

    file: str
    functions: Mapping[str, Function]
    path: list[str] = field(default_factory=list)

    def run(self, given: dict[str, Any]) -> dict[str, Any]:
        """Run one execution to its end and return its output. Raises what no state catches."""
        definition = json.loads((INFRA / self.file).read_text())
        name, data = definition["StartAt"], json.loads(json.dumps(given))
        for _ in range(MOST_STATES):
            self.path.append(name)
            state = definition["States"][name]
            if state["Type"] == "Succeed":
                return data
            following, data = self._step(state, data)
            name = following
        raise AssertionError(f"the machine does not come to an end: {self.path[-10:]}")

    def _step(self, state: dict[str, Any], data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        match state["Type"]:
            case "Choice":
                return _choose(state, data), data
            case "Pass":
                return state["Next"], _evaluate(state["Output"], {"input": data})
            case "Task":
                return self._invoke(state, data)
        raise AssertionError(f"unknown type of state: {state['Type']}")

    def _invoke(self, state: dict[str, Any], data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        function = self.functions[state["Arguments"]["FunctionName"].strip("${}")]
        payload = _evaluate(state["Arguments"]["Payload"], {"input": data})
        tries = 1 + max((retry["MaxAttempts"] for retry in state.get("Retry", [])), default=0)
        for attempt in range(tries):
            try:
                result = json.loads(json.dumps(function(json.loads(json.dumps(payload)))))
            except Exception as error:
                name = type(error).__name__
                if attempt + 1 < tries and _listed(state.get("Retry", []), name):
                    continue
                caught = _listed(state.get("Catch", []), name)
                if caught is None:
                    raise
                scope = {"input": data, "errorOutput": {"Error": name}}
                return caught["Next"], _evaluate(caught["Output"], scope)
            return state["Next"], _evaluate(state["Output"], {"input": data, "result": {"Payload": result}})
        raise AssertionError("unreachable")


def _listed(rules: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((rule for rule in rules if {name, "States.ALL"} & set(rule["ErrorEquals"])), None)


def _choose(state: dict[str, Any], data: dict[str, Any]) -> str:
    for choice in state["Choices"]:
        compared = EQUALS.fullmatch(choice["Condition"])
        assert compared, f"unknown condition: {choice['Condition']}"
        if data.get(compared[1]) == compared[2]:
            return str(choice["Next"])
    return str(state["Default"])


def _evaluate(expression: str, scope: dict[str, Any]) -> dict[str, Any]:
    merged = MERGES.fullmatch(expression)
    if merged:
        return {**scope["input"], merged[1]: _value(merged[2], scope)}
    return dict(_value(expression.removeprefix("{% ").removesuffix(" %}"), scope))


def _value(text: str, scope: dict[str, Any]) -> Any:
    if text.startswith("'"):
        return text.strip("'")
    assert text.startswith("$states."), f"unknown expression: {text}"
    value: Any = scope
    for part in text.removeprefix("$states.").split("."):
        value = value[part]
    return value
