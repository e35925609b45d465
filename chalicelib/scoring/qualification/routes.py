"""Qualification over HTTP: which scores make a lead qualified (RSC-12)."""

from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked, JobWanted
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.errors import Conflict, Problem
from chalicelib.http import Api
from chalicelib.scoring import bulk, live, management
from chalicelib.scoring.qualification import live as qualifying
from chalicelib.scoring.qualification.document import Combination, Qualification, problems_of

api = Api(__name__)


def check(document: Qualification) -> Checked:
    named = [(live.KIND, criterion.model_id) for criterion in document.criteria]
    return Checked([*management.problems(), *problems_of(document), *_mixed(document)], named)


def _mixed(document: Qualification) -> list[Problem]:
    """A lead is scored by models of contacts or by models of accounts, never by both (SCO-7)."""
    targets = {model.id: model.compiled.target for model in live.live_models()}
    known = {targets[criterion.model_id] for criterion in document.criteria if criterion.model_id in targets}
    if document.combine is Combination.ALL and len(known) > 1:
        return [Problem("/criteria", "No lead is scored by models of contacts and of accounts. Choose one, or “any”.")]
    return []


def _only_stopped(document: Qualification, before: Definition | None) -> Qualification:
    """Criteria change only after stopping (RSC-13), and only while lead management is on (RSC-1)."""
    management.require_on()
    if before is not None and definitions.is_live(before):
        raise Conflict("A qualification changes only after it was stopped. Stop it, change it and publish it again.")
    return document


def _everybody(_: Definition) -> JobWanted:
    """Leads that meet it already are qualified when it goes live."""
    return JobWanted(bulk.RESCORE_ALL)


lifecycle(
    api,
    Kind(
        name=qualifying.KIND,
        path="/qualifications",
        schema=Qualification,
        check=check,
        before_save=_only_stopped,
        publish_job=_everybody,
    ),
)
