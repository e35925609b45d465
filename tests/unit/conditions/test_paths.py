"""Paths along the relations of records: how they are named, how long they may be, what is refused."""

import pytest

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType, Relation
from chalicelib.conditions.paths import of_interaction, resolve
from chalicelib.errors import Invalid

NAME = {"name": Field(FieldType.TEXT)}
CATALOGUE = Catalogue(
    dict.fromkeys(("lead", "contact", "account", "preferences", "opportunity"), NAME),
    relations={
        "lead": {
            "contact": Relation("contact", "contact_id"),
            "account": Relation("account", "account_id"),
            "opportunities": Relation("opportunity"),
        },
        "contact": {
            "account": Relation("account", "account_id"),
            "leads": Relation("lead"),
            "preferences": Relation("preferences"),
        },
    },
).merged(Catalogue.of_interactions(["EmailClicked"]))


@pytest.mark.rule("SCO-18", "SCO-19")
@pytest.mark.parametrize(
    ("text", "name", "entity"),
    [
        ("lead", "lead", "lead"),
        ("contact", "contact", "contact"),
        ("lead.contact", "contact", "contact"),
        ("lead.contact.preferences", "preferences", "preferences"),
        ("contact.preferences", "preferences", "preferences"),
        ("account", "account", "account"),
        ("lead.account", "lead.account", "account"),
        ("lead.contact.account", "contact.account", "account"),
        ("contact.account", "contact.account", "account"),
        ("lead.opportunities", "lead.opportunities", "opportunity"),
        ("lead.contact.leads.opportunities", "contact.leads.opportunities", "opportunity"),
        ("lead.contact.leads.contact.leads.account", "contact.leads.contact.leads.account", "account"),
    ],
)
def test_a_path_has_one_name_whichever_way_it_is_written(text, name, entity):
    path = resolve(text, CATALOGUE)

    assert (path.name, path.entity) == (name, entity)


@pytest.mark.rule("SCO-18")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "lead.contact.leads.contact.leads.contact.leads",
            "A path has at most 5 hops; this one has 6: lead.contact.leads.contact.leads.contact.leads.",
        ),
        (
            "contact.leads.contact.leads.contact.leads",
            "A path has at most 5 hops; this one has 6: lead.contact.leads.contact.leads.contact.leads.",
        ),
        ("lead.owner", "lead has no relation “owner”; it has account, contact, opportunities."),
        ("lead.opportunities.lead", "opportunity has no relation “lead”; it has none."),
        ("lead..account", "lead has no relation “”; it has account, contact, opportunities."),
        ("company", "There is neither a record nor an interaction company."),
        (".contact", "There is neither a record nor an interaction .contact."),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_with_what_there_is(text, sentence):
    with pytest.raises(Invalid) as refused:
        resolve(text, CATALOGUE)

    assert str(refused.value) == sentence


@pytest.mark.rule("SCO-20")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EmailClicked.contact", "contact"),
        ("EmailClicked.contact.account", "contact.account"),
        ("EmailClicked.contact.leads.contact.leads.account", "contact.leads.contact.leads.account"),
    ],
)
def test_from_an_interaction_a_path_leads_to_who_did_it(text, found):
    assert of_interaction(text, CATALOGUE).name == found


@pytest.mark.rule("SCO-20")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("EmailClicked.email", "EmailClicked has no relation “email”; it has contact."),
        (
            "EmailClicked.contact.leads.contact.leads.contact.leads",
            "A path has at most 5 hops; this one has 6: lead.contact.leads.contact.leads.contact.leads.",
        ),
    ],
)
def test_from_an_interaction_no_other_path_leads_anywhere(text, sentence):
    with pytest.raises(Invalid) as refused:
        of_interaction(text, CATALOGUE)

    assert str(refused.value) == sentence
