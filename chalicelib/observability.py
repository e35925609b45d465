"""Logs and metrics: made once here, used everywhere. Neither ever holds personal data."""

from aws_lambda_powertools import Logger, Metrics
from chalice.app import Chalice, ConvertToMiddleware

SERVICE = "itinera"

logger = Logger(service=SERVICE)
metrics = Metrics(namespace="Itinera", service=SERVICE)


def instrument(app: Chalice) -> None:
    """Give every function of `app` structured logs with its request id, and its metrics."""
    app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context(clear_state=True)))
    app.register_middleware(ConvertToMiddleware(metrics.log_metrics(raise_on_empty_metrics=False)))
