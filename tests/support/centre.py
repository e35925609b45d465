"""The subscription centre as somebody uses it who has a link and a browser without script."""

from typing import Any
from urllib.parse import urlencode

from chalice.test import Client

from chalicelib.tokens import sign
from tests.support.accessible import Node, Page

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Reader:
    """Somebody who got a message: opens its centre, ticks and clears boxes by their labels, and saves."""

    def __init__(self, client: Client, send_id: str = "s1") -> None:
        self._client, self._path = client, f"/subscriptions/{sign('send', send_id)}"
        self.text = ""

    def open(self) -> "Reader":
        answer = self._client.http.get(self._path)
        return self._shown(answer)

    def _shown(self, answer: Any, status: int = 200) -> "Reader":
        assert answer.status_code == status, answer.body
        self.text = answer.body.decode()
        return self

    @property
    def root(self) -> Node:
        return Page(self.text).root

    @property
    def boxes(self) -> dict[str, bool]:
        """Every box, in the order of the page, and whether it is ticked."""
        labels = {each.given["for"]: each.text for each in self.root.all("label")}
        found = [each for each in self.root.all("input") if each.given.get("type") == "checkbox"]
        return {labels[each.given["id"]]: "checked" in each.given for each in found}

    def save(self, *, pick: str = "", status: int = 200, **changed: bool | str) -> "Reader":
        """Send the form as it is shown, but for boxes and fields that are changed, and the choice that is picked."""
        labels = {each.given["for"]: each.text for each in self.root.all("label")}
        fields = []
        for each in self.root.all("input"):
            name = labels.get(each.given.get("id", ""), "")
            wanted = changed.get(name, each.given["value"])
            ticked = wanted if isinstance(wanted, bool) else "checked" in each.given
            if each.given["type"] == "radio":
                ticked = name == pick if pick else "checked" in each.given
            if each.given["type"] not in {"checkbox", "radio"} or ticked:
                fields.append((each.given["name"], wanted if isinstance(wanted, str) else each.given["value"]))
        return self.send(fields, status)

    def send(self, fields: list[tuple[str, str]], status: int = 200) -> "Reader":
        answer = self._client.http.post(self._path, headers=FORM, body=urlencode(fields).encode())
        return self._shown(answer, status)
