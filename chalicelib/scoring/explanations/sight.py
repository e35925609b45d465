"""What a model sees of one lead now, or why it may not score it: for all that shows scores without storing any."""

from datetime import datetime

from msgspec import Struct

from chalicelib.consent import switches
from chalicelib.leads.models import Lead
from chalicelib.scoring import reading
from chalicelib.scoring.accounts import scene as accounts
from chalicelib.scoring.deciding import LeadFacts, entry_refusal, refusal, target_refusal
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


def see(lead: Lead, model: Model, now: datetime) -> Sight:
    """Read what a rescoring of the lead by the model would read."""
    stored = next(iter(reading.scored([lead.lead_id], model.id)), None)
    target = target_refusal(model.compiled.target, lead.contact_id, lead.account_id)
    why = MERGED if lead.merged_into is not None else target
    if why is not None:
        return Sight(stored=stored, refused=why)
    if not lead.contact_id:
        whose = accounts.whose(lead.account_id or "", [lead.lead_id])
        facts = accounts.read_scene(whose, [model], now).of(lead)
        outside, _ = entry_refusal(model.compiled, facts, now)
        return Sight(None, lead.account_id, facts, stored, outside)
    scene = reading.scene(reading.somebody(lead.contact_id, [lead.lead_id]), [model], now)
    facts = scene.of(lead)
    outside, _ = entry_refusal(model.compiled, facts, now)
    return Sight(
        scene.contact_id, None, facts, stored, refusal(scene.person, switches.counted(model.minimum_consent)) or outside
    )
