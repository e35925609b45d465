"""A world in one process: what a use case writes goes through the real streams to the real routers, and on to the
real handlers, with the batches that the template gives them; the clock is ours.

    service.record(…)
    world.settle()                          # until nothing is left to deliver, delayed messages too
    world.settle(duplicate=True, shuffle=7) # every batch and message twice, in any order that is possible
    world.replay(shuffle=7)                 # everything that was delivered so far, once more

Only SQS and StartExecution are answered here (any client's calls are seen); the database is the local cloud's. Every
function keeps to its grants (permissions.py), or the world does not settle.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from types import ModuleType
from typing import Any

import time_machine
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from chalicelib.agenda import agendas
from chalicelib.clock import now
from chalicelib.journeys import bulk, polling
from tests.support import events, permissions
from tests.support.asl import ExecutionFailed, Machine
from tests.support.clients import client
from tests.support.declared import Declared
from tests.support.faults import Killed

MOST_ROUNDS = 2000
MOST_TRIES = 5


@dataclass(slots=True)
class Waiting:
    """A message on a queue, and from when it can be had."""

    id: str
    body: str
    due: datetime
    receives: int = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """An event as a function got it."""

    function: str
    event: dict[str, Any]


@dataclass(slots=True)
class Execution:
    """A run of a state machine, and how it ended."""

    machine: str
    name: str
    given: Any
    output: Any = None
    error: Exception | None = None
    trace: list[str] = field(default_factory=list)


class World:
    """Streams, queues and machines between the functions of `app`, as infra/ connects them."""

    def __init__(self, app: ModuleType, declared: Declared, clock: time_machine.Traveller, touched: Set[str]) -> None:
        self._app, self._declared, self._clock = app, declared, clock
        self.queues: dict[str, list[Waiting]] = {name: [] for name in declared.queues}
        self.dead: list[tuple[str, Waiting]] = []
        self.recorded: list[Delivered] = []
        self.executions: list[Execution] = []
        self.calls: list[tuple[str, str]] = []
        self.fault: Callable[[int, str, str], str | None] = lambda *_: None
        self._touched = touched
        self._streams = events.Streams(set(touched) & set(declared.streams))
        self._written: set[str] = set()
        self._answers: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "SendMessage": self._sent_one,
            "SendMessageBatch": self._sent,
            "GetQueueAttributes": self._attributes,
            "StartExecution": self._start,
        }
        self._records: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._refused: dict[str, int] = defaultdict(int)
        self._started: list[Execution] = []
        self._numbers = iter(range(10**9))
        self._random: Random | None = None
        self._duplicate = False

    # The clock -----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return now()

    def move_to(self, instant: datetime) -> None:
        """Let the clock show `instant`, and run on from there."""
        self._take_records()
        self._clock.move_to(instant)

    def advance(self, time: timedelta) -> None:
        self.move_to(now() + time)

    def begin_minute(self) -> None:
        """Move on to where a minute begins: what is allowed so often a minute is asked for within one."""
        self.move_to(now().replace(second=0, microsecond=0) + timedelta(minutes=1))

    # Delivering ----------------------------------------------------------------------------------------------------

    def settle(self, *, duplicate: bool = False, shuffle: int | None = None, delayed: bool = True) -> None:
        """Deliver until nothing is left, moving the clock on to delayed messages. Raises AssertionError for dead ones.

        What nobody consumes stays in `queues`. With `shuffle` batches and messages come in any order and size in which
        AWS might bring them (the records of one item stay in order); with `duplicate` each comes twice.
        """
        self._random, self._duplicate = None if shuffle is None else Random(shuffle), duplicate
        for _ in range(MOST_ROUNDS):
            if not self.deliver() and not (delayed and self._wait_for_next()):
                permissions.nothing_refused()
                assert not self.dead, f"given up: {[(queue, each.body) for queue, each in self.dead]}"
                return
        raise AssertionError("the world does not come to rest")

    def deliver(self) -> int:
        """Deliver once what is there: new records, messages whose time has come, executions. Returns how many."""
        return self._route() + self._consume() + self._execute()

    def replay(self, *, shuffle: int | None = None) -> None:
        """Deliver everything that was delivered so far once more, in order or shuffled, and settle; none may fail."""
        again = list(self.recorded)
        if shuffle is not None:
            Random(shuffle).shuffle(again)
        for each in again:
            answer = self.invoke(each.function, each.event)
            assert not (answer or {}).get("batchItemFailures"), f"{each.function} failed when it was called again"
        self.settle(shuffle=shuffle)

    def poll(self, work: str | None = None, **delivery: Any) -> None:
        """Let the poller look for what fell due, all of it or one kind of work, and settle.

        It is not asked for kinds of which nothing waits: finding nothing takes as long as finding something.
        """
        waiting = {row.get("due_shard", {}).get("S", "").partition("#")[0] for row in self.rows().values()}
        with permissions.running_as("poll_due"):
            if work is None:
                bulk.keep_time(now())
            polling.hand_out([each for each in agendas if each.work in waiting and work in {None, each.work}], now())
        self.settle(**delivery)

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Call a function as Lambda would: with an event that is nothing but JSON."""
        return getattr(self._app, function)(json.loads(json.dumps(event)), events.Context(function))

    @property
    def running(self) -> str:
        """The function that runs; nothing while the test itself does."""
        return permissions.running.get()

    def send(self, queue: str, body: str, delay: int = 0) -> str:
        """Put a message on a queue, and return its id."""
        identity = f"message-{next(self._numbers)}"
        wait = timedelta(seconds=delay or self._declared.queues[queue].delay)
        self.queues[queue].append(Waiting(identity, body, now() + wait))
        return identity

    def _take_records(self) -> None:
        written, self._written = self._written, set()
        for table in sorted(written & set(self._declared.streams)):
            self._records[table] += self._streams.new(table, now())

    def _route(self) -> int:
        self._take_records()
        routed = 0
        for table, function in self._declared.routers.items():
            pending = self._records[table]
            if not pending or not hasattr(self._app, function):
                continue
            if self._random:
                pending = events.reordered(pending, self._random)
            size = self._random.randint(1, len(pending)) if self._random else 100
            self._records[table] = pending[size:] if self._routed(table, function, pending[:size]) else pending
            routed += 1
        return routed

    def _routed(self, table: str, function: str, batch: list[dict[str, Any]]) -> bool:
        try:
            for _ in range(1 + self._duplicate):
                self._delivered(function, {"Records": batch})
        except (Exception, Killed):  # the shard waits, as on AWS, and the batch comes again
            self._refused[table] += 1
            if self._refused[table] > MOST_TRIES:
                raise
            return False
        self._refused[table] = 0
        return True

    def _delivered(self, function: str, event: dict[str, Any]) -> Any:
        self.recorded.append(Delivered(function, event))
        return self.invoke(function, event)

    def _consume(self) -> int:
        consumed = 0
        for queue, consumer in self._declared.consumers.items():
            if not hasattr(self._app, consumer.function):
                continue
            due = [each for each in self.queues[queue] if each.due <= now()]
            if self._random:
                self._random.shuffle(due)
                due = due[: self._random.randint(1, len(due))] if due else due
            for start in range(0, len(due), consumer.batch):
                self._handle(queue, consumer.function, due[start : start + consumer.batch])
            consumed += len(due)
        return consumed

    def _handle(self, queue: str, function: str, batch: list[Waiting]) -> None:
        taken = {each.id for each in batch}
        self.queues[queue] = [each for each in self.queues[queue] if each.id not in taken]
        for _ in range(1 + self._duplicate):
            failed = self._failed(function, batch)
        for each in batch:
            each.receives += 1
            if each.id in failed and each.receives >= MOST_TRIES:
                self.dead.append((queue, each))
            elif each.id in failed:
                each.due = now() + timedelta(seconds=self._declared.queues[queue].visibility)
                self.queues[queue].append(each)

    def _failed(self, function: str, batch: list[Waiting]) -> set[str]:
        event = events.of_queue([(each.id, each.body, each.receives + 1) for each in batch])
        try:
            answer = self._delivered(function, event)
        except (Exception, Killed):  # on AWS the whole batch comes again
            return {each.id for each in batch}
        return {each["itemIdentifier"] for each in (answer or {}).get("batchItemFailures", [])}

    def _execute(self) -> int:
        started, self._started = self._started, []
        if self._random:
            self._random.shuffle(started)
        for execution in started:
            self._run(execution)
        return len(started)

    def _run(self, execution: Execution) -> None:
        declared = self._declared.machines[execution.machine]

        def call(resource: str, arguments: dict[str, Any]) -> Any:
            if resource.endswith(":sqs:sendMessage"):
                queue = arguments["QueueUrl"].removeprefix("${").removesuffix("}")
                return self.send(declared.queues[queue], arguments["MessageBody"], int(arguments["DelaySeconds"]))
            function = declared.functions[arguments["FunctionName"].removeprefix("${").removesuffix("}")]
            return {"Payload": self.invoke(function, arguments["Payload"])}

        machine = Machine(declared.file, call, lambda seconds: self.advance(timedelta(seconds=seconds)))
        try:
            execution.output = machine.run(execution.given, execution.name)
        except ExecutionFailed as error:  # a state of affairs, not an error of the test
            execution.error = error
        execution.trace = machine.trace

    def _wait_for_next(self) -> bool:
        known = {queue for queue, each in self._declared.consumers.items() if hasattr(self._app, each.function)}
        dues = [each.due for queue in known for each in self.queues[queue]]
        if dues:
            self.move_to(max(min(dues), now()))
        return bool(dues)

    # What our clients ask ------------------------------------------------------------------------------------------

    def called(self, service: str, operation: str, asked: Mapping[str, Any], original: Callable[[], Any]) -> Any:
        """Answer a call of any client, or let it through; a fault strikes before the call or loses its answer."""
        if service == "dynamodbstreams":
            return original()
        permissions.ask(service, operation, asked)
        fault = self.fault(len(self.calls), service, operation)
        self.calls.append((service, operation))
        self._written |= events.written(operation, asked)
        if fault == "before":
            raise EndpointConnectionError(endpoint_url="https://fault.example")
        own = self._answers.get(operation)
        answer = own(asked) if own else original()
        if fault == "after":
            raise ReadTimeoutError(endpoint_url="https://fault.example")
        return answer

    def _sent(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        queue = self._declared.queue_at(asked["QueueUrl"])
        for each in asked["Entries"]:
            self.send(queue, each["MessageBody"], each.get("DelaySeconds", 0))
        return {"Successful": [{"Id": each["Id"]} for each in asked["Entries"]], "Failed": []}

    def _sent_one(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        queue = self._declared.queue_at(asked["QueueUrl"])
        return {"MessageId": self.send(queue, asked["MessageBody"], asked.get("DelaySeconds", 0))}

    def _attributes(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        waiting = self.queues[self._declared.queue_at(asked["QueueUrl"])]
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(waiting))}}

    def _start(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        machine, name = asked["stateMachineArn"].rsplit(":", 1)[-1], asked.get("name", f"run-{next(self._numbers)}")
        standard = self._declared.machines[machine].standard
        if standard and any((each.machine, each.name) == (machine, name) for each in self.executions):
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists", "Message": name}}, "StartExecution")
        execution = Execution(machine, name, json.loads(asked["input"]))
        self.executions.append(execution)
        self._started.append(execution)
        return {"executionArn": f"arn:aws:states:us-east-1:000000000000:execution:{machine}:{name}"}

    # What came of it -----------------------------------------------------------------------------------------------

    def rows(self, *without: str) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Return every row of every table by its key, without some attributes (watermarks, for instance)."""
        pages = client("dynamodb").get_paginator("scan")
        return {
            (table, raw["pk"]["S"], raw["sk"]["S"]): {name: each for name, each in raw.items() if name not in without}
            for table in self._declared.tables
            if table in self._touched
            for page in pages.paginate(TableName=table, ConsistentRead=True)
            for raw in page["Items"]
        }


@contextmanager
def opened(app: ModuleType, declared: Declared, touched: Set[str]) -> Iterator[World]:
    """Yield a world; every call of every client goes through it.

    `touched` holds the tables that were written to, always up to date; what was written to them before is not told.
    """
    original = BaseClient._make_api_call
    with time_machine.travel(now(), tick=True) as clock:
        world = World(app, declared, clock, touched)

        def call(client: Any, operation: str, asked: Any) -> Any:
            service = client.meta.service_model.service_name
            return world.called(service, operation, asked, lambda: original(client, operation, asked))

        BaseClient._make_api_call = call  # type: ignore[method-assign]
        try:
            yield world
        finally:
            BaseClient._make_api_call = original  # type: ignore[method-assign]
