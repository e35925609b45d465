"""What becomes of a letter, and how SES tells: the records of event publishing."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from email.utils import getaddresses
from enum import StrEnum
from uuid import uuid4

from infra.local.letters import Json, Letter, bare

SIMULATOR = "simulator.amazonses.com"
# The test string that every virus scanner agrees to find, in two parts, so that none finds it here.
VIRUS = "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE"
ACCOUNT = "000000000000"
REGION = "us-east-1"


class Outcome(StrEnum):
    """What happens to a letter at one address."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    SOFT_BOUNCED = "soft-bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    REJECTED = "rejected"


MAILBOXES = {
    "success": Outcome.DELIVERED,
    "ooto": Outcome.DELIVERED,
    "bounce": Outcome.BOUNCED,
    "complaint": Outcome.COMPLAINED,
    "suppressionlist": Outcome.SUPPRESSED,
}
# Of a demo's ordinary addresses these behave so by how they begin.
BEGINNINGS = {"softbounce": Outcome.SOFT_BOUNCED, "bounce": Outcome.BOUNCED, "complaint": Outcome.COMPLAINED}


def outcome_at(address: str, suppressed: Collection[str]) -> Outcome:
    """What happens at an address, by the mailbox simulator's names and the suppression list."""
    local, _, domain = address.lower().partition("@")
    if domain == SIMULATOR:
        return MAILBOXES.get(local.partition("+")[0], Outcome.DELIVERED)
    if address.lower() in suppressed:
        return Outcome.SUPPRESSED
    return next((outcome for start, outcome in BEGINNINGS.items() if local.startswith(start)), Outcome.DELIVERED)


def is_infected(letter: Letter) -> bool:
    return VIRUS in letter.mime.as_string()


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _mail(letter: Letter) -> Json:
    sender = bare(letter.sender)
    domain = sender.rpartition("@")[2]
    identity = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{domain}"
    own = {
        "ses:operation": ["SendEmail"],
        "ses:configuration-set": [letter.configuration_set],
        "ses:source-ip": ["127.0.0.1"],
        "ses:from-domain": [domain],
        "ses:caller-identity": ["local"],
    }
    to = [address for _, address in getaddresses([str(value) for value in letter.mime.get_all("To", [])])]
    return {
        "timestamp": stamp(letter.at),
        "source": letter.sender,
        "sourceArn": identity,
        "sendingAccountId": ACCOUNT,
        "messageId": letter.id,
        "destination": list(letter.recipients),
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in letter.headers()],
        "commonHeaders": {"from": [letter.sender], "to": to, "messageId": letter.id, "subject": letter.subject},
        "tags": {**own, **letter.tags},
    }


BOUNCES = {
    Outcome.BOUNCED: ("Permanent", "General", "smtp; 550 5.1.1 user unknown", "5.1.1"),
    Outcome.SUPPRESSED: ("Permanent", "OnAccountSuppressionList", "Amazon SES did not send to this address", "5.1.1"),
    Outcome.SOFT_BOUNCED: ("Transient", "MailboxFull", "smtp; 452 4.2.2 mailbox full", "4.2.2"),
}


def _bounce(address: str, outcome: Outcome, at: datetime) -> Json:
    kind, sub_kind, diagnostic, status = BOUNCES[outcome]
    recipient = {"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": diagnostic}
    bounce = {
        "feedbackId": f"0100{uuid4()}",
        "bounceType": kind,
        "bounceSubType": sub_kind,
        "bouncedRecipients": [recipient],
        "timestamp": stamp(at),
        "reportingMTA": "dsn; a8-50.smtp-out.amazonses.com",
    }
    return {"eventType": "Bounce", "bounce": bounce}


def _delivery(address: str, _: Outcome, at: datetime) -> Json:
    delivery = {
        "timestamp": stamp(at),
        "processingTimeMillis": 100,
        "recipients": [address],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a8-50.smtp-out.amazonses.com",
    }
    return {"eventType": "Delivery", "delivery": delivery}


def _complaint(address: str, _: Outcome, at: datetime) -> Json:
    complaint = {
        "complainedRecipients": [{"emailAddress": address}],
        "timestamp": stamp(at),
        "feedbackId": f"0100{uuid4()}",
        "complaintSubType": None,
        "userAgent": "Mailbox simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": stamp(at),
    }
    return {"eventType": "Complaint", "complaint": complaint}


FOLLOWING: dict[Outcome, list[Callable[[str, Outcome, datetime], Json]]] = {
    Outcome.DELIVERED: [_delivery],
    Outcome.BOUNCED: [_bounce],
    Outcome.SOFT_BOUNCED: [_bounce],
    Outcome.SUPPRESSED: [_bounce],
    Outcome.COMPLAINED: [_delivery, _complaint],
    Outcome.REJECTED: [],
}


def events_of(letter: Letter) -> list[Json]:
    """The records that SES would publish about a letter, in their usual order."""
    mail = _mail(letter)
    if Outcome.REJECTED in letter.outcomes.values():
        return [
            {"eventType": "Send", "mail": mail, "send": {}},
            {"eventType": "Reject", "mail": mail, "reject": {"reason": "Bad content"}},
        ]
    at = letter.at + timedelta(milliseconds=100)
    later = [
        make(address, Outcome(outcome), at)
        for address, outcome in letter.outcomes.items()
        for make in FOLLOWING[Outcome(outcome)]
    ]
    return [{"eventType": "Send", "mail": mail, "send": {}}, *({**one, "mail": mail} for one in later)]
