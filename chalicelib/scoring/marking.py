"""What becomes of a lead by its scores: ready for sales, qualified, or on its way (SCO-23, RSC-12, decision 14)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.dynamodb import Write, put, silent
from chalicelib.leads import plans as lead_plans
from chalicelib.leads.choices import StatusReason
from chalicelib.leads.models import Lead
from chalicelib.scoring import engine
from chalicelib.scoring.deciding import LeadFacts, Scored
from chalicelib.scoring.models import Configuration, Qualified
from chalicelib.scoring.qualification import live as qualifying


class Met(Struct, frozen=True):
    """A qualification that a lead has met and that has not been applied yet."""

    live: qualifying.Live
    at: datetime


class Marks(Struct, frozen=True):
    """What decides on the marks of every lead alike."""

    settings: Configuration
    qualifications: Sequence[qualifying.Live]
    qualified: Mapping[tuple[str, str], Qualified]
    """By lead and qualification, those that were applied."""
    now: datetime

    def of(self, lead: Lead, facts: LeadFacts, scored: Sequence[Scored], *, first: bool) -> list[Write]:
        """Mark or move an open lead; `first` is whether it has its first contribution now."""
        met = self.met(lead, facts, scored)
        reason = (
            StatusReason.MARKETING_QUALIFIED if any(each.live.document.marketing_qualified for each in met) else None
        )
        ready = self.ready(scored, met)
        writes: list[Write] = []
        if ready and not lead.sales_ready:
            writes = lead_plans.mark_sales_ready(lead, *ready, self.now, reason)
        elif first and self.settings.automated_marketing_qualification:
            writes = lead_plans.first_score(lead, self.now, reason)
        if not writes and reason is not None:
            writes = lead_plans.marketing_qualified(lead, reason, _why(met), self.now)
        return [silent(write) for write in writes] + [self._applied(lead, each) for each in met]

    def ready(self, scored: Iterable[Scored], met: Iterable[Met]) -> tuple[datetime, str] | None:
        """Say since when and why the lead is ready for sales: any one model suffices, and any one qualification."""
        found = [(each.at, f"qualification {each.live.id}") for each in met if each.live.document.sales_ready]
        if self.settings.automatic_sales_ready:
            found += [(each.ready_at, f"scoring model {each.model.id}") for each in scored if each.ready_at is not None]
        return min(found, default=None)

    def met(self, lead: Lead, facts: LeadFacts, scored: Sequence[Scored]) -> list[Met]:
        """Return the qualifications that an open lead meets by these scores, and that were not applied yet."""
        if not lead.open:
            return []
        recycled_at = lead.recycled_at if lead.recycled else None
        found = []
        for live in self.qualifications:
            applied = self.qualified.get((lead.lead_id, live.id))
            if applied is None or (recycled_at is not None and applied.qualified_at < recycled_at):
                at = self._met_at(live, lead, facts, scored, recycled_at)
                found += [Met(live, at)] if at is not None else []
        return found

    def _met_at(
        self, live: qualifying.Live, lead: Lead, facts: LeadFacts, scored: Iterable[Scored], after: datetime | None
    ) -> datetime | None:
        models, since = {each.model.id: each.model.compiled for each in scored}, min(lead.created_at, self.now)
        spans = [
            engine.spans(models[model_id], facts, minimum, since=since, now=self.now) if model_id in models else []
            for model_id, minimum in live.minima.items()
        ]
        return qualifying.met_at(live.document.combine, spans, after)

    def _applied(self, lead: Lead, met: Met) -> Write:
        return put(
            Qualified(
                *Qualified.at(lead.lead_id, met.live.id),
                lead_id=lead.lead_id,
                qualification_id=met.live.id,
                qualification_version=met.live.version,
                met_at=met.at,
                qualified_at=self.now,
            )
        )


def _why(met: Sequence[Met]) -> str:
    return f"qualification {min((each.at, each.live.id) for each in met)[1]}"
