"""What the scoring table's stream tells: a score was made, changed or taken away, from where to where."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.clock import digest
from chalicelib.scoring.reports.buckets import bucket

Standing = dict[str, Any]
"""Where a score stands in its model's figures: the bucket, and the grade if it has one."""


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield score.changed where points or grade did; the mark names the write, so that it counts once."""
    old, new = _score(record.old), _score(record.new)
    image = new or old
    was, now = _points(old), _points(new)
    if was == now:
        return
    yield {
        "fact": "score.changed",
        "id": image["lead_id"],
        "model": image["model_id"],
        "mark": digest(
            image["lead_id"], image["model_id"], image["evaluated_at"], str(image["version"]), str(bool(new))
        ),
        "was": _standing(old),
        "is": _standing(new),
    }


def _score(image: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return what there was of a score: what stands in the place of one that was dropped is none."""
    return image if image and image.get("kind") == "score" else {}


def _points(image: Mapping[str, Any]) -> tuple[Any, ...]:
    return image.get("score"), image.get("grade")


def _standing(image: Mapping[str, Any]) -> Standing | None:
    if not image:
        return None
    return {"bucket": bucket(int(image["score"])), "grade": image.get("grade")}
