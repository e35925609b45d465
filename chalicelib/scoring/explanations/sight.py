"""What a model sees of one lead now, or why it may not score it: for all that shows scores without storing any."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.consent import switches
from chalicelib.leads.models import Lead
from chalicelib.scoring import reading
from chalicelib.scoring.accounts import scene as accounts
from chalicelib.scoring.deciding import LeadFacts, Person, entry_refusal, refusal, target_refusal
from chalicelib.scoring.live import Model
from chalicelib.scoring.models import Score

MERGED = "The lead was merged into another one, which is scored."


class Sight(Struct, frozen=True):
    """The facts of a lead as a rescoring would read them, what is stored, and why the model must not score it."""

    contact_id: str | None = None
    account_id: str | None = None
    """Of an account-based lead."""
    facts: LeadFacts | None = None
    stored: Score | None = None
    refused: str | None = None
    beside: Sequence[Model] = ()
    """Other models that may score the lead as well."""


def see(lead: Lead, model: Model, now: datetime, beside: Sequence[Model] = ()) -> Sight:
    """Read what a rescoring of the lead by the model would read; `beside` are others of the same target."""
    stored = next(iter(reading.scored([lead.lead_id], model.id)), None)
    target = target_refusal(model.compiled.target, lead.contact_id, lead.account_id)
    why = MERGED if lead.merged_into is not None else target
    if why is not None:
        return Sight(stored=stored, refused=why)
    if not lead.contact_id:
        whose = accounts.whose(lead.account_id or "", [lead.lead_id])
        facts = accounts.read_scene(whose, [model, *beside], now).of(lead)
        also = [each for each in beside if _refused(each, None, facts, now) is None]
        return Sight(None, lead.account_id, facts, stored, _refused(model, None, facts, now), also)
    scene = reading.scene(reading.somebody(lead.contact_id, [lead.lead_id]), [model, *beside], now)
    facts = scene.of(lead)
    also = [each for each in beside if _refused(each, scene.person, facts, now) is None]
    return Sight(scene.contact_id, None, facts, stored, _refused(model, scene.person, facts, now), also)


def _refused(model: Model, person: Person | None, facts: LeadFacts, now: datetime) -> str | None:
    why = refusal(person, switches.counted(model.minimum_consent)) if person is not None else None
    return why or entry_refusal(model.compiled, facts, now)[0]
