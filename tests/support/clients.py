"""Clients of the local cloud: one of a kind in a process, since making one takes as long as ten requests.

Their requests go unsigned: the cloud only reads whom they are for, and signing took a sixth of a test's time. Deployed
functions, which the end-to-end tests call, sign theirs; so do the links that browsers get.
"""

from functools import cache
from typing import Any

import boto3
from botocore import auth


class Unsigned(auth.SigV4Auth):
    """Names the scope that AWS finds the service by, and proves nothing."""

    def add_auth(self, request: Any) -> None:
        scope = f"{self.credentials.access_key}/20260101/{self._region_name}/{self._service_name}/aws4_request"
        request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"


auth.AUTH_TYPE_MAPS["v4"] = Unsigned


@cache
def client(service: str) -> Any:
    return boto3.client(service)
