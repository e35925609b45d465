"""Use cases: count facts exactly once, and read figures."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from chalicelib.dynamodb import ConditionFailed, Write, commit, put_new, query_raw, shard
from chalicelib.insights.counting import Countable, Figure
from chalicelib.insights.models import SHARDS, Count, Counted, InsightsItem

MOST_MARKERS = 60  # of a transaction of 100 writes; the rest is for the figures
KEPT = timedelta(days=30)
ADDED = "figure:"


def count(countables: Iterable[Countable], now: datetime) -> int:
    """Count what is not counted yet and return how many that were (invariant 9)."""
    unique = list({each.marker: each for each in countables}.values())
    return sum(_count(part, now) for part in _parts(unique))


def _parts(countables: Sequence[Countable]) -> Iterable[list[Countable]]:
    """Cut into transactions: at most 60 markers and 40 subjects each."""
    part: list[Countable] = []
    subjects: set[str] = set()
    for each in countables:
        named = {subject for subject, _ in each.adds}
        if part and (len(part) == MOST_MARKERS or len(subjects | named) > 100 - MOST_MARKERS):
            yield part
            part, subjects = [], set()
        part.append(each)
        subjects |= named
    if part:
        yield part


def _count(part: list[Countable], now: datetime) -> int:
    while part:
        markers = {each.marker: put_new(_marker(each.marker, now)) for each in part}
        try:
            commit(list(markers.values()), _additions(part))
        except ConditionFailed as failed:
            counted = {failure.write.key.pk.removeprefix("COUNTED#") for failure in failed.failures}
            part = [each for each in part if each.marker not in counted]
        else:
            return len(part)
    return 0


def _marker(marker: str, now: datetime) -> Counted:
    pk, sk = Counted.at(marker)
    return Counted(pk, sk, expires=now + KEPT)


def _additions(part: Iterable[Countable]) -> list[Write]:
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    place = 0
    for each in part:
        place = shard(each.marker) % SHARDS
        for (subject, figure), number in each.adds.items():
            sums[subject][figure] += number
    return [_addition(subject, place, figures) for subject, figures in sums.items()]


def _addition(subject: str, place: int, figures: Mapping[str, int]) -> Write:
    pk, sk = Count.at(subject, place)
    named = list(enumerate(figures.items()))
    request = {
        "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
        "UpdateExpression": f"SET subject = :s, kind = :k ADD {', '.join(f'#{at} :{at}' for at, _ in named)}",
        "ExpressionAttributeNames": {f"#{at}": f"{ADDED}{figure}" for at, (figure, _) in named},
        "ExpressionAttributeValues": {
            ":s": {"S": subject},
            ":k": {"S": "count"},
            **{f":{at}": {"N": str(number)} for at, (_, number) in named},
        },
    }
    return Write("Update", Count(pk, sk).key, request)


def figures(subject: str) -> dict[str, int]:
    """Return all figures of a subject, such as email#<id> or journey#<id>#<tile>, by name."""
    sums: Counter[str] = Counter()
    for raw in query_raw(InsightsItem, f"COUNT#{subject}"):
        sums.update(
            {name.removeprefix(ADDED): int(value["N"]) for name, value in raw.items() if name.startswith(ADDED)}
        )
    return dict(sorted(sums.items()))


def total(figure: Figure) -> int:
    subject, name = figure
    return figures(subject).get(name, 0)


def months(today: date, number: int) -> list[date]:
    """Return the first days of the last months, oldest first."""
    last = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - number + 1, last + 1)]
