"""Calls the API in process, as an administrator, and reads its answers."""

import json
from typing import Any

from chalice.test import Client

from chalicelib.access import service
from chalicelib.clock import now


class Caller:
    """Somebody with a key that may do everything."""

    def __init__(self, client: Client) -> None:
        _, text = service.create_key("root", "root", ["*"], ["*"], now())
        self._client, self._key = client, f"Bearer {text}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        """Return status, parsed body and headers."""
        sent = {"Content-Type": "application/json", "Authorization": self._key}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._client.http.request(method, path, headers=sent, body=json.dumps(body or {}).encode())
        return answer.status_code, json.loads(answer.body or b"null"), answer.headers

    def get(self, path: str) -> Any:
        status, body, _ = self.call("GET", path)
        assert status == 200, body
        return body

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        status, answer, _ = self.call("POST", path, body, **headers)
        assert status in {200, 201}, answer
        return answer

    def change(self, method: str, path: str, record: Any, body: Any = None) -> Any:
        """Change a record as it was read."""
        status, answer, _ = self.call(method, path, body, If_Match=f'"{record["version"]}"')
        assert status in {200, 201, 204}, answer
        return answer
