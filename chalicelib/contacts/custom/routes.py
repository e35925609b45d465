"""Custom fields over HTTP: make, show, change and retire one; chalicelib.operations lists them with all others."""

from http import HTTPStatus

from msgspec import convert, to_builtins

from chalicelib.contacts.custom import service
from chalicelib.contacts.custom.definition import CustomField
from chalicelib.contacts.custom.models import FieldRow
from chalicelib.contacts.custom.record import custom
from chalicelib.contacts.custom.schemas import CustomFieldView, FieldChange, NewField
from chalicelib.http import Api, Call, Nothing

api = Api(__name__)


@api.on("POST /fields", scope="fields:write", body=NewField, returns=CustomFieldView, status=HTTPStatus.CREATED)
def create_field(call: Call[NewField]) -> CustomFieldView:
    """Make a custom field."""
    made = convert(call.body.model_dump(), CustomField)
    return _view(service.create(made, call.new_id, call.caller.id, call.now))


@api.on("GET /fields/{field_id}", scope="fields:read", returns=CustomFieldView)
def show_field(_: Call[Nothing], field_id: str) -> CustomFieldView:
    """Show a custom field."""
    return _view(service.find(field_id))


@api.on("PATCH /fields/{field_id}", scope="fields:write", body=FieldChange, returns=CustomFieldView)
def change_field(call: Call[FieldChange], field_id: str) -> CustomFieldView:
    """Change a custom field, retire it, or take it into use again; send If-Match."""
    return _view(service.amend(field_id, call.body.given(), call.version, call.now))


def _view(row: FieldRow) -> CustomFieldView:
    said = row.said
    return CustomFieldView(
        **to_builtins(said),
        id=said.id,
        name=custom(said.key),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )
