"""How often an address may be mailed a confirmation, and what such a message may show of what somebody typed."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.messages.checks import check_email
from chalicelib.messages.optin import words
from chalicelib.messages.optin.rules import Outcome, What, harmless, may_mail
from chalicelib.messages.personalisation import Bulleted, render
from chalicelib.messages.schemas import EmailDocument
from chalicelib.messages.words import WORDS
from tests.support.confirming import EMAIL, FORM_EMAIL

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def ago(name="a", **time):
    return name, NOW - timedelta(**time)


def test_an_address_that_was_never_mailed_may_be():
    assert may_mail([], "a", NOW)


def test_the_same_request_is_mailed_once_an_hour():
    assert not may_mail([ago(minutes=59, seconds=59)], "a", NOW)
    assert may_mail([ago(hours=1)], "a", NOW)
    assert may_mail([ago("b", minutes=1)], "a", NOW)


def test_the_same_request_is_mailed_three_times_a_day():
    mails = [ago(hours=23), ago(hours=20), ago(hours=2)]

    assert not may_mail(mails, "a", NOW)
    assert may_mail([ago(hours=24), *mails[1:]], "a", NOW)


def test_an_address_is_mailed_twenty_times_a_day_whatever_is_asked():
    mails = [ago(f"r{number}", minutes=number) for number in range(20)]

    assert not may_mail(mails, "a", NOW)
    assert may_mail(mails[1:], "a", NOW)


@pytest.mark.parametrize(
    "typed",
    [
        "http://evil.example",
        "visit evil.example now",
        "www.evil",
        "ask@evil",
        "EVIL.COM",
        "x" * 101,
        "hTTps://x",
    ],
)
def test_what_could_advertise_is_left_out_of_a_message_to_an_address_that_anybody_may_type(typed):
    assert harmless(typed) == ""


@pytest.mark.parametrize("typed", ["Ada", "J. R. Berg", "Jean-Luc O'Neil", "Ærø 5, 2. th.", "أحمد", "12.5"])
def test_what_people_are_called_is_shown(typed):
    assert harmless(f" {typed}\n") == typed


def test_the_page_has_its_words_in_every_language_of_the_centre():
    assert words.WORDS.keys() == WORDS.keys()
    for each in words.WORDS.values():
        assert each.kinds.keys() == set(What) - {What.FORM}
        assert each.told.keys() == set(Outcome) - {Outcome.OPEN}


def problems(**changed):
    return [each.field for each in check_email(EmailDocument(**{**EMAIL, **changed})).problems]


@pytest.mark.rule("DOI-5")
def test_a_message_that_asks_for_a_confirmation_is_transactional_and_holds_the_link():
    bare = EMAIL["html"].replace("message.confirmation_url", "message.confirmation_object_name")

    assert problems() == []
    assert problems(legal_designation="commercial") == ["html", "html", "legal_designation"]
    assert problems(html=bare) == ["html"]
    assert problems(automatic_text=False, text="Hello") == ["text"]
    assert problems(subject="{{ message.subscription_center_url }}") == ["subject"]


@pytest.mark.rule("DOI-5")
def test_only_a_message_that_asks_for_a_confirmation_knows_what_is_asked():
    assert set(problems(content_type="default")) == {"subject", "html"}


@pytest.mark.rule("DOI-8")
def test_a_message_that_asks_to_confirm_a_form_names_its_lists_and_what_was_submitted():
    named = {**FORM_EMAIL, "subject": "{{ submission.whatever }}"}

    assert problems(**named) == []
    assert problems(**{**named, "html": EMAIL["html"]}) == ["html", "html", "html"]
    assert problems(**{**named, "content_type": "confirmation-request"}) == ["subject", "html"]


def test_names_are_a_list_in_html_and_lines_in_text():
    names = Bulleted(["News", "Lamps <b>"])

    assert render("{{ x }}", {"x": names}, escape=True) == "<ul><li>News</li><li>Lamps &lt;b&gt;</li></ul>"
    assert render("{{ x }}", {"x": names}, escape=False) == "- News\n- Lamps <b>"
    assert render("{{ x }}", {"x": Bulleted([])}, escape=True) == ""
