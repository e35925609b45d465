"""Which facts can let leads go on that wait for something of their contact or its account."""

import pytest

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType, Relation
from chalicelib.conditions.compiler import compile_condition
from chalicelib.conditions.schemas import AttributeClause, Operator
from chalicelib.leads.resuming import touched

CATALOGUE = Catalogue(
    {"contact": {"city": Field(FieldType.TEXT)}, "account": {"city": Field(FieldType.TEXT)}},
    relations={"contact": {"account": Relation("account", "account_id")}},
)


def waits_for(field, type_=None):
    return [compile_condition(AttributeClause(field=field, operator=Operator.IS_PRESENT, type=type_), CATALOGUE)]


@pytest.mark.rule("BPF-4")
@pytest.mark.parametrize(
    ("field", "fact", "changed", "concerned"),
    [
        ("contact.city", "contact.changed", "city", True),
        ("contact.city", "contact.changed", "region", False),
        ("contact.city", "account.changed", "city", False),
        ("contact.custom.tier", "contact.changed", "custom.tier", True),
        ("contact.custom.tier", "contact.changed", "custom.size", False),
        ("contact.custom.tier", "contact.changed", "tier", False),
        ("account.custom.tier", "account.changed", "custom.tier", True),
        ("account.custom.tier", "contact.changed", "custom.tier", False),
    ],
)
def test_a_lead_is_looked_at_again_when_the_field_changes_that_it_waits_for(field, fact, changed, concerned):
    type_ = FieldType.CHOICE if ".custom." in field else None

    assert touched(waits_for(field, type_), {"fact": fact, "changed": [changed]}) is concerned
