"""Machine or human (decision 35), each sign at its border."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.conditions.facts import Verdict
from chalicelib.messages.verdicts import Engagement, judge

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


def click(seconds=0.0, link="a", *, trap=False):
    return Engagement(opened=False, at=AT + timedelta(seconds=seconds), link=link, user_agent=BROWSER, trap=trap)


def opened(agent):
    return Engagement(opened=True, at=AT, user_agent=agent)


@pytest.mark.parametrize(
    ("agent", "verdict"),
    [
        ("Mozilla/5.0", Verdict.MACHINE),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", Verdict.MACHINE),
        ("YahooMailProxy; https://help.yahoo.com/", Verdict.MACHINE),
        (BROWSER, Verdict.HUMAN),
        ("", Verdict.HUMAN),
    ],
)
def test_an_open_through_a_privacy_proxy_is_no_reading(agent, verdict):
    assert judge(opened(agent), [], None)[0] is verdict


@pytest.mark.parametrize(("seconds", "verdict"), [(-3, "machine"), (0, "machine"), (1.999, "machine"), (2, "human")])
def test_a_click_within_two_seconds_of_delivery_is_a_machines(seconds, verdict):
    assert judge(click(seconds), [], AT)[0] == verdict


@pytest.mark.parametrize(("span", "verdict"), [(2.0, "machine"), (2.001, "human")])
def test_three_links_within_two_seconds_are_a_machines(span, verdict):
    clicks = [click(0, "a"), click(span / 2, "b"), click(span, "c")]

    assert {judge(each, [other for other in clicks if other is not each], None)[0] for each in clicks} == {verdict}


def test_one_link_clicked_three_times_at_once_is_an_impatient_person():
    assert judge(click(0), [click(0.3), click(0.6)], None)[0] is Verdict.HUMAN


def test_two_links_at_once_are_a_person():
    assert judge(click(0, "a"), [click(0.5, "b")], None)[0] is Verdict.HUMAN


def test_the_hidden_link_is_followed_by_machines_only_and_every_sign_is_named():
    verdict, signs = judge(click(0, "trap", trap=True), [click(1, "a"), click(1.5, "b")], AT)

    assert verdict is Verdict.MACHINE
    assert signs == ["at-delivery", "hidden-link", "many-links-at-once"]


def test_a_scan_long_before_does_not_make_a_later_click_a_machines():
    assert judge(click(60, "d"), [click(0, "a"), click(0, "b"), click(0, "c")], AT)[0] is Verdict.HUMAN
