"""The bulk work of views."""

from collections.abc import Mapping

from chalicelib.definitions import jobs
from chalicelib.views import runs

WORKS: Mapping[str, jobs.Work] = {runs.WORK: jobs.Work(runs.pages, runs.act)}
