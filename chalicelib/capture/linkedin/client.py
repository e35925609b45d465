"""LinkedIn's API over HTTP: what it is asked, and what its refusals mean."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct
from pydantic_core import from_json

from chalicelib.errors import DomainError, Unavailable
from chalicelib.settings import settings

LARGEST = 8 * 1024 * 1024  # bytes of an answer
PAGE = 100  # leads of one page

FIELDS = (
    "ownerInfo,associatedEntityInfo,leadMetadataInfo,owner,leadType,versionedLeadGenFormUrn,id,submittedAt,testLead,"
    "formResponse"
)
WITH_FORM = f"{FIELDS},form:(hiddenFields,creationLocale,name,id,content)"


class Refused(DomainError):
    """LinkedIn does not let us in: the token, the role or the approval is missing. Somebody has to authorise anew."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(Unavailable):
    """LinkedIn does not answer, or not as it should."""


class Throttled(Unreachable):
    """LinkedIn has been asked too often; `seconds` is how long it wants to be left alone, if it says so."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__("LinkedIn has been asked too often. It is asked again later.")
        self.seconds = seconds


class Page(Struct, frozen=True):
    """Some leads of a stretch of time, and how many there are in all, if LinkedIn says so."""

    leads: list[Any]
    total: int | None


class Client(Struct, frozen=True):
    """LinkedIn, asked with one token in one version."""

    token: str
    version: str

    def lead(self, response_id: str) -> dict[str, Any] | None:
        """Return a response with its form, None where there is none (any more)."""
        answer = self._get(f"/rest/leadFormResponses/{quote(response_id, safe='')}?fields={WITH_FORM}")
        return answer if isinstance(answer, dict) else None

    def form(self, form_id: str) -> dict[str, Any] | None:
        answer = self._get(f"/rest/leadForms/{quote(form_id, safe='')}")
        return answer if isinstance(answer, dict) else None

    def page(self, owner: str, lead_type: str, since: datetime, until: datetime, start: int) -> Page:
        """Return the leads that were submitted from `since` on and before `until`, from the `start`th on."""
        stretch = f"(start:{_milliseconds(since)},end:{_milliseconds(until)})"
        answer = self._get(
            f"/rest/leadFormResponses?q=owner&owner={owner_parameter(owner)}&leadType=(leadType:{lead_type})"
            f"&limitedToTestLeads=false&submittedAtTimeRange={stretch}&fields={FIELDS}&count={PAGE}&start={start}"
        )
        return Page(_elements(answer), _total(answer))

    def subscriptions(self, owner: str, lead_type: str) -> Iterator[tuple[str, str]]:
        """Yield id and webhook of what is subscribed to the leads of an owner."""
        owned = f"(value:{owner_parameter(owner)})"
        answer = self._get(
            f"/rest/leadNotifications?q=criteria&owner={owned}&leadType=(leadType:{lead_type})&count=50&start=0"
        )
        for each in _elements(answer):
            if isinstance(each, dict) and "id" in each:
                yield str(each["id"]), str(each.get("webhook", ""))

    def subscribe(self, owner: str, lead_type: str, webhook: str) -> str | None:
        """Have deliveries sent to `webhook`; returns the subscription's id if LinkedIn says it."""
        body = json.dumps({"webhook": webhook, "owner": {kind_of(owner): owner}, "leadType": lead_type})
        _, headers = self._ask("POST", "/rest/leadNotifications", body.encode())
        return headers.get("x-restli-id") or headers.get("x-linkedin-id")

    def unsubscribe(self, subscription: str) -> None:
        self._ask("DELETE", f"/rest/leadNotifications/{quote(subscription, safe='')}")

    def _get(self, path: str) -> Any:
        raw, _ = self._ask("GET", path)
        return None if raw is None else _parsed(raw)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[bytes | None, Mapping[str, str]]:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "LinkedIn-Version": self.version,
            "X-Restli-Protocol-Version": "2.0.0",
            "Accept": "application/json",
            **({"Content-Type": "application/json"} if body is not None else {}),
        }
        status, raw, told = send(method, f"{settings.linkedin_url}{path}", headers, body)
        if status == 404:
            return None, told
        _accept(status, told)
        return raw, told


def owner_parameter(owner: str) -> str:
    """Return an owner as Rest.li reads it: its parentheses and colons are syntax and stay, those of the URN do not."""
    return f"({kind_of(owner)}:{quote(owner, safe='')})"


def kind_of(owner: str) -> str:
    return owner.split(":")[2]


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _accept(status: int, headers: Mapping[str, str]) -> None:
    """Raise what a refusal means."""
    if status in {401, 403}:
        kind = "does not take the token" if status == 401 else "says that a role or an approval is missing"
        raise Refused(
            f"LinkedIn {kind} ({status}). Check the member's roles, then authorise the connection anew.", status
        )
    if status == 429:
        raise Throttled(_seconds(headers.get("retry-after", "")))
    if status == 426:
        raise Unreachable("LinkedIn does not know this version of its API (any more). Set a newer LinkedIn-Version.")
    if status >= 300:
        raise Unreachable(f"LinkedIn answered {status}. It is asked again later.")


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isdecimal() and len(retry_after) < 8 else None


def _elements(answer: Any) -> list[Any]:
    elements = answer.get("elements") if isinstance(answer, dict) else None
    if not isinstance(elements, list):
        raise Unreachable("LinkedIn's answer is not as it should be. It is asked again later.")
    return elements


def _total(answer: Any) -> int | None:
    paging = answer.get("paging")
    total = paging.get("total") if isinstance(paging, dict) else None
    return total if type(total) is int else None


class Tokens(Struct, frozen=True):
    """What a refresh gives: tokens, and for how many seconds they are good."""

    access: str
    access_seconds: int
    refresh: str | None
    refresh_seconds: int | None


def refresh(client_id: str, client_secret: str, refresh_token: str) -> Tokens:
    """Return fresh tokens. Raises Refused where the refresh token is not taken (any more)."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    url = f"{settings.linkedin_login_url}/oauth/v2/accessToken"
    status, raw, told = send("POST", url, headers, urlencode(form).encode())
    if status == 400:
        raise Refused("LinkedIn does not renew the token. Authorise the connection anew.")
    _accept(status, told)
    answer = _parsed(raw)
    given = answer if isinstance(answer, dict) else {}
    if not isinstance(given.get("access_token"), str):
        raise Unreachable("LinkedIn's answer is not as it should be. It is asked again later.")
    return Tokens(
        given["access_token"],
        _whole(given.get("expires_in")) or 0,
        str(given["refresh_token"]) if given.get("refresh_token") else None,
        _whole(given.get("refresh_token_expires_in")),
    )


def _whole(given: Any) -> int | None:
    return given if type(given) is int and 0 < given < 10**9 else None


def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, Mapping[str, str]]:
    """Ask once, with bounds on time and size. Raises Unreachable where no whole answer comes."""
    from urllib3.exceptions import HTTPError

    try:
        answer = _pool().request(
            method, url, headers=dict(headers), body=body, preload_content=False, redirect=False, retries=False
        )
        try:
            raw = answer.read(LARGEST + 1)
        finally:
            answer.release_conn()
    except (HTTPError, OSError) as error:
        raise Unreachable("LinkedIn does not answer at the moment. It is asked again later.") from error
    if len(raw) > LARGEST:
        raise Unreachable("LinkedIn's answer is larger than can be taken.")
    return answer.status, raw, {name.lower(): value for name, value in answer.headers.items()}


def _parsed(raw: bytes) -> Any:
    try:
        return from_json(raw)
    except ValueError as error:
        raise Unreachable("LinkedIn's answer is not as it should be. It is asked again later.") from error


@cache
def _pool() -> Any:
    from urllib3 import PoolManager, Timeout

    return PoolManager(maxsize=4, timeout=Timeout(connect=3, read=10))
