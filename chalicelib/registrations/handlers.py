"""The router of the registrations table."""

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.registrations.facts import facts_of
from chalicelib.streams import route

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_registrations(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)
