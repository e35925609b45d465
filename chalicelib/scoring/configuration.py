"""The scoring configuration: what happens by itself; of several records the newest counts."""

import time
from datetime import datetime

from chalicelib.dynamodb import commit, put_new
from chalicelib.scoring.models import CONFIGURATIONS, Configuration
from chalicelib.scoring.schemas import NewConfiguration
from chalicelib.settings import settings

MOST = 50
_known: list[tuple[float, Configuration]] = []


def configure(configuration_id: str, new: NewConfiguration, by: str, now: datetime) -> Configuration:
    """Keep a configuration, which counts from now on (SCO-25). The same id again returns what it made first."""
    earlier = next((each for each in records() if each.sk.endswith(f"#{configuration_id}")), None)
    if earlier is not None:
        return earlier
    configuration = Configuration(
        *Configuration.at(now, configuration_id), created_at=now, created_by=by, **new.model_dump()
    )
    commit([put_new(configuration)])
    _known.clear()
    return configuration


def current() -> Configuration | None:
    """Return the configuration that counts, read consistently; None where all behaves as yes (SCO-25)."""
    return next(iter(_newest(1)), None)


def records() -> list[Configuration]:
    """Return the newest configurations, newest first."""
    return _newest(MOST)


def _newest(most: int) -> list[Configuration]:
    return list(Configuration.query(CONFIGURATIONS, scan_index_forward=False, limit=most, consistent_read=True))


def remembered() -> Configuration:
    """Return what `effective` does, at most settings.live_cache_seconds old, for whoever scores many leads."""
    asked, known = _known[0] if _known else (float("-inf"), None)
    if known is None or time.monotonic() - asked >= float(settings.live_cache_seconds):
        known = effective()
        _known[:] = [(time.monotonic(), known)]
    return known


def effective() -> Configuration:
    """Return the configuration that counts, or the one that says yes to everything."""
    return current() or Configuration(
        CONFIGURATIONS,
        "",
        name="",
        automatic_sales_ready=True,
        automated_marketing_qualification=True,
        automatic_cleanup=True,
    )
