"""The router of the leads table."""

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.interactions.router import route
from chalicelib.leads.facts import facts_of

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_leads(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)
