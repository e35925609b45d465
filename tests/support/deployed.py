"""The deployed application as its callers have it: they insist, read until it is so, and can run the poller."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from infra.invoke import event_path, invoke
from infra.local.cloud import client_of
from infra.local.demo.client import Answer, Client, send
from infra.local.deploy import Deployment

PAUSE = 0.3  # between two reads, so that looking does not take the machine from what is looked at
PATIENCE = 420.0  # a message that a worker failed at comes back after three minutes; a busy machine takes its time
QUIET = 1.0  # between two looks at the queues: what is still on its way through a stream is in none
IDLE = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

Seen = TypeVar("Seen")


def eventually(
    what: str,
    look: Callable[[], Seen],
    wanted: Callable[[Seen], bool],
    seconds: float = PATIENCE,
    *,
    pause: float = PAUSE,
) -> Seen:
    """Read until it is as wanted, and return it; fails with what was read last."""
    deadline = time.monotonic() + seconds
    while not wanted(seen := look()):
        assert time.monotonic() < deadline, f"{what}: after {seconds:.0f} s it is still {str(seen)[:1000]}"
        time.sleep(pause)
    return seen


def insist(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a request until it is neither too early (429) nor answered by a failure (5xx); always the same request."""

    def asked() -> Answer | None:
        try:
            return send(method, url, body, headers, tries=4)
        except (OSError, http.client.HTTPException):
            return None  # it was too busy to answer

    answer = eventually(f"{method} {url}", asked, lambda it: it is not None and it.status != 429 and it.status < 500)
    assert answer is not None
    return answer


def submit(deployment: Deployment, form_id: str, values: Mapping[str, Any], key: str) -> Any:
    """Submit a form as a program does: with an Idempotency-Key, again and again until it was taken."""
    url = f"{deployment.api_url}/forms/{form_id}/submissions"
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    answer = insist("POST", url, json.dumps({"values": values}).encode(), headers)
    assert answer.status in {201, 202}, f"{values} was answered {answer.status}: {answer.text}"
    return answer.json


def submitted(deployment: Deployment, client: Client, form_id: str, values: Mapping[str, Any], key: str) -> Any:
    """Submit a form and return the submission once it came to something, at once or reminded by the poller."""
    path = f"/submissions/{submit(deployment, form_id, values, key)['submission_id']}"

    def look() -> Any:
        found = client.get(path)
        if found["state"] == "pending":
            poll(deployment)
        return found

    return eventually("what it came to", look, lambda found: found["state"] != "pending", pause=1.0)


def poll(deployment: Deployment) -> None:
    """Run the deployed poller now, as the schedule does every minute; a later call does for one that was killed."""
    try:
        invoke(deployment.cloud_url, "poll_due", event_path("poll_due", "minute").read_bytes())
    except ClientError as error:
        assert error.response["Error"]["Code"] == "TooManyRequestsException"  # noqa: PT017  it runs already


def queues(deployment: Deployment) -> dict[str, str]:
    """Return the addresses of all queues by name, dead letters too."""
    found = client_of(deployment.cloud_url, "sqs").list_queues(QueueNamePrefix=f"{deployment.prefix}-")["QueueUrls"]
    return {url.rpartition("/")[2].removeprefix(f"{deployment.prefix}-"): url for url in found}


def at_work(deployment: Deployment) -> dict[str, int]:
    """Return how many messages wait or are being handled, by queue, where there are any; those set aside too."""
    client = client_of(deployment.cloud_url, "sqs")
    found = {}
    for name, url in queues(deployment).items():
        counts = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(IDLE))["Attributes"]
        found[name] = sum(int(counts[each]) for each in IDLE)
    return {name: number for name, number in found.items() if number}


def settle(deployment: Deployment, seconds: float = PATIENCE) -> None:
    """Return when no queue has had work three times in a row: a stream takes a moment to become messages."""
    quiet = 0

    def looks() -> int:
        nonlocal quiet
        quiet = 0 if at_work(deployment) else quiet + 1
        return quiet

    eventually("idle queues", looks, lambda seen: seen >= 3, seconds, pause=QUIET)


@contextmanager
def soon_visible(deployment: Deployment) -> Iterator[None]:
    """Let a message that a killed worker held come back after seconds; deployed it takes three minutes.

    Not sooner than a living one is done with it on a busy machine: what comes five times is set aside.
    """
    client, name = client_of(deployment.cloud_url, "sqs"), "VisibilityTimeout"
    before = {}
    for url in queues(deployment).values():
        before[url] = client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
        client.set_queue_attributes(QueueUrl=url, Attributes={name: "20"})
    yield
    for url, attributes in before.items():
        client.set_queue_attributes(QueueUrl=url, Attributes=attributes)
