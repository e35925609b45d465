"""Whatever happens in whatever order, consent is raised by the person alone (invariant 7), held against a small law.

The suite walks a few histories, the same ones each time. For a long search, over other ones:

    LAW_EXAMPLES=500 .local/app/bin/python -m pytest tests/integration/test_consent_law.py
"""

import os
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chalicelib.capture import inbound
from chalicelib.capture import service as capture
from chalicelib.capture.inbound import Box, Origin, Sent
from chalicelib.capture.models import Submission
from chalicelib.capture.service import Submitted
from chalicelib.consent import children, history
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import Designation, Refusal, refusal, strictest
from chalicelib.consent.subscriptions import records
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import merging, strategies
from chalicelib.contacts import service as contacts
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit, put_new
from chalicelib.errors import Conflict, Invalid
from chalicelib.imports import planning
from chalicelib.imports.asked import Asked
from chalicelib.imports.fields import RecordType
from chalicelib.imports.mapping import Column, Reader
from chalicelib.imports.options import Options, Statement
from chalicelib.imports.rows import Row
from chalicelib.interactions.types import InteractionType
from chalicelib.leads.choices import LeadSource
from chalicelib.messages import centre, choosing, suppression
from chalicelib.messages.chosen import Chosen
from chalicelib.messages.models import Send
from chalicelib.messages.schemas import ContentSettingsDocument
from chalicelib.tokens import sign
from infra.local.demo.company import newsletter_form
from tests.support import journeys
from tests.support.law import DEFAULTS, Law

EXAMPLE = count()
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
NAMES = ("a", "b", "c")
BOXES = {"do_not_bulk_email": "bulk_email", "do_not_track": "tracking"}
COLUMNS = [(0, Column("Last name", "last_name")), (1, Column("Email", "email"))]
CENTRE = ContentSettingsDocument(address_main="1 Main Street", centre_consent_level=True)

somebody = st.sampled_from(NAMES)
number = st.integers(0, 9)
level = st.integers(0, 5)
flags = dict.fromkeys(("bulk_email", "email", "tracking", "prefill"), st.booleans())
wanted = st.fixed_dictionaries({}, optional={**flags, "consent_level": level})
EVERYTHING = {**dict.fromkeys(flags, True), "consent_level": 5}
brought = st.just(EVERYTHING) | wanted


class Consent(RuleBasedStateMachine):
    """Three addresses, whoever has them at the moment, and everything that can happen to what they allow."""

    def __init__(self):
        super().__init__()
        self.law, self.now, self.prefix, self.ids = Law(), NOW, f"e{next(EXAMPLE)}", count()
        self.letters, self.merged, self.earlier, self.past = [], [], [], []
        self.holders = {}
        self.on = {}

    # The ground ----------------------------------------------------------------------------------------------------

    @initialize()
    def everybody_is_there(self):
        self.guardian = f"{self.prefix}-guardian"
        contacts.create(self.guardian, {"last_name": "Guardian"}, NOW, by="user:u")
        for name in NAMES:
            self.appears(name, self.make(name))

    def make(self, name):
        contact_id = f"{self.prefix}-{name}-{next(self.ids)}"
        contacts.create(contact_id, {"last_name": name, "email": self.address(name)}, self.now, by="user:u")
        return contact_id

    def address(self, name):
        return f"{name}@{self.prefix}.example.dk"

    def appears(self, name, contact_id):
        """Somebody has the address from now on, and got a message."""
        self.holders[name] = contact_id
        self.law.appears(contact_id)
        send_id = f"{contact_id}-send"
        given = {"state": "sent", "email_id": "e", "email_version": 1, "content_settings_id": "centre"}
        hashed = suppression.hash_of(self.address(name))
        row = Send(*Send.at(send_id), send_id=send_id, contact_id=contact_id, address_hash=hashed, **given)
        row.queued_at = self.now
        commit([put_new(row)])
        self.letters.append((name, contact_id, sign("send", send_id)))

    def person(self, name):
        """Return the main contact of whoever has an address, None where nobody has."""
        return self.law.main(self.holders[name]) if self.holders.get(name) else None

    def new_id(self):
        return f"{self.prefix}-{next(self.ids)}"

    def letter(self, which):
        """Return a message, however old: whose address, the mains that its opt-out concerns, and its token."""
        name, contact_id, token = self.letters[which % len(self.letters)]
        return self.law.main(contact_id), {self.law.main(contact_id), self.person(name)} - {None}, token

    # Users ---------------------------------------------------------------------------------------------------------

    @rule(name=somebody, wanted=wanted, reason=st.booleans())
    def a_user_changes_it(self, name, wanted, reason):
        self.by_user(name, wanted, reason)

    @rule(name=somebody, child=st.booleans(), reason=st.booleans())
    def a_user_says_who_is_a_child(self, name, child, reason):
        self.by_user(name, {"is_child": child}, reason, {"guardian_id": self.guardian})

    def by_user(self, name, wanted, reason, besides=None):
        main = self.person(name)
        if main is None:
            return
        child = wanted.get("is_child", self.law.together(main)["is_child"])
        refused = (self.law.raised(main, wanted) and not reason) or (child and wanted.get("consent_level") == 5)
        evidence = Evidence("user:u", "api", "by user", reason="on the phone" if reason else None)
        version = consent.of_person(contacts.who_is(main)).version
        try:
            consent.change_by_user(main, {**wanted, **(besides or {})}, version, evidence, self.new_id(), self.now)
        except Invalid:
            assert refused
        else:
            assert not refused
            self.law.says(main, wanted)

    @rule(name=somebody, given=st.booleans())
    def a_guardian_says_something(self, name, given):
        main = self.person(name)
        said = {"given": given, "given_at": None, "wording": "My child may.", "method": "signed form"}
        if main is None or not self.law.together(main)["is_child"]:
            with pytest.raises(Conflict):
                children.record(main or self.guardian, said, "user:u", self.new_id(), self.now)
        else:
            children.record(main, said, "user:u", self.new_id(), self.now)
            self.law.says(main, {"guardian_consent": given})

    # The person ----------------------------------------------------------------------------------------------------

    @rule(which=number, allow=st.none() | st.booleans(), level=st.none() | level)
    def the_person_chooses_at_its_centre(self, which, allow, level):
        main, concerned, token = self.letter(which)
        choosing.submit(token, self.new_id(), self.now, Chosen(allow, level=level))
        chosen = {"bulk_email": allow, "consent_level": level}
        if main is not None:
            self.law.says(main, {name: value for name, value in chosen.items() if value is not None})
        elif allow is False:
            self.law.refuses(concerned, "bulk_email")

    @rule(which=number)
    def the_person_unsubscribes_by_one_click_however_often(self, which):
        _, concerned, token = self.letter(which)
        centre.unsubscribe(token, self.now)
        self.law.refuses(concerned, "bulk_email")

    @rule(name=somebody, boxes=st.sets(st.sampled_from(sorted(BOXES))))
    def the_person_sends_a_form(self, name, boxes):
        typed = {"last_name": name, "email": self.address(name), **dict.fromkeys(boxes, "true")}
        sent = Submitted("form", typed, self.new_id())
        self.taken(name, capture.submit(sent, self.now).contact_id)
        self.law.refuses([self.person(name)], *(BOXES[each] for each in boxes))
        self.earlier.append(lambda: capture.submit(sent, self.now))

    def taken(self, name, contact_id):
        if self.person(name) is None:
            self.appears(name, contact_id)

    # Other systems -------------------------------------------------------------------------------------------------

    @rule(name=somebody, wanted=brought)
    def a_list_is_imported(self, name, wanted):
        self.imported(name, wanted, self.new_id())

    def imported(self, name, wanted, import_id):
        allows = Statement("They ticked a box.", "a fair", wanted)
        options = Options(match_by=strategies.default("contact").id, consent=allows)
        reader = Reader(RecordType.CONTACT, COLUMNS, options.manner)
        asked = Asked(import_id, RecordType.CONTACT, "user:u", options, 2, reader)
        row = Row(2, [name, self.address(name)])
        made = planning.plan(asked, asked.read(row, f"{import_id}.1.00.2"), self.now, contacts_read)
        commit(made.writes)
        self.taken(name, made.record.contact_id)
        main = self.person(name)
        self.law.brings(main, wanted, self.law.groups[main])
        if made.outcome != "created":  # a row that makes somebody has an id of its own, which is used once
            self.earlier.append(lambda: self.imported(name, wanted, import_id) if self.person(name) else None)

    @rule(name=somebody, wanted=brought, ticked=st.sampled_from([True, True, False]))
    def another_system_sends_what_was_ticked_there(self, name, wanted, ticked):
        more = {each: value for each, value in wanted.items() if value}
        origin = Origin("fair", self.new_id(), self.now, InteractionType.FORM_SUBMITTED, {})
        boxes = [Box("news", "fair:1", accepted=ticked, wording="Yes", raises=more)]
        person = {"last_name": name, "email": self.address(name)}
        sent = Sent(origin, person, {}, LeadSource.TRADE_SHOW, "user:u", boxes=boxes)
        made = inbound.take(sent, keeping(sent), self.now)
        self.taken(name, made.contact_id)
        main = self.person(name)
        allowed = {each: max(value, self.law.stands[main][each]) for each, value in more.items()}
        self.law.brings(main, allowed if ticked else {}, [main])
        self.earlier.append(lambda: inbound.take(sent, keeping(sent), self.now))

    @precondition(lambda self: self.earlier)
    @rule(which=number)
    def something_earlier_comes_once_more(self, which):
        self.earlier[which % len(self.earlier)]()

    # Who is who ----------------------------------------------------------------------------------------------------

    @rule(into=somebody, other=somebody)
    def two_contacts_are_merged(self, into, other):
        one, two = self.person(into), self.person(other)
        if one is None or two is None or one == two:
            return
        merge_id = self.new_id()
        merging.merge(one, two, Wish(merge_id, {}, "user:u", "the same"), contacts.find(one).version, self.now)
        self.merged.append((one, merge_id, self.law.merges(one, two)))

    @precondition(lambda self: any(one in self.law.groups for one, *_ in self.merged))
    @rule(which=number)
    def a_merge_is_undone(self, which):
        possible = [each for each in self.merged if each[0] in self.law.groups]
        into, merge_id, inside = undone = possible[which % len(possible)]
        merging.undo(into, merge_id, "user:u", self.now)
        self.merged.remove(undone)
        self.law.parts(into, inside)

    @rule(name=somebody)
    def somebody_is_deleted(self, name):
        main = self.person(name)
        if main is None:
            return
        gone = self.law.groups[main]
        contacts.remove(main, contacts.find(main).version, self.now)
        assert all(consent.sweep(each) for each in gone)
        self.law.disappears(main)
        self.merged = [each for each in self.merged if each[0] not in gone]
        self.holders = {name: each for name, each in self.holders.items() if each not in gone}
        self.on = {each: state for each, state in self.on.items() if each not in gone}

    # Lists ---------------------------------------------------------------------------------------------------------

    @rule(name=somebody, joins=st.booleans(), reason=st.booleans())
    def a_user_moves_somebody_on_a_list(self, name, joins, reason):
        main, asked = self.person(name), State.SUBSCRIBED if joins else State.UNSUBSCRIBED
        if main is None:
            return
        evidence = Evidence("user:u", "api", "by user", reason="asked" if reason else None)
        try:
            subscriptions.change_by_user(main, "news", asked, evidence, self.new_id(), self.now)
        except Invalid:
            assert joins
            assert not reason
        else:
            self.on |= {each: subscriptions_of(each) for each in self.law.groups[main]}

    # Time, and what holds at any of it -----------------------------------------------------------------------------

    @rule(passes=st.sampled_from([timedelta(seconds=1), timedelta(days=1), timedelta(days=400)]))
    def time_passes(self, passes):
        self.now += passes
        for main in list(self.law.groups):
            children.look(main, self.now)

    @invariant()
    def what_stands_is_what_the_law_says(self):
        known = {each.contact_id: each for each in consent.of_each(self.law.stands)}
        for one, stands in self.law.stands.items():
            assert {name: getattr(known[one], name) for name in DEFAULTS} == stands, one
            assert known[one].withdrawn == self.law.withdrawn[one]
        for main, group in self.law.groups.items():
            person = strictest([known[each] for each in group])
            assert {name: getattr(person, name) for name in DEFAULTS} == self.law.together(main)
            self.may_be_written_to(person, self.law.together(main))
        self.now += timedelta(milliseconds=1)
        self.past += [(main, self.now, dict(self.law.together(main)), set(g)) for main, g in self.law.groups.items()]
        self.now += timedelta(milliseconds=1)

    def may_be_written_to(self, person, law):
        child = law["is_child"] and not law["guardian_consent"]
        bulk, any_ = law["email"] and law["bulk_email"] and not child, law["email"] and not child
        assert (refusal(person, Designation.COMMERCIAL) is None) == bulk
        assert (refusal(person, Designation.TRANSACTIONAL) is None) == any_
        assert not child or refusal(person, Designation.TRANSACTIONAL) in {Refusal.CHILD, Refusal.DO_NOT_EMAIL}

    @invariant()
    def nobody_is_on_a_list_that_was_not_put_there(self):
        for each in self.law.stands:
            assert subscriptions_of(each) == self.on.get(each)

    def teardown(self):
        """The log tells of any moment what stood then, for who is still there."""
        for main, at, stood, people in [*self.past[:: max(1, len(self.past) // 20)], *self.past[-len(NAMES) :]]:
            if people <= self.law.stands.keys():
                past = history.as_of(main, at)
                assert {name: getattr(past.allowed, name) for name in DEFAULTS} == stood
                assert set(past.people) == people


def contacts_read(keys):
    from chalicelib.dynamodb import read

    return read(keys)


def subscriptions_of(contact_id):
    from chalicelib.consent.subscriptions.models import Subscription

    row = Subscription.find(*Subscription.at(contact_id, "news"))
    return row.state if row is not None else None


def keeping(sent):
    """What the connector keeps: that it has taken this response."""

    def keep(resolved):
        identity = sent.origin.submission_id
        if Submission.find(*Submission.at(identity)) is not None:
            return None
        named = {"submission_id": identity, "form_id": "fair", "form_version": 1, "state": "success"}
        return [put_new(Submission(*Submission.at(identity), **named, lead_id=resolved.lead_id, submitted_at=NOW))]

    return keep


@pytest.fixture
def wired():
    """What each domain writes besides a merge."""
    import app

    assert app.wiring


EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "0"))


@pytest.mark.rule("PRV-2", "PRV-13", "PRV-11")
@pytest.mark.usefixtures("cloud", "wired")
def test_consent_is_raised_by_the_person_alone_whatever_happens():
    form = {**newsletter_form(), "update": "contacts"}
    form["elements"] = [*form["elements"], {"kind": "do_not_track"}]
    journeys.publish("form", "form", form)
    journeys.publish("content-settings", "centre", CENTRE.model_dump(mode="json"))
    records.create("news", {"name": "News", "public_name": "News"}, "user:u", NOW)

    run_state_machine_as_test(
        Consent,
        settings=settings(
            max_examples=EXAMPLES or 20,
            stateful_step_count=40,
            deadline=None,
            derandomize=not EXAMPLES,
            suppress_health_check=list(HealthCheck),
        ),
    )
