"""Use cases: preview a draft over the stored facts before it is published, by a bulk job; no score is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

from msgspec import Struct
from pynamodb.attributes import TTLAttribute, UnicodeAttribute

from chalicelib.conditions import sources
from chalicelib.definitions import jobs
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import (
    ConditionFailed,
    InstantAttribute,
    IntegerAttribute,
    JsonAttribute,
    Write,
    commit,
    put,
    put_new,
    shard,
)
from chalicelib.errors import NotFound, Unprocessable
from chalicelib.leads import lists as lead_lists
from chalicelib.leads import process, processes
from chalicelib.leads import reading as leads
from chalicelib.leads.models import Lead
from chalicelib.lists import Asked, Page, page, partitions
from chalicelib.scoring import configuration, management, reading
from chalicelib.scoring.compiler import problems_of
from chalicelib.scoring.deciding import Scored, evaluate
from chalicelib.scoring.explanations import sight
from chalicelib.scoring.live import KIND, Model, live_models, modelled
from chalicelib.scoring.marking import Marks
from chalicelib.scoring.models import LOWEST, ScoringItem
from chalicelib.scoring.qualification.live import Live, live_qualifications
from chalicelib.scoring.reports import walks
from chalicelib.scoring.reports.previewing import Effect, Side, change, effects
from chalicelib.scoring.schemas import ModelDocument

WORK = "preview-scores"
TOGETHER = 30  # leads of a transaction, which holds 100 writes: three effects each, and the slice's row


class Preview(ScoringItem, discriminator="preview"):
    """A preview that somebody asked for: the draft as it was then."""

    preview_id = UnicodeAttribute()
    model_id = UnicodeAttribute()
    document = JsonAttribute()
    live_version = IntegerAttribute()
    draft_version = IntegerAttribute()
    one_in = IntegerAttribute()
    created_at = InstantAttribute()
    created_by = UnicodeAttribute()
    expires = TTLAttribute()

    @staticmethod
    def at(preview_id: str) -> tuple[str, str]:
        return f"PREVIEW#{preview_id}", "PREVIEW"


class PreviewedLead(ScoringItem, discriminator="previewed_lead"):
    """A lead for which a preview found a certain effect, listed by how much the score would change."""

    lead_id = UnicodeAttribute()
    contact_id = UnicodeAttribute(null=True)
    account_id = UnicodeAttribute(null=True)
    effect = UnicodeAttribute()
    score_before = IntegerAttribute(null=True)
    score_after = IntegerAttribute(null=True)
    grade_before = UnicodeAttribute(null=True)
    grade_after = UnicodeAttribute(null=True)
    expires = TTLAttribute()

    @staticmethod
    def at(preview_id: str, effect: Effect, lead_id: str) -> tuple[str, str]:
        return f"PREVIEW#{preview_id}#{shard(lead_id)}", f"{effect}#{lead_id}"


def start(model_id: str, preview_id: str, one_in: int, by: str, now: datetime) -> Preview:
    """Start a preview of the draft as it is now, over all leads or one in so many. The same id again returns the first.

    Raises NotFound, Unprocessable with everything that keeps the draft from going live, Conflict while lead management
    is off.
    """
    management.require_on()
    definition = definitions.get(KIND, model_id)
    problems = problems_of(ModelDocument.model_validate(definition.document), sources.current_catalogue())
    if problems:
        raise Unprocessable("The draft cannot go live as it stands, so there is nothing to preview.", problems)
    preview = Preview(
        *Preview.at(preview_id),
        preview_id=preview_id,
        model_id=model_id,
        document=definition.document,
        live_version=definition.live_version,
        draft_version=definition.published_version + 1,
        one_in=one_in,
        created_at=now,
        created_by=by,
        expires=now + walks.KEPT,
    )
    wanted = JobWanted(WORK, {"preview": preview_id, "one_in": one_in}, delay=0)
    with suppress(ConditionFailed):
        commit([put_new(preview)], jobs.plan(_job_id(preview_id), wanted, now))
    return find(model_id, preview_id, now)


def find(model_id: str, preview_id: str, now: datetime) -> Preview:
    """Return a preview of a model, as long as it is kept. Raises NotFound."""
    preview = Preview.find(*Preview.at(preview_id))
    if preview is None or preview.model_id != model_id or preview.expires <= now:
        raise NotFound(f"There is no such preview; previews are kept for {walks.KEPT.days} days.")
    return preview


def job_of(preview: Preview) -> Job:
    return jobs.get(_job_id(preview.preview_id))


def _job_id(preview_id: str) -> str:
    return f"preview-{preview_id}"


def totals(preview: Preview) -> Counter[str]:
    """Return how many leads were looked at so far, and for how many each effect and grade was found."""
    sums: Counter[str] = Counter()
    for walk in walks.found(preview.pk):
        sums.update(walk.sums)
    return sums


def of_effect(preview: Preview, effect: Effect, asked: Asked) -> Page[PreviewedLead]:
    """Return a page of the leads for which an effect was found, those first whose score would change the most."""
    listed = partitions(_listed(preview.preview_id, effect))
    return page(ScoringItem.by_model, listed, asked, newest_first=True, kind=PreviewedLead)


def _listed(preview_id: str, effect: Effect) -> str:
    return f"preview-{preview_id}-{effect}"


# The job -----------------------------------------------------------------------------------------------------------


class Foreseen(Struct, frozen=True):
    """What publishing would make of a lead."""

    lead_id: str
    contact_id: str | None
    account_id: str | None
    before: Side | None
    after: Side | None
    effects: Sequence[Effect]


def pages(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    """Enumerate all leads, or one in so many: always the same ones."""
    found, after = lead_lists.every_lead(arguments, number, cursor)
    return [lead_id for lead_id in found if _drawn(lead_id, arguments["one_in"])], after


def _drawn(lead_id: str, one_in: int) -> bool:
    return int.from_bytes(sha256(lead_id.encode()).digest()[:4]) % one_in == 0


def look_at(arguments: Mapping[str, Any], lead_ids: Sequence[str], now: datetime) -> None:
    """Look at a page of leads and write down what would change; each lead counts once."""
    preview = Preview.find(*Preview.at(arguments["preview"]))
    if preview is None:
        return
    fresh = walks.fresh(walks.begin(preview.pk, lead_ids), lead_ids)
    for start in range(0, len(fresh), TOGETHER):
        _look_at_some(preview, lead_ids, fresh[start : start + TOGETHER], now)


def _look_at_some(preview: Preview, lead_ids: Sequence[str], some: Sequence[str], now: datetime) -> None:
    walk = walks.begin(preview.pk, lead_ids)
    found = [foreseen for lead in leads.find_many(some) for foreseen in _foreseen(lead, _draft(preview), now)]
    adds = Counter({"leads": len(some), "with_parent": len(found)})
    for each in found:
        adds.update(_counted(each))
    taken = [lead_id for lead_id in lead_ids if lead_id in {*walk.last, *some}]
    commit([walks.take(walk, taken, adds, now)], [row for each in found for row in _rows(preview, each)])


def _counted(found: Foreseen) -> Iterator[str]:
    yield from found.effects
    for name, side in (("before", found.before), ("after", found.after)):
        if side is not None and side.grade is not None:
            yield f"{name}:{side.grade}"


def _draft(preview: Preview) -> Model:
    return _compiled(preview.preview_id, preview.model_id, preview.draft_version)


@lru_cache(maxsize=20)
def _compiled(preview_id: str, model_id: str, version: int) -> Model:
    """Compile a preview's draft, which never changes, once a process."""
    preview = Preview.get(*Preview.at(preview_id), consistent_read=True)
    return modelled(model_id, version, ModelDocument.model_validate(preview.document))


def _foreseen(lead: Lead, model: Model, now: datetime) -> Iterator[Foreseen]:
    """Do what a rescoring would do after publishing, but write nothing."""
    qualifications = [each for each in live_qualifications() if model.id in each.minima]
    seen = sight.see(lead, model, now, _beside(model, qualifications))
    if seen.facts is None and seen.stored is None:
        return
    found = partial(Foreseen, lead.lead_id, seen.contact_id, seen.account_id)
    stored = seen.stored
    before = Side(stored.score, stored.grade) if stored else None
    if seen.facts is None or seen.refused is not None:
        yield found(before, None, effects(before, None, becomes_ready=False))
        return
    recycled_at = lead.recycled_at if lead.recycled else None
    scored = evaluate(model, seen.facts, stored, now, recycled_at)
    after = side_of(scored)
    others = [evaluate(each, seen.facts, None, now, recycled_at) for each in seen.beside]
    _, applied = reading.stored([lead], (), [each.id for each in qualifications])
    marks, all_scored = Marks(configuration.remembered(), qualifications, applied, now), [scored, *others]
    ready = marks.ready(all_scored, marks.met(lead, seen.facts, all_scored)) is not None and _would_be_marked(lead)
    yield found(before, after, effects(before, after, becomes_ready=ready))


def _beside(model: Model, qualifications: Sequence[Live]) -> list[Model]:
    """Return the other models that these qualifications name, for any of them may be what is wanting."""
    named = {model_id for each in qualifications for model_id in each.minima} - {model.id}
    return [each for each in live_models() if each.id in named and each.compiled.target is model.compiled.target]


def side_of(scored: Scored) -> Side:
    return Side(scored.evaluation.score, scored.evaluation.grade)


def _would_be_marked(lead: Lead) -> bool:
    return bool(not lead.sales_ready and process.reached(processes.of(lead), lead.position))


def _rows(preview: Preview, found: Foreseen) -> Iterator[Write]:
    for effect in found.effects:
        row = PreviewedLead(
            *PreviewedLead.at(preview.preview_id, effect, found.lead_id),
            lead_id=found.lead_id,
            contact_id=found.contact_id,
            account_id=found.account_id,
            effect=effect,
            score_before=found.before.score if found.before else None,
            score_after=found.after.score if found.after else None,
            grade_before=found.before.grade if found.before else None,
            grade_after=found.after.grade if found.after else None,
            expires=preview.expires,
        )
        row.model_shard = f"{_listed(preview.preview_id, effect)}#{shard(found.lead_id)}"
        row.score_key = f"{abs(change(found.before, found.after)) + LOWEST:016}#{found.lead_id}"
        yield put(row)


WORKS: Mapping[str, jobs.Work] = {WORK: jobs.Work(pages, look_at)}
