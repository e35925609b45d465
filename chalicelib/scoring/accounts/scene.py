"""What the account-based leads of an account are scored from, read once for all models, and what that changes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.conditions.changes import earliest
from chalicelib.conditions.facts import KnownFacts, Record
from chalicelib.conditions.paths import ACCOUNT, CONTACT, LEAD
from chalicelib.conditions.walking import Walk
from chalicelib.contacts import accounts
from chalicelib.dynamodb import Write
from chalicelib.leads import reading as leads
from chalicelib.leads.fields import record_of
from chalicelib.leads.models import Lead
from chalicelib.scoring import configuration, plans, reading
from chalicelib.scoring.accounts import log as account_log
from chalicelib.scoring.deciding import LeadFacts, differs, entry_refusal, evaluate
from chalicelib.scoring.live import Model
from chalicelib.scoring.marking import Marks
from chalicelib.scoring.models import Kept
from chalicelib.scoring.overtaking import has_contributions, standing
from chalicelib.scoring.qualification.live import live_qualifications


class Whose(Struct, frozen=True):
    """An account, by all its ids, and its account-based leads: read before it is asked which models are live."""

    ids: Sequence[str]
    leads: Sequence[Lead]


class Scene(Struct, frozen=True):
    """An account as it is scored: its account-based leads, their scores, what is known of its people."""

    leads: Sequence[Lead]
    facts: KnownFacts
    related: Mapping[str, Mapping[str, Sequence[Record]]]
    kept: Mapping[tuple[str, str], Kept]
    marks: Marks

    def of(self, lead: Lead) -> LeadFacts:
        """Return what the models are asked about for one of the leads."""
        return LeadFacts(record_of(lead), self.facts, {ACCOUNT: (), **self.related.get(lead.lead_id, {})})


def whose(account_id: str, lead_ids: Iterable[str] = ()) -> Whose:
    """Read whose leads they are; an index may not show those of `lead_ids` yet."""
    ids = accounts.ids_of(account_id)
    return Whose(ids, leads.of_accounts(ids, also=lead_ids))


def read_scene(whose: Whose, models: Sequence[Model], now: datetime) -> Scene:
    """Read all facts; each record once for all models."""
    ids, own, walk = whose.ids, whose.leads, Walk()
    records = [record_of(lead) for lead in own]
    walk.know(LEAD, records)
    qualifications = live_qualifications()
    kept, qualified = reading.stored(own, models, [each.id for each in qualifications])
    marks = Marks(configuration.remembered(), qualifications, qualified, now)
    if not own or not models:
        return Scene(own, KnownFacts({}, {}), {}, kept, marks)
    members, known = accounts.members_of(ids), {each: account_log.known(each) for each in ids}
    types = {type_ for model in models for type_ in model.compiled.interactions}
    asked = any(CONTACT in model.entities for model in models)
    people = [person for each in ids for person in account_log.people(each, members, known[each])] if asked else []
    told = [fact for each in ids for fact in account_log.told(each, types, members, known[each])]
    facts = KnownFacts.of({CONTACT: people}, told)
    related = {each["lead_id"]: reading.of_lead(each, models, walk) for each in records}
    return Scene(own, facts, related, kept, marks)


def decide(scene: Scene, models: Sequence[Model], now: datetime) -> tuple[list[plans.Parts], datetime | None]:
    """Return what changes, lead by lead, and when time alone will change something."""
    found: list[tuple[plans.Parts, datetime | None]] = [_decided(lead, scene, models, now) for lead in scene.leads]
    return [parts for parts, _ in found], earliest(changes_at for _, changes_at in found)


def _decided(lead: Lead, scene: Scene, models: Sequence[Model], now: datetime) -> tuple[plans.Parts, datetime | None]:
    facts = scene.of(lead)
    scores: list[list[Write]] = []
    scored, times = [], []
    for model in models:
        kept = scene.kept.get((lead.lead_id, model.id))
        before = standing(model, kept)
        outside, changes_at = entry_refusal(model.compiled, facts, now)
        times.append(changes_at)
        if outside is not None:
            scores += [plans.removed(before, outside, now)] if before else []
            continue
        each = evaluate(model, facts, before, now, lead.recycled_at if lead.recycled else None)
        scored.append(each)
        times.append(each.evaluation.changes_at)
        if differs(before, each, None) or (before is not None and before.account_id != lead.account_id):
            scores.append(plans.rescored(lead.lead_id, None, kept, each, now, account_id=lead.account_id))
    found = any(each.evaluation.contributions for each in scored)
    first = found and not has_contributions(lead.lead_id, scene.kept)
    return [scene.marks.of(lead, facts, scored, first=first), *scores], earliest(times)
