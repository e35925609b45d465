"""A scoring model's insights, from figures that are kept as scores change (SCO-29, RSC-11)."""

from collections.abc import Mapping
from datetime import date, datetime

from chalicelib.agenda import oldest_due
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.insights import service
from chalicelib.insights.counting import BUCKET, GRADE, SCORED, of_month, subject_of
from chalicelib.insights.schemas import Bucket, Day, ModelInsights
from chalicelib.scoring.live import KIND, published
from chalicelib.scoring.models import ScoringItem
from chalicelib.scoring.plans import WORK
from chalicelib.scoring.reports.buckets import ends, of_best_tenth

Figures = Mapping[str, int]


def insights(model_id: str, months: int, now: datetime) -> ModelInsights:
    """Return how a model's scores are spread and how many changed, day by day. Raises NotFound."""
    definitions.get(KIND, model_id)
    figures = service.figures(subject_of(model_id))
    distribution = {int(name): number for name, number in _named(figures, BUCKET).items() if number}
    graded = _named(figures, GRADE)
    best = of_best_tenth(distribution)
    oldest = oldest_due(ScoringItem.by_due, WORK)
    return ModelInsights(
        model_id=model_id,
        scored=figures.get(SCORED, 0),
        best_tenth=_bucket(best, distribution) if best is not None else None,
        distribution=[_bucket(lowest, distribution) for lowest in sorted(distribution)],
        grades={name: graded.get(name, 0) for name in _grades(model_id, graded)},
        without_grade=figures.get(SCORED, 0) - sum(graded.values()),
        timeline=[day for month in service.months(now.date(), months) for day in _days(model_id, month)],
        overdue_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
    )


def _named(figures: Figures, prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): number for name, number in figures.items() if name.startswith(prefix)}


def _bucket(lowest: int, distribution: Mapping[int, int]) -> Bucket:
    first, last = ends(lowest)
    return Bucket(first=first, last=last, leads=distribution[lowest])


def _grades(model_id: str, graded: Figures) -> list[str]:
    """Return the grades of the live version, and those of older ones that leads still have."""
    live = live_definitions.live(KIND, model_id)
    named = [grade.name for grade in published(model_id, live.version).compiled.grades] if live else []
    return list(dict.fromkeys([*named, *(name for name, number in graded.items() if number)]))


def _days(model_id: str, month: date) -> list[Day]:
    figures = service.figures(of_month(model_id, month.isoformat()))
    days = sorted({name.partition(":")[2] for name in figures})
    return [
        Day(
            day=month.replace(day=int(day)),
            scored=figures.get(f"scored:{day}", 0),
            changed=figures.get(f"changed:{day}", 0),
            removed=figures.get(f"removed:{day}", 0),
        )
        for day in days
    ]
