"""Conditions as they stand in documents: groups, clauses about fields, and clauses about what somebody did."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    StrictBool,
    StrictInt,
    StrictStr,
    Tag,
)

from chalicelib.conditions.catalogue import FieldType
from chalicelib.conditions.durations import DurationText

MOST_DIGITS = 15


class Operator(StrEnum):
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    CONTAINS_ALL = "contains_all"
    CONTAINS_ANY = "contains_any"
    CONTAINS_NONE = "contains_none"
    LESS_THAN = "less_than"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    AT_LEAST = "at_least"
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    ON = "on"
    ON_OR_BEFORE = "on_or_before"
    ON_OR_AFTER = "on_or_after"
    IN_LAST = "in_last"
    IN_NEXT = "in_next"
    IS_PRESENT = "is_present"
    IS_MISSING = "is_missing"


def _short(number: Decimal) -> Decimal:
    if len(number.as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError(f"A number has at most {MOST_DIGITS} digits.")
    return number


# Documents keep numbers as JSON numbers: a text is never taken for one (decision 4), and 15 digits survive a float.
Number = Annotated[Decimal, AfterValidator(_short), PlainSerializer(float, return_type=float, when_used="json")]
Literal = Annotated[
    StrictBool | Annotated[StrictInt, Field(ge=-(10**MOST_DIGITS), le=10**MOST_DIGITS)]
    | Annotated[StrictStr, Field(max_length=2000)] | Number,
    Field(union_mode="left_to_right"),
]  # fmt: skip


class Part(BaseModel):
    """A part of a document: nothing unknown in it, nothing changed after it was read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True, defer_build=True
    )


class AttributeClause(Part):
    """A field and what it is compared with; several values mean any one of them (SEG-7)."""

    field: str = Field(min_length=1, max_length=200, examples=["contact.city"])
    operator: Operator
    values: tuple[Literal, ...] = Field(default=(), max_length=200)
    type: FieldType | None = Field(
        default=None, description="For `properties.<name>` and `custom.<key>`: the type that is expected."
    )


class BehaviourClause(Part):
    """Somebody did something, so many times, within so much time until now (SEG-12)."""

    interaction: str = Field(min_length=1, max_length=100, examples=["EmailClicked"])
    where: tuple[AttributeClause, ...] = Field(default=(), max_length=20)
    at_least: int | None = Field(default=None, ge=1, le=10_000, description="1 where nothing is said.")
    exactly: int | None = Field(default=None, ge=1, le=10_000)
    within: DurationText | None = None
    include_machine: bool = False


class AllOf(Part):
    """Every one of them holds."""

    conditions: tuple["Condition", ...] = Field(alias="all", max_length=100)


class AnyOf(Part):
    """At least one of them holds."""

    conditions: tuple["Condition", ...] = Field(alias="any", max_length=100)


class Not(Part):
    """It does not hold."""

    condition: "Condition" = Field(alias="not")


FORMS: dict[type[Part], str] = {
    AllOf: "all",
    AnyOf: "any",
    Not: "not",
    BehaviourClause: "interaction",
    AttributeClause: "field",
}


def _form(given: Any) -> str | None:
    """Tell the forms of a condition apart by the one key that names them."""
    if isinstance(given, dict):
        return next((key for key in FORMS.values() if key in given), None)
    return FORMS.get(type(given))


Condition = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[BehaviourClause, Tag("interaction")]
    | Annotated[AttributeClause, Tag("field")],
    Discriminator(
        _form,
        custom_error_type="no_condition",
        custom_error_message="A condition has one of the keys all, any, not, interaction or field.",
    ),
]
