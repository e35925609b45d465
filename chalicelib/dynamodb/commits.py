"""Making writes: all of some plans or none, tried again where that is safe."""

import re
import time
from collections.abc import Sequence
from typing import Any, NoReturn, cast

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as Disconnected
from msgspec import Struct

from chalicelib.clock import new_id
from chalicelib.dynamodb.clients import writer
from chalicelib.dynamodb.items import Raw
from chalicelib.dynamodb.racing import TRIES, pause, wait
from chalicelib.dynamodb.witnesses import added
from chalicelib.dynamodb.writes import ConditionFailed, Failure, Plan, Write
from chalicelib.errors import Unavailable

MOST_TOGETHER = 100  # writes of a transaction
PATIENCE = 4.0  # seconds for all tries of one commit: an answer that never came (after 3) is asked for once more


class Attempt(Struct):
    """The tries of one commit: how many were made, and whether an answer was lost on the way."""

    deadline: float
    made: int = 0
    answer_lost: bool = False

    def again(self, error: Exception) -> None:
        """Wait a little, longer each time, or give up."""
        self.made += 1
        seconds = pause(self.made)
        if self.made == TRIES or time.monotonic() + seconds > self.deadline:
            raise Unavailable("The records are busy at the moment. Try again in a few seconds.") from error
        wait(seconds)


def commit(*plans: Plan, token: str | None = None) -> None:
    """Make all writes of all plans, or none.

    `token` makes the transaction idempotent for ten minutes. Raises the `refused` error of the first write whose
    condition failed, else ConditionFailed; Unavailable if the records stay contended or the service does not answer.
    """
    asked = [write for plan in plans for write in plan]
    seen = added(asked)
    room = MOST_TOGETHER - len(asked)
    _make([*asked, *seen[:room]], token)
    if seen[room:]:  # what a full transaction has no room for is written right after it
        _make(seen[room:], None)


def _make(writes: Sequence[Write], token: str | None) -> None:
    if len(writes) == 1 and writes[0].verb != "ConditionCheck":
        change(writes[0])
    elif writes:
        _transact(writes, token or new_id())


def change(write: Write) -> Raw:
    """Make one write. Returns the item as it is now for an update, else an empty mapping. Raises as `commit` does."""
    returned = {"ReturnValues": "ALL_NEW"} if write.verb == "Update" else {}
    request = {"TableName": write.key.table, **write.request, **returned}
    attempt = Attempt(time.monotonic() + PATIENCE)
    while True:
        try:
            answer = writer()._make_api_call(f"{write.verb}Item", request)
            return cast(Raw, answer.get("Attributes", {}))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                return _unless_ours(attempt, write, cast(Any, error.response).get("Item"))
            _retriable(error, code, attempt)
        except (Disconnected, HTTPClientError) as error:
            attempt.answer_lost = True
            attempt.again(error)


def _unless_ours(attempt: Attempt, write: Write, found: Raw | None) -> Raw:
    # After a lost answer a failed condition may be our own write, seen again.
    if attempt.answer_lost and found and _made(write, found):
        return found
    return _refuse([Failure(write, found)])


def _made(write: Write, found: Raw) -> bool:
    """Return whether `found` is what `write` would have left behind."""
    if write.verb == "Put":
        return _unordered(write.request["Item"]) == _unordered(found)
    names = write.request.get("ExpressionAttributeNames", {})
    values = write.request.get("ExpressionAttributeValues", {})
    assigned = _ASSIGNED.findall(write.request.get("UpdateExpression", ""))
    wanted = {names[name]: values[value] for name, value in assigned}
    left = {name: value for name, value in found.items() if name in wanted}
    return bool(wanted) and _unordered(left) == _unordered(wanted)


def _unordered(item: Raw) -> dict[str, Any]:
    """Return an item whose sets are sets: the database gives their members back in any order."""
    return {name: set(value["SS"]) if "SS" in value else value for name, value in item.items()}


_ASSIGNED = re.compile(r"(#\d+) = (:\d+)(?=,| |$)")


def _transact(writes: Sequence[Write], token: str) -> None:
    items = [{write.verb: {"TableName": write.key.table, **write.request}} for write in writes]
    request = {"TransactItems": items, "ClientRequestToken": token[:36]}
    attempt = Attempt(time.monotonic() + PATIENCE)
    while True:
        try:
            writer()._make_api_call("TransactWriteItems", request)
        except ClientError as error:
            _cancelled(error, writes, attempt)
        except (Disconnected, HTTPClientError) as error:
            attempt.again(error)  # the same token: if it was made, it is not made again
        else:
            return


def _cancelled(error: ClientError, writes: Sequence[Write], attempt: Attempt) -> None:
    code = error.response["Error"]["Code"]
    if code != "TransactionCanceledException":
        _retriable(error, code, attempt)
        return
    reasons = cast(Any, error.response).get("CancellationReasons", [])
    failures = [
        Failure(write, reason.get("Item"))
        for write, reason in zip(writes, reasons, strict=True)
        if reason.get("Code") == "ConditionalCheckFailed"
    ]
    if failures:
        _refuse(failures)
    for reason in reasons:
        if reason.get("Code") not in {"None", None} | PASSING:
            raise error
    attempt.again(error)


PASSING = {
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
}


def _retriable(error: ClientError, code: str, attempt: Attempt) -> None:
    if code not in PASSING:
        raise error
    attempt.again(error)


def _refuse(failures: Sequence[Failure]) -> NoReturn:
    failed = ConditionFailed(failures)
    for failure in failures:
        if failure.write.refused:
            raise failure.write.refused from failed
    raise failed
