"""Whatever happens in whatever order: nobody joins unasked, and only proof revives what was taken back."""

from datetime import timedelta
from itertools import count

import pytest
from chalice.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app import app
from chalicelib.clock import as_text, from_text, now
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from tests.integration.test_capture import publish
from tests.integration.test_double_opt_in import change, set_up
from tests.integration.test_lists_on_forms import document, element, move, on, submit
from tests.support.api import Caller
from tests.support.confirming import FORM_EMAIL, Mailbox
from tests.support.consents import changes as consent_changes
from tests.support.merged import merge, undo

EXAMPLE = count()
STEPS = st.lists(
    st.sampled_from(
        ["form", "form", "guarded form", "press first", "press last", "look", "leave", "merge", "undo", "switch"]
    ),
    min_size=3,
    max_size=9,
)


class Story:
    """One person, the forms that anybody may send with its address, and the links that came to its mailbox."""

    def __init__(self, world, client, api, box, stage):
        self.world, self.client, self.api, self.box, self.stage = world, client, api, box, stage
        number = next(EXAMPLE)
        self.address, self.id, self.other = f"p{number}@example.com", f"p{number}", f"o{number}"
        contacts.create(self.id, {"last_name": "P", "email": self.address}, now(), by="user:u")
        contacts.create(self.other, {"last_name": "O", "email": f"o{number}@example.com"}, now(), by="user:u")
        self.merged = None

    def tell(self, step):
        getattr(self, "_" + step.replace(" ", "_"))()
        self.world.settle(duplicate=True)
        self.world.advance(timedelta(hours=2))

    @property
    def paths(self):
        return [
            path for each in self.box.letters if each.recipients == (self.address,) for path in self.box._paths(each)
        ]

    def _form(self):
        submit(self.client, self.stage["form"], email=self.address, subscription_list=[self.stage["list"]])

    def _guarded_form(self):
        submit(self.client, self.stage["guarded"], email=self.address, subscription_list=[self.stage["list"]])

    def _press_first(self, index=0):
        if self.paths:
            path = self.paths[index]
            self.client.http.post(path, headers={"Content-Type": "application/x-www-form-urlencoded"}, body=b"")

    def _press_last(self):
        self._press_first(-1)

    def _look(self):
        for path in self.paths:
            self.client.http.get(path)

    def _leave(self):
        move(self.id, self.stage["list"], State.UNSUBSCRIBED)

    def _merge(self):
        if self.merged is None:
            self.merged = merge(self.other, self.id, now())

    def _undo(self):
        if self.merged and contacts.find(self.id).merged_into:
            undo(self.other, self.id, now())

    def _switch(self):
        self.stage["on"] = not self.stage["on"]
        self.stage["version"] += 1
        status, _ = change(self.api, self.stage["settings"], self.stage["version"] - 1, enabled=self.stage["on"])
        assert status == 200
        self.stage["switched"].append((now(), self.stage["on"]))

    def proofs(self):
        """Every change of the list by anybody of the person, oldest first."""
        found = {each.sk: each for one in (self.id, self.other) for each in consent_changes(one)}
        return [each for _, each in sorted(found.items()) if each.list_id == self.stage["list"]]

    def was_on(self, moment):
        return [state for at, state in self.stage["switched"] if at <= moment][-1]


@pytest.fixture
def stage(world, office):
    with Client(app) as client:
        api, box = Caller(client), Mailbox(office, client)
        list_id = api.post("/subscription-lists", {"name": "News"})["id"]
        chosen = set_up(api)
        email = publish(api, "/emails", FORM_EMAIL)
        guarded = document(element(list_id), double_opt_in=True, confirmation_email_id=email)
        forms = {"form": publish(api, "/forms", document(element(list_id))), "guarded": publish(api, "/forms", guarded)}
        begun = {"on": True, "version": 1, "settings": chosen, "switched": [(now(), True)], "list": list_id}
        yield world, client, api, box, {**forms, **begun}


@pytest.mark.rule("DOI-1", "DOI-9")
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(steps=STEPS)
@example(steps=["form", "guarded form", "press last", "leave", "press first"])
@example(steps=["guarded form", "form", "press last", "leave", "press first"])
@example(steps=["switch", "form", "leave", "form", "look", "press last"])
@example(steps=["guarded form", "form", "press first", "leave", "press last", "merge", "form", "press last"])
@example(steps=["switch", "form", "merge", "leave", "undo", "form", "press last"])
def test_nobody_is_on_a_list_without_proof(stage, steps):
    story = Story(*stage)
    for step in steps:
        story.tell(step)

    left = None
    for proof in story.proofs():
        if proof.after["subscription"] == State.UNSUBSCRIBED:
            left = proof.changed_at
        elif proof.method == "double-opt-in":
            asked = from_text(proof.reason.removeprefix("Asked for at ").partition(",")[0].rstrip("."))
            assert left is None or asked > left, as_text(asked)
        else:
            assert proof.method == "checkbox"
            assert left is None
            assert not story.was_on(proof.changed_at)
    assert not on(story.id) or story.proofs()
