"""The routes that every kind of definition has, and those of bulk jobs."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from msgspec import Struct
from pydantic import BaseModel, create_model

from chalicelib.definitions import jobs, service
from chalicelib.definitions.lifecycle import Checked, Document, JobWanted, State
from chalicelib.definitions.models import Definition, Job
from chalicelib.definitions.schemas import (
    ByNameQuery,
    CheckView,
    DefinitionView,
    Jobs,
    JobView,
    Milestones,
    MilestoneView,
    Name,
    ProblemView,
    PublishedView,
    StopRequest,
)
from chalicelib.dynamodb import Write
from chalicelib.errors import Conflict, Problem
from chalicelib.http import Api, Call, Listing, Nothing, Schema

api = Api(__name__)

NoJob = Callable[[Definition], JobWanted | None]


def _no_job(_: Definition) -> JobWanted | None:
    return None


class Kind(Struct, frozen=True):
    """What a domain says of its kind of definition.

    `check` finds everything that keeps a document (as `schema` parsed it) from going live; `before_save` may refuse or
    complete a document when it is saved; the jobs are bulk work that publishing and stopping set going.
    """

    name: str
    path: str
    schema: type[BaseModel]
    check: Callable[[Any], Checked]
    before_save: Callable[[Any, Definition | None], Any] = lambda document, _: document
    publish_job: NoJob = _no_job
    stop_job: NoJob = _no_job
    publish_writes: Callable[[Definition], Sequence[Write]] | None = None
    stops_to: State = State.STOPPED
    lifecycle: bool = True
    keeps_name: bool = False
    """Whether the name is settled once it has been live (SEG-4)."""
    check_of: Callable[[Any, str], Checked] | None = None
    """In the place of `check` where it needs the definition's own id besides the document."""

    @property
    def scope(self) -> str:
        return self.path.strip("/")

    @property
    def noun(self) -> str:
        return self.name.replace("-", "_")

    @property
    def one(self) -> str:
        """The path of one of them; siblings of one gateway resource must name their parameter alike."""
        return f"{self.path}/{{{self.noun}_id}}"

    def parsed(self, document: Document) -> Any:
        return self.schema.model_validate(document)

    def checked(self, document: Document) -> Checked:
        return self.check(self.parsed(document))

    def checked_as(self, definition_id: str, document: Document) -> Checked:
        """Check the document of a certain definition."""
        return self.check_of(self.parsed(document), definition_id) if self.check_of else self.checked(document)


def lifecycle(api: Api, kind: Kind) -> None:
    """Register the routes of a kind: create, list, read, save, delete, check, publish, stop, milestones."""
    named: Any = create_model(
        f"{kind.noun.title().replace('_', '')}Draft", __base__=Schema, name=Name, document=kind.schema
    )
    _editing(api, kind, named)
    _reading(api, kind)
    if kind.lifecycle:
        _publishing(api, kind)


def _editing(api: Api, kind: Kind, named: type[Any]) -> None:
    def create(call: Call[Any]) -> DefinitionView:
        document = kind.before_save(call.body.document, None)
        return view(service.create(kind.name, call.new_id, call.body.name, dumped(document), call.caller.id, call.now))

    def save(call: Call[Any], **path: str) -> DefinitionView:
        before = service.get(kind.name, _id(path))
        if kind.keeps_name and before.published_version and call.body.name != before.name:
            raise Conflict("It keeps its name once it has been live. Make another one instead.")
        document = kind.before_save(call.body.document, before)
        saved = service.save_draft(
            kind.name,
            _id(path),
            call.body.name,
            dumped(document),
            version=call.version,
            by=call.caller.id,
            now=call.now,
        )
        return view(saved)

    def delete(call: Call[Nothing], **path: str) -> None:
        service.discard(kind.name, _id(path), call.version)

    size = 320 * 1024
    scope = f"{kind.scope}:write"
    one = kind.one
    _on(api, f"POST {kind.path}", f"create_{kind.noun}", create, scope=scope, body=named, returns=DefinitionView,
        status=HTTPStatus.CREATED, largest=size)  # fmt: skip
    _on(api, f"PUT {one}", f"save_{kind.noun}", save, scope=scope, body=named, returns=DefinitionView, largest=size)
    _on(api, f"DELETE {one}", f"delete_{kind.noun}", delete, scope=scope)


def _reading(api: Api, kind: Kind) -> None:
    def find(call: Call[Nothing]) -> Listing[DefinitionView]:
        found = service.find_page(kind.name, call.query.name_prefix, call.query.asked)
        return Listing[DefinitionView].of(found, view)

    def show(_: Call[Nothing], **path: str) -> DefinitionView:
        return view(service.get(kind.name, _id(path)))

    def history(_: Call[Nothing], **path: str) -> Milestones:
        found = service.milestones(kind.name, _id(path))
        return Milestones(
            items=[MilestoneView(state=each.state, version=each.at_version, at=each.at, by=each.by) for each in found]
        )

    scope = f"{kind.scope}:read"
    one = kind.one
    _on(api, f"GET {kind.path}", f"list_{kind.noun}", find, scope=scope, query=ByNameQuery,
        returns=Listing[DefinitionView])  # fmt: skip
    _on(api, f"GET {one}", f"show_{kind.noun}", show, scope=scope, returns=DefinitionView)
    _on(api, f"GET {one}/milestones", f"list_{kind.noun}_milestones", history, scope=scope, returns=Milestones)


def _publishing(api: Api, kind: Kind) -> None:
    def check(_: Call[Nothing], **path: str) -> CheckView:
        return checked_view(service.check(kind.name, _id(path), partial(kind.checked_as, _id(path))))

    def publish(call: Call[Nothing], **path: str) -> PublishedView:
        warnings: list[Problem] = []

        def checked(document: Document) -> Checked:
            found = kind.checked_as(_id(path), document)
            warnings[:] = found.warnings
            return found

        published = service.publish(
            kind.name,
            _id(path),
            checked,
            version=call.version,
            by=call.caller.id,
            now=call.now,
            job=kind.publish_job(service.get(kind.name, _id(path))),
            writes=kind.publish_writes,
        )
        return PublishedView(**dict(view(published)), warnings=problem_views(warnings))

    def stop(call: Call[StopRequest], **path: str) -> DefinitionView:
        stopped = service.stop(
            kind.name,
            _id(path),
            version=call.version,
            by=call.caller.id,
            now=call.now,
            confirmed=call.body.confirmed,
            job=kind.stop_job(service.get(kind.name, _id(path))),
            back_to=kind.stops_to,
        )
        return view(stopped)

    scope = f"{kind.scope}:write"
    one = kind.one
    _on(api, f"POST {one}/check", f"check_{kind.noun}", check, scope=scope, returns=CheckView)
    _on(api, f"POST {one}/publish", f"publish_{kind.noun}", publish, scope=scope, returns=PublishedView)
    _on(api, f"POST {one}/stop", f"stop_{kind.noun}", stop, scope=scope, body=StopRequest, returns=DefinitionView)


def _id(path: Mapping[str, str]) -> str:
    [identity] = path.values()
    return identity


SUMMARIES = {
    "create": "Make a draft.",
    "save": "Replace the draft; a live version goes on until the draft is published.",
    "delete": "Delete a draft that never went live.",
    "list": "List by name.",
    "show": "Show the draft and its state.",
    "check": "Say everything that keeps the draft from going live.",
    "publish": "Make the draft the live version.",
    "stop": "Take the live version out of use.",
    "milestones": "List every change of state.",
}


def _on(api: Api, verb: str, name: str, view: Callable[..., Any], **options: Any) -> None:
    view.__name__ = name
    view.__doc__ = (
        "List every change of state." if name.endswith("milestones") else SUMMARIES[name.split("_", maxsplit=1)[0]]
    )
    api.on(verb, **options)(view)


def dumped(document: BaseModel) -> dict[str, Any]:
    return document.model_dump(mode="json", by_alias=True, exclude_defaults=False)


def view(definition: Definition) -> DefinitionView:
    return DefinitionView(
        id=definition.definition_id,
        name=definition.name,
        state=definition.state,
        live_version=definition.live_version,
        document=definition.document,
        created_at=definition.created_at,
        updated_at=definition.updated_at,
        updated_by=definition.updated_by,
        version=definition.version,
    )


def checked_view(checked: Checked) -> CheckView:
    return CheckView(problems=problem_views(checked.problems), warnings=problem_views(checked.warnings))


def problem_views(problems: Sequence[Problem]) -> list[ProblemView]:
    return [ProblemView(field=each.field, message=each.message) for each in problems]


@api.on("GET /operations/jobs", scope="operations:read", returns=Jobs)
def list_jobs(_: Call[Nothing]) -> Jobs:
    """List the bulk work that has not ended, what was set aside too."""
    return Jobs(items=[job_view(job) for job in jobs.unfinished()])


@api.on("GET /operations/jobs/{job_id}", scope="operations:read", returns=JobView)
def show_job(_: Call[Nothing], job_id: str) -> JobView:
    """Show how far a job is."""
    return job_view(jobs.get(job_id))


@api.on("POST /operations/jobs/{job_id}/cancel", scope="operations:write", returns=JobView)
def cancel_job(call: Call[Nothing], job_id: str) -> JobView:
    """Stop a job; what it has done stays done."""
    return job_view(jobs.cancel(job_id, call.now))


@api.on("POST /operations/jobs/{job_id}/resume", scope="operations:write", returns=JobView)
def resume_job(call: Call[Nothing], job_id: str) -> JobView:
    """Let a job that was set aside go on where it stopped."""
    return job_view(jobs.resume(job_id, call.now))


def job_view(job: Job) -> JobView:
    progress = jobs.slices(job.job_id)
    return JobView(
        id=job.job_id,
        work=job.work,
        arguments=dict(job.arguments or {}),
        rate=job.rate,
        state=job.state,
        attempts=job.attempts,
        done=sum(each.done for each in progress),
        slices_finished=sum(each.finished for each in progress),
        reason=job.reason,
        created_at=job.created_at,
        began_at=job.began_at,
        worked_at=max((each.worked_at for each in progress if each.worked_at), default=None),
        ended_at=job.ended_at,
    )
