"""Fields that other fields decide about: whether they are shown, and which of their options (FLD-3); pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.capture.schemas import FieldType, FormDocument, FormField
from chalicelib.errors import Problem

DECIDED = frozenset({FieldType.OPTION_SET, FieldType.TWO_OPTIONS, FieldType.MULTIPLE_CHOICE})
"""What can be decided about, and can decide."""
TRUE, FALSE = "true", "false"
DEEPEST = 10

Values = Mapping[str, Any]


def possible(parent: FormField) -> list[str]:
    """Return what may be chosen in a field that decides about others."""
    return [TRUE, FALSE] if parent.type is FieldType.TWO_OPTIONS else [option.value for option in parent.options]


def in_order(form: FormDocument) -> list[FormField]:
    """Return the fields of a form, each behind the one that decides about it."""
    return sorted(form.fields, key=lambda field: len(list(_above(form, field))))


def _above(form: FormDocument, field: FormField) -> Iterator[FormField]:
    known = {each.name: each for each in form.fields}
    for _ in range(DEEPEST):
        parent = known.get(field.parent or "")
        if parent is None:
            return
        yield parent
        field = parent


def shown(form: FormDocument, field: FormField, values: Values) -> bool:
    """Return whether a person who chose these values sees a field; what is not seen is not taken either."""
    for parent in _above(form, field):
        if not _wanted(field, _chosen(parent, values)):
            return False
        field = parent
    return True


def _wanted(field: FormField, chosen: frozenset[str]) -> bool:
    return bool(chosen & frozenset(field.parent_values) if field.parent_values else chosen)


def _chosen(parent: FormField, values: Values) -> frozenset[str]:
    value = values.get(parent.name)
    if parent.type is FieldType.TWO_OPTIONS:
        return frozenset({TRUE if value else FALSE})  # a box that is not ticked is not sent
    if value is None:
        return frozenset()
    return frozenset(value if isinstance(value, list) else [value])


def misfits(form: FormDocument, values: Values) -> Iterator[Problem]:
    """Yield what was chosen although it does not go with what was chosen above it."""
    for field in form.fields:
        above = next(_above(form, field), None)
        if above is None or values.get(field.name) is None:
            continue
        chosen, own = _chosen(above, values), _chosen(field, values)
        for option in field.options:
            if option.value in own and option.parent_values and chosen.isdisjoint(option.parent_values):
                yield Problem(field.name, f"{field.label}: “{option.label}” does not go with what is chosen above.")


# What keeps a form from going live -----------------------------------------------------------------------------------


def problems_of(form: FormDocument) -> Iterator[Problem]:
    """Yield what is wrong with who decides about whom."""
    known = {each.name: each for each in form.fields}
    places = [element.name for element in form.elements if element.name]
    for at, field in enumerate(form.fields):
        named = {*field.parent_values, *(value for option in field.options for value in option.parent_values)}
        place = f"fields.{at}.parent"
        if field.parent is None:
            if named:
                yield Problem(place, f"Say which field decides about {field.name}.")
            continue
        yield from _of_pair(field, known.get(field.parent), named, places, place)


def _of_pair(
    field: FormField, parent: FormField | None, named: set[str], places: list[str], place: str
) -> Iterator[Problem]:
    if parent is None or parent.hidden or parent.type not in DECIDED:
        yield Problem(place, f"{field.parent} is no field of this form in which people choose something.")
        return
    if field.type not in DECIDED:
        yield Problem(place, f"{field.name} has no options: only choices can depend on another field.")
    if field.name in places and parent.name in places and places.index(parent.name) >= places.index(field.name):
        yield Problem(place, f"{parent.name} must stand before {field.name}, which depends on it.")
    for value in sorted(named - set(possible(parent))):
        yield Problem(place, f"“{value}” is none of the options of {parent.name}.")


# How a page shows it, without a script -------------------------------------------------------------------------------


def style(form: FormDocument, prefix: str) -> str:
    """Return the style rules that hide what is not to be seen; browsers that do not know them show everything."""
    rules = [rule for field in form.fields for rule in _rules(form, field, prefix)]
    return "".join(f"{rule}{{display:none}}" for rule in rules)


def _rules(form: FormDocument, field: FormField, prefix: str) -> Iterator[str]:
    parent = next(_above(form, field), None)
    if parent is None:
        return
    yield f"{_unless(parent, field.parent_values or possible(parent), prefix)} #{prefix}{field.name}-at"
    for at, option in enumerate(field.options, start=1):
        if option.parent_values:
            listed = f"#{prefix}{field.name} option[value={_quoted(option.value)}]"
            one = listed if _drops_down(field) else f"#{prefix}{field.name}-{at}-at"
            yield f"{_unless(parent, option.parent_values, prefix)} {one}"


def _unless(parent: FormField, values: list[str], prefix: str) -> str:
    return f"form:not(:has({','.join(_picked(parent, value, prefix) for value in values)}))"


def _picked(parent: FormField, value: str, prefix: str) -> str:
    control = f"#{prefix}{parent.name}"
    if parent.type is FieldType.TWO_OPTIONS:
        return f"{control}:checked" if value == TRUE else f"{control}:not(:checked)"
    if _drops_down(parent):
        return f"{control} option[value={_quoted(value)}]:checked"
    return f"{control}-{possible(parent).index(value) + 1}:checked"


def _drops_down(field: FormField) -> bool:
    return field.type is FieldType.OPTION_SET and field.rendering != "radio"


def _quoted(text: str) -> str:
    """Return a text as a string of CSS, in which no letter of a user's can mean anything else."""
    letters = (letter if letter.isascii() and letter.isalnum() else f"\\{ord(letter):x} " for letter in text)
    return f'"{"".join(letters)}"'
