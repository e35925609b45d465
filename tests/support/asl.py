"""Follows the transitions of an ASL file (JSONata) in process: the very file that is deployed, with our own functions.

Only what our machines use: Task (lambda:invoke, sqs:sendMessage), Choice, Map, Wait, Pass, Succeed, Fail, with Retry,
Catch, Assign and Output.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

INFRA = Path(__file__).parents[2] / "infra"
LONGEST = 25_000  # transitions; a standard execution ends at as many events


class ExecutionFailed(Exception):
    """An error that no Catch took: its name and its cause, as Step Functions tells them."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


Call = Callable[[str, dict[str, Any]], Any]


class Machine:
    """A state machine whose tasks are calls of `call(resource, arguments)` and whose waits are `wait(seconds)`."""

    def __init__(self, file: Path, call: Call, wait: Callable[[float], None]) -> None:
        self.definition = json.loads(file.read_text())
        self.call, self.wait = call, wait
        self.trace: list[str] = []

    def run(self, given: Any, name: str = "") -> Any:
        """Run from the start with `given` and return the output. Raises ExecutionFailed."""
        return self._walk(self.definition, given, {"Execution": {"Input": given, "Name": name}}, {})

    def _walk(self, states: Mapping[str, Any], given: Any, context: dict[str, Any], variables: dict[str, Any]) -> Any:
        name: str | None = states["StartAt"]
        while name is not None:
            self.trace.append(name)
            if len(self.trace) > LONGEST:
                raise ExecutionFailed("States.Runtime", "the execution does not come to an end")
            given, name = self._step(states["States"][name], given, context, variables)
        return given

    def _step(
        self, state: Mapping[str, Any], given: Any, context: dict[str, Any], variables: dict[str, Any]
    ) -> tuple[Any, str | None]:
        told = {"input": given, "context": context}
        if state["Type"] == "Choice":
            return self._choose(state, told, variables)
        try:
            result = self._patiently(state, told, variables)
        except ExecutionFailed as failed:
            return self._caught(state, failed, told, variables)
        return self._left(state, {**told, "result": result}, variables, result, state.get("Next"))

    def _choose(self, state: Mapping[str, Any], told: Any, variables: dict[str, Any]) -> tuple[Any, str | None]:
        for choice in state["Choices"]:
            if evaluated(choice["Condition"], told, variables):
                return self._left(choice, told, variables, told["input"], choice["Next"])
        return self._left(state, told, variables, told["input"], state["Default"])

    def _left(
        self, place: Mapping[str, Any], told: Any, variables: dict[str, Any], default: Any, following: str | None
    ) -> tuple[Any, str | None]:
        output = evaluated(place["Output"], told, variables) if "Output" in place else default
        variables |= evaluated(place.get("Assign", {}), told, variables)
        return output, following

    def _caught(
        self, state: Mapping[str, Any], failed: ExecutionFailed, told: Any, variables: dict[str, Any]
    ) -> tuple[Any, str | None]:
        for catch in state.get("Catch", ()):
            if _names(catch["ErrorEquals"], failed.error):
                error = {"Error": failed.error, "Cause": failed.cause}
                return self._left(catch, {**told, "errorOutput": error}, variables, error, catch["Next"])
        raise failed

    def _patiently(self, state: Mapping[str, Any], told: Any, variables: dict[str, Any]) -> Any:
        tries = [0] * len(state.get("Retry", ()))
        while True:
            try:
                return self._done(state, told, variables)
            except ExecutionFailed as failed:
                self._again(state.get("Retry", ()), tries, failed)

    def _again(self, retries: Any, tries: list[int], failed: ExecutionFailed) -> None:
        for number, retry in enumerate(retries):
            if _names(retry["ErrorEquals"], failed.error):
                if tries[number] >= retry.get("MaxAttempts", 3):
                    break
                self.wait(retry.get("IntervalSeconds", 1) * retry.get("BackoffRate", 2.0) ** tries[number])
                tries[number] += 1
                return
        raise failed

    def _done(self, state: Mapping[str, Any], told: Any, variables: dict[str, Any]) -> Any:
        kind = state["Type"]
        if kind == "Task":
            return self._task(state["Resource"], evaluated(state.get("Arguments", told["input"]), told, variables))
        if kind == "Map":
            return self._each(state, told, variables)
        if kind == "Wait":
            self.wait(float(evaluated(state["Seconds"], told, variables)))
        if kind == "Fail":
            cause = str(evaluated(state.get("Cause", ""), told, variables))
            raise ExecutionFailed(str(evaluated(state.get("Error", ""), told, variables)), cause)
        assert kind in {"Wait", "Pass", "Succeed"}, f"unknown type of state: {kind}"
        return told["input"]

    def _task(self, resource: str, arguments: dict[str, Any]) -> Any:
        try:
            answer = self.call(resource, arguments)
        except ExecutionFailed:
            raise
        except Exception as error:  # whatever a function raises is an error of its task, under its class's name
            cause = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})
            raise ExecutionFailed(type(error).__name__, cause) from error
        return json.loads(json.dumps(answer))

    def _each(self, state: Mapping[str, Any], told: Any, variables: dict[str, Any]) -> list[Any]:
        items = evaluated(state["Items"], told, variables) if "Items" in state else told["input"]
        results = []
        for index, item in enumerate(items):
            context = {**told["context"], "Map": {"Item": {"Index": index, "Value": item}}}
            each = {"input": told["input"], "context": context}
            given = evaluated(state["ItemSelector"], each, variables) if "ItemSelector" in state else item
            results.append(self._walk(state["ItemProcessor"], given, context, dict(variables)))
        return results


def _names(errors: list[str], error: str) -> bool:
    return error in errors or "States.ALL" in errors or ("States.TaskFailed" in errors and error != "States.Timeout")


def evaluated(template: Any, told: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    """Return `template` with each `{% … %}` in it evaluated."""
    if isinstance(template, dict):
        return {name: evaluated(value, told, variables) for name, value in template.items()}
    if isinstance(template, list):
        return [evaluated(value, told, variables) for value in template]
    if isinstance(template, str) and template.startswith("{%") and template.endswith("%}"):
        return _value(template[2:-2].strip(), told, variables)
    return template


def _value(expression: str, told: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    import jsonata

    null = jsonata.utils.Utils.NULL_VALUE
    known = {**{name: null if value is None else value for name, value in variables.items()}, "states": told}
    try:
        if not jsonata.Jsonata.jsonata(f"$exists({expression})").evaluate(None, known):
            raise ExecutionFailed("States.QueryEvaluationError", f"no value: {expression}")
        value = jsonata.Jsonata.jsonata(expression).evaluate(None, known)
    except jsonata.JException as error:
        raise ExecutionFailed("States.QueryEvaluationError", f"{expression}: {error}") from error
    return json.loads(json.dumps(value))
