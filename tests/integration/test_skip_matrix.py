"""The skip matrix (reference 17.7), row by row: a contact walks a live journey with an email, by engine and sender.

A blocked message lets its contact go on; a stopped contact gets nothing more (JRN-70, invariant 6). Each contact waits
an hour first, so that something can happen while it is inside; then comes the email, and last a trigger is raised.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from chalicelib.clock import as_text
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import records as profiles
from chalicelib.consent.points import service as points
from chalicelib.consent.subscriptions import records
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked
from chalicelib.dynamodb import commit
from chalicelib.insights import service as insights
from chalicelib.interactions import service as log
from chalicelib.journeys import entry, service, stops
from chalicelib.journeys.models import Enrolment
from chalicelib.journeys.schemas import Stopping
from chalicelib.journeys.stops import StopReason
from chalicelib.leads import service as leads
from chalicelib.messages import blocking, suppression
from chalicelib.messages import service as messages
from chalicelib.messages.models import MessageSettings
from chalicelib.messages.reasons import INTERACTION_OF, Reason
from chalicelib.messages.suppression import Wanted
from chalicelib.segments import service as segments
from tests.support import campaign, journeys, mail
from tests.support.consents import minimum_counts

ID = "ada.j.1"
HOUR = timedelta(hours=1)
CARE = {
    "legal_designation": "transactional",
    "compliance": {"profile_id": "default", "purpose": "transactional"},
}
TILES = {"w": journeys.wait("PT1H", "m"), **campaign.TILES}
IN_S = {"segments": {"items": [{"segment": "s"}]}}


def nothing(_world):
    pass


@dataclass(frozen=True)
class Case:
    """A row's circumstance: how mail and journey are made, what happens before entry and while inside; the reason."""

    reason: str | None = None
    before: Callable = nothing
    inside: Callable = nothing
    email: dict = field(default_factory=dict)
    journey: Callable = lambda _now: {}
    after: timedelta = HOUR + timedelta(minutes=1)


def prefer(**wanted):
    """Let a user change what the contact allows."""

    def change(world):
        evidence = Evidence(who="user:u", source="test", method="test", reason="asked on the phone")
        commit(consent_plans.change(consent.preferences("ada"), wanted, evidence, "change", world.now))

    return change


def say(level):
    """Let an external consent system say something of the contact."""

    def note(world):
        evidence = Evidence(who="key:k", source="external:central", method="external system")
        consent.note_external("ada", level, evidence, f"change-{level}", world.now)

    return note


def refuse(choice):
    """Let the contact's address refuse a purpose, or a topic, of the shipped compliance profile."""

    def change(world):
        evidence = Evidence(who="recipient", source="test", method="test")
        points.refuse(points.point_of("ada@contoso.example"), "default", choice, evidence, "change", world.now)

    return change


def amend(**values):
    return lambda world: contacts.amend("ada", values, contacts.find("ada").version, world.now)


def delete(world):
    contacts.remove("ada", contacts.find("ada").version, world.now)


def pick(segment):
    return lambda world: segments.pick(segment, ["ada"], world.now)


def leave(segment):
    return lambda world: segments.unpick(segment, "ada", world.now)


def suppress(world):
    address = suppression.hash_of("ada@contoso.example")
    suppression.suppress(Wanted(address, suppression.ALL, suppression.HARD_BOUNCE), world.now)


def forbid(_world):
    messages.save_message_settings(MessageSettings(*MessageSettings.at(), forbidden_links=["shop.example"]), 0)


def stop_everyone(world):
    version = definitions.get("journey", "j").version
    service.stop("j", Stopping.STOP, version, "user:u", world.now, confirmed=True)


def set_up(world, case):
    campaign.publish(world, case.email, **{"tiles": TILES, **case.journey(world.now)})
    for identity in ("s", "never"):
        journeys.publish("segment", identity, {"type": "static", "time_zone": "UTC"}, world.now)
    campaign.contact(world, "ada", email_2="shared@contoso.example")
    minimum_counts()
    case.before(world)
    world.settle()


def walk(world, case):
    """Let the contact enter, wait, and come to its email and beyond."""
    set_up(world, case)
    campaign.enter(world, "ada")
    world.settle()
    case.inside(world)
    world.settle()
    world.advance(case.after)
    world.poll("enrolment")


# Blocked: no message, and the contact goes on ----------------------------------------------------------------------

EXPIRED = {**TILES, "m": journeys.mail("r", expires="2020-01-01T00:00:00Z")}
NEVER_PUBLISHED = {**TILES, "m": {**journeys.mail("r"), "email": "nowhere"}}
BLOCKED = {
    "10": Case(Reason.BULK_EMAIL, prefer(bulk_email=False)),
    "10 while inside": Case(Reason.BULK_EMAIL, inside=prefer(bulk_email=False)),
    "11": Case(Reason.EMAIL, prefer(email=False)),
    "13": Case(Reason.RECIPIENT, email={"to": "{{ contact.email_3 }}"}),
    "14 sender": Case(Reason.SENDER, email={"from_address": "{{ contact.email_3 }}"}),
    "14 reply-to": Case(Reason.REPLY_TO, email={"reply_to": "{{ contact.city }}"}),
    "15": Case(Reason.LINKS, forbid),
    "16": Case(Reason.MISSING_FIELD, email={"subject": "{{ contact.city }}"}),
    "18": Case(Reason.CONTACT_INACTIVE, amend(inactive=True)),
    "20": Case(Reason.EXPIRED, journey=lambda _: {"tiles": EXPIRED}),
    "21": Case(Reason.SUPPRESSED, suppress),
    "decision 37": Case(Reason.GUARDIAN, prefer(is_child=True)),
    "RCN-3": Case(Reason.PURPOSE, refuse("commercial"), email={"compliance": {"purpose": "commercial"}}),
    "RCN-5 while inside": Case(
        Reason.TOPIC,
        inside=refuse("commercial/boats"),
        email={"compliance": {"purpose": "commercial", "topic": "boats"}},
    ),
    "EML-3": Case(Reason.MESSAGE_MISSING, journey=lambda _: {"tiles": NEVER_PUBLISHED}),
}


def check_blocked(reason):
    [send] = [each for each in campaign.sends() if each.contact_id == "ada"]
    assert (send.state, send.reason, send.tries) == ("blocked", reason, 0)
    assert campaign.balance()["blocked"] == 1
    assert campaign.figures()[f"blocked:{reason}"] == 1


def check_gone_on():
    assert "ada" in campaign.gone_on()
    assert service.find(ID).standing == "finished"


@pytest.mark.rule("JRN-70", "CON-10", "CON-11", "CON-19", "EML-2", "RCN-3", "RCN-5")
@pytest.mark.parametrize("row", BLOCKED)
def test_a_blocked_message_lets_its_contact_go_on(world, office, row):
    reason = BLOCKED[row].reason

    walk(world, BLOCKED[row])

    check_blocked(reason)
    check_gone_on()
    assert office.letters() == []
    assert len(log.of_contact("ada", INTERACTION_OF[reason])) == 1


@pytest.mark.rule("JRN-70", "EML-14")
def test_12_a_second_contact_with_the_address_is_blocked_and_goes_on(world, office):
    case = Case(email={"to": "{{ contact.email_2 }}"})
    campaign.publish(world, case.email)
    for identity in ("bo", "ada"):
        campaign.contact(world, identity, email_2="shared@contoso.example")
        campaign.enter(world, identity)
        world.settle()

    check_blocked(Reason.DUPLICATE)
    check_gone_on()
    assert len(office.letters()) == 1
    assert len(log.of_contact("ada", INTERACTION_OF[Reason.DUPLICATE])) == 1


@pytest.mark.rule("JRN-70")
def test_17_who_is_deleted_when_the_message_waits_gets_none(world, office):
    set_up(world, Case(journey=lambda _: {"tiles": campaign.TILES}))
    campaign.enter(world, "ada")
    while not campaign.sends():
        world.deliver()

    delete(world)
    world.settle()

    check_blocked(Reason.CONTACT_DELETED)
    check_swept()
    assert office.letters() == []


def check_swept():
    """What was a deleted contact's own is gone (decision 40); only figures tell of it."""
    assert [item for item in Enrolment.scan(consistent_read=True) if isinstance(item, Enrolment)] == []


def on_list(wanted):
    """Let the contact join or leave a list, which is made where there is none."""

    def move(world):
        records.create("news", {"name": "News", "public_name": "News"}, "user:u", world.now)
        evidence = Evidence(who="user:u", source="test", method="test", reason="asked")
        subscriptions.change_by_user("ada", "news", wanted, evidence, f"change-{wanted}", world.now)

    return move


# Stopped: nothing more happens -------------------------------------------------------------------------------------

STOPPED = {
    "3 the end has come": Case(
        StopReason.JOURNEY_ENDED, journey=lambda now: {"end": as_text(now + timedelta(minutes=30))}
    ),
    "3 stopped by a user": Case(StopReason.JOURNEY_STOPPED, inside=stop_everyone),
    "5": Case(StopReason.SUPPRESSION_SEGMENT, inside=pick("never"), journey=lambda _: {"suppression_segment": "never"}),
    "6": Case(
        StopReason.CONSENT_BELOW_MINIMUM,
        before=prefer(consent_level=3),
        inside=prefer(consent_level=1),
        journey=lambda _: {"minimum_consent": 2},
    ),
    "7": Case(
        StopReason.EXTERNAL_CONSENT,
        before=say(4),
        inside=say(1),
        journey=lambda _: {"minimum_external_consent": 3},
    ),
    "9": Case(
        StopReason.LEFT_AUDIENCE,
        before=pick("s"),
        inside=leave("s"),
        journey=lambda _: {"audience": IN_S, "left_audience": "stop"},
    ),
    "9 of a list": Case(
        StopReason.LEFT_AUDIENCE,
        before=on_list(State.SUBSCRIBED),
        inside=on_list(State.UNSUBSCRIBED),
        journey=lambda _: {"audience": {"segments": {"items": [{"subscription_list": "news"}]}}},
    ),
    "17": Case(StopReason.CONTACT_DELETED, inside=delete),
    "PRV-15": Case(StopReason.RESTRICTED, inside=prefer(restricted=True)),
    "23": Case(
        StopReason.NEXT_ITERATION,
        journey=lambda now: {
            "tiles": {**TILES, "w": journeys.wait("P8D", "m")},
            "start": as_text(now),
            "recurrence": {"interval_days": 7, "count": 2},
        },
        after=timedelta(days=8, minutes=1),
    ),
}


@pytest.mark.rule("JRN-70", "PRV-5", "PRV-9")
@pytest.mark.parametrize("row", STOPPED)
def test_a_stopped_contact_gets_nothing_more(world, office, row):
    reason = STOPPED[row].reason

    walk(world, STOPPED[row])

    if reason is StopReason.CONTACT_DELETED:
        check_swept()
    else:
        stopped = service.find(ID)
        assert (stopped.standing, stopped.reason) == ("stopped", reason)
    assert (campaign.sends(), campaign.gone_on(), office.letters()) == ([], [], [])
    assert insights.figures("journey#j") == {f"ended:stopped:{reason}": 1, "enrolled": 1}
    tiles = [insights.figures(f"journey#j#{tile}") for tile in TILES]
    assert [figures[f"stopped:{reason}"] for figures in tiles if f"stopped:{reason}" in figures] == [1]


# Not entered -------------------------------------------------------------------------------------------------------

REFUSED = {
    "1": Case(StopReason.NO_CONTACT),
    "5 at entry": Case(
        StopReason.SUPPRESSION_SEGMENT, before=pick("never"), journey=lambda _: {"suppression_segment": "never"}
    ),
    "PRV-15 at entry": Case(StopReason.RESTRICTED, before=prefer(restricted=True)),
    "6 at entry": Case(StopReason.CONSENT_BELOW_MINIMUM, journey=lambda _: {"minimum_consent": 2}),
    "7 at entry": Case(StopReason.EXTERNAL_CONSENT, before=say(1), journey=lambda _: {"minimum_external_consent": 3}),
    "7 of whom it knows nothing": Case(
        StopReason.EXTERNAL_CONSENT, before=prefer(consent_level=5), journey=lambda _: {"minimum_external_consent": 1}
    ),
}
OUTSIDE = {
    "2 not in the audience": Case(journey=lambda _: {"audience": IN_S}),
    "2 excluded": Case(
        before=pick("never"),
        journey=lambda _: {
            "audience": {"forms": ["f"], "segments": {"items": [{"segment": "never", "containment": "exclude"}]}}
        },
    ),
    "3 before the start": Case(journey=lambda now: {"start": as_text(now + timedelta(days=1))}),
    "3 after the end": Case(journey=lambda now: {"end": as_text(now - timedelta(days=1))}),
}


def check_outside(office):
    assert [item for item in Enrolment.scan() if isinstance(item, Enrolment)] == []
    assert (campaign.sends(), campaign.gone_on(), office.letters()) == ([], [], [])


@pytest.mark.rule("JRN-70", "PRV-4", "PRV-9")
@pytest.mark.parametrize("row", REFUSED)
def test_who_is_refused_does_not_enter_and_the_reason_is_kept(world, office, row):
    case = REFUSED[row]
    set_up(world, case)
    leads.create("only-a-lead", {"last_name": "Juhl"}, "user:u", world.now)
    identity = "only-a-lead" if row == "1" else "ada"

    assert campaign.enter(world, identity) == case.reason
    world.settle()

    check_outside(office)
    kept = [] if row == "1" else [case.reason]
    assert [refusal.reason for refusal in service.refusals_of(identity)] == kept
    assert insights.figures("journey#j") == {f"ended:stopped:{reason}": 1 for reason in kept}


@pytest.mark.parametrize("row", OUTSIDE)
def test_who_is_outside_the_audience_is_passed_over(world, office, row):
    set_up(world, OUTSIDE[row])

    assert campaign.enter(world, "ada", entry.SEGMENT if "not in" in row else entry.FORM) is None
    world.settle()

    check_outside(office)
    assert (service.refusals_of("ada"), insights.figures("journey#j")) == ([], {})


def test_4_who_was_processed_already_does_not_enter_again(world, office):
    walk(world, Case())

    campaign.enter(world, "ada")
    world.settle()
    world.advance(2 * HOUR)
    world.poll("enrolment")

    assert insights.figures("journey#j") == {"ended:finished": 1, "enrolled": 1}
    assert len(office.letters()) == 1


# Waiting: nothing is lost ------------------------------------------------------------------------------------------


def test_19_an_exhausted_quota_delays_the_message_and_blocks_nothing(world, office):
    office.faults = [mail.DAILY] * 3

    walk(world, Case())

    assert campaign.balance() == {"sent": 1}
    assert (len(office.letters()), campaign.gone_on()) == (1, ["ada"])


@pytest.mark.rule("EML-7")
def test_22_stopped_content_settings_let_the_contact_wait_at_its_email(world, office):
    def stop(world):
        version = definitions.get("content-settings", "cs").version
        definitions.stop("content-settings", "cs", version=version, by="u", now=world.now, confirmed=True)

    walk(world, Case(inside=stop))
    waiting = service.find(ID)
    assert (waiting.standing, waiting.tile, campaign.sends(), office.letters()) == ("active", "m", [], [])
    assert insights.figures("journey#j#m") == {"entered": 1}

    found = definitions.get("content-settings", "cs")
    definitions.publish("content-settings", "cs", lambda _: Checked(), version=found.version, by="u", now=world.now)
    world.advance(HOUR)
    world.poll("enrolment")

    assert (service.find(ID).standing, campaign.balance()) == ("finished", {"sent": 1})


@pytest.mark.rule("RCN-2")
@pytest.mark.parametrize(
    ("email", "quiet", "letters"),
    [
        ({"compliance": {"profile_id": "default", "purpose": "commercial"}}, {}, 0),
        ({}, {}, 1),
        (CARE, {}, 1),
        (CARE, {"transactional": True}, 0),
    ],
)
def test_a_message_waits_while_the_quiet_time_of_its_profile_lasts_and_goes_out_then(
    world, office, email, quiet, letters
):
    began = world.now.replace(second=0, microsecond=0)
    hours = {"time_zone": "UTC", "begins": as_text(began)[11:19], "ends": as_text(began + 3 * HOUR)[11:19]}

    def hush(world):
        profiles.amend("default", {"quiet_time": {**hours, "weekdays": [*range(1, 8)], **quiet}}, 0, world.now)

    walk(world, Case(email=email, inside=hush))
    assert len(office.letters()) == letters

    world.advance(began + 3 * HOUR + timedelta(minutes=1) - world.now)
    world.poll("enrolment")
    assert (service.find(ID).standing, campaign.balance(), len(office.letters())) == ("finished", {"sent": 1}, 1)


# Completeness ------------------------------------------------------------------------------------------------------

ELSEWHERE = {"4", "12", "17", "19", "22"}  # rows with a test of their own, above
NOT_BUILT = {
    "8": "contacts have no business unit",
    "24": "no tile is once per account",
    "25": "no tile tests variants against each other",
    "merging": "contacts are not merged",
}
NEVER_GIVEN = {
    Reason.CONSENT: "a level below the journey's minimum stops the contact (row 6); a message has no minimum",
    Reason.RESTRICTED: "the journey stops the contact first; test_restriction has the message that was queued before",
    Reason.OUT_OF_CREDITS: "SES has a quota and no credits: back-pressure (row 19)",
    StopReason.NOT_RUNNING: "nobody enters and nothing is recorded (row 3)",
    StopReason.EXCLUDED: "nobody enters and nothing is recorded (row 2)",
    StopReason.WRONG_BUSINESS_UNIT: NOT_BUILT["8"],
    StopReason.MERGED: NOT_BUILT["merging"],
    StopReason.BY_USER: "a user stops a journey, not one contact in it",
}


def _row(name):
    return name if name in {"decision 37", "EML-3", "merging"} else name.split()[0]


def test_every_row_is_walked_or_listed_with_the_reason_why_not():
    walked = {_row(name) for table in (BLOCKED, STOPPED, REFUSED, OUTSIDE) for name in table} | ELSEWHERE
    in_code = {row for row, *_ in (*blocking.RULES, *stops.INSIDE)}

    assert not walked & NOT_BUILT.keys()
    assert walked | NOT_BUILT.keys() == {str(row) for row in range(1, 26)} | in_code


def test_every_reason_in_code_comes_about_or_is_listed_with_the_reason_why_not():
    given = [case.reason for table in (BLOCKED, STOPPED, REFUSED) for case in table.values()]
    given += [Reason.DUPLICATE, Reason.CONTACT_DELETED]  # rows 12 and 17

    assert not set(given) & NEVER_GIVEN.keys()
    assert {*given, *NEVER_GIVEN} == {*Reason, *StopReason}
