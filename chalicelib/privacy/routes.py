"""Requests of people over HTTP; the officer's."""

from http import HTTPStatus
from typing import Any

from chalicelib import files
from chalicelib.http import Api, Call, Listing, Nothing
from chalicelib.privacy import exporting, service, shipping
from chalicelib.privacy.kinds import Progress, Type
from chalicelib.privacy.models import Request, Search
from chalicelib.privacy.schemas import (
    CarryOut,
    FileView,
    NewRequest,
    PersonView,
    ReceiptView,
    RecipientView,
    RequestChange,
    RequestsQuery,
    RequestView,
    ShippedList,
    ShippedView,
    Shipping,
)

api = Api(__name__)


@api.on(
    "POST /privacy-requests",
    scope="privacy-requests:write",
    body=NewRequest,
    returns=RequestView,
    status=HTTPStatus.CREATED,
)
def create_privacy_request(call: Call[NewRequest]) -> RequestView:
    """Take down what somebody demands, and find out whom it is about."""
    values = call.body.model_dump(exclude={"type", "contact_ids"})
    return _view(service.create(call.new_id, call.body.type, values, call.body.contact_ids, call.caller.id, call.now))


@api.on("PUT /privacy-requests", scope="settings:write", body=Shipping, returns=ShippedList)
def ship_privacy_pages(call: Call[Shipping]) -> ShippedList:
    """Let the pages by which people make demands go live, with their forms, messages and journey; edit them then."""
    made = shipping.ship(call.body, call.caller.id, call.now)
    return ShippedList(
        items=[
            ShippedView(kind=each.definition_kind, id=each.definition_id, name=each.name, state=each.state)
            for each in made
        ]
    )


@api.on("GET /privacy-requests", scope="privacy-requests:read", query=RequestsQuery, returns=Listing[RequestView])
def list_privacy_requests(call: Call[Nothing]) -> Listing[RequestView]:
    """List requests: all, newest first, or those that are not completed, the most urgent first."""
    listed = service.by_deadline if call.query.open else service.by_created
    return Listing[RequestView].of(listed(call.query.asked), _view)


@api.on("GET /privacy-requests/{request_id}", scope="privacy-requests:read", returns=RequestView)
def show_privacy_request(_: Call[Nothing], request_id: str) -> RequestView:
    """Show a request, how far it is, what came of it, and to whom the person's data went."""
    request = service.find(request_id)
    told = [RecipientView.model_validate(each) for each in service.told(request)]
    return _view(request).model_copy(update={"recipients": told})


@api.on("PATCH /privacy-requests/{request_id}", scope="privacy-requests:write", body=RequestChange, returns=RequestView)
def change_privacy_request(call: Call[RequestChange], request_id: str) -> RequestView:
    """Change whose a request is, by when it is due, or whom it is about; send If-Match."""
    return _view(service.amend(request_id, call.body.given(), call.body.contact_ids, call.version, call.now))


@api.on(
    "POST /privacy-requests/{request_id}/carry-out",
    scope="privacy-requests:write",
    body=CarryOut,
    returns=RequestView,
    status=HTTPStatus.ACCEPTED,
)
def carry_out_privacy_request(call: Call[CarryOut], request_id: str) -> RequestView:
    """Do what a request demands; exports and erasures go on as jobs. Send If-Match."""
    return _view(service.carry_out(request_id, call.body.given(), call.version, call.caller.id, call.now))


def _view(request: Request) -> RequestView:
    result: dict[str, Any] = request.result or {}
    search = Search.find(*Search.at(request.request_id)) if request.progress == Progress.IN_PROGRESS else None
    erased = request.type == Type.ERASE and bool(result)
    return RequestView(
        id=request.request_id,
        type=Type(request.type),
        progress=Progress(request.progress),
        identifier=request.identifier,
        name=request.name,
        note=request.note,
        owner_id=request.owner_id,
        received_at=request.received_at,
        deadline=request.deadline,
        contact_ids=request.contact_ids,
        created_at=request.created_at,
        created_by=request.created_by,
        started_at=request.started_at,
        started_by=request.started_by,
        completed_at=request.completed_at,
        run=search.run if search is not None else None,
        rows=result.get("rows"),
        people=[PersonView.model_validate(each) for each in result.get("people", [])],
        files=_files(request, result),
        receipt=ReceiptView.model_validate(result) if erased else None,
        version=request.version,
    )


def _files(request: Request, result: dict[str, Any]) -> list[FileView]:
    """Return the files of an export as long as the bucket has them."""
    return [
        FileView(name=each["name"], url=exporting.link(request, each["name"]), bytes=each["bytes"])
        for each in result.get("files", [])
        if files.size(exporting.folder(request.request_id) + each["name"])
    ]
