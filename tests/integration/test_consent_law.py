"""Whatever happens in whatever order, consent is raised by the person alone (invariant 7), held against a small law.

The suite walks a few histories, the same ones each time. For a long search, over other ones:

    LAW_EXAMPLES=500 .local/app/bin/python -m pytest tests/integration/test_consent_law.py
"""

import os
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import time_machine
from chalice.test import Client
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

from app import app
from chalicelib.capture import inbound
from chalicelib.capture import service as capture
from chalicelib.capture.inbound import Box, Origin, Sent
from chalicelib.capture.models import Submission
from chalicelib.capture.service import Submitted
from chalicelib.clock import digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent import children, history
from chalicelib.consent import service as consent
from chalicelib.consent.ages import DEFAULT
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import plans as point_plans
from chalicelib.consent.points import profile
from chalicelib.consent.points import records as profiles
from chalicelib.consent.points import rules as point_rules
from chalicelib.consent.points import service as points
from chalicelib.consent.points.models import consent_key
from chalicelib.consent.points.rules import Model, choice_of
from chalicelib.consent.rules import Designation, Refusal, refusal, strictest
from chalicelib.consent.subscriptions import records
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import deletion, merging, strategies
from chalicelib.contacts import service as contacts
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit, put, put_new, read
from chalicelib.errors import Conflict, Invalid
from chalicelib.imports import asked as imports_asked
from chalicelib.imports import planning
from chalicelib.imports.fields import RecordType
from chalicelib.imports.mapping import Column, Reader
from chalicelib.imports.options import Options, Statement
from chalicelib.imports.rows import Row
from chalicelib.interactions.types import InteractionType
from chalicelib.leads.choices import LeadSource
from chalicelib.messages import centre, choosing, suppression
from chalicelib.messages.chosen import Chosen
from chalicelib.messages.models import Send
from chalicelib.messages.optin import links
from chalicelib.messages.optin.models import Confirmation, OptInSettings
from chalicelib.messages.optin.rules import What
from chalicelib.messages.schemas import ContentSettingsDocument
from chalicelib.privacy import erasing, walking
from chalicelib.privacy import service as privacy
from chalicelib.privacy.kinds import Type
from chalicelib.privacy.models import Search
from chalicelib.tokens import sign
from infra.local.demo.company import newsletter_form
from tests.support import journeys
from tests.support.confirming import FORM
from tests.support.law import DEFAULTS, Asked, Law

EXAMPLE = count()
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
NAMES = ("a", "b", "c")
BOXES = {"do_not_bulk_email": "bulk_email", "do_not_track": "tracking"}
BRINGS = [(0, Column("Last name", "last_name")), (1, Column("Email", "email"))]
LIST = "news"
OFFERED = {"lists": [LIST], "centre_consent_level": True}
CENTRE = ContentSettingsDocument(address_main="1 Main Street", **OFFERED)

PROFILE = {"compliance_profile_id": "default"}
BOATS = {"id": "boats", "name": "Boats"}
TOPICS = {"commercial": (Model.NON_RESTRICTIVE, False), "fairs": (Model.RESTRICTIVE, True)}
"""Purposes with a topic each, and whether a message for one needs a consent, or only no refusal."""
CHOICES = [choice for each in TOPICS for choice in (each, f"{each}/boats")]
SAID = {None: None, True: point_rules.State.OPTED_IN, False: point_rules.State.OPTED_OUT}

somebody = st.sampled_from(NAMES)
number = st.integers(0, 9)
level = st.integers(0, 5)
flags = dict.fromkeys(("bulk_email", "email", "tracking", "prefill"), st.booleans())
wanted = st.fixed_dictionaries({}, optional={**flags, "consent_level": level})
EVERYTHING = {**dict.fromkeys(flags, True), "consent_level": 5}
ticks = st.sets(st.sampled_from(CHOICES), min_size=1, max_size=2)
brought = st.just(EVERYTHING) | wanted


class Consent(RuleBasedStateMachine):
    """Three addresses, whoever has them at the moment, and everything that can happen to what they allow."""

    def __init__(self):
        super().__init__()
        self.law, self.prefix, self.ids = Law(NOW), f"e{next(EXAMPLE)}", count()
        self.letters, self.links, self.merged, self.earlier, self.past, self.forgotten = [], [], [], [], [], []
        self.holders, self.names, self.guarded = {}, {}, set()
        self.opt_in, self.client = False, Client(app)

    @property
    def now(self):
        return self.law.now

    # The ground ----------------------------------------------------------------------------------------------------

    @initialize()
    def everybody_is_there(self):
        self.guardian = f"{self.prefix}-guardian"
        self.double_opt_in_is_switched(on=False)
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
        self.holders[name], self.names[contact_id] = contact_id, name
        self.law.appears(contact_id)
        send_id = f"{contact_id}-send"
        given = {"state": "sent", "email_id": "e", "email_version": 1, "content_settings_id": "centre"}
        hashed = suppression.hash_of(self.address(name))
        row = Send(*Send.at(send_id), send_id=send_id, contact_id=contact_id, address_hash=hashed, **given)
        row.queued_at = row.settled_at = self.now
        commit([put_new(row)])
        self.letters.append((name, contact_id, sign("send", send_id)))

    def person(self, name):
        """Return the main contact of whoever has an address, None where nobody has."""
        return self.law.main(self.holders[name]) if self.holders.get(name) else None

    def new_id(self):
        return f"{self.prefix}-{next(self.ids)}"

    def letter(self, which):
        """Return a message, however old: whose address, the mains that its opt-out concerns, and its token.

        One of somebody who was forgotten leads nowhere any more.
        """
        name, contact_id, token = self.letters[which % len(self.letters)]
        if contact_id is None:
            return None, set(), token
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
        is_child = self.law.together(main)["is_child"]
        child, day = wanted.get("is_child", is_child), self.day(main)
        shortens = is_child and wanted.get("is_child") and self.law.unlimited(main) and day is not None
        raises = self.law.raised(main, wanted) or (shortens and self.now < day)
        refused = (raises and not reason) or (child and wanted.get("consent_level") == 5)
        evidence = Evidence("user:u", "api", "by user", reason="on the phone" if reason else None)
        version = consent.of_person(contacts.who_is(main)).version
        try:
            consent.change_by_user(main, {**wanted, **(besides or {})}, version, evidence, self.new_id(), self.now)
        except Invalid:
            assert refused
        else:
            assert not refused
            self.guarded |= {*self.law.groups[main]} if besides else set()
            if wanted.get("is_child"):
                self.law.is_marked(main, day)
            else:
                self.law.says(main, wanted)

    @rule(name=somebody, days=st.sampled_from([1, 300, 900, -900]))
    def somebody_types_a_birth_date(self, name, days):
        main = self.person(name)
        if main is not None:
            of_age = (self.now + timedelta(days=days)).date()
            born = of_age.replace(year=of_age.year - DEFAULT, day=min(of_age.day, 28)).isoformat()
            contacts.amend(main, {"birth_date": born}, contacts.find(main).version, self.now)
            self.looks(main)

    @rule(name=somebody, guarded=st.booleans())
    def somebody_grows_up(self, name, guarded):
        if self.person(name) is None:
            return
        self.somebody_types_a_birth_date(name, 300)
        if guarded:
            self.a_user_says_who_is_a_child(name, child=True, reason=True)
            self.a_guardian_says_something(name, given=True)
        self.time_passes(400)

    def looks(self, main):
        children.look(main, self.now)
        self.law.ages(main, self.day(main))

    def day(self, main):
        """Return when somebody comes of age, as far as that is known."""
        born = contacts.find(main).birth_date
        birth = datetime.fromisoformat(born) if born is not None else None
        return birth and birth.replace(year=birth.year + DEFAULT, hour=12, tzinfo=UTC)

    @rule(on=st.booleans())
    def double_opt_in_is_switched(self, on):
        self.opt_in = on
        commit([put(OptInSettings(*OptInSettings.at(), enabled=on, version=1))])

    @rule(name=somebody, given=st.booleans())
    def a_guardian_says_something(self, name, given):
        main = self.person(name)
        said = {"given": given, "given_at": None, "wording": "My child may.", "method": "signed form"}
        if main is None or not self.law.together(main)["is_child"] or not self.guarded & {*self.law.groups[main]}:
            with pytest.raises(Conflict):
                children.record(main or self.guardian, said, "user:u", self.new_id(), self.now)
        else:
            children.record(main, said, "user:u", self.new_id(), self.now)
            self.law.says(main, {"guardian_consent": given})

    # The person ----------------------------------------------------------------------------------------------------

    @rule(which=number, allow=st.none() | st.booleans(), level=st.none() | level, joins=st.none() | st.booleans())
    def the_person_chooses_at_its_centre(self, which, allow, level, joins):
        main, concerned, token = self.letter(which)
        ticked = {LIST: joins} if joins is not None else {}
        choosing.submit(token, self.new_id(), self.now, Chosen(allow, ticked, level=level))
        if main is not None:
            self.chosen(main, allow, level, joins)
        elif allow is False:
            self.law.refuses(concerned, "bulk_email")

    def chosen(self, main, allow, level, joins):
        chosen = {"bulk_email": allow, "consent_level": level}
        if level is not None and self.opt_in and level > self.law.together(main)["consent_level"]:
            del chosen["consent_level"]
            self.waits(digest(What.LEVEL, main), main, Asked(self.now, main, level))
        self.law.says(main, {name: value for name, value in chosen.items() if value is not None})
        if joins:
            self.joins(main, waits=self.opt_in)
        elif joins is not None:
            self.law.leaves(main)

    def joins(self, main, *, waits):
        if waits and not self.law.on(main):
            self.waits(digest(What.LIST, main, LIST), main, Asked(self.now, main, joins=True))
        else:
            self.law.joins(main)

    def waits(self, name, main, asked):
        """Something waits for its address from now on: the link of it has been mailed."""
        self.law.asked[name] = asked
        address = suppression.hash_of(asked.address or self.address(self.names[main]))
        row = Confirmation.find(*Confirmation.at(address, name))
        assert row.asked_at == self.now
        self.links.append((name, self.now, links.token_of(row)))

    @rule(which=number)
    def the_person_unsubscribes_by_one_click_however_often(self, which):
        _, concerned, token = self.letter(which)
        centre.unsubscribe(token, self.now)
        self.law.refuses(concerned, "bulk_email")

    @rule(name=somebody, boxes=st.sets(st.sampled_from(sorted(BOXES))), joins=st.booleans(), ticked=ticks)
    def the_person_sends_a_form(self, name, boxes, joins, ticked):
        sent, at = self.typed("form", name, boxes, joins, ticked), self.now
        self.taken(name, capture.submit(sent, self.now).contact_id)
        self.agreed(name, boxes, joins, waits=self.opt_in or self.law.left(self.person(name)))
        self.law.ticks(name, ticked, self.now, confirmed=False)
        self.earlier.append(lambda: self.sent_twice(name, sent, at))

    def sent_twice(self, name, sent, at):
        """What comes once more is known; of who was forgotten since it is not, so it would be a new start."""
        if self.law.erased.get(name, NOW) < at:
            capture.submit(sent, self.now)

    @rule(name=somebody, boxes=st.sets(st.sampled_from(sorted(BOXES))), joins=st.booleans(), ticked=ticks)
    def the_person_sends_a_form_that_has_to_be_confirmed(self, name, boxes, joins, ticked):
        sent, at = self.typed("guarded", name, boxes, joins, ticked), self.now
        assert capture.submit(sent, self.now).contact_id is None
        about = {"refuses": tuple(boxes), "ticked": tuple(ticked)}
        self.waits(sent.id, None, Asked(self.now, joins=joins, address=self.address(name), **about))
        self.earlier.append(lambda: self.sent_twice(name, sent, at))

    def typed(self, form, name, boxes, joins, choices):
        ticked = {**dict.fromkeys(boxes, "true"), **({"subscription_list": LIST} if joins else {})}
        if choices:
            ticked["purpose_consent"] = sorted(choices)
        return Submitted(form, {"last_name": name, "email": self.address(name), **ticked}, self.new_id())

    def taken(self, name, contact_id):
        if self.person(name) is None:
            self.appears(name, contact_id)

    def agreed(self, name, boxes, joins, *, waits):
        main = self.person(name)
        self.law.refuses([main], *(BOXES[each] for each in boxes))
        if joins:
            self.joins(main, waits=waits)

    @precondition(lambda self: self.links)
    @rule(which=number, looks=st.booleans())
    def somebody_presses_the_button_behind_a_mailed_link(self, which, looks):
        name, mailed_for, token = self.links[which % len(self.links)]
        with time_machine.travel(self.now, tick=False):
            if looks:
                self.client.http.get(f"/confirm/{token}")
                self.what_stands_is_what_the_law_says()
            pressed = self.client.http.post(f"/confirm/{token}", headers=FORM, body=b"")
        asked = self.law.confirms(name, mailed_for)
        assert pressed.status_code in ({200} if asked else {200, 404, 409, 410}), pressed.body
        if asked and asked.address:
            self.submitted(asked)
        elif asked and asked.joins:
            self.law.joins(self.law.main(asked.contact))
        elif asked:
            self.law.reaches(self.law.main(asked.contact), asked.level)

    @rule(name=somebody, meanwhile=st.sampled_from(["centre", "user", "late"]))
    def what_was_asked_for_is_taken_back_or_too_old_when_the_button_is_pressed(self, name, meanwhile):
        if self.person(name) is not None:
            self.double_opt_in_is_switched(on=True)
            self.asked_in_vain(name, True, meanwhile)
            self.asked_in_vain(name, False, meanwhile)

    def asked_in_vain(self, name, of_list, meanwhile):
        self.by_user(name, {"consent_level": 1}, reason=True)
        before, mine = len(self.links), self.own_letter(name)
        self.the_person_chooses_at_its_centre(mine, None, None if of_list else 3, of_list or None)
        if len(self.links) == before:
            return  # it is on the list already
        self.time_passes(31 if meanwhile == "late" else 1)
        if meanwhile != "late":
            self.takes_back(name, mine, of_list, at_the_centre=meanwhile == "centre")
        self.somebody_presses_the_button_behind_a_mailed_link(before, looks=True)

    def own_letter(self, name):
        return max(at for at, (_, contact_id, _) in enumerate(self.letters) if contact_id == self.holders[name])

    def takes_back(self, name, mine, of_list, *, at_the_centre):
        if of_list:
            self.a_user_moves_somebody_on_a_list(name, joins=True, reason=True)
        if at_the_centre:
            self.the_person_chooses_at_its_centre(mine, None, None if of_list else 0, False if of_list else None)
        elif of_list:
            self.a_user_moves_somebody_on_a_list(name, joins=False, reason=False)
        else:
            self.by_user(name, {"consent_level": 0}, reason=False)

    def submitted(self, asked):
        """A form counts once it is confirmed; whoever left the list after sending it stays off."""
        [name] = [each for each in NAMES if self.address(each) == asked.address]
        if self.person(name) is None:
            [found] = contacts.by_email(asked.address)
            self.appears(name, found.contact_id)
        joins = asked.joins and not self.law.left(self.person(name), asked.at)
        self.agreed(name, asked.refuses, joins, waits=False)
        self.law.ticks(name, asked.ticked, asked.at, confirmed=True)

    # The address ---------------------------------------------------------------------------------------------------

    @rule(
        name=somebody, choice=st.sampled_from(CHOICES), yes=st.sampled_from([None, True, False]), reason=st.booleans()
    )
    def a_user_says_what_an_address_allows(self, name, choice, yes, reason):
        evidence = Evidence("user:u", "api", "by user", reason="on the phone" if reason else None)
        refused, point = self.law.allows_more(name, choice, yes) and not reason, points.point_of(self.address(name))
        try:
            points.change_by_user(point, "default", {choice: SAID[yes]}, evidence, self.new_id(), self.now)
        except Invalid:
            assert refused
        else:
            assert not refused
            self.law.address_says(name, choice, yes)

    @rule(name=somebody, choice=st.sampled_from(CHOICES), confirmed=st.booleans())
    def what_an_address_refused_is_ticked_on_a_form(self, name, choice, confirmed):
        self.a_user_says_what_an_address_allows(name, choice, yes=False, reason=False)
        self.time_passes(0)
        if not confirmed:
            self.the_person_sends_a_form(name, set(), joins=False, ticked={choice})
            return
        self.the_person_sends_a_form_that_has_to_be_confirmed(name, set(), joins=False, ticked=set(CHOICES))
        self.time_passes(1)
        self.a_user_says_what_an_address_allows(name, CHOICES[0], yes=False, reason=False)
        self.somebody_presses_the_button_behind_a_mailed_link(len(self.links) - 1, looks=True)

    # Other systems -------------------------------------------------------------------------------------------------

    @rule(name=somebody, wanted=brought)
    def a_list_is_imported(self, name, wanted):
        self.imported(name, wanted, self.new_id())

    def imported(self, name, wanted, import_id):
        allows = Statement("They ticked a box.", "a fair", wanted)
        options = Options(match_by=strategies.default("contact").id, consent=allows)
        reader = Reader(RecordType.CONTACT, BRINGS, options.manner)
        asked = imports_asked.Asked(import_id, RecordType.CONTACT, "user:u", options, 2, reader)
        told = asked.read(Row(2, [name, self.address(name)]), f"{import_id}.1.00.2")
        if name in self.law.erased:
            with pytest.raises(Conflict):
                planning.plan(asked, told, self.now, read)
            return
        made = planning.plan(asked, told, self.now, read)
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
        assert not inbound.forgotten(sent)
        made = inbound.take(sent, keeping(sent), self.now)
        self.taken(name, made.contact_id)
        main = self.person(name)
        allowed = {each: max(value, self.law.stands[main][each]) for each, value in more.items()}
        self.law.brings(main, allowed if ticked else {}, [main])
        self.earlier.append(lambda: self.comes_late(name, sent))

    def comes_late(self, name, sent):
        """What was sent before somebody was forgotten comes to nothing; anything else is there already."""
        assert inbound.forgotten(sent) == (self.law.erased.get(name, NOW) >= sent.origin.at)
        if not inbound.forgotten(sent):
            assert inbound.take(sent, keeping(sent), self.now) is None

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
        contacts.remove(main, contacts.find(main).version, self.now)
        self.is_gone(main)

    def is_gone(self, main):
        gone = self.law.groups[main]
        for each in gone:
            deletion.sweep(each, self.now)
        self.law.disappears(main, {self.address(self.names[each]) for each in gone})
        self.merged = [each for each in self.merged if each[0] not in gone]
        self.holders = {name: each for name, each in self.holders.items() if each not in gone}

    @rule(name=somebody)
    def somebody_asks_to_be_forgotten(self, name):
        """Everything that ids lead to goes; who the address is of later is somebody else."""
        main, request_id, given = self.person(name), self.new_id(), {"identifier": self.address(name)}
        request = privacy.create(request_id, Type.ERASE, given, None, "user:u", self.now)
        privacy.carry_out(request_id, {}, request.version, "user:u", self.now)
        known = walking.known(Search.get(*Search.at(request_id)))
        erasing.act({"request": request_id, "run": 1}, [f"{noun}#{each}" for noun, each in known], self.now)
        gone = self.law.groups[main] if main is not None else []
        names = {name, *(self.names[each] for each in gone)}
        if main is not None:
            self.is_gone(main)
        self.law.forgets(names, {self.address(each) for each in names})
        self.forgotten.append((request_id, known, names, self.now))
        self.letters = [(name, None if each in gone else each, token) for name, each, token in self.letters]

    @precondition(lambda self: self.forgotten)
    @rule(which=number)
    def an_erasure_looks_again(self, which):
        request_id, known, names, asked_at = self.forgotten[which % len(self.forgotten)]
        erasing.act({"request": request_id, "run": 1}, [f"{noun}#{each}" for noun, each in known], self.now)
        self.law.is_looked_for_again(names, asked_at)

    @rule(name=somebody, choice=st.sampled_from(CHOICES), waits=st.booleans())
    def who_was_forgotten_begins_anew_before_the_erasure_looks_again(self, name, choice, waits):
        self.somebody_asks_to_be_forgotten(name)
        self.time_passes(0)
        if waits:
            self.the_person_sends_a_form_that_has_to_be_confirmed(name, set(), joins=True, ticked=set(CHOICES))
            self.a_user_says_what_an_address_allows(name, choice, yes=False, reason=False)
        else:
            self.the_person_sends_a_form(name, set(), joins=True, ticked={choice})
        self.time_passes(1)
        self.an_erasure_looks_again(len(self.forgotten) - 1)
        if waits:
            self.somebody_presses_the_button_behind_a_mailed_link(len(self.links) - 1, looks=False)

    @rule(name=somebody, again=st.booleans())
    def what_was_sent_before_somebody_was_forgotten_comes_after_it(self, name, again):
        if name not in self.law.erased:
            self.a_list_is_imported(name, EVERYTHING)
        self.another_system_sends_what_was_ticked_there(name, EVERYTHING, ticked=True)
        late = self.earlier[-1]
        self.somebody_asks_to_be_forgotten(name)
        if again:
            self.the_person_sends_a_form(name, set(), joins=False, ticked=set())
        late()
        self.a_list_is_imported(name, EVERYTHING)

    # Lists ---------------------------------------------------------------------------------------------------------

    @rule(name=somebody, joins=st.booleans(), reason=st.booleans())
    def a_user_moves_somebody_on_a_list(self, name, joins, reason):
        main, asked = self.person(name), State.SUBSCRIBED if joins else State.UNSUBSCRIBED
        if main is None:
            return
        evidence = Evidence("user:u", "api", "by user", reason="asked" if reason else None)
        try:
            subscriptions.change_by_user(main, LIST, asked, evidence, self.new_id(), self.now)
        except Invalid:
            assert joins
            assert not reason
        else:
            (self.law.joins if joins else self.law.leaves)(main)

    # Time, and what holds at any of it -----------------------------------------------------------------------------

    @rule(days=st.sampled_from([0, 1, 20, 31, 400, 1200]))
    def time_passes(self, days):
        self.law.now += timedelta(days=days, seconds=1)
        for main in list(self.law.groups):
            self.looks(main)

    @invariant()
    def what_stands_is_what_the_law_says(self):
        known = {each.contact_id: each for each in consent.of_each(self.law.stands)}
        for one, stands in self.law.stands.items():
            assert {name: getattr(known[one], name) for name in DEFAULTS} == stands, one
            assert known[one].withdrawn == self.law.withdrawn[one]
            until = self.law.until[one]
            assert known[one].of_age_on == (until and until.date().isoformat())
        for main, group in self.law.groups.items():
            person = strictest([known[each] for each in group])
            assert {name: getattr(person, name) for name in DEFAULTS} == self.law.together(main)
            self.may_be_written_to(person, self.law.together(main))
        self.law.now += timedelta(milliseconds=1)
        self.past += [(main, self.now, dict(self.law.together(main)), set(g)) for main, g in self.law.groups.items()]
        self.law.now += timedelta(milliseconds=1)

    def may_be_written_to(self, person, law):
        child = law["is_child"] and not law["guardian_consent"]
        bulk, any_ = law["email"] and law["bulk_email"] and not child, law["email"] and not child
        assert (refusal(person, Designation.COMMERCIAL) is None) == bulk
        assert (refusal(person, Designation.TRANSACTIONAL) is None) == any_
        assert not child or refusal(person, Designation.TRANSACTIONAL) in {Refusal.CHILD, Refusal.DO_NOT_EMAIL}

    @invariant()
    def nobody_is_on_a_list_that_did_not_join_it(self):
        for main, group in self.law.groups.items():
            [standing] = subscriptions.standings(Identity(tuple(group)), [LIST])
            said = {one: self.law.lists[one][0] for one in group if one in self.law.lists}
            assert {one: row.holds for one, row in zip(group, standing.rows, strict=True) if row} == said
            assert standing.on == self.law.on(main)

    @invariant()
    def an_address_agreed_to_what_it_ticked_itself_and_to_nothing_else(self):
        hashes = [suppression.hash_of(self.address(name)) for name in NAMES]
        found = read(consent_key(each, "default") for each in hashes)
        for name, hashed, row in zip(NAMES, hashes, found, strict=True):
            standing = point_plans.standing_of(hashed, "default", point_rules.Channel.EMAIL, row)
            said = {choice: standing.state(choice) for choice in standing.choices}
            assert said == {choice: SAID[yes] for choice, yes in self.law.of_address(name).items()}, name
            for purpose, (model, only_if_agreed) in TOPICS.items():
                states = [standing.state(each) for each in (purpose, choice_of(purpose, "boats"))]
                goes_out = point_rules.refused(model, *states, has_topic=True) is None
                assert goes_out == self.law.may(name, purpose, f"{purpose}/boats", only_if_agreed=only_if_agreed)

    def teardown(self):
        """The log tells of any moment what stood then, for who is still there."""
        for main, at, stood, people in [*self.past[:: max(1, len(self.past) // 20)], *self.past[-len(NAMES) :]]:
            if people <= self.law.stands.keys():
                past = history.as_of(main, at)
                assert {name: getattr(past.allowed, name) for name in DEFAULTS} == stood
                assert set(past.people) == people


def keeping(sent):
    """What the connector keeps: that it has taken this response."""

    def keep(resolved):
        identity = sent.origin.submission_id
        if Submission.find(*Submission.at(identity)) is not None:
            return None
        named = {"submission_id": identity, "form_id": "fair", "form_version": 1, "state": "success"}
        return [put_new(Submission(*Submission.at(identity), **named, lead_id=resolved.lead_id, submitted_at=NOW))]

    return keep


EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "0"))


@pytest.mark.rule("PRV-2", "PRV-13", "PRV-11", "DOI-1", "DOI-4", "DOI-9", "RCN-1", "RCN-5")
@pytest.mark.usefixtures("cloud")
def test_consent_is_raised_by_the_person_alone_whatever_happens():
    form = {**newsletter_form(), "update": "contacts"}
    joining = {"kind": "subscription_list", "list_id": LIST, "text": "News, please"}
    asking = [{"kind": "purpose_consent", "choice": choice, "text": f"{choice}, please"} for choice in CHOICES]
    form = {**form, **PROFILE, "elements": [*form["elements"], {"kind": "do_not_track"}, joining, *asking]}
    journeys.publish("form", "form", form)
    journeys.publish("form", "guarded", {**form, "double_opt_in": True, "confirmation_email_id": "email"})
    journeys.publish("content-settings", "centre", CENTRE.model_dump(mode="json"))
    offered = [
        {**each, "topics": [BOATS]} for each in [{"id": "commercial", "name": "C"}, {"id": "fairs", "name": "F"}]
    ]
    profiles.amend("default", {"purposes": profile.whole(profile.made(each) for each in offered)}, 0, NOW)
    records.create(LIST, {"name": "News", "public_name": "News"}, "user:u", NOW)

    run_state_machine_as_test(
        Consent,
        settings=settings(
            max_examples=EXAMPLES or 7,
            stateful_step_count=21,
            deadline=None,
            derandomize=not EXAMPLES,
            suppress_health_check=list(HealthCheck),
        ),
    )
