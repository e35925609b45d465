"""The address that LinkedIn calls: a module of its own, for LinkedIn waits three seconds and no longer."""

import json

from msgspec.structs import astuple

from chalicelib import queues
from chalicelib.capture.linkedin import credentials, messages, service, signatures
from chalicelib.capture.linkedin.reading import Unreadable, notice_of
from chalicelib.capture.linkedin.schemas import Challenge
from chalicelib.errors import Unauthenticated
from chalicelib.http import JSON, Api, Call, Nothing, Reply

api = Api(__name__)

LARGEST = 1024 * 1024  # bytes of a delivery (decision 42)


@api.on("GET /webhooks/linkedin/{connection_id}", scope=None, query=Challenge)
def answer_linkedin(call: Call[Nothing], connection_id: str) -> Reply:
    """Prove to LinkedIn that this address is ours."""
    challenge = call.query.challengeCode
    answer = signatures.answer(credentials.client_secret(connection_id), challenge)
    body = json.dumps({"challengeCode": challenge, "challengeResponse": answer})
    return Reply(body, content_type=JSON, headers={"Cache-Control": "no-store"})


@api.on("POST /webhooks/linkedin/{connection_id}", scope=None, largest=LARGEST)
def receive_linkedin(call: Call[Nothing], connection_id: str) -> Reply:
    """Take a delivery of LinkedIn: what it tells of is fetched by whoever reads the queue."""
    secret = credentials.client_secret(connection_id)
    if not signatures.proves(secret, call.raw, call.headers.get("x-li-signature")):
        raise Unauthenticated("This delivery is not signed by LinkedIn for this connection.")
    try:
        notice = notice_of(call.raw)
    except Unreadable as unreadable:
        service.set_aside(connection_id, call.raw, unreadable, call.now)
    else:
        queues.send(messages.QUEUE, [messages.noticed(connection_id, *astuple(notice))])
    return Reply("{}", content_type=JSON)
