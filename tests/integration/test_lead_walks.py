"""Whatever people and scores do to leads one after the other, what is stored of each lead goes together."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit
from chalicelib.errors import DomainError
from chalicelib.leads import (
    matching,
    merging,
    moving,
    opportunities,
    orphans,
    plans,
    process,
    processes,
    qualifying,
    reading,
    service,
)
from chalicelib.leads.choices import REASONS, State, StatusReason
from chalicelib.leads.models import Heir, LeadsItem, Owner
from chalicelib.leads.opportunity import Opportunity, OpportunityState
from chalicelib.leads.process import Flag, Queue
from chalicelib.leads.shipped import PROCESS_ID
from tests.support.api import Caller
from tests.support.processes import process as document
from tests.support.processes import publish, stage
from tests.support.scoring import person

STEPS, LOOKED_AT_EVERY = 100, 5
DANISH = {"field": "lead.country", "operator": "equals", "values": ["DK"]}
MARKS = (Flag.SALES_READY, Flag.TELEPROSPECT_READY, Flag.SALES_ACCEPTED, Flag.TELEPROSPECT_ACCEPTED)
VALUES = {
    "budget_amount": [None, Decimal(5)],
    "country": [None, "DK", "SE"],
    "description": [None, "x"],
    "email": [None, "a@b.dk", "c@d.dk"],
    "trigger_recycle": [True, False],
    "status_reason": ["new", "contacted", "lost"],
    "owner_id": [None, "o", "p"],
    "contact_id": [None, "c", "d"],
}


def processes_of_all_kinds(api):
    """One whose stages ask for something, the one that it hands leads over to, and the shipped one."""
    accepted = [{"on": "sales_accepted", "to": "won"}]
    sales = publish(
        api, "Sales", document(stage("qualify", required=["description"]), "propose", "won", moves=accepted)
    )
    ours = document(
        stage("new", required=["budget_amount"]),
        stage("talks", queue="teleprospecting", accepts="teleprospect_accepted"),
        stage("hot", entry_condition=DANISH, accepts="sales_accepted", required=["contact_id"]),
        "last",
        moves=[
            {"on": "first_score", "to": "talks"},
            {"on": "sales_ready", "to": "hot"},
            {"on": "teleprospect_ready", "to": "talks"},
            {"on": "threshold", "to": "last", "only_from": ["talks"]},
        ],
        returned_to="talks",
        hand_over={"on": "sales_accepted", "process_id": sales, "stages": {"hot": "propose"}},
    )
    return [publish(api, "Ours", ours), sales, PROCESS_ID]


class Walk:
    """What is done to a few leads, by chance."""

    def __init__(self, seed, ways, now):
        self.chance, self.ways, self.now = Random(seed), ways, now
        self.ids, self.number = ["l1", "l2", "l3"], 0

    def step(self):
        self.now, self.number = self.now + timedelta(minutes=1), self.number + 1
        known = reading.find_many(self.ids)
        lead = self.chance.choice([each for each in known if each.waiting_stage and each.open] or known)
        by = {"by": "user:u", "why": "", "version": lead.version, "now": self.now}
        self.chance.choice([self.by_hand, self.by_hand, self.at_its_end, self.by_itself])(lead, by)

    def by_hand(self, lead, by):
        way, pick, hand = processes.of(lead), self.chance.choice, partial(moving.step, lead.lead_id, **by)
        there = pick(self.ways)
        mapped = {lead.stage: pick(processes.live(there).stages).id} if pick([True, False]) else {}
        given = {name: pick(options) for name, options in VALUES.items() if self.chance.random() < 0.3}
        pick(
            [
                lambda: service.amend(lead.lead_id, given, by="user:u", version=lead.version, now=self.now),
                lambda: hand(partial(process.move, to=pick(way.stages).id)),
                lambda: hand(process.complete),
                lambda: hand(partial(process.mark, flag=pick(MARKS))),
                lambda: hand(process.accept, owner_id=pick([None, "q"])),
                lambda: hand(process.return_to_marketing),
                lambda: moving.switch(lead.lead_id, there, mapped, **by),
                lambda: moving.assign(lead.lead_id, pick([None, "o"]), **by),
            ]
        )()

    def at_its_end(self, lead, by):
        pick, state = self.chance.choice, self.chance.choice([State.QUALIFIED, State.DISQUALIFIED])
        sales = sorted(rows(Opportunity), key=lambda each: each.opportunity_id) or [None]
        sale, won = pick(sales), pick([OpportunityState.WON, OpportunityState.LOST])
        ended = {"version": sale.version, "now": self.now} if sale is not None else {}
        wish = Wish(f"m{self.number}", {}, by="u", why="")
        pick(
            [
                lambda: service.close(lead.lead_id, state, REASONS[state][0], **by),
                lambda: service.reopen(lead.lead_id, **by),
                lambda: qualifying.qualify(lead.lead_id, f"o{self.number}", {}, **by),
                lambda: sale and opportunities.end(sale.opportunity_id, won, by="u", why="", **ended),
                lambda: sale and opportunities.reopen(sale.opportunity_id, **ended),
                lambda: merging.merge(lead.lead_id, pick(self.ids), wish, lead.version, self.now),
                lambda: merging.undo(lead.lead_id, pick(sorted((lead.identities or {"": ""}).values())), "u", self.now),
            ]
        )()

    def by_itself(self, lead, _):
        reason = self.chance.choice([None, StatusReason.MARKETING_QUALIFIED])
        self.chance.choice(
            [
                lambda: commit(plans.first_score(lead, self.now)),
                lambda: commit(plans.mark_sales_ready(lead, self.now, "score", self.now, reason)),
                lambda: orphans.adopt(lead.lead_id, by="u", now=self.now),
                self.submitted,
            ]
        )()

    def submitted(self):
        pick = self.chance.choice
        prepared = service.prepare(
            {"last_name": "J", "email": pick(["a@b.dk", "c@d.dk"]), "country": "DK", "budget_amount": Decimal(7)},
            contact_id=pick([None, "c"]),
            strategy_id=None,
            always_new=False,
            page_id=None,
            new_id=f"n{self.number}",
            context=MarketingContext(form_id="f", submission_id="s", at=self.now),
            owner_id=None,
            now=self.now,
        )
        commit(prepared.writes)
        self.ids += [prepared.record.lead_id] if prepared.created else []


def rows(kind):
    return [each for each in LeadsItem.scan(consistent_read=True) if isinstance(each, kind)]


# What goes together --------------------------------------------------------------------------------------------------


def look_at(lead, now):
    way = processes.of(lead)
    info = way.stage(lead.stage)
    assert lead.status_reason in REASONS[State(lead.state)]
    assert info is not None
    assert (lead.sales_ready, lead.recycled) == (lead.sales_ready_at is not None, lead.recycled_at is not None)
    assert not (lead.trigger_recycle and lead.position.flags & process.SALES_SIDE)
    assert (lead.stage_shard is not None) == lead.open
    assert (lead.orphan_shard is not None) == (lead.open and not lead.contact_id and not lead.account_id)
    queue = Queue.SALES if lead.sales_ready else info.queue
    listed = [each.partition("#")[0].partition(".")[0] for each in (lead.queue_shard, lead.queue_owner) if each]
    assert listed == ([queue] * 2 if lead.open and queue is not None and (lead.sales_ready or queue != "sales") else [])
    if lead.open and lead.waiting_stage is not None:
        assert way.number(lead.waiting_stage) > way.number(lead.stage)
        assert plans.missing(lead, lead.stage, lead.waiting_stage, now).problems
    assert (lead.claims or {}) == matching.claims_of(lead)


def look_at_history(lead):
    """Each change begins with what the one before it ended with, and the last one with what the lead is."""
    told = {}
    for move in reading.history(lead.lead_id):
        for name, (before, after) in move.changes.items():
            assert told.setdefault(name, before) == before
            told[name] = after
    assert {name: getattr(lead, name) for name in told} == told


def look_at_all(ids, now):
    leads = {each.lead_id: each for each in reading.find_many(ids)}
    standing = defaultdict(list)
    for sale in rows(Opportunity):
        if sale.state != OpportunityState.LOST:
            standing[sale.lead_id].append(sale)
    for lead in leads.values():
        look_at(lead, now)
        look_at_history(lead)
        assert len(standing[lead.lead_id]) <= (0 if lead.open else 1)
    claimed = {(each.pk, each.record_id) for each in rows(Owner) + rows(Heir)}
    assert claimed == {(place, lead.lead_id) for lead in leads.values() for place in lead.places}
    assert len({place for place, _ in claimed}) == len(rows(Owner))


@pytest.mark.rule("LEAD-7", "LEAD-10", "BPF-2", "BPF-3", "BPF-4")
@pytest.mark.parametrize("seed", [9, 11])
def test_whatever_is_done_to_leads_in_whatever_order_what_is_stored_of_them_goes_together(world, seed):
    with Client(app) as client:
        api = Caller(client)
        walk = Walk(seed, processes_of_all_kinds(api), world.now)
        api.change("PUT", "/settings/leads", api.get("/settings/leads"), {"process_id": walk.ways[0]})
    for each in ("c", "d"):
        person(each)
    for each in walk.ids:
        service.create(each, {"last_name": "J", "contact_id": "c"}, "user:u", walk.now)

    refused = 0
    for number in range(STEPS):
        try:
            walk.step()
        except DomainError:
            refused += 1
        if number % LOOKED_AT_EVERY == 0 or number == STEPS - 1:
            look_at_all(walk.ids, walk.now)

    assert refused < STEPS * 2 / 3
