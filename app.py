"""Entry point: puts the application together; everything it does lives in chalicelib."""

from chalice.app import Blueprint

from chalicelib.access.authorizer import authorize
from chalicelib.access.authorizer import handlers as access_handlers
from chalicelib.access.routes import api as access_api
from chalicelib.http import Application
from chalicelib.journeys.handlers import (
    claim_enrolment,
    enrol_contacts,
    perform_tile,
    poll_due,
    raise_business_triggers,
    rest_enrolment,
    route_journeys,
    set_aside_enrolment,
    wake_enrolments,
)
from chalicelib.journeys.handlers import handlers as journey_handlers
from chalicelib.journeys.routes import api as journeys_api
from chalicelib.observability import instrument
from chalicelib.openapi import api as openapi_api

# Lambda looks each function up here, which loads the middleware along with it (aws/chalice#1566).
__all__ = [
    "app",
    "authorize",
    "claim_enrolment",
    "enrol_contacts",
    "perform_tile",
    "poll_due",
    "raise_business_triggers",
    "rest_enrolment",
    "route_journeys",
    "set_aside_enrolment",
    "wake_enrolments",
]

app = Application(app_name="itinera", configure_logs=False)
instrument(app)

BLUEPRINTS: list[Blueprint] = [openapi_api, access_api, access_handlers, journeys_api, journey_handlers]
for blueprint in BLUEPRINTS:
    app.register_blueprint(blueprint)
