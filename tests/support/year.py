"""A busy year of one person among others: everything that a person can leave behind, in every table and the bucket.

*Zenobia* is who will ask to be forgotten. She is known by two addresses (two contacts that were merged), was once
taken for *Quirin*, guards *Cyra*, and works for one company after another. *Bjarke* does the same things as she.
"""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from chalicelib.capture import visits
from chalicelib.clock import new_id
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.contacts import service as contacts
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.choices import State, StatusReason
from chalicelib.registrations import registering
from chalicelib.registrations.registering import Submitted
from chalicelib.tokens import sign
from infra.local.demo.company import newsletter_form
from infra.local.linkedin_leads import notice
from tests.support import journeys, story
from tests.support.api import Caller
from tests.support.imports import finished, submitted, table
from tests.support.linkedin import Connected
from tests.support.mail import Office, letter_links
from tests.support.merged import merge, undo
from tests.support.registering import published
from tests.support.streams import World

FIRST, LAST = "Zenobia", "Quistgaard"
ADDRESS, PRIVATE, MOBILE = "Zenobia.Quistgaard@contoso.example", "zq@hjemme.example", "+4531415926"
BJARKE = "bjarke@contoso.example"
OTHERS = {"Cyra": "cyra@contoso.example", "Quirin": "quirin@contoso.example"}
VISITOR = "visitor-of-zenobia-0123456789"
HEADINGS = ["First name", "Surname", "E-Mail", "Mobile phone"]
LIST = [
    HEADINGS,
    [FIRST, LAST, PRIVATE, "+45 31 41 59 26"],
    ["Dorthe", "Dahl", "dorthe@contoso.example", ""],
    [FIRST, LAST, ADDRESS, "no number"],
]
UPDATE_NOTHING = {**newsletter_form(), "update": "none", "topic": None}


class Year:
    """What somebody lived through, and who is who."""

    def __init__(self, world: World, office: Office, connected: Connected) -> None:
        self.world, self.office, self.connected = world, office, connected
        self.api: Caller = connected.api
        self.http = connected.http
        self.clicks: list[str] = []

    def live(self) -> None:
        """Let it all happen."""
        story.publish(self.world)
        journeys.publish("form", "survey", UPDATE_NOTHING, self.world.now)
        self.world.settle()
        self.list_id = self.api.post("/subscription-lists", {"name": "Letters"})["id"]
        self._orphan()
        self._visit(VISITOR)
        self.ids = {name: self._known(name, address) for name, address in OTHERS.items()}
        self.ids["Bjarke"] = self.send_form("Bjarke", BJARKE)
        self.zenobia = self.send_form(FIRST, ADDRESS, VISITOR)
        self.lead = next(each.lead_id for each in lead_reading.of_contact(self.zenobia))
        self._read_letters()
        self._become_one_and_part()
        self._work_and_buy()
        self._come_by_lists()
        self._come_by_linkedin()
        self._register()
        self.world.advance(timedelta(days=300))
        self.world.poll()
        self._visit(VISITOR)
        self.world.settle()

    # What they do --------------------------------------------------------------------------------------------------

    def _visit(self, visitor: str) -> None:
        visits.visited(
            "page",
            ["f"],
            visitor_id=visitor,
            contact_id=None,
            session_id="s",
            journey_id=None,
            email_id=None,
            now=self.world.now,
        )

    def submit(self, form: str, values: dict[str, Any], visitor: str | None = None) -> int:
        seen = {"visitor": sign("visitor-cookie", visitor)} if visitor else {}
        body = json.dumps({"values": values, **seen}).encode()
        headers = {"Content-Type": "application/json"}
        return self.http.http.post(f"/forms/{form}/submissions", headers=headers, body=body).status_code

    def _known(self, name: str, address: str) -> str:
        return str(self.api.post("/contacts", {"first_name": name, "last_name": "Nygård", "email": address})["id"])

    def send_form(self, name: str, address: str, visitor: str | None = None) -> str:
        last = LAST if name == FIRST else "Nygård"
        assert self.submit("f", {"first_name": name, "last_name": last, "email": address}, visitor) == 201
        self.submit("survey", {"first_name": name, "last_name": last, "email": address})
        self.world.settle()
        [found] = contacts.by_email(address)
        return str(found.contact_id)

    def _read_letters(self) -> None:
        """Everybody's letter arrives, and everybody clicks."""
        told, self.office.events = self.office.events, []
        for event in told:
            self.world.send("email-events", json.dumps(event))
        self.world.settle()
        self.world.advance(timedelta(hours=1))
        for address in (ADDRESS, BJARKE):
            [letter] = self.office.letters(address)
            path = next(urlsplit(link).path for link in letter_links(letter) if "/t/" in link)
            if address == ADDRESS:
                self.clicks.append(path)
            assert self.http.http.get(path, headers=story.BROWSER).status_code == 302
        self.world.settle()
        self.world.advance(timedelta(hours=25))
        self.world.poll()

    def _become_one_and_part(self) -> None:
        """Zenobia is two contacts that become one; for a day she is taken for Quirin, too."""
        given = {"first_name": FIRST, "last_name": LAST, "email": PRIVATE, "mobile_phone": MOBILE}
        self.second = self.api.post("/contacts", given)["id"]
        merge(self.zenobia, self.second, self.world.now)
        merge(self.ids["Quirin"], self.zenobia, self.world.now, {"first_name": "other"})
        self.world.settle()
        undo(self.ids["Quirin"], self.zenobia, self.world.now)
        self.world.settle()

    def _work_and_buy(self) -> None:
        for company in ("Kajak ApS", "Fjord A/S"):
            account = self.api.post("/accounts", {"name": company})["id"]
            for person in (self.zenobia, self.ids["Bjarke"]):
                known = self.api.get(f"/contacts/{person}")
                self.api.change("PATCH", f"/contacts/{person}", known, {"account_id": account})
        self.account = account
        for person, name in ((self.zenobia, FIRST), (self.ids["Bjarke"], "Bjarke")):
            about = {"kind": "contact", "id": person}
            self.api.post("/activities", {"kind": "task", "subject": f"Call {name}", "regarding": about})
            self.api.post("/opportunities", {"name": f"Boat for {name}", "contact_id": person})
            self.api.post(
                "/opportunities", {"name": f"Boats of {name}", "contact_id": person, "account_id": self.account}
            )
            status, answer, _ = self.api.call(
                "POST", f"/contacts/{person}/lists/{self.list_id}", {"reason": f"{name} asked for it"}
            )
            assert status == 200, answer
        [lead] = lead_reading.of_contact(self.ids["Bjarke"])
        self.api.post(f"/leads/{lead.lead_id}/stakeholders", {"contact_id": self.zenobia, "role": "friend"})
        path = f"/contacts/{self.ids['Cyra']}"
        child = {"is_child": True, "guardian_id": self.zenobia, "reason": "by letter"}
        self.api.change("PATCH", f"{path}/preferences", self.api.get(f"{path}/preferences"), child)
        said = {"wording": f"{FIRST} allows it", "method": "by letter"}
        self.api.post(f"{path}/guardian-consents", said)
        assert subscriptions.of_person(contacts.who_is(self.zenobia))[0].on
        self.world.settle()

    def _orphan(self) -> None:
        """A lead of nobody, which somebody jotted down and closed: no key leads to it any more."""
        made = leads.create(
            new_id(), {"last_name": LAST, "email": ADDRESS, "topic": f"{FIRST}'s boat"}, "user:u", self.world.now
        )
        self.orphan = made.lead_id
        leads.close(
            made.lead_id, State.DISQUALIFIED, StatusReason.LOST, by="user:u", why="no", version=1, now=self.world.now
        )

    def _come_by_lists(self) -> None:
        self.import_id = self.bring_list()["id"]
        model = "interest"
        status, export, _ = self.api.call("POST", f"/scoring-models/{model}/exports")
        assert status == 202, export
        self.world.settle()

    def bring_list(self) -> Any:
        """Import the list that she is on, twice: one row of hers is good."""
        return finished(self.api, self.world, submitted(self.api, table(LIST), match_by="email"))

    def _register(self) -> None:
        """Both register for an event of two seats; she does so once more, in vain."""
        event = published(now=self.world.now, maximum_capacity=2)
        people = ((BJARKE, "Bjarke", "Nygård"), (ADDRESS, FIRST, LAST), (ADDRESS, FIRST, LAST))
        for at, (address, first, last) in enumerate(people):
            person = {"first_name": first, "last_name": last, "email": address}
            found = registering.read(Submitted(event, [person], f"of the year {at}"), self.world.now)
            [self.registration] = registering.submit(found, self.world.now)
        self.world.settle()

    def _come_by_linkedin(self) -> None:
        self.answers = {"FIRST_NAME": FIRST, "LAST_NAME": LAST, "EMAIL": ADDRESS.lower(), "COMPANY_NAME": "Kajak ApS"}
        self.response = self.connected.send(1, answers=self.answers)
        assert self.connected.tell(notice(self.response)) == 200
        self.world.settle()
        self.connected.tell({"type": "LEAD_ACTION", "nobody knows": ADDRESS})
        self.world.settle()
