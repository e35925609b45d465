"""What is a new start of somebody who asked to be forgotten, by the rows that no key leads to."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.capture.linkedin.models import Response
from chalicelib.capture.models import Submission
from chalicelib.contacts.models import Merge
from chalicelib.holdings import Held, Person, Reached
from chalicelib.leads.models import Lead, LeadMerge
from chalicelib.messages.optin.models import Confirmation
from chalicelib.privacy.holdings import HOLDINGS
from chalicelib.registrations.models import Registration

ADDRESS = "ada@contoso.example"
ASKED = datetime(2026, 11, 24, 9, tzinfo=UTC)
BEFORE, AFTER = ASKED, ASKED + timedelta(microseconds=1)  # what is of the very moment is no new start
KNOWN = {"contacts": frozenset({"01OLD"}), "addresses": frozenset({ADDRESS}), "leads": frozenset({"01LEAD"})}
FORGOTTEN, SHOWN = Person(**KNOWN, forgotten_at=ASKED), Person(**KNOWN)
SAID = {"email": ADDRESS}


def merge(kind, at, **more):
    return kind("CONTACT#x", "MERGE#m", at=at, into_id="x", other_id="y", taken=SAID, before={}, **more)


def lead(at, **more):
    return Lead(*Lead.at("l"), lead_id="l", email=ADDRESS, source_submission_id="s", source_at=at, **more)


ROWS = {
    "submission": lambda at: Submission("p", "s", values=SAID, submitted_at=at),
    "response": lambda at: Response("p", "s", answers=SAID, submitted_at=at),
    "registration": lambda at: Registration("p", "s", values=SAID, registered_at=at),
    "lead": lead,
    "merge": lambda at: merge(Merge, at),
    "lead merge": lambda at: merge(LeadMerge, at),
}
OF_SOMEBODY_KNOWN = {
    "submission": lambda at: Submission("p", "s", values=SAID, submitted_at=at, contact_id="01OLD"),
    "response": lambda at: Response("p", "s", answers=SAID, submitted_at=at, contact_id="01OLD"),
    "registration": lambda at: Registration("p", "s", values=SAID, registered_at=at, contact_id="01OLD"),
    "lead": lambda at: lead(at, contact_id="01OLD"),
    "merge": lambda at: Merge("CONTACT#x", "MERGE#m", at=at, into_id="x", other_id="01OLD", taken={}, before={}),
}


def kind_of(row):
    return next(kind for holding in HOLDINGS if (kind := holding.of(row)) is not None)


def goes(person, row):
    kind = kind_of(row)
    assert isinstance(kind, Held)
    return kind.whose(person, row)


@pytest.mark.rule("PRV-16")
@pytest.mark.parametrize("made", ROWS.values(), ids=ROWS)
def test_what_names_somebody_goes_unless_it_came_after_the_person_asked_to_be_forgotten(made):
    assert (goes(FORGOTTEN, made(BEFORE)), goes(FORGOTTEN, made(AFTER))) == (True, False)
    assert (goes(SHOWN, made(BEFORE)), goes(SHOWN, made(AFTER))) == (True, True)  # an export shows all of it


@pytest.mark.rule("PRV-16")
@pytest.mark.parametrize("made", OF_SOMEBODY_KNOWN.values(), ids=OF_SOMEBODY_KNOWN)
def test_what_belongs_to_a_contact_that_goes_goes_with_it_whenever_it_came(made):
    assert goes(FORGOTTEN, made(AFTER))


@pytest.mark.rule("PRV-16")
def test_a_lead_that_no_submission_made_or_that_was_the_persons_is_no_new_start():
    by_hand = Lead(*Lead.at("l"), lead_id="l", email=ADDRESS, source_at=AFTER)
    left_behind = Lead(*Lead.at("01LEAD"), lead_id="01LEAD", source_submission_id="s", source_at=AFTER)

    assert goes(FORGOTTEN, by_hand)
    assert goes(FORGOTTEN, left_behind)  # its contact was deleted and took its name along


@pytest.mark.rule("PRV-16", "DOI-9")
def test_what_an_address_was_asked_afterwards_goes_on_to_wait_for_it():
    kind = kind_of(Confirmation("p", "s"))

    assert isinstance(kind, Reached)
    assert [kind.anew(FORGOTTEN, Confirmation("p", "s", asked_at=at)) for at in (BEFORE, AFTER)] == [False, True]
