"""What goes into logs: ids, kinds and places, never what somebody sent."""

import io
import json
import logging

from chalicelib import queues
from chalicelib.errors import Invalid
from chalicelib.observability import logger

SECRET = "ada@lovelace.example"
EVENT = {"Records": [{"messageId": "m1", "body": json.dumps({"contact": "c"})}]}


def test_a_message_that_fails_is_logged_by_kind_and_place_without_what_the_error_says():
    def handle(_):
        raise Invalid(f"{SECRET} is no address.")

    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logger.registered_formatter)
    logger._logger.addHandler(handler)
    try:
        answer = queues.consume(EVENT, handle)
    finally:
        logger._logger.removeHandler(handler)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    logged = json.loads(written.getvalue())
    assert (logged["error"], logged["message_id"]) == ("Invalid", "m1")
    assert any("test_observability.py" in place for place in logged["places"])
    assert SECRET not in written.getvalue()
