"""The catalogue of fields over HTTP."""

from typing import Any

from chalicelib.contacts.custom.definition import CustomField, CustomType
from chalicelib.http import Api, Call, Nothing
from chalicelib.operations import fields
from chalicelib.operations.field_schemas import ChoiceView, FieldCatalogue, FieldsQuery, FieldView
from chalicelib.operations.fields import Known, words

api = Api(__name__)


@api.on("GET /fields", scope="fields:read", query=FieldsQuery, returns=FieldCatalogue)
def list_fields(call: Call[Nothing]) -> FieldCatalogue:
    """List every field, ours and custom ones: its type, its choices, what may be asked of it, where it may be named."""
    found = fields.catalogue(call.query.entity)
    return FieldCatalogue(
        items=[_view(each) for each in found.fields],
        interactions=found.interactions,
        interaction_fields=[_view(each) for each in found.interaction_fields],
        relations={name: dict(known) for name, known in found.relations.items()},
    )


def _view(known: Known) -> FieldView:
    return FieldView(
        entity=known.entity,
        name=known.name,
        labels=dict(known.labels),
        type=known.asked_as.type,
        options=_choices(known),
        required=known.required,
        operators=known.operators,
        form_types=known.form_types,
        uses=dict(known.uses),
        custom=known.own is not None,
        **(_of_custom(known.own) if known.own is not None else {}),
    )


def _choices(known: Known) -> list[ChoiceView]:
    if known.own is not None:
        said = known.own.options
        return [ChoiceView(value=each.value, labels=dict(each.labels), retired=each.retired) for each in said]
    return [ChoiceView(value=value, labels=words(value)) for value in known.asked_as.options]


def _of_custom(own: CustomField) -> dict[str, Any]:
    fraction = own.type in {CustomType.DECIMAL, CustomType.MONEY}
    return {
        "id": own.id,
        "custom_type": own.type,
        "retired": own.retired,
        "max_length": own.max_length if own.type is CustomType.TEXT else None,
        "decimals": own.decimals if fraction else None,
        "currency": own.currency,
    }
