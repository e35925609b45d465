"""Sixty-four people submit one new address at once, in eight spellings, while transactions get in each other's way."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Barrier
from types import SimpleNamespace

import pytest

from chalicelib import dynamodb
from chalicelib.capture import service
from chalicelib.capture.models import Submission
from chalicelib.capture.schemas import FormDocument
from chalicelib.capture.service import Submitted
from chalicelib.clock import now
from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import Contact
from chalicelib.errors import Unavailable
from chalicelib.interactions import service as interactions
from chalicelib.leads.models import Lead
from infra.local.demo.company import newsletter_form
from tests.support.between import before_the_next_write
from tests.support.insisting import insist

THREADS = 64
SPELLINGS = (
    *("ada@example.com", "Ada@example.com", "ADA@example.com", "ada@Example.com"),
    *("ada@EXAMPLE.COM", "aDa@example.com", "ADA@EXAMPLE.COM", "adA@examplE.com"),
)
CONFLICT = {
    "Error": {"Code": "TransactionCanceledException", "Message": ""},
    "CancellationReasons": [{"Code": "TransactionConflict"}],
}


@contextmanager
def conflicts(every):
    """Let every so many-th transaction meet another one. Yields how many did."""
    fired, numbers = [], count(1)

    def meet(params, **_):
        if next(numbers) % every:
            return None
        fired.append(1)
        reasons = CONFLICT["CancellationReasons"] * params["body"].count(b"ReturnValuesOnConditionCheckFailure")
        padding = [{"Code": "None"}] * (_writes(params["body"]) - len(reasons))
        return SimpleNamespace(status_code=400), {**CONFLICT, "CancellationReasons": [*reasons, *padding]}

    events = dynamodb.writer().meta.events
    events.register("before-call.dynamodb.TransactWriteItems", meet)
    try:
        yield fired
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", meet)


def _writes(body):
    return sum(body.count(b'"%s": {"TableName"' % verb) for verb in (b"Put", b"Update", b"Delete", b"ConditionCheck"))


@pytest.mark.rule("MAT-1", "SUB-1", "GEN-8", "FSU-1", "FSU-5")
def test_one_address_is_one_contact_and_one_lead_however_many_submit_it_at_once(world, monkeypatch):
    form = FormDocument.model_validate(newsletter_form())
    monkeypatch.setattr(service, "form_of", lambda *_: (form, 1))
    gate = Barrier(THREADS)

    def one(number):
        typed = {"last_name": "Berg", "email": SPELLINGS[number % len(SPELLINGS)]}
        gate.wait()
        return insist(lambda: service.submit(Submitted("f", typed, f"event-{number}"), now()), (Unavailable,))

    with conflicts(every=5) as fired, ThreadPoolExecutor(THREADS) as pool:
        states = Counter(each.state for each in pool.map(one, range(THREADS)))

    assert fired
    assert states.total() == THREADS
    assert set(states) <= {"success", "pending"}
    world.settle(duplicate=True)
    world.poll()

    submissions = list(Submission.scan())
    assert Counter(each.state for each in submissions) == {"success": THREADS}
    [contact] = Contact.scan()
    [lead] = Lead.scan()
    assert {(each.contact_id, each.lead_id) for each in submissions} == {(contact.contact_id, lead.lead_id)}
    assert len(interactions.of_contact(contact.contact_id, "FormSubmitted")) == THREADS
    assert Counter(each.contact_result for each in submissions)["created"] == 1
    assert Counter(each.lead_result for each in submissions)["created"] == 1
    print(f"{states}, {len(fired)} conflicts")


@pytest.mark.rule("MAT-9", "FSU-1")
def test_a_known_contact_that_is_changed_at_that_moment_is_read_again_and_the_submission_succeeds(world, monkeypatch):
    form = FormDocument.model_validate(newsletter_form())
    monkeypatch.setattr(service, "form_of", lambda *_: (form, 1))
    known = {"last_name": "Berg", "email": "ada@example.com", "first_name": "Ada"}
    contact_id = service.submit(Submitted("f", known, "first"), now()).contact_id

    def changed():
        contacts.amend(contact_id, {"job_title": "Countess"}, contacts.find(contact_id).version, now())

    with before_the_next_write(changed):
        second = service.submit(Submitted("f", {**known, "first_name": "Augusta"}, "second"), now())

    contact = contacts.find(contact_id)
    assert second.state == "success"
    assert (contact.first_name, contact.job_title) == ("Augusta", "Countess")
