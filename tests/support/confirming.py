"""Double opt-in as people meet it: a message in the mailbox, the page behind its link, and its button."""

import re
from typing import Any

from chalice.test import Client

from tests.support.accessible import faults
from tests.support.mail import Office, letter_links

EMAIL = {
    "subject": "{{ message.confirmation_request_type }}: {{ message.confirmation_object_name }}",
    "from_name": "Contoso",
    "from_address": "news@contoso.example",
    "language": "en",
    "legal_designation": "transactional",
    "content_type": "confirmation-request",
    "html": '<p>Hello {{ contact.first_name | default: "there" }}, {{ message.confirmation_object_description }} '
    '{{ message.confirmation_object_value }} <a href="{{ message.confirmation_url }}">please confirm</a></p>',
}
FORM_EMAIL = {
    **EMAIL,
    "subject": "Please confirm, {{ submission.first_name }}",
    "content_type": "form-confirmation",
    "html": "<p>Hello {{ contact.first_name }}, these lists: {{ message.subscription_list_names }} "
    '<a href="{{ message.confirmation_url }}">please confirm</a></p>',
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Mailbox:
    """The confirmations that came to addresses, and a browser without script that opens their pages."""

    def __init__(self, office: Office, client: Client) -> None:
        self._office, self._client = office, client

    @property
    def letters(self) -> list[Any]:
        """Every message that asks for a confirmation, oldest first."""
        return [each for each in self._office.letters() if self._paths(each)]

    @property
    def paths(self) -> list[str]:
        return [path for each in self.letters for path in self._paths(each)]

    def _paths(self, letter: Any) -> list[str]:
        found = [re.search(r"/confirm/[^/?#]+$", link) for link in letter_links(letter)]
        return [each.group() for each in found if each]

    def open(self, path: str, status: int = 200) -> str:
        return self._asked("GET", path, b"", status)[0]

    def press(self, path: str, status: int = 200) -> tuple[str, Any]:
        """Press the button of the page; returns what comes then, and its headers."""
        return self._asked("POST", path, b"", status)

    def _asked(self, method: str, path: str, body: bytes, status: int) -> tuple[str, Any]:
        answer = self._client.http.request(method, path, headers=FORM if method == "POST" else {}, body=body)
        text = answer.body.decode()
        assert answer.status_code == status, text
        if text:
            assert faults(text, answer.headers) == []
            assert answer.headers["Cache-Control"] == "no-store"
        return text, answer.headers
