"""Reads, consistently, what a rescoring of a contact needs to know."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.conditions import sources
from chalicelib.conditions.facts import KnownFacts, Record
from chalicelib.conditions.sources import Identity
from chalicelib.consent import service as consent
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import of_account
from chalicelib.dynamodb import Key, read
from chalicelib.leads import service as leads
from chalicelib.leads.models import Lead
from chalicelib.scoring.deciding import Person
from chalicelib.scoring.live import Model
from chalicelib.scoring.models import Score, ScoringItem


class Scene(Struct, frozen=True):
    """Somebody as it is scored: its leads, what they have as scores, what is known of it."""

    contact_id: str
    """The contact that counts, where it was merged with others."""
    person: Person
    leads: Sequence[Lead]
    """Those whose parent is the contact, or one that was merged into it."""
    others: Sequence[str]
    """Leads that were named but are not the contact's: their scores of it go."""
    scores: dict[tuple[str, str], Score]
    """By lead and model, those of the live models."""
    facts: KnownFacts
    accounts: Mapping[str, Record]
    """Parent accounts of the leads, where a model asks about accounts."""


def scene(contact_id: str, lead_ids: Iterable[str], models: Sequence[Model], now: datetime) -> Scene:
    """Read everything; `lead_ids` are leads that an index may not show yet, or not any more."""
    named, who = set(lead_ids), contacts.who_is(contact_id)
    own = leads.of_person(who.ids, also=named)
    return Scene(
        contact_id=who.id,
        person=person(who),
        leads=own,
        others=sorted(named - {lead.lead_id for lead in own}),
        scores=_scores(own, models),
        facts=facts(who, models, now) if own and models else KnownFacts({}, {}),
        accounts=_accounts(own) if any("account" in model.entities for model in models) else {},
    )


def _accounts(own: Sequence[Lead]) -> dict[str, Record]:
    found = accounts.find_all(lead.account_id for lead in own if lead.account_id)
    return {named: of_account(account) for named, account in found.items()}


def person(who: Identity) -> Person:
    """Return what decides whether somebody may be profiled: where contacts were merged, the strictest of them."""
    if who.contact is None:
        return Person(exists=False)
    preferences = consent.of_person(who)
    return Person(child=preferences.is_child, consent_level=preferences.consent_level)


def facts(who: Identity, models: Sequence[Model], now: datetime) -> KnownFacts:
    """Read what the models ask of a contact: all interactions of their types, since what expired counts in time."""
    entities = {entity for model in models for entity in model.entities}
    types = {type_ for model in models for type_ in model.compiled.interactions}
    return sources.gather(who, sorted(entities - {"lead"}), dict.fromkeys(sorted(types)), now)


def _scores(own: Sequence[Lead], models: Sequence[Model]) -> dict[tuple[str, str], Score]:
    keys = [(lead.lead_id, model.id) for lead in own for model in models]
    found = read(Key(Score, *Score.at(*key)) for key in keys)
    return {key: score for key, score in zip(keys, found, strict=True) if score is not None}


def scores_of(lead_id: str) -> list[Score]:
    """Return every score of a lead, also those of models that are not live any more."""
    found = ScoringItem.query(f"LEAD#{lead_id}", ScoringItem.sk.startswith("SCORE#"), consistent_read=True)
    return [item for item in found if isinstance(item, Score)]
