"""Use cases: rescore a contact's leads after a fact or when time changes a score, and recount them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.clock import from_text
from chalicelib.consent import switches
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Write, commit, tries
from chalicelib.errors import Conflict
from chalicelib.leads import deletion as lead_deletion
from chalicelib.leads import reading as lead_reading
from chalicelib.leads.models import Lead
from chalicelib.scoring import configuration, plans, reading
from chalicelib.scoring.deciding import Scored, differs, entry_refusal, evaluate, refusal
from chalicelib.scoring.live import Model, models_of_contacts, touched
from chalicelib.scoring.marking import Marks
from chalicelib.scoring.models import Evaluation, Score
from chalicelib.scoring.overtaking import has_contributions, knowing_better, standing
from chalicelib.scoring.qualification.live import live_qualifications
from chalicelib.scoring.reading import Scene

SLACK = timedelta(seconds=5)
MOST_WRITES = 90
"""Of one transaction, which may have 100."""


def react(fact: Mapping[str, Any], now: datetime) -> None:
    """Bring the scores of a contact's leads up to date after a fact, or because their time has come.

    Safe to repeat and to race. Raises Conflict after five lost races, so that the queue tries again.
    """
    name = str(fact.get("fact", ""))
    models = models_of_contacts()
    if not touched(models, fact) or not (models or name in REMOVALS):
        return
    at = from_text(fact["at"]) if "at" in fact and name not in NEVER_SEEN else None
    named = lead_deletion.orphan(fact["contact"], now) if name == "contact.deleted" else []
    named += [fact["id"]] if name.startswith("lead.") else []
    rescore(fact["contact"], now, lead_ids=named, at=at, due=name == "due")


NEVER_SEEN = frozenset({"lead.created", "contact.deleted"})
"""Facts that no earlier evaluation can have taken in: an index may not have shown the lead yet."""

REMOVALS = frozenset({"lead.deleted", "lead.changed", "contact.deleted", "preferences.changed"})
"""After these, scores of models that are not live any more may have to go as well."""


def rescore(
    contact_id: str, now: datetime, *, lead_ids: Iterable[str] = (), at: datetime | None = None, due: bool = False
) -> None:
    """Rescore a contact's leads. `at`: nothing to do for a fact that an evaluation saw; `due`: only if it is."""
    for _ in tries():
        if _rescored(contact_id, now, list(lead_ids), at, due=due):
            return
    raise Conflict("The contact's leads are being scored by others.")


def _rescored(contact_id: str, now: datetime, lead_ids: list[str], at: datetime | None, *, due: bool) -> bool:
    record = Evaluation.find(*Evaluation.at(contact_id))
    if _seen(record, at) or (due and not _is_due(record, now)):
        return True
    clock = max(now, record.evaluated_at) if record and record.evaluated_at else now
    outcome = decide(contact_id, record, lead_ids, clock)
    if outcome is None:
        return True
    if outcome.contact_id != contact_id:
        return _handed_over(contact_id, record, outcome, lead_ids)
    try:
        _commit(contact_id, record, outcome)
    except ConditionFailed:
        return False
    return True


def _handed_over(contact_id: str, record: Evaluation | None, outcome: "Outcome", named: list[str]) -> bool:
    """Rescore whom a contact was merged into, which has its leads now; of the contact itself no record stays."""
    try:
        commit([plans.forgotten(contact_id, record)])
    except ConditionFailed:
        return False
    return _rescored(outcome.contact_id, outcome.evaluated_at, [*outcome.leads, *named], None, due=False)


def _seen(record: Evaluation | None, at: datetime | None) -> bool:
    """What came more than the slack of clocks before the last evaluation began was among the facts it read."""
    return bool(record and record.evaluated_at and at and at < record.evaluated_at - SLACK)


def _is_due(record: Evaluation | None, now: datetime) -> bool:
    return record is not None and record.due is not None and record.due <= now


class Outcome(Struct, frozen=True):
    """What an evaluation changes, lead by lead, and when time alone will change a score."""

    contact_id: str
    by_lead: Sequence[plans.Parts]
    leads: Sequence[str]
    evaluated_at: datetime
    due: datetime | None
    exists: bool = True
    """Whether the contact is there; of one that was deleted no record stays (decision 40)."""

    @property
    def differs(self) -> bool:
        return any(part for parts in self.by_lead for part in parts)


def decide(contact_id: str, record: Evaluation | None, lead_ids: Iterable[str], now: datetime) -> Outcome | None:
    """Read all facts and return what has to change; None where there is nothing to score and nothing on record.

    The record was read before. Which models are live is asked after the leads are known (decision 68).
    """
    known = record.leads if record and record.leads else []
    somebody = reading.somebody(contact_id, {*lead_ids, *known})
    return knowing_better(lambda: _outcome(somebody, record, now))


def _outcome(somebody: reading.Somebody, record: Evaluation | None, now: datetime) -> Outcome | None:
    models, qualifications = models_of_contacts(), live_qualifications()
    scene = reading.scene(somebody, models, now, [each.id for each in qualifications])
    if not scene.leads and not scene.others and record is None:
        return None
    marks = Marks(configuration.remembered(), qualifications, scene.qualified, now)
    due: list[datetime] = []
    by_lead = [_gone(lead_id, scene, now) for lead_id in scene.others]
    by_lead += [_decided(lead, scene, models, marks, now, due) for lead in scene.leads]
    known_leads = [lead.lead_id for lead in scene.leads]
    return Outcome(scene.contact_id, by_lead, known_leads, now, min(due, default=None), scene.person.exists)


def _gone(lead_id: str, scene: Scene, now: datetime) -> plans.Parts:
    why = "The lead is not the contact's any more."
    lost = [
        score
        for score in reading.scores_of(lead_id)
        if score.contact_id == scene.contact_id or _nobodys(score, lead_id, scene)
    ]
    return [plans.removed(score, why, now) for score in lost]


def _nobodys(score: Score, lead_id: str, scene: Scene) -> bool:
    """A lead that lost its parent by a deletion was scored for whom that one had been merged into."""
    if scene.person.exists or contacts.exists(score.contact_id):
        return False
    return not any(lead.contact_id for lead in lead_reading.find_many([lead_id]))


def _decided(
    lead: Lead, scene: Scene, models: Sequence[Model], marks: Marks, now: datetime, due: list[datetime]
) -> plans.Parts:
    facts = scene.of(lead)
    recycled_at = lead.recycled_at if lead.recycled else None
    first = not has_contributions(lead.lead_id, scene.kept)
    scores: list[list[Write]] = []
    scored: list[Scored] = []
    for model in models:
        kept = scene.kept.get((lead.lead_id, model.id))
        before = standing(model, kept)
        outside, changes_at = entry_refusal(model.compiled, facts, now)
        due += [changes_at] if changes_at else []
        if why := refusal(scene.person, switches.counted(model.minimum_consent)) or outside:
            scores += [plans.removed(before, why, now)] if before else []
            continue
        each = evaluate(model, facts, before, now, recycled_at)
        scored.append(each)
        due += [each.evaluation.changes_at] if each.evaluation.changes_at else []
        if differs(before, each, scene.contact_id):
            scores.append(plans.rescored(lead.lead_id, scene.contact_id, kept, each, now))
    first = first and any(each.evaluation.contributions for each in scored)
    return [marks.of(lead, facts, scored, first=first), *scores, *_obsolete(lead, scene, models, now)]


def _obsolete(lead: Lead, scene: Scene, models: Sequence[Model], now: datetime) -> plans.Parts:
    """Take away what stopped models left behind of somebody whom no model may score (SCO-33)."""
    why = refusal(scene.person, None)
    if why is None:
        return []
    live = {model.id for model in models}
    left = [score for score in reading.scores_of(lead.lead_id) if score.model_id not in live]
    return [plans.removed(score, why, now) for score in left]


def _commit(contact_id: str, record: Evaluation | None, outcome: Outcome) -> None:
    """Write what changed with the contact's record, in one transaction, or in as many as DynamoDB's limit asks for.

    Until the last of several, the record keeps its old clock and is due at once: whoever goes on after a crash does
    not take the facts for seen.
    """
    parts = plans.chunks(outcome.by_lead, MOST_WRITES)
    for part in parts[:-1]:
        record = _write(contact_id, record, outcome, part, last=False)
    if outcome.exists:
        _write(contact_id, record, outcome, parts[-1], last=True)
    else:
        commit([plans.forgotten(contact_id, record)], parts[-1])


def _write(
    contact_id: str, record: Evaluation | None, outcome: Outcome, writes: Sequence[Write], *, last: bool
) -> Evaluation:
    after, fence = plans.evaluated(
        contact_id,
        record,
        leads=outcome.leads,
        evaluated_at=outcome.evaluated_at if last else record.evaluated_at if record else None,
        due=outcome.due if last else outcome.evaluated_at,
    )
    commit([fence], writes)
    return after


def recount(contact_id: str, now: datetime) -> bool:
    """Return whether what is stored of a contact's leads differs from what the facts say now; writes nothing.

    What waits for its time differs rightly, and is not looked at.
    """
    record = Evaluation.find(*Evaluation.at(contact_id))
    if _is_due(record, now):
        return False
    outcome = decide(contact_id, record, (), now)
    return outcome is not None and outcome.differs
