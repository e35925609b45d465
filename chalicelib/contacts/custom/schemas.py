"""Custom fields, and values of them, as clients send and get them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr

from chalicelib.conditions.schemas import Number
from chalicelib.contacts.custom.definition import MOST_OPTIONS, CustomType, RecordType
from chalicelib.http import Schema

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Labels = Annotated[
    dict[Language, Annotated[str, Field(min_length=1, max_length=100)]],
    Field(min_length=1, max_length=20, description="What it is called, by language.", examples=[{"en": "Tier"}]),
]

Line = Annotated[StrictStr, Field(max_length=2000)]
Whole = Annotated[StrictInt, Field(ge=-(10**12), le=10**12)]
Lines = Annotated[list[Line], Field(max_length=MOST_OPTIONS)]
Value = Annotated[StrictBool | Whole | Line | Number | Lines, Field(union_mode="left_to_right")]


def _none(given: Any) -> Any:
    return {} if given is None else given


CustomValues = Annotated[
    dict[Key, Value | None],
    BeforeValidator(_none),
    Field(max_length=100, description="Custom fields by key; null empties one, those that are not named stay."),
]


class OptionView(Schema):
    """A value of a choice, which never changes, and what people read; a retired one cannot be chosen any more."""

    value: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$")]
    labels: Labels
    retired: bool = False


Options = Annotated[list[OptionView], Field(max_length=MOST_OPTIONS)]


class FieldChange(Schema):
    """What may change of a custom field; what is left out stays. Options are named as a whole, in their order."""

    labels: Labels | None = None
    required: bool | None = None
    max_length: Annotated[int, Field(ge=1, le=2000, description="Of text.")] | None = None
    decimals: Annotated[int, Field(ge=0, le=10, description="Of decimals and money.")] | None = None
    options: Options | None = None
    retired: bool | None = None

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


class NewField(Schema):
    """A custom field to be made. Record type, key and type are settled with that."""

    record_type: RecordType
    key: Key
    type: CustomType
    labels: Labels
    required: bool = False
    max_length: Annotated[int, Field(ge=1, le=2000, description="Of text.")] = 200
    decimals: Annotated[int, Field(ge=0, le=10, description="Of decimals and money.")] = 2
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="Of money; it stays.")] | None = None
    options: Options = Field(default_factory=list)


class CustomFieldView(NewField):
    """A custom field; conditions, forms and templates name it `custom.<key>`."""

    id: str
    name: str
    retired: bool
    created_at: datetime
    updated_at: datetime
    version: int
