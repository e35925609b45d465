"""The subscription centre as somebody uses it who has a link and a browser without script."""

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

    def _shown(self, answer: object) -> "Reader":
        assert answer.status_code == 200, answer.body
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

    def save(self, **boxes: bool) -> "Reader":
        """Send the form as it is shown, some boxes changed (“_” stands for a space of a label)."""
        wanted = {**self.boxes, **{name.replace("_", " "): value for name, value in boxes.items()}}
        labels = {each.given["for"]: each.text for each in self.root.all("label")}
        fields = [
            (each.given["name"], each.given["value"])
            for each in self.root.all("input")
            if each.given["type"] == "hidden" or wanted[labels[each.given["id"]]]
        ]
        return self.send(fields)

    def send(self, fields: list[tuple[str, str]]) -> "Reader":
        answer = self._client.http.post(self._path, headers=FORM, body=urlencode(fields).encode())
        return self._shown(answer)
