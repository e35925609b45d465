"""Logs and metrics: made once here, used everywhere. Neither ever holds personal data."""

from aws_lambda_powertools import Logger, Metrics

SERVICE = "itinera"

logger = Logger(service=SERVICE)
metrics = Metrics(namespace="Itinera", service=SERVICE)
