"""The ground all tests stand on: real DynamoDB semantics from a local cloud of their own, tables from infra/."""

import gc
import json
import os
import random
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

PREFIX = "itinera-test"
BUCKET = f"{PREFIX}-exports-000000000000"


def _free_port() -> int:
    """Return a port below those that outgoing connections get, lest one of them takes it before the cloud does."""
    ports = (20_000 + (os.getpid() * 7 + number) % 12_000 for number in range(12_000))
    return next(port for port in ports if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


PORT = _free_port()
ENDPOINT = f"http://127.0.0.1:{PORT}"

# Before anything of ours is imported: settings are read once.
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_REGION="us-east-1",
    AWS_ENDPOINT_URL=ENDPOINT,
    AWS_ACCOUNT_ID="000000000000",
    PREFIX=PREFIX,
    STAGE="test",
    PUBLIC_URL="https://itinera.example",
    QUEUE_BASE=f"{ENDPOINT}/000000000000/",
    SECRET_NAME=f"{PREFIX}-keys",
    LIVE_CACHE_SECONDS="0",
    CONFIGURATION_SET=PREFIX,
    BULK_MACHINE_ARN=f"arn:aws:states:us-east-1:000000000000:stateMachine:{PREFIX}-bulk-job",
    EXPORTS_BUCKET=BUCKET,
    JOURNEY_MACHINE_ARN=f"arn:aws:states:us-east-1:000000000000:stateMachine:{PREFIX}-journey",
    POWERTOOLS_METRICS_DISABLED="true",
    POWERTOOLS_LOG_LEVEL="WARNING",
)

import pytest  # noqa: E402
import ulid  # noqa: E402
from botocore.client import BaseClient  # noqa: E402
from hypothesis import HealthCheck  # noqa: E402
from hypothesis import settings as properties  # noqa: E402

from infra.local.cloud import server as server_of  # noqa: E402
from tests.support import declared as declared_by_infra  # noqa: E402
from tests.support import permissions, rules_plugin, scheduling  # noqa: E402
from tests.support.clients import client  # noqa: E402

if TYPE_CHECKING:
    from tests.support.streams import World


# The same examples each time, however busy the machine is: a run that fails, fails again.
properties.register_profile(
    "steady", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
properties.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(rules_plugin.Rules())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rules_plugin.mark(items)
    items[:] = scheduling.in_order(items)


@pytest.hookimpl(optionalhook=True)  # measurements run without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.Together:
    return scheduling.Together(config, log)


def pytest_collection_finish() -> None:
    """What was collected stays; to look through it for garbage again and again took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@pytest.fixture(autouse=True)
def steady_ids(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ids that a test makes are the same each time: what rests on their order or shard always fails, or never."""
    chance, clock, usual = random.Random(request.node.nodeid), count(1_800_000_000_000), ulid.default_generator
    ulid.default_generator = ulid.ULIDGenerator(lambda: next(clock), lambda _: chance.randbytes(10))
    yield
    ulid.default_generator = usual


@pytest.fixture(scope="session")
def local_aws() -> Iterator[str]:
    """A local cloud for this process, on loopback. Yields its address."""
    home = tempfile.TemporaryDirectory()
    server = subprocess.Popen(
        server_of(PORT),
        cwd=home.name,
        env={
            **os.environ,
            "GATEWAY_PORT": str(PORT),
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "TMPDIR": home.name,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await_answer(server)
        yield ENDPOINT
    finally:
        server.kill()
        server.wait()
        home.cleanup()


def _await_answer(server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.exit(f"the local cloud ended with {server.returncode}")
        try:
            urllib.request.urlopen(f"{ENDPOINT}/_ministack/health", timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            continue
        else:
            return
    pytest.exit("the local cloud did not answer within 60 s")


def _resources(kind: str) -> dict[str, dict[str, Any]]:
    """What infra/ declares of one kind, with the test's prefix in the names."""
    known = declared_by_infra.resources(PREFIX).items()
    return {name: resource["Properties"] for name, resource in known if resource.get("Type") == kind}


@pytest.fixture(scope="session")
def declared(local_aws: str) -> Iterator["Declared"]:
    """Tables, queues and the secret, as infra/ declares them, and the domains tied together as app.py does it."""
    from chalicelib import wiring

    wiring.wire()  # whichever tests are run, alone or among others
    database, queues = client("dynamodb"), client("sqs")
    tables = [_table(properties) for properties in _resources("AWS::DynamoDB::Table").values()]
    for table in tables:
        database.create_table(**table)
    for queue in _resources("AWS::SQS::Queue").values():
        queues.create_queue(QueueName=queue["QueueName"])
    client("s3").create_bucket(Bucket=BUCKET)
    for secret in _resources("AWS::SecretsManager::Secret").values():
        client("secretsmanager").create_secret(Name=secret["Name"], SecretString=f"of tests only {secret['Name']}")
    with pytest.MonkeyPatch.context() as patched:
        permissions.enforced(patched, _forget)
        yield Declared(database, queues, {table["TableName"]: table for table in tables}, patched)


class Declared:
    """What there is, and where a test may have left something: to look everywhere after each took half the time."""

    def __init__(self, database: Any, queues: Any, tables: dict[str, Any], patched: pytest.MonkeyPatch) -> None:
        self._database, self._queues, self.tables = database, queues, tables
        self.touched: set[str] = set()
        original = BaseClient._make_api_call

        def noting(client: Any, operation: str, asked: Any) -> Any:
            permissions.ask(client.meta.service_model.service_name, operation, asked)
            self.touched |= set(_written(operation, asked))
            return original(client, operation, asked)

        patched.setattr(BaseClient, "_make_api_call", noting)

    def empty(self) -> None:
        touched, self.touched = self.touched, set()
        for name in touched & self.tables.keys():
            self._database.delete_table(TableName=name)
            self._database.create_table(**self.tables[name])
        for url in touched - self.tables.keys() - {BUCKET}:
            self._queues.purge_queue(QueueUrl=url)
        if BUCKET in touched:
            self._empty_bucket()

    def _empty_bucket(self) -> None:
        files = client("s3")
        for page in files.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            if found := [{"Key": each["Key"]} for each in page.get("Contents", [])]:
                files.delete_objects(Bucket=BUCKET, Delete={"Objects": found})
        self.touched.discard(BUCKET)


def _written(operation: str, asked: Any) -> list[str]:
    """Return the tables that a call writes to by name, or the queue by address; the bucket also if it only reads.

    What people send to an address that was signed for them passes by us, but somebody reads it afterwards.
    """
    if operation == "TransactWriteItems":
        return [write["TableName"] for each in asked["TransactItems"] for write in each.values()]
    if operation == "BatchWriteItem":
        return list(asked["RequestItems"])
    if operation in {"PutItem", "UpdateItem"}:
        return [asked["TableName"]]
    if operation == "SetQueueAttributes":  # what a queue gives up, the cloud itself moves to where its rules say
        rules = json.loads(asked["Attributes"].get("RedrivePolicy") or "{}")
        return [os.environ["QUEUE_BASE"] + rules["deadLetterTargetArn"].rpartition(":")[2]] if rules else []
    if operation in {"SendMessage", "SendMessageBatch"}:
        return [asked["QueueUrl"]]
    return [BUCKET] if asked.get("Bucket") == BUCKET else []


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    wanted = ("TableName", "BillingMode", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
    table = {name: properties[name] for name in wanted if name in properties}
    if "StreamSpecification" in properties:
        table["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    return table


@pytest.fixture
def cloud(declared: Declared) -> Iterator[None]:
    """An empty database and empty queues for one test, in which every function keeps to its grants."""
    yield
    _forget()
    declared.empty()
    permissions.nothing_refused()


@pytest.fixture(scope="module")
def shared_cloud(declared: Declared) -> Iterator[None]:
    """An empty database and empty queues for the tests of one file, which do not mind what the others leave."""
    yield
    _forget()
    declared.empty()
    permissions.nothing_refused()


def _forget() -> None:
    """Empty what a process keeps of published documents: in another test the same id is another document."""
    from chalicelib.definitions import live as live_definitions
    from chalicelib.leads import awaited

    live_definitions.forget()
    awaited.forget()
    live_definitions.document.cache_clear()
    for cached in _caches():
        cached.cache_clear()


def _caches() -> list[Any]:
    """What else keeps published documents, or what was compiled from them, by id and version."""
    from chalicelib.journeys import versions
    from chalicelib.leads import processes
    from chalicelib.scoring import live
    from chalicelib.scoring.accounts import log as account_log
    from chalicelib.scoring.reports import previews

    published = [live.published, previews._compiled, processes.published]
    return [versions.document, versions.condition, *published, account_log.note_month]


@pytest.fixture
def world(cloud: None, declared: Declared) -> Iterator["World"]:
    """Streams, queues and machines in this process, between the functions of the app (tests/support/streams.py)."""
    import app
    from tests.support import streams

    batches = {source.name: source.batch_size for source in app.app.event_sources if hasattr(source, "batch_size")}
    with streams.opened(app, declared_by_infra.load(PREFIX, batches), declared.touched) as opened:
        yield opened
