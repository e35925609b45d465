"""Use case: send the draft of an email to one's own staff.

A test is no send of the ledger: it has no enrolment, no contact and no interaction, its links are not tracked, and what
the provider tells of it is about no send of ours (its tag is `test`). So it goes out at once, or is said not to have.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parseaddr

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.audit.witness import tell
from chalicelib.contacts.normalise import Email
from chalicelib.contacts.normalise import email as read_email
from chalicelib.errors import Invalid, Problem, Unprocessable
from chalicelib.messages import provider
from chalicelib.messages.previews import Drawn, draw, suppressed
from chalicelib.messages.provider import Accepted, Answer, Lost, NotNow, Refused
from chalicelib.messages.reasons import EXPLAINED, Reason
from chalicelib.messages.schemas import DEFAULT, PreviewRequest

MARK = "[Test] "
TESTED = "test-sent"
OF_THE_MESSAGE = {Reason.SENDER, Reason.REPLY_TO, Reason.MISSING_FIELD, Reason.LINKS}
"""What would block the message whoever gets it; the rest is about the contact, to whom a test does not go."""
OTHERS = (
    "Tests go to your own staff only: to addresses of the sender's own domain, or of a domain that the settings of "
    "mail name under staff_domains."
)
BUSY = "The mail provider takes no more at the moment; nothing was sent. Try again in a minute."


class Outcome(Struct, frozen=True):
    """What became of a test to one address: sent, refused, not-now or unknown."""

    address: str
    outcome: str
    explanation: str


def send_test(email_id: str, asked: PreviewRequest, addresses: Iterable[str], now: datetime) -> list[Outcome]:
    """Send the draft to addresses of one's own staff, marked as a test, and say of each what became of it.

    Raises Unprocessable with everything that would keep the email from going live (EML-3); NotFound, Invalid.
    """
    drawn = draw(email_id, asked, now)
    if drawn.document.content_type != DEFAULT:
        raise Unprocessable("A message that asks for a confirmation cannot be tested: it would confirm nothing.")
    blocked = [Problem("message", EXPLAINED[reason]) for reason in drawn.reasons if reason in OF_THE_MESSAGE]
    problems = [*drawn.problems, *blocked]
    if problems:
        raise Unprocessable("It cannot be sent as it stands, not even as a test.", problems)
    tell(f"email#{email_id}", TESTED)
    return list(_sent(drawn, email_id, addresses, now))


def _sent(drawn: Drawn, email_id: str, addresses: Iterable[str], now: datetime) -> Iterator[Outcome]:
    """Send one after the other; when the provider stops answering, the rest is not tried: somebody waits for us."""
    busy = False
    for written in dict.fromkeys(addresses):
        outcome = Outcome(written, "not-now", BUSY) if busy else _send(drawn, email_id, written, now)
        busy = outcome.outcome in {"not-now", "unknown"}
        yield outcome


def _send(drawn: Drawn, email_id: str, written: str, now: datetime) -> Outcome:
    try:
        address = read_email(written, "addresses")
    except Invalid:
        return Outcome(written, "refused", "This is not an email address that mail can be sent to.")
    refused = _refused(drawn, address, now)
    if refused is not None:
        return Outcome(written, "refused", refused)
    # Whose link would a mail program's unsubscribe button follow? Nobody's, so a test has none.
    marked = replace(drawn.composed, recipient=address, subject=f"{MARK}{drawn.composed.subject}", headers=[])
    return Outcome(written, *_said(provider.send(marked, {"test": email_id})))


def _refused(drawn: Drawn, address: Email, now: datetime) -> str | None:
    if _domain(address.key) not in _staff(drawn):
        return OTHERS
    return EXPLAINED[Reason.SUPPRESSED] if suppressed(address, drawn.document, now) else None


def _staff(drawn: Drawn) -> set[str]:
    return {_domain(parseaddr(drawn.composed.sender or "")[1]), *(drawn.settings.staff_domains or ())}


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _said(answer: Answer) -> tuple[str, str]:
    match answer:
        case Accepted():
            return "sent", "The test was handed over to the mail provider."
        case Refused(reason):
            return "refused", f"The mail provider refused the test: {reason}."
        case NotNow():
            return "not-now", BUSY
        case Lost():
            return "unknown", "The mail provider's answer was lost. The test may have gone out; look before repeating."
