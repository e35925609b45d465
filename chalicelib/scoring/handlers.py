"""The queue that keeps scores up to date, and the nightly recount."""

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, SQSEvent

from chalicelib.clock import now
from chalicelib.queues import Message, consume
from chalicelib.scoring import accounts, bulk, service

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def rescore_contacts(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _rescore)


def _rescore(fact: Message) -> None:
    accounts.react(fact, now())
    if fact["fact"] == "account.changed":
        bulk.rescore_account(fact)
    elif fact["fact"] == "account.recount":
        bulk.recount_account(fact, now())
    elif "contact" in fact:  # a lead without a parent has no score (SCO-4)
        service.react(fact, now())


@handlers.schedule("cron(30 2 * * ? *)")
def recount_scores(_: CloudWatchEvent) -> None:
    """Have a seventh of all scores recounted."""
    bulk.nightly(now())
