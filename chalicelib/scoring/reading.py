"""Reads, consistently, what a rescoring of a contact needs to know."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.conditions import sources
from chalicelib.conditions.facts import KnownFacts, Record
from chalicelib.conditions.paths import ACCOUNT, CONTACT, LEAD, Path
from chalicelib.conditions.sources import Identity
from chalicelib.conditions.walking import Walk
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import of_contact
from chalicelib.dynamodb import Key, read
from chalicelib.leads import reading as leads
from chalicelib.leads.fields import record_of
from chalicelib.leads.models import Lead
from chalicelib.scoring.deciding import LeadFacts, Person
from chalicelib.scoring.live import Model
from chalicelib.scoring.models import Kept, Qualified, Score, ScoringItem
from chalicelib.scoring.own import MERGED


class Somebody(Struct, frozen=True):
    """Whose leads are scored: read before it is asked which models are live, so that none of them is missed."""

    who: Identity
    leads: Sequence[Lead]
    others: Sequence[str]


class Scene(Struct, frozen=True):
    """Somebody as it is scored: its leads, what they have as scores, what is known of it."""

    contact_id: str
    """The contact that counts, where it was merged with others."""
    person: Person
    leads: Sequence[Lead]
    """Those whose parent is the contact, or one that was merged into it."""
    others: Sequence[str]
    """Leads that were named but are not the contact's: their scores of it go."""
    kept: Mapping[tuple[str, str], Kept]
    """By lead and model, what there is of the live models."""
    qualified: Mapping[tuple[str, str], Qualified]
    """By lead and qualification, what was applied."""
    facts: KnownFacts
    related: Mapping[str, Mapping[str, Sequence[Record]]]
    """By lead, the records that its own paths lead to."""

    def of(self, lead: Lead) -> LeadFacts:
        """Return what the models are asked about for one of the leads."""
        return LeadFacts(_record(lead, self.contact_id), self.facts, self.related.get(lead.lead_id, {}))


def somebody(contact_id: str, lead_ids: Iterable[str]) -> Somebody:
    """Read whose leads they are; `lead_ids` are leads that an index may not show yet, or not any more."""
    named = set(lead_ids)
    who = contacts.who_is(contact_id)
    own = leads.of_person(who.ids, also=named)
    return Somebody(who, own, sorted(named - {lead.lead_id for lead in own}))


def scene(somebody: Somebody, models: Sequence[Model], now: datetime, qualifications: Sequence[str] = ()) -> Scene:
    """Read everything else."""
    who, own, walk = somebody.who, somebody.leads, Walk()
    records = [_record(lead, who.id) for lead in own]
    walk.know(LEAD, records)
    walk.know_of(CONTACT, "leads", who.id, records)
    profiled = person(who, walk)
    asked = bool(own and models)
    kept, qualified = stored(own, models, qualifications)
    return Scene(
        contact_id=who.id,
        person=profiled,
        leads=own,
        others=somebody.others,
        kept=kept,
        qualified=qualified,
        facts=facts(who, models, now, walk) if asked else KnownFacts({}, {}),
        related={each["lead_id"]: of_lead(each, models, walk) for each in records} if asked else {},
    )


def _record(lead: Lead, contact_id: str) -> Record:
    """Return a lead as conditions see it: its parent is whom that one was merged into, and it is what was merged."""
    return {**record_of(lead), "contact_id": contact_id, MERGED: sorted(lead.identities or ())}


def person(who: Identity, walk: Walk | None = None) -> Person:
    """Return what decides whether somebody may be profiled: where contacts were merged, the strictest of them.

    What is read for it, the walk knows.
    """
    if who.contact is None:
        return Person(exists=False)
    preferences = consent.of_person(who)
    if walk is not None:
        walk.know(CONTACT, [of_contact(who.contact)])
        walk.know_of(CONTACT, "preferences", who.id, [preferences.fields()])
    held_back = preferences.restricted or preferences.objected
    return Person(child=preferences.is_child, held_back=held_back, consent_level=preferences.consent_level)


def facts(who: Identity, models: Sequence[Model], now: datetime, walk: Walk | None = None) -> KnownFacts:
    """Read what the models ask of a contact: all interactions of their types, since what expired counts in time."""
    walk = walk or Walk()
    of_contact_ = walk.along(LEAD, [{"lead_id": "", "contact_id": who.id}], [CONTACT])
    records = {
        name: walk.along(CONTACT, of_contact_, path.steps) for name, path in _paths(models, root=CONTACT).items()
    }
    types = {type_ for model in models for type_ in model.compiled.interactions}
    return KnownFacts.of(records, sources.done(who, dict.fromkeys(sorted(types)), now))


def of_lead(lead: Record, models: Sequence[Model], walk: Walk) -> dict[str, Sequence[Record]]:
    """Read what the models ask along paths that begin at the lead itself (SCO-19)."""
    found = {name: walk.along(LEAD, [lead], path.steps) for name, path in _paths(models, root=LEAD).items()}
    own = walk.along(LEAD, [lead], [ACCOUNT]) if ACCOUNT in _paths(models, root=CONTACT) else ()
    return {**found, ACCOUNT: own} if own else found


def _paths(models: Sequence[Model], *, root: str) -> dict[str, Path]:
    known = {name: path for model in models for name, path in model.compiled.paths.items()}
    return {name: known[name] for name in sorted(known) if known[name].root == root and name != LEAD}


def stored(
    own: Sequence[Lead], models: Sequence[Model], qualifications: Sequence[str]
) -> tuple[dict[tuple[str, str], Kept], dict[tuple[str, str], Qualified]]:
    """Read together the scores of the leads, and the qualifications that were applied to them."""
    of_models = [(lead.lead_id, model.id) for lead in own for model in models]
    applied = [(lead.lead_id, each) for lead in own for each in qualifications]
    found = read(
        [
            *(Key(ScoringItem, *Score.at(*key)) for key in of_models),
            *(Key(Qualified, *Qualified.at(*key)) for key in applied),
        ]
    )
    pairs = list(zip([*of_models, *applied], found, strict=True))
    kept = {key: each for key, each in pairs[: len(of_models)] if isinstance(each, Kept)}
    return kept, {key: each for key, each in pairs[len(of_models) :] if isinstance(each, Qualified)}


def scored(lead_ids: Iterable[str], model_id: str) -> list[Score]:
    """Return a model's scores of leads, of those that have one."""
    return [each for each in kept(lead_ids, model_id).values() if isinstance(each, Score)]


def kept(lead_ids: Iterable[str], model_id: str) -> dict[str, Kept]:
    """Return by lead what lies where a model's scores belong."""
    found = read(Key(ScoringItem, *Score.at(each, model_id)) for each in lead_ids)
    return {item.lead_id: item for item in found if isinstance(item, Kept)}


def scores_of(lead_id: str) -> list[Score]:
    """Return every score of a lead, also those of models that are not live any more."""
    found = ScoringItem.query(f"LEAD#{lead_id}", ScoringItem.sk.startswith("SCORE#"), consistent_read=True)
    return [item for item in found if isinstance(item, Score)]
