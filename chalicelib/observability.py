"""Logs and metrics: made once here, used everywhere. Neither ever holds personal data."""

import traceback
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from botocore.exceptions import ClientError
from chalice.app import Chalice, ConvertToMiddleware

SERVICE = "itinera"

logger = Logger(service=SERVICE)
metrics = Metrics(namespace="Itinera", service=SERVICE)


def instrument(app: Chalice) -> None:
    """Give every function of `app` structured logs with its request id, and its metrics."""
    app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context(clear_state=True)))
    app.register_middleware(ConvertToMiddleware(metrics.log_metrics(raise_on_empty_metrics=False)))


def note_failure(what: str, error: Exception, **ids: Any) -> None:
    """Log an error by its kind and place: what it says may hold what somebody sent or what a record holds."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    cause = type(error.__cause__).__name__ if error.__cause__ else None
    logger.error(what, error=type(error).__name__, code=code, cause=cause, places=places, **ids)
