"""The bulk work of views."""

from collections.abc import Mapping

from chalicelib.definitions import jobs
from chalicelib.views import exports, runs

WORKS: Mapping[str, jobs.Work] = {
    runs.WORK: jobs.Work(runs.pages, runs.act),
    exports.WORK: jobs.Work(exports.pages, exports.write_part, exports.assemble),
}
