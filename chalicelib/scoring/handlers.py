"""The queue that keeps scores up to date, the router of their table, and the nightly recount."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, SQSEvent

from chalicelib.clock import from_text, now
from chalicelib.leads import resuming
from chalicelib.observability import metrics
from chalicelib.queues import Message, consume
from chalicelib.scoring import bulk, failing, service
from chalicelib.scoring.accounts import rescoring as accounts
from chalicelib.scoring.facts import facts_of
from chalicelib.streams import route

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_scoring(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def rescore_contacts(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _rescore)


def _rescore(fact: Message) -> None:
    accounts.react(fact, now())
    if fact["fact"].startswith("opportunity.") and "accounts" in fact:
        bulk.rescore_customers(fact)
    if fact["fact"] in {"account.changed", "account.merged"}:
        bulk.rescore_account(fact)
    elif fact["fact"] == "account.recount":
        bulk.recount_account(fact, now())
    elif "contact" in fact:  # a lead without a parent has no score (SCO-4)
        with failing.noted(fact, now()):
            service.react(fact, now())
        _note_lateness(fact)
    resuming.hear(fact, now())  # what a score moved may wait, and what scores hear of may be what a lead waits for


def _note_lateness(fact: Message) -> None:
    """Tell how long after a fact the scores knew of it (SCO-28); what comes by the agenda has an instant of its own."""
    if "at" in fact:
        late = (now() - from_text(fact["at"])).total_seconds()
        metrics.add_metric(name="ScoreLateness", unit=MetricUnit.Seconds, value=max(0.0, late))


@handlers.schedule("cron(30 2 * * ? *)")
def recount_scores(_: CloudWatchEvent) -> None:
    """Have a seventh of all scores recounted."""
    bulk.nightly(now())
