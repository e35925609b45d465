"""Facts of the ledger, meanings of provider answers and events, pace; all pure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.messages.events import Happened, read
from chalicelib.messages.facts import facts_of
from chalicelib.messages.ledger import may_go_again
from chalicelib.messages.pace import SENDERS, Pace
from chalicelib.messages.provider import Lost, NotNow, Refused, meaning

ROOT = Path(__file__).parents[3]


@dataclass
class Record:
    old: dict[str, Any] | None
    new: dict[str, Any] | None


def row(state, **more):
    ids = {"send_id": "s", "contact_id": "c", "journey_id": "j", "tile": "t", "email_id": "e"}
    return {"kind": "send", "state": state, **ids, **more}


def told(old, new):
    return [(fact["fact"], fact.get("was"), fact.get("state")) for fact in facts_of(Record(old, new))]


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        (None, row("queued"), [("send.queued", None, None)]),
        (row("queued"), row("claimed"), []),
        (row("claimed"), row("queued"), []),
        (row("queued"), row("blocked", reason="x"), [("send.settled", "queued", "blocked")]),
        (row("claimed", tries=1), row("sent"), [("send.settled", "claimed", "sent")]),
        (row("claimed", tries=1), row("unknown"), [("send.settled", "claimed", "unknown")]),
        (row("unknown"), row("sent"), [("send.settled", "unknown", "sent")]),
        (row("unknown"), row("unknown", settled_at="x"), []),
        (row("unknown", tries=1), row("claimed", tries=2), []),
        (row("claimed", tries=2), row("sent", tries=2), [("send.settled", "unknown", "sent")]),
        (row("claimed", tries=2), row("unknown", tries=2), [("send.settled", "unknown", "unknown")]),
        (row("sent"), None, []),
        (None, {"kind": "dedup"}, []),
    ],
)
def test_each_change_of_a_send_tells_what_figures_need(old, new, facts):
    assert told(old, new) == facts


@pytest.mark.parametrize(
    ("code", "status", "message", "answer"),
    [
        ("TooManyRequestsException", 429, "Maximum sending rate exceeded.", NotNow(5)),
        ("TooManyRequestsException", 429, "Daily message quota exceeded.", NotNow(900)),
        ("ThrottlingException", 400, "Rate exceeded", NotNow(5)),
        ("LimitExceededException", 400, "rate", NotNow(5)),
        ("SendingPausedException", 400, "paused", NotNow(900)),
        ("MessageRejected", 400, "no", Refused("MessageRejected")),
        ("MailFromDomainNotVerifiedException", 400, "no", Refused("MailFromDomainNotVerifiedException")),
        ("AccountSuspendedException", 400, "no", Refused("AccountSuspendedException")),
        ("InternalFailure", 500, "", Lost()),
        ("503", 503, "", Lost()),
    ],
)
def test_what_an_answer_of_the_provider_means(code, status, message, answer):
    given = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}

    assert meaning(given) == answer


@pytest.mark.parametrize(
    ("designation", "tries", "again"),
    [("commercial", 1, False), ("transactional", 1, True), ("transactional", 2, False), (None, 1, False)],
)
def test_who_without_any_event_is_tried_once_more(designation, tries, again):
    assert may_go_again(designation, tries) is again


def event(kind, detail, name):
    mail = {"timestamp": "2026-11-24T09:00:00.000Z", "messageId": "m", "tags": {"send": ["s"]}}
    return {"eventType": kind, "mail": mail, name: detail}


@pytest.mark.rule("EML-25")
@pytest.mark.parametrize(
    ("kind", "sub_kind", "happened"),
    [
        ("Permanent", "General", Happened.HARD_BOUNCED),
        ("Permanent", "OnAccountSuppressionList", Happened.HARD_BOUNCED),
        ("Transient", "MailboxFull", Happened.SOFT_BOUNCED),
        ("Transient", "ContentRejected", Happened.BLOCK_BOUNCED),
        ("Undetermined", "Undetermined", Happened.SOFT_BOUNCED),
    ],
)
def test_each_kind_of_bounce(kind, sub_kind, happened):
    found = read(event("Bounce", {"bounceType": kind, "bounceSubType": sub_kind}, "bounce"))

    assert found is not None
    assert (found.happened, found.detail) == (happened, f"{kind}/{sub_kind}")


@pytest.mark.parametrize(
    ("kind", "name", "detail", "happened"),
    [
        ("Send", "send", {}, Happened.SENT),
        ("Delivery", "delivery", {}, Happened.DELIVERED),
        ("Complaint", "complaint", {"complaintFeedbackType": "abuse"}, Happened.COMPLAINED),
        ("Complaint", "complaint", {"complaintSubType": "OnAccountSuppressionList"}, Happened.COMPLAINED),
        ("Complaint", "complaint", {"complaintFeedbackType": "not-spam"}, Happened.NOT_SPAM),
        ("Reject", "reject", {"reason": "Bad content"}, Happened.FAILED),
        ("Rendering Failure", "failure", {"errorMessage": "x"}, Happened.FAILED),
        ("DeliveryDelay", "deliveryDelay", {"delayType": "General"}, Happened.NOTHING),
        ("Open", "open", {}, Happened.NOTHING),
        ("Subscription", "subscription", {"newTopicPreferences": {"unsubscribeAll": True}}, Happened.OPTED_OUT),
        ("Subscription", "subscription", {"newTopicPreferences": {"unsubscribeAll": False}}, Happened.NOTHING),
        (
            "Subscription",
            "subscription",
            {"newTopicPreferences": {"topicSubscriptionStatus": [{"topicName": "a", "subscriptionStatus": "OptOut"}]}},
            Happened.OPTED_OUT,
        ),
    ],
)
def test_each_type_of_event(kind, name, detail, happened):
    found = read(event(kind, detail, name))

    assert found is not None
    assert (found.happened, found.send_id) == (happened, "s")


def test_the_senders_share_the_quota_and_who_would_wait_long_goes_back():
    time, slept = [0.0], []

    def pause(seconds):
        slept.append(seconds)
        time[0] += seconds

    pace = Pace(per_second=SENDERS * 2.0, clock=lambda: time[0], pause=pause)

    turns = [pace.turn() for _ in range(4)]
    slow = Pace(per_second=SENDERS / 10, clock=lambda: time[0], pause=pause)

    assert turns == [True] * 4
    assert slept == [0.5] * 3
    assert [slow.turn(), slow.turn()] == [True, False]


def test_as_many_senders_run_as_share_the_quota():
    declared = yaml.safe_load((ROOT / "infra" / "resources" / "messages.yaml").read_text())
    source = declared["Resources"]["SendMessages"]["Properties"]["Events"]["SendMessagesSqsEventSource"]

    assert source["Properties"]["ScalingConfig"]["MaximumConcurrency"] == SENDERS
