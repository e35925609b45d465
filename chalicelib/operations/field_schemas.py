"""The catalogue of fields as the console reads it."""

from typing import Annotated

from pydantic import Field

from chalicelib.capture.schemas import FieldType as FormType
from chalicelib.conditions.catalogue import FieldType
from chalicelib.conditions.schemas import Operator
from chalicelib.contacts.custom.definition import CustomType
from chalicelib.contacts.custom.schemas import OptionView
from chalicelib.http import Schema


class FieldsQuery(Schema):
    """Whose fields; without it those of all, and of interactions."""

    entity: Annotated[str, Field(max_length=40)] | None = None


class ChoiceView(OptionView):
    """A value that may be chosen, and what people read."""

    value: str


class FieldView(Schema):
    """A field: how conditions ask of it, by what forms may ask for it, and by which name it goes where it may be named.

    `uses` has none of those places where it may not be named: condition, form, import, template, matching, merge, and
    stage of a business process. A custom field has an id, by which it is changed, and a type of its own.
    """

    entity: str
    name: str
    labels: dict[str, str]
    type: FieldType
    options: list[ChoiceView]
    required: bool
    operators: list[Operator]
    form_types: list[FormType]
    uses: dict[str, str]
    custom: bool
    id: str | None = None
    custom_type: CustomType | None = None
    retired: bool = False
    max_length: int | None = None
    decimals: int | None = None
    currency: str | None = None


class FieldCatalogue(Schema):
    """Every field; interactions of all types have the same ones. Relations lead from an entity to others, by name."""

    items: list[FieldView]
    interactions: list[str]
    interaction_fields: list[FieldView]
    relations: dict[str, dict[str, str]]
