"""The bulk work of requests."""

from collections.abc import Mapping

from chalicelib.definitions import jobs, late

WORKS: Mapping[str, jobs.Work] = {
    "erase-person": late.work("chalicelib.privacy.erasing"),
    "export-person": late.work("chalicelib.privacy.exporting"),
    "replay-tombstones": late.work("chalicelib.privacy.restoring"),
    "replay-erasures": late.work("chalicelib.privacy.replaying"),
}
