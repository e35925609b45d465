"""What infra/resources declares, as tests need it: tables, queues, machines, and which function each one feeds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
USUAL_BATCH = 10


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue's properties that matter to delivery."""

    delay: int
    visibility: int


@dataclass(frozen=True, slots=True)
class Consumer:
    """The function that a queue feeds, and how many messages at once."""

    function: str
    batch: int


@dataclass(frozen=True, slots=True)
class MachineFile:
    """A state machine: its file, and what its substitutions stand for."""

    file: Path
    standard: bool
    functions: Mapping[str, str]
    queues: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Declared:
    """The connections of the template."""

    prefix: str
    tables: tuple[str, ...]
    streams: tuple[str, ...]
    queues: Mapping[str, Queue]
    routers: Mapping[str, str]
    consumers: Mapping[str, Consumer]
    machines: Mapping[str, MachineFile]

    def queue_at(self, url: str) -> str:
        """Return a queue's name without the prefix. Raises KeyError for one that is not declared."""
        name = url.rsplit("/", 1)[-1].removeprefix(f"{self.prefix}-")
        if name not in self.queues:
            raise KeyError(f"infra/ declares no queue {name}")
        return name


@cache
def resources(prefix: str) -> dict[str, Any]:
    """Return every declared resource by logical id, with `prefix` in the names; read once, so leave it as it is."""
    found: dict[str, Any] = {}
    for file in sorted((ROOT / "infra" / "resources").glob("*.yaml")):
        text = re.sub(r'\{ *"?Fn::Sub"?: *"\$\{Prefix\}([^"$]*)" *\}', rf"{prefix}\1", file.read_text())
        for name, resource in (yaml.safe_load(text).get("Resources") or {}).items():
            found[name] = {**found.get(name, {}), **resource}
    return found


def load(prefix: str, batches: Mapping[str, int]) -> Declared:
    """Read the files; `batches` says how many messages at once the functions take."""
    known = resources(prefix)
    tables = _of(known, "AWS::DynamoDB::Table")
    made = _of(known, "AWS::SQS::Queue")
    queues = {name: each["QueueName"].removeprefix(f"{prefix}-") for name, each in made.items()}
    fed = [
        (_snake(name), event.get("Properties", {}))
        for name, resource in known.items()
        for event in resource.get("Properties", {}).get("Events", {}).values()
    ]
    return Declared(
        prefix,
        tuple(each["TableName"] for each in tables.values()),
        tuple(each["TableName"] for each in tables.values() if "StreamSpecification" in each),
        {
            queues[name]: Queue(each.get("DelaySeconds", 0), each.get("VisibilityTimeout", 30))
            for name, each in made.items()
        },
        {tables[_source(each["Stream"])]["TableName"]: function for function, each in fed if "Stream" in each},
        {
            queues[_source(each["Queue"])]: Consumer(function, batches.get(function, USUAL_BATCH))
            for function, each in fed
            if "Queue" in each
        },
        {each["Name"]: _machine(each, queues) for each in _of(known, "AWS::Serverless::StateMachine").values()},
    )


def _of(known: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in known.items() if each.get("Type") == kind}


def _source(intrinsic: Mapping[str, Any]) -> str:
    return str(intrinsic["Fn::GetAtt"][0])


def _machine(properties: Mapping[str, Any], queues: Mapping[str, str]) -> MachineFile:
    substitutions = properties.get("DefinitionSubstitutions", {})
    logical = {name: each.get("Ref") or _source(each) for name, each in substitutions.items()}
    return MachineFile(
        ROOT / "infra" / Path(properties["DefinitionUri"]).name,
        properties.get("Type", "STANDARD") == "STANDARD",
        {name: _snake(target) for name, target in logical.items() if target not in queues},
        {name: queues[target] for name, target in logical.items() if target in queues},
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
