"""Use cases: export a model's scores as CSV files (SCO-27), by a bulk job over all leads."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import JSONAttribute, TTLAttribute, UnicodeAttribute

from chalicelib import csvs, files
from chalicelib.clock import as_text, digest
from chalicelib.consent import recipients
from chalicelib.consent import service as consent
from chalicelib.consent.recipients import Given
from chalicelib.csvs import Cell
from chalicelib.definitions import jobs
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import ConditionFailed, InstantAttribute, IntegerAttribute, Key, commit, put_new, update
from chalicelib.errors import NotFound
from chalicelib.leads import reading as leads
from chalicelib.leads.models import Lead, LeadsItem
from chalicelib.scoring.explanations import standing
from chalicelib.scoring.explanations.standing import KnownOf, Scored
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Score, ScoringItem
from chalicelib.scoring.reading import scored
from chalicelib.scoring.reports import walks

WORK = "export-scores"
PAGE = 1_000  # leads of a part
MOST_ROWS = 1_000_000  # of a file; spreadsheets open 1,048,576 at most
KEPT = timedelta(days=files.KEPT_DAYS)

COLUMNS = (
    "lead_id",
    "topic",
    "first_name",
    "last_name",
    "company_name",
    "model_version",
    "score",
    "grade",
    "status",
    "contributions",
    "changed_at",
)
every_lead = jobs.of_index(LeadsItem.by_created, "lead", lambda item: item.pk.removeprefix("LEAD#"), PAGE)


class Export(ScoringItem, discriminator="export"):
    """An export that somebody asked for, and the files that came of it: all of them, once the rows are known."""

    export_id = UnicodeAttribute()
    model_id = UnicodeAttribute()
    created_at = InstantAttribute()
    created_by = UnicodeAttribute()
    files = JSONAttribute(null=True)
    rows = IntegerAttribute(null=True)
    expires = TTLAttribute()

    @staticmethod
    def at(export_id: str) -> tuple[str, str]:
        return f"EXPORT#{export_id}", "EXPORT"


def start(model_id: str, export_id: str, by: str, now: datetime) -> Export:
    """Start an export. The same id again returns the first one. Raises NotFound."""
    definitions.get(KIND, model_id)
    export = Export(
        *Export.at(export_id),
        export_id=export_id,
        model_id=model_id,
        created_at=now,
        created_by=by,
        expires=now + KEPT,
    )
    wanted = JobWanted(WORK, {"model": model_id, "export": export_id}, delay=0)
    with suppress(ConditionFailed):
        commit([put_new(export)], jobs.plan(_job_id(export_id), wanted, now))
    return find(model_id, export_id, now)


def find(model_id: str, export_id: str, now: datetime) -> Export:
    """Return an export of a model, as long as its files are kept. Raises NotFound."""
    export = Export.find(*Export.at(export_id))
    if export is None or export.model_id != model_id or export.expires <= now:
        raise NotFound(f"There is no such export; exports are kept for {files.KEPT_DAYS} day. Start another one.")
    return export


def job_of(export: Export) -> Job:
    return jobs.get(_job_id(export.export_id))


def _job_id(export_id: str) -> str:
    return f"export-{export_id}"


def link(export: Export, number: int) -> str:
    """Return where a finished export's file can be fetched for some minutes."""
    name = f"lead-scores-{export.created_at.date()}-{number + 1}.csv"
    return files.link(export.files[number]["key"], name)


# The job -----------------------------------------------------------------------------------------------------------


def write_part(arguments: Mapping[str, Any], lead_ids: Sequence[str], now: datetime) -> None:
    """Write the scores of a page of leads into a part of their own; each lead comes once."""
    of = Export.at(arguments["export"])[0]
    walk = walks.begin(of, lead_ids)
    fresh = walks.fresh(walk, lead_ids)
    found = _found(arguments["model"], fresh)
    rows = list(_rows(found, now))
    part = None
    if rows:
        _disclose(arguments["export"], [lead for _, lead in found], now)
        part = f"exports/{arguments['export']}/{walk.sk}-{walk.version}-{digest(*fresh)}.csv", len(rows)
        files.put(part[0], csvs.lines(rows))
    commit([walks.take(walk, lead_ids, {"rows": len(rows)}, now, part)])


def _disclose(export_id: str, told: Sequence[Lead], now: datetime) -> None:
    """Note with the people whom a part tells of that it does, while somebody still wants it."""
    export = Export.find(*Export.at(export_id))
    if export is not None:
        given = Given("scores", export_id, export.created_by)
        recipients.note((lead.contact_id for lead in told if lead.contact_id), given, export.created_at, now)


def _found(model_id: str, lead_ids: Sequence[str]) -> list[tuple[Score, Lead]]:
    """Return scores with their leads; those that a stopped model keeps of people who restricted its use stay here."""
    found = scored(lead_ids, model_id)
    told = leads.find_many(score.lead_id for score in found)
    held = consent.only_kept(lead.contact_id for lead in told if lead.contact_id)
    people = {lead.lead_id: lead for lead in told if lead.contact_id not in held}
    return [(score, people[score.lead_id]) for score in found if score.lead_id in people]


def _rows(found: Sequence[tuple[Score, Lead]], now: datetime) -> Iterator[Sequence[Cell]]:
    known = standing.of_scores([score for score, _ in found])
    for score, lead in found:
        yield _row(score, lead, known, now)


def _row(score: Score, lead: Lead, known_of: KnownOf, now: datetime) -> Sequence[Cell]:
    status, _ = standing.standing(score.model_version, known_of(Scored.of(score)), now)
    given = "; ".join(f"{each.get('name') or each['rule_id']}: {each['points']:+}" for each in score.contributions)
    return (
        score.lead_id,
        lead.topic,
        lead.first_name,
        lead.last_name,
        lead.company_name,
        score.model_version,
        score.score,
        score.grade,
        status,
        given,
        as_text(score.evaluated_at),
    )


def assemble(arguments: Mapping[str, Any]) -> None:
    """Make the files of the parts, in order, a million rows each at most.

    Each is noted as soon as it is there: whoever runs out of time goes on behind it.
    """
    export_id = arguments["export"]
    of = Key(Export, *Export.at(export_id))
    export = Export.find(of.pk, of.sk)
    parts = [(key, rows) for walk in walks.found(of.pk) for key, rows in walk.parts]
    made = list(export.files or []) if export else []
    for number, some in list(enumerate(_filled(parts)))[len(made) :]:
        key = f"exports/{export_id}/scores-{number + 1}.csv"
        size = files.join(key, csvs.MARK + csvs.lines([COLUMNS]), [part for part, _ in some])
        made.append({"key": key, "rows": sum(rows for _, rows in some), "bytes": size})
        commit([update(of, Export.files.set(made), condition=Export.pk.exists())])
    commit([update(of, Export.rows.set(sum(rows for _, rows in parts)), condition=Export.pk.exists())])


def _filled(parts: Sequence[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """Put parts into files until one is full; there is always one."""
    filled: list[list[tuple[str, int]]] = [[]]
    for part in parts:
        if sum(rows for _, rows in filled[-1]) + part[1] > MOST_ROWS:
            filled.append([])
        filled[-1].append(part)
    return filled


WORKS: Mapping[str, jobs.Work] = {WORK: jobs.Work(every_lead, write_part, assemble)}
