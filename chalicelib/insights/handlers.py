"""The queue of facts to be counted."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib.clock import now
from chalicelib.insights import service
from chalicelib.insights.counting import Countable, of_burst, of_fact
from chalicelib.journeys import service as journeys

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=100, maximum_batching_window_in_seconds=1)
def count_facts(event: SQSEvent) -> None:
    """Count a batch together: it costs one transaction. A batch that fails comes again whole and counts the rest."""
    service.count(_countables(json.loads(record["body"]) for record in event.to_dict()["Records"]), now())


def _countables(facts: Iterable[dict[str, Any]]) -> Iterator[Countable]:
    for fact in facts:
        if fact["fact"] == "burst.recorded":
            burst = journeys.find_burst(fact["contact"], fact["sk"])
            yield from [of_burst(fact, burst)] if burst else []
        else:
            yield from of_fact(fact)
