"""Entry point: puts the application together; everything it does lives in chalicelib."""

from chalice.app import Blueprint

from chalicelib.access.authorizer import authorize
from chalicelib.access.authorizer import handlers as access_handlers
from chalicelib.access.routes import api as access_api
from chalicelib.definitions.handlers import finish_job, route_definitions, start_jobs, work_slice
from chalicelib.definitions.handlers import handlers as definitions_handlers
from chalicelib.definitions.routes import api as definitions_api
from chalicelib.http import Application
from chalicelib.interactions.handlers import handlers as interactions_handlers
from chalicelib.interactions.handlers import route_interactions
from chalicelib.interactions.routes import api as interactions_api
from chalicelib.observability import instrument
from chalicelib.openapi import api as openapi_api
from chalicelib.wiring import connect

# Lambda looks each function up here, which loads the middleware along with it (aws/chalice#1566).
__all__ = [
    "app",
    "authorize",
    "finish_job",
    "route_definitions",
    "route_interactions",
    "start_jobs",
    "work_slice",
]

app = Application(app_name="itinera", configure_logs=False)
instrument(app)
connect()

BLUEPRINTS: list[Blueprint] = [
    openapi_api,
    access_api,
    access_handlers,
    definitions_api,
    definitions_handlers,
    interactions_api,
    interactions_handlers,
]
for blueprint in BLUEPRINTS:
    app.register_blueprint(blueprint)
