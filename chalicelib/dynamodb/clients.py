"""The two clients of the process: one that reads and repeats by itself, one that writes and never does."""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import get_session
from pynamodb.connection import Connection

from chalicelib.dynamodb.wire import plainly
from chalicelib.settings import settings


@cache
def reader() -> Connection:
    """Return the connection that PynamoDB reads by; reads may be repeated by the client itself."""
    connection = Connection(
        region=settings.aws_region,
        host=settings.aws_endpoint_url or None,
        connect_timeout_seconds=1,
        read_timeout_seconds=3,
        retry_configuration={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=32,
    )
    plainly(connection.client)
    return connection


@cache
def writer() -> Any:
    """Return the client that writes: it never repeats by itself, for only `commit` knows what a repeat may mean."""
    client = get_session().create_client(
        "dynamodb",
        settings.aws_region,
        endpoint_url=settings.aws_endpoint_url or None,
        config=Config(
            connect_timeout=1,
            read_timeout=3,
            retries={"total_max_attempts": 1, "mode": "standard"},
            parameter_validation=False,  # requests are written by `writes` alone; checking each costs a tenth of it
            max_pool_connections=32,
        ),
    )
    return plainly(client)
