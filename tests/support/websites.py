"""A website as its pages use it: what the script of a page tells, and the cookie that it keeps."""

import json
from typing import Any
from urllib.parse import urlencode

from chalice.test import Client

from tests.support.api import Caller

ORIGIN = "https://www.contoso.example"


def website(api: Caller, **more: Any) -> str:
    """Make a website and return its id."""
    given = {"name": "Contoso", "url": ORIGIN, "origins": [ORIGIN], "asks_first": False}
    return str(api.post("/websites", {**given, **more})["id"])


class Pages:
    """A browser at the pages of a website; it keeps its visitor, as the script does."""

    def __init__(self, client: Client, website_id: str, origin: str = ORIGIN) -> None:
        self._client, self.website_id, self._origin = client, website_id, origin
        self.visitor, self._told = "", 0

    def tell(self, kind: str = "visit", path: str = "/", *, headers: Any = None, **more: str) -> int:
        """Tell what happened, once under a name of its own; return the status."""
        self._told += 1
        event = more.pop("event", f"event-{id(self)}-{self._told}")
        fields = {"kind": kind, "event": event, "url": f"{self._origin}{path}", "visitor": self.visitor, **more}
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._origin, **(headers or {})}
        answer = self._client.http.post(f"/w/{self.website_id}", headers=sent, body=urlencode(fields).encode())
        self.headers, self.text = answer.headers, answer.body.decode()
        if answer.status_code == 200:
            self.visitor = json.loads(self.text)["visitor"]
        return int(answer.status_code)

    def visit(self, path: str = "/", **more: str) -> int:
        return self.tell("visit", path, **more)

    def click(self, link: str, path: str = "/", **more: str) -> int:
        return self.tell("click", path, link=link, **more)

    def send_form(self, form_id: str, values: dict[str, str]) -> Any:
        """Send a form that is marked as one of ours, as the script does; the browser is whoever the answer says."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._origin}
        answer = self._client.http.post(f"/forms/{form_id}/submissions", headers=sent, body=urlencode(values).encode())
        found = json.loads(answer.body)
        self.visitor = found.get("visitor") or self.visitor
        return found
