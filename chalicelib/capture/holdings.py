"""What the capture table holds of a person: what it submitted, its browsers, its responses at LinkedIn."""

from datetime import datetime
from typing import Any

from chalicelib.capture.linkedin.models import (
    Active,
    Connection,
    Counts,
    FormVersion,
    OfLead,
    Response,
    Secrets,
    SetAside,
    Source,
    Strategy,
    TestLead,
    Withdrawal,
)
from chalicelib.capture.linkedin.taking import never_again
from chalicelib.capture.models import CaptureItem, LandingDefault, LandingSettings, PageAddress, Submission, Visitor
from chalicelib.capture.websites.models import Origin, Pace, Redirect, WebPage, WebPages, Website
from chalicelib.dynamodb import ConditionFailed, commit, delete
from chalicelib.holdings import Held, Holding, Nobody, Noun, Person, Reached, Stays

NOT_A_PERSON = "Nothing of a person."


def _submitted(person: Person, row: Submission | Response, said: Any) -> bool:
    """What somebody else's contact sent is that person's, whatever is written in it."""
    if row.contact_id is not None:
        return row.contact_id in person.contacts
    return person.mentioned(said) and not person.anew(row.submitted_at)


def _erase_response(_: Person, row: Response, now: datetime) -> bool:
    """Leave behind that it is withdrawn, so that LinkedIn cannot bring it again."""
    try:
        commit([never_again(row.submission_id, row.connection_id, now), delete(row.key)])
    except ConditionFailed:  # its member has taken it back already
        commit([delete(row.key)])
    return True


HOLDING = Holding(
    CaptureItem,
    (
        Held(Submission, lambda person, row: _submitted(person, row, row.values), Noun.SUBMISSION),
        Held(Visitor, lambda person, row: row.contact_id in person.contacts, Noun.VISITOR),
        Held(
            Response,
            lambda person, row: _submitted(person, row, row.answers),
            Noun.SUBMISSION,
            erase=_erase_response,
        ),
        Held(TestLead, lambda person, row: person.mentioned(row.answers)),
        Held(SetAside, lambda person, row: person.mentioned(row.body)),
        Reached(OfLead, shown=False),
        Stays(Withdrawal, "A hash: keeps a response that was taken back from coming again."),
        Nobody(FormVersion, "The wording that people agreed to."),
        Nobody(PageAddress, NOT_A_PERSON),
        Nobody(LandingSettings, NOT_A_PERSON),
        Nobody(LandingDefault, NOT_A_PERSON),
        *(Nobody(kind, NOT_A_PERSON) for kind in (Website, Origin, WebPage, WebPages, Redirect)),
        Nobody(Pace, "How fast a browser tells something; an hour."),
        Nobody(Connection, NOT_A_PERSON),
        Nobody(Secrets, NOT_A_PERSON),
        Nobody(Source, NOT_A_PERSON),
        Nobody(Counts, NOT_A_PERSON),
        Nobody(Strategy, NOT_A_PERSON),
        Nobody(Active, NOT_A_PERSON),
    ),
    partitions={Noun.LEAD: "LINKEDIN_LEAD#"},
)
