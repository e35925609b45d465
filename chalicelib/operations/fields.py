"""The catalogue of fields: every field there is, of which type, what may be asked of it, and where it may be named.

It is made of what the doors themselves go by, so that it cannot offer what they refuse.
"""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from chalicelib.capture import writing
from chalicelib.capture.schemas import FieldType as FormType
from chalicelib.conditions import sources
from chalicelib.conditions.catalogue import Field, Fields, FieldType
from chalicelib.conditions.operators import OPERATORS
from chalicelib.conditions.schemas import Operator
from chalicelib.contacts import account_merging, joining, strategies
from chalicelib.contacts import fields as contact_fields
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import EXACT, CustomField, RecordType
from chalicelib.contacts.custom.record import custom
from chalicelib.errors import Invalid, Problem
from chalicelib.imports.fields import OF_CONSENT, TARGETS
from chalicelib.leads import fields as lead_fields
from chalicelib.leads import merging as lead_merging
from chalicelib.messages.schemas import OF_ACCOUNT

CONDITION, FORM, IMPORT, TEMPLATE = "condition", "form", "import", "template"
MATCHING, MERGE, STAGE = "matching", "merge", "stage"
"""Where a field may be named: a stage is one of a business process, which may require it."""

WRITABLE: Mapping[str, Fields] = {"contact": contact_fields.WRITABLE, "lead": lead_fields.WRITABLE}
READ: Mapping[str, Fields] = {"contact": contact_fields.FIELDS, "account": contact_fields.ACCOUNT_FIELDS}
"""What messages read, by entity."""
MERGED: Mapping[str, tuple[str, ...]] = {
    "contact": (*joining.FILLED, *joining.NEVER_FILLED),
    "account": ("name", *account_merging.FILLED),
    "lead": (*lead_merging.FILLED, "owner_id"),
}
WORDS = {"sic": "SIC", "linkedin": "LinkedIn", "id": "ID", "url": "URL"}


class Known(Struct, frozen=True):
    """A field. `uses` says under which name it goes where it may be named."""

    entity: str
    name: str
    asked_as: Field
    labels: Mapping[str, str]
    uses: Mapping[str, str]
    required: bool = False
    own: CustomField | None = None

    @property
    def operators(self) -> list[Operator]:
        """What conditions may ask of it, in the order in which operators are written down."""
        return [each for each in Operator if CONDITION in self.uses and each in OPERATORS[self.asked_as.type]]

    @property
    def form_types(self) -> list[FormType]:
        """By which kinds of fields forms may ask for it."""
        return [each for each in FormType if FORM in self.uses and each in writing.TAKES[self.asked_as.type]]


class Found(Struct, frozen=True):
    """The catalogue: fields by entity, the types of interactions with theirs, and how entities lead to one another."""

    fields: list[Known]
    interactions: list[str] = field(default_factory=list)
    interaction_fields: list[Known] = field(default_factory=list)
    relations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def entities() -> list[str]:
    """Return what has fields; people think of contacts, accounts and leads first."""
    return list(dict.fromkeys([*RecordType, *sorted(sources.catalogue().entities)]))


def catalogue(entity: str | None) -> Found:
    """Return every field of an entity, or of all with what else conditions may ask. Raises Invalid naming what is."""
    if entity is not None and entity not in entities():
        known = ", ".join(entities())
        raise Invalid("There are no fields of this.", [Problem("entity", f"Fields are those of {known}.")])
    own = custom_fields.anew()
    wanted = [entity] if entity is not None else entities()
    fields = [each for one in wanted for each in (*_standard(one), *_custom(own.get(one, {})))]
    return Found(fields) if entity is not None else _whole(fields)


def _whole(fields: list[Known]) -> Found:
    whole = sources.catalogue()
    relations = {name: {key: each.to for key, each in known.items()} for name, known in whole.relations.items()}
    types = sorted(whole.interactions)
    carried = whole.interactions[types[0]] if types else {}
    each = [Known("interaction", name, of, words(name), {CONDITION: name}) for name, of in carried.items()]
    return Found(fields, types, each, relations)


# Our own -------------------------------------------------------------------------------------------------------------


def _standard(entity: str) -> Iterator[Known]:
    asked = sources.catalogue().entities.get(entity, {})
    required = TARGETS[RecordType(entity)].schema.model_fields if entity in TARGETS else {}
    for name in dict.fromkeys([*asked, *_importable(entity), *MERGED.get(entity, ())]):
        must = name in required and required[name].is_required()
        yield Known(entity, name, asked.get(name, _supposed(name)), words(name), _uses(entity, name), must)


def _importable(entity: str) -> list[str]:
    if entity not in TARGETS:
        return []
    target = TARGETS[RecordType(entity)]
    return [name for name in target.schema.model_fields if name != "custom"]


def _supposed(name: str) -> Field:
    """What conditions cannot ask about is an id or a text."""
    return Field(FieldType.ID if name.endswith("_id") else FieldType.TEXT)


def words(name: str) -> dict[str, str]:
    """Return what a field of ours is called, made from its name."""
    words = (name.removesuffix("_id") if name != "id" else name).split("_")
    told = " ".join(WORDS.get(word, word) for word in words)
    return {"en": told[0].upper() + told[1:]}


Rule = Callable[[str, str], str | None]
"""entity, name → how the field is named there, None where it cannot be."""


def _in_imports(entity: str, name: str) -> str | None:
    of_consent = f"{OF_CONSENT}{name}"
    if entity == "preferences" and of_consent in TARGETS[RecordType.CONTACT].besides:
        return of_consent
    return name if name in _importable(entity) else None


def _in_templates(entity: str, name: str) -> str | None:
    return f"contact.{_by_contact(entity, name)}" if name in READ.get(entity, {}) else None


def _by_contact(entity: str, name: str) -> str:
    return f"{OF_ACCOUNT}{name}" if entity == "account" else name


RULES: Mapping[str, Rule] = {
    CONDITION: lambda entity, name: (
        f"{entity}.{name}" if name in sources.catalogue().entities.get(entity, {}) else None
    ),
    FORM: lambda entity, name: name if name in WRITABLE.get(entity, {}) else None,
    IMPORT: _in_imports,
    TEMPLATE: _in_templates,
    MATCHING: lambda entity, name: name if name in strategies.ATTRIBUTES.get(entity, ()) else None,
    MERGE: lambda entity, name: name if name in MERGED.get(entity, ()) else None,
    STAGE: lambda entity, name: name if entity == "lead" and name in lead_fields.SUPPORTING else None,
}


def _uses(entity: str, name: str) -> dict[str, str]:
    named = {use: rule(entity, name) for use, rule in RULES.items()}
    return {use: each for use, each in named.items() if each is not None}


# The organisation's own ----------------------------------------------------------------------------------------------


def _custom(own: Mapping[str, CustomField]) -> Iterator[Known]:
    for key, each in own.items():
        uses = {} if each.retired else _uses_of_custom(each)
        yield Known(each.record_type, custom(key), each.asked_as, each.labels, uses, each.required, each)


def _uses_of_custom(own: CustomField) -> dict[str, str]:
    entity, name = own.record_type.value, custom(own.key)
    uses = {CONDITION: f"{entity}.{name}", IMPORT: name, MERGE: name}
    if entity in WRITABLE:
        uses[FORM] = name
    if entity == RecordType.LEAD:
        uses[STAGE] = name
    if entity in READ:
        uses[TEMPLATE] = f"contact.{_by_contact(entity, name)}"
    if entity in strategies.ATTRIBUTES and own.type in EXACT:
        uses[MATCHING] = name
    return uses
