"""Use cases: look at what came from LinkedIn, at what failed, and at what nobody understands."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chalicelib.capture.linkedin import taking
from chalicelib.capture.linkedin.models import Connection, OfLead, Response, SetAside, TestLead, listed_under
from chalicelib.capture.linkedin.reading import Unreadable, lead_of
from chalicelib.capture.linkedin.taking import FAILURE, OPEN_FAILURES, Held
from chalicelib.capture.models import CaptureItem
from chalicelib.clock import digest
from chalicelib.dynamodb import ConditionFailed, Key, commit, put, put_new, read
from chalicelib.errors import Conflict, NotFound
from chalicelib.leads import reading as leads
from chalicelib.lists import Asked, Page, page, partitions

MOST_SHOWN = 50  # responses of a lead
SHOWN_ASIDE = 30_000  # letters of a delivery that nobody understood


def set_aside(connection_id: str, body: bytes, reason: Unreadable, now: datetime) -> None:
    """Keep a delivery that is LinkedIn's and that we do not understand, once however often it comes (decision 42)."""
    identity = digest("linkedin-delivery", body.hex())
    row = SetAside(
        *SetAside.at(connection_id, identity),
        connection_id=connection_id,
        aside_id=identity,
        reason=str(reason),
        body=body.decode("utf-8", "replace")[:SHOWN_ASIDE],
        bytes=len(body),
        form_shard=listed_under(connection_id, "aside"),
        submitted_at=now,
    )
    try:
        commit([put_new(row)])
    except ConditionFailed:
        return


def dismiss(connection_id: str, aside_id: str) -> None:
    """Forget what a delivery said that somebody has looked at; LinkedIn may bring it again. Raises NotFound."""
    row = SetAside.find(*SetAside.at(connection_id, aside_id))
    if row is None or row.form_shard is None:
        raise NotFound("There is no such delivery.")
    row.body, row.form_shard = "", None
    commit([put(row, SetAside.pk.exists())])


def find(submission_id: str) -> Response:
    """Return a response, read consistently. Raises NotFound."""
    response = Response.find(*Response.at(submission_id))
    if response is None:
        raise NotFound("There is no LinkedIn submission of this id.")
    return response


def responses_of(connection_id: str, asked: Asked) -> Page[Response]:
    """Newest first."""
    hashes = partitions(listed_under(connection_id, "response"))
    return page(CaptureItem.by_form, hashes, asked, newest_first=True, kind=Response)


def failures(asked: Asked) -> Page[Response]:
    """Newest first."""
    return page(CaptureItem.by_open, partitions(OPEN_FAILURES), asked, newest_first=True, kind=Response)


def test_leads(connection_id: str, asked: Asked) -> Page[TestLead]:
    """Newest first."""
    hashes = [listed_under(connection_id, "test")]
    return page(CaptureItem.by_form, hashes, asked, newest_first=True, kind=TestLead)


def deliveries_aside(connection_id: str, asked: Asked) -> Page[SetAside]:
    """Newest first."""
    hashes = [listed_under(connection_id, "aside")]
    return page(CaptureItem.by_form, hashes, asked, newest_first=True, kind=SetAside)


def responses_of_lead(lead_id: str) -> list[Response]:
    """Return the newest responses that are attached to a lead or one that was merged into it. Raises NotFound."""
    lead = leads.find(lead_id)
    rows = [row for each in (lead_id, *(lead.identities or ())) for row in _attached(each)]
    newest = sorted(rows, key=lambda row: row.sk, reverse=True)[:MOST_SHOWN]
    found = read(Key(Response, *Response.at(row.submission_id)) for row in newest)
    return [each for each in found if each is not None]


def _attached(lead_id: str) -> Iterable[OfLead]:
    return OfLead.query(OfLead.of(lead_id), consistent_read=True, scan_index_forward=False, limit=MOST_SHOWN)


def retry(submission_id: str, now: datetime) -> Response:
    """Try a failed response again, from the answers that were kept. Raises NotFound, Conflict."""
    response = find(submission_id)
    if response.state != FAILURE:
        raise Conflict("Only a failed LinkedIn submission can be retried.")
    form = taking.form_known(response.form_urn) if response.form_urn else None
    connection = Connection.find(*Connection.at(response.connection_id))
    if form is None or connection is None:
        raise Conflict("Its form or its connection is gone, so nobody can tell what its answers mean.")
    taking.take(connection, lead_of(_raw(response)), form, Held(response, withdrawn=False), now)
    return find(submission_id)


def _raw(response: Response) -> dict[str, Any]:
    kind = response.owner.split(":")[2]
    return {
        **(response.answers or {}),
        "id": response.response_id,
        "owner": {kind: response.owner},
        "leadType": response.lead_type,
        "submittedAt": int(response.submitted_at.timestamp() * 1000),
        "versionedLeadGenFormUrn": response.form_urn,
    }
