"""What IAM refuses: a function asks of AWS what its grants allow and nothing else, which the local cloud does not mind.

Once `enforced`, every call of a client that is made while a function of app.py runs (the API and its authorizer too) is
held to the role that infra/ renders for it. What that does not allow is refused as on AWS, and remembered, so that
`nothing_refused` fails the test even where the function lived with the refusal.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import cache
from typing import Any

import pytest
from botocore import signers
from botocore.exceptions import ClientError
from chalice.app import Chalice, ChaliceAuthorizer, EventSourceHandler

from chalicelib import tokens
from chalicelib.settings import settings
from tests.support.needs import needs
from tests.support.roles import allows

running: ContextVar[str] = ContextVar("running", default="")
"""The function that runs, as Python calls it; nothing while the test itself does."""
refused: set[tuple[str, str, str]] = set()
_remembering = [""]
"""The function whose memory this process has."""


@contextmanager
def running_as(function: str) -> Iterator[None]:
    """Let what happens here be done by a function, or with "" by somebody who may do everything."""
    before = running.set(function)
    try:
        yield
    finally:
        running.reset(before)


def ask(service: str, operation: str, asked: Mapping[str, Any]) -> None:
    """Refuse what the function that runs may not ask. Raises ClientError as AWS answers it."""
    function = running.get()
    for action, resource in needs(service, operation, asked) if function else ():
        if not allows(function, action, resource):
            refused.add((function, action, resource))
            message = f"{function} is not authorized to perform: {action} on resource: {resource}"
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, operation)


def nothing_refused() -> None:
    """Raise AssertionError for what was refused since this was last asked: infra/resources lacks a grant."""
    found = sorted(refused)
    refused.clear()
    assert not found, "not granted: " + "; ".join(f"{function}: {what} on {which}" for function, what, which in found)


def enforced(patched: pytest.MonkeyPatch, forget: Callable[[], object]) -> None:
    """Hold every function to its role, for as long as `patched` lasts.

    `forget` takes from this process what it remembers of what it read: on AWS each function has to read it itself.
    """
    for kind in (Chalice, ChaliceAuthorizer, EventSourceHandler):
        patched.setattr(kind, "__call__", _named(kind.__call__, forget))
    submit = ThreadPoolExecutor.submit
    patched.setattr(
        ThreadPoolExecutor, "submit", lambda pool, *call, **more: submit(pool, copy_context().run, *call, **more)
    )
    _hold_what_makes_no_call(patched)


def _named(call: Callable[..., Any], forget: Callable[[], object]) -> Callable[..., Any]:
    def named(handler: Any, event: Any, context: Any) -> Any:
        function = _functions().get(id(handler), "")
        if [function] != _remembering:
            forget()
            _remembering[0] = function
        with running_as(function):
            return call(handler, event, context)

    return named


@cache
def _functions() -> dict[int, str]:
    import app

    return {id(getattr(app, name)): name for name in app.__all__}


def _hold_what_makes_no_call(patched: pytest.MonkeyPatch) -> None:
    """Keys are read once a process, by whoever is first; an address that is signed can do what its signer may."""
    key, address, form = tokens._key, signers.generate_presigned_url, signers.generate_presigned_post

    def asking(purpose: str, secret: str = "") -> bytes:
        ask("secretsmanager", "GetSecretValue", {"SecretId": secret or settings.secret_name})
        return key(purpose, secret)

    def to_fetch(client: Any, method: str, Params: Any, **more: Any) -> str:  # noqa: N803
        ask("s3", client.meta.method_to_api_mapping[method], Params)
        return address(client, method, Params, **more)

    def to_send(client: Any, bucket: str, key: str, **more: Any) -> Any:
        ask("s3", "PutObject", {"Bucket": bucket, "Key": key})
        return form(client, bucket, key, **more)

    patched.setattr(tokens, "_key", asking)
    patched.setattr(signers, "generate_presigned_url", to_fetch)
    patched.setattr(signers, "generate_presigned_post", to_send)
