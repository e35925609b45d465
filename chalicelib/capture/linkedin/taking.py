"""Use case: take a response once, however often and by whichever way it comes; test leads apart."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.capture import inbound
from chalicelib.capture.linkedin import matching, resolving
from chalicelib.capture.linkedin.models import (
    Connection,
    Counts,
    FormVersion,
    OfLead,
    Response,
    TestLead,
    Withdrawal,
    listed_under,
    month_from,
    submission_id_of,
)
from chalicelib.capture.linkedin.reading import Form, Lead, form_of
from chalicelib.capture.resolved import Resolved
from chalicelib.dynamodb import ConditionFailed, Key, Write, check, commit, put, put_new, read, shard, update
from chalicelib.errors import Conflict, DomainError, Problem, Unprocessable

SUCCESS, FAILURE, WITHDRAWN = "success", "failure", "withdrawn"
OPEN_FAILURES = "linkedin-failure"
LARGEST_KEPT = 200_000  # letters of a response's raw answers
LARGEST_FORM = 300_000

KNOWN, TEST, CREATED, MATCHED, FAILED = "known", "test", "created", "matched", "failed"
"""What a response can come to; all but the first are counted under these names."""


class Held(Struct, frozen=True):
    """What is there of a response already."""

    response: Response | None
    withdrawn: bool

    @property
    def open(self) -> bool:
        """Whether it is still to be taken, or may be tried again."""
        return not self.withdrawn and (self.response is None or self.response.state == FAILURE)


def held(response_ids: list[str]) -> dict[str, Held]:
    """Return what is there of some responses, read consistently in one request for fifty."""
    keys = [key for each in response_ids for key in keys_of(submission_id_of(each))]
    found = read(keys)
    pairs = zip(found[::2], found[1::2], strict=True)
    return {each: Held(pair[0], pair[1] is not None) for each, pair in zip(response_ids, pairs, strict=True)}


def keys_of(submission_id: str) -> tuple[Key, Key]:
    return (
        Key(Response, *Response.at(submission_id)),
        Key(Withdrawal, *Withdrawal.at(submission_id)),
    )


# Forms --------------------------------------------------------------------------------------------------------------


def form_known(urn: str) -> Form | None:
    """Return a form's version if it was read before; it never changes."""
    stored = FormVersion.find(*FormVersion.at(urn))
    return form_of(urn, stored.document) if stored is not None else None


def keep_form(urn: str, document: Mapping[str, Any], now: datetime) -> Form:
    """Keep a form's version: what answers mean, and the wording that people agree to. Raises Unprocessable."""
    stored = FormVersion(*FormVersion.at(urn), urn=urn, document=dict(document), read_at=now)
    write = put_new(stored)
    if len(write.request["Item"]["document"]["S"]) > LARGEST_FORM:
        raise Unprocessable("The form is larger than can be kept.")
    try:
        commit([write])
    except ConditionFailed:
        return form_known(urn) or form_of(urn, document)
    return form_of(urn, document)


# Taking -------------------------------------------------------------------------------------------------------------


def take(connection: Connection, lead: Lead, form: Form, before: Held, now: datetime) -> str:
    """Take a response with all that it comes to, the response itself among it, in one transaction, or none (LNK-8).

    Returns what it came to. What can only fail is kept with its reason, for somebody to mend and retry. Raises
    Unavailable where others are quicker five times: it is to come again.
    """
    if lead.test:
        return _kept_apart(connection, lead, now)
    if not before.open:
        return KNOWN
    sent, problems = resolving.sent_of(lead, form, connection, matching.active(now))
    keeper = _Keeper(connection, lead, problems, before, now)
    if inbound.forgotten(sent):
        return _left_alone(connection, lead, now)
    try:
        resolved = inbound.take(sent, keeper.keep, now)
    except (Conflict, Unprocessable) as error:
        return _failed(keeper.row, error, problems, keeper.before.response)
    return KNOWN if resolved is None else _result(resolved)


def _left_alone(connection: Connection, lead: Lead, now: datetime) -> str:
    """Keep nothing of a response whose sender was erased after sending it but that it is not to come again."""
    with suppress(ConditionFailed):  # it is there already
        commit([never_again(submission_id_of(lead.id), connection.connection_id, now)])
    return KNOWN


def never_again(identity: str, connection_id: str, now: datetime) -> Write:
    """Return the write by which a response does not come (again), as if its member had taken it back."""
    return put_new(Withdrawal(*Withdrawal.at(identity), connection_id=connection_id, withdrawn_at=now))


def _result(resolved: Resolved) -> str:
    return CREATED if resolved.lead_result == "created" else MATCHED


class _Keeper:
    """Writes the response beside what it comes to; who is asked again looks again at what is there of it."""

    def __init__(
        self, connection: Connection, lead: Lead, problems: Sequence[Problem], before: Held, now: datetime
    ) -> None:
        self.before, self._connection, self._lead, self._problems, self._now = before, connection, lead, problems, now
        self._asked = False

    @property
    def row(self) -> Response:
        return _row(self._connection, self._lead, self.before.response, self._now)

    def keep(self, resolved: Resolved) -> list[Write] | None:
        if self._asked:
            self.before = held([self._lead.id])[self._lead.id]
        self._asked = True
        return _kept(self.row, resolved, self._problems, self.before.response) if self.before.open else None


def _row(connection: Connection, lead: Lead, before: Response | None, now: datetime) -> Response:
    identity = submission_id_of(lead.id)
    row = Response(
        *Response.at(identity),
        submission_id=identity,
        response_id=lead.id,
        connection_id=connection.connection_id,
        owner=lead.owner,
        lead_type=lead.lead_type,
        form_urn=lead.form_urn,
        state=SUCCESS,
        answers=dict(lead.raw),
        received_at=before.received_at if before else now,
        form_shard=f"{listed_under(connection.connection_id, 'response')}#{shard(identity)}",
        submitted_at=lead.submitted_at,
    )
    if len(row.serialize()["answers"]["S"]) > LARGEST_KEPT:
        row.answers = {"formResponse": "It was larger than can be kept."}
    return row


def _kept(row: Response, resolved: Resolved, problems: Sequence[Problem], before: Response | None) -> list[Write]:
    row.contact_id, row.lead_id = resolved.contact_id, resolved.lead_id
    row.contact_result, row.lead_result = resolved.contact_result, resolved.lead_result
    row.problems = [each.as_dict() for each in problems] or None
    place = OfLead.at(str(resolved.lead_id), row.submitted_at, row.submission_id)
    attached = OfLead(*place, submission_id=row.submission_id)
    adds = {_result(resolved): 1, **({FAILED: -1} if before else {})}
    return [_put(row, before), _unwithdrawn(row), put_new(attached), counted(row, adds)]


def _put(row: Response, before: Response | None) -> Write:
    if before is None:
        return put_new(row)
    row.version = before.version + 1
    return put(row, Response.version == before.version)


def _unwithdrawn(row: Response) -> Write:
    return check(Key(Withdrawal, *Withdrawal.at(row.submission_id)), Withdrawal.pk.does_not_exist())


def counted(row: Response, adds: Mapping[str, int]) -> Write:
    place = Counts.at(row.connection_id, row.submission_id)
    actions = [getattr(Counts, name).add(number) for name, number in adds.items()]
    return update(Key(Counts, *place), Counts.kind.set(Counts), *actions)


def _failed(row: Response, error: DomainError, unused: Sequence[Problem], before: Response | None) -> str:
    """Keep what can only fail, with its answers and the reason: what is missing may be an answer that was no use."""
    row.state, row.failure = FAILURE, str(error)
    row.problems = [problem.as_dict() for problem in (*error.problems, *unused)] or None
    row.contact_id, row.lead_id, row.contact_result, row.lead_result = None, None, None, None
    row.open_shard = f"{OPEN_FAILURES}#{shard(row.submission_id)}"
    first = [] if before else [counted(row, {FAILED: 1})]
    try:
        commit([_put(row, before), _unwithdrawn(row), *first])
    except ConditionFailed:
        return KNOWN  # somebody else was quicker, or the member took it back
    return FAILED


def _kept_apart(connection: Connection, lead: Lead, now: datetime) -> str:
    """Keep a test lead where nothing looks for leads, for a month."""
    identity = submission_id_of(lead.id)
    row = TestLead(
        *TestLead.at(identity),
        connection_id=connection.connection_id,
        response_id=lead.id,
        answers=dict(lead.raw),
        expires=month_from(now),
        form_shard=listed_under(connection.connection_id, "test"),
        submitted_at=lead.submitted_at,
    )
    counts = Key(Counts, *Counts.at(connection.connection_id, identity))
    try:
        commit([put_new(row), update(counts, Counts.kind.set(Counts), Counts.test.add(1))])
    except ConditionFailed:
        return KNOWN
    return TEST
